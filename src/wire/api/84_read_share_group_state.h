// ReadShareGroupState: a leader reads the state of share partitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ReadShareGroupStateRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::read_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition = 0;
    int32_t leader_epoch = 0;
  };

  struct ReadStateData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  std::string_view group_id;
  std::vector<ReadStateData> topics;
};

template <>
inline constexpr auto fields_of<ReadShareGroupStateRequest::PartitionData> = [] {
  using S = ReadShareGroupStateRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition>({.name = "partition"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateRequest::ReadStateData> = [] {
  using S = ReadShareGroupStateRequest::ReadStateData;
  return field_list<S>("ReadStateData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateRequest> = [] {
  using S = ReadShareGroupStateRequest;
  return field_list<S>("ReadShareGroupStateRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct ReadShareGroupStateResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::read_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct StateBatch {
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    int8_t delivery_state = 0;
    int16_t delivery_count = 0;
  };

  struct PartitionResult {
    int32_t partition = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int32_t state_epoch = 0;
    int64_t start_offset = 0;
    std::vector<StateBatch> state_batches;
  };

  struct ReadStateResult {
    Uuid topic_id;
    std::vector<PartitionResult> partitions;
  };

  std::vector<ReadStateResult> results;
};

template <>
inline constexpr auto fields_of<ReadShareGroupStateResponse::StateBatch> = [] {
  using S = ReadShareGroupStateResponse::StateBatch;
  return field_list<S>(
      "StateBatch", field<&S::first_offset>({.name = "firstOffset"}), field<&S::last_offset>({.name = "lastOffset"}),
      field<&S::delivery_state>({.name = "deliveryState"}), field<&S::delivery_count>({.name = "deliveryCount"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateResponse::PartitionResult> = [] {
  using S = ReadShareGroupStateResponse::PartitionResult;
  return field_list<S>("PartitionResult", field<&S::partition>({.name = "partition"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::state_epoch>({.name = "stateEpoch"}), field<&S::start_offset>({.name = "startOffset"}),
                       field<&S::state_batches>({.name = "stateBatches"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateResponse::ReadStateResult> = [] {
  using S = ReadShareGroupStateResponse::ReadStateResult;
  return field_list<S>("ReadStateResult", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateResponse> = [] {
  using S = ReadShareGroupStateResponse;
  return field_list<S>("ReadShareGroupStateResponse", field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
