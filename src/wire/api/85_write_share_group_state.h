// WriteShareGroupState: a leader writes the state of share partitions. v1 counts completed deliveries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct WriteShareGroupStateRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::write_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct StateBatch {
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    int8_t delivery_state = 0;
    int16_t delivery_count = 0;
  };

  struct PartitionData {
    int32_t partition = 0;
    int32_t state_epoch = 0;
    int32_t leader_epoch = 0;
    int64_t start_offset = 0;
    int32_t delivery_complete_count = -1;
    std::vector<StateBatch> state_batches;
  };

  struct WriteStateData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  std::string_view group_id;
  std::vector<WriteStateData> topics;
};

template <>
inline constexpr auto fields_of<WriteShareGroupStateRequest::StateBatch> = [] {
  using S = WriteShareGroupStateRequest::StateBatch;
  return field_list<S>(
      "StateBatch", field<&S::first_offset>({.name = "firstOffset"}), field<&S::last_offset>({.name = "lastOffset"}),
      field<&S::delivery_state>({.name = "deliveryState"}), field<&S::delivery_count>({.name = "deliveryCount"}));
}();

template <>
inline constexpr auto fields_of<WriteShareGroupStateRequest::PartitionData> = [] {
  using S = WriteShareGroupStateRequest::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition>({.name = "partition"}), field<&S::state_epoch>({.name = "stateEpoch"}),
      field<&S::leader_epoch>({.name = "leaderEpoch"}), field<&S::start_offset>({.name = "startOffset"}),
      field<&S::delivery_complete_count>({.name = "deliveryCompleteCount", .versions = since(1), .ignorable = true}),
      field<&S::state_batches>({.name = "stateBatches"}));
}();

template <>
inline constexpr auto fields_of<WriteShareGroupStateRequest::WriteStateData> = [] {
  using S = WriteShareGroupStateRequest::WriteStateData;
  return field_list<S>("WriteStateData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<WriteShareGroupStateRequest> = [] {
  using S = WriteShareGroupStateRequest;
  return field_list<S>("WriteShareGroupStateRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct WriteShareGroupStateResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::write_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct PartitionResult {
    int32_t partition = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  struct WriteStateResult {
    Uuid topic_id;
    std::vector<PartitionResult> partitions;
  };

  std::vector<WriteStateResult> results;
};

template <>
inline constexpr auto fields_of<WriteShareGroupStateResponse::PartitionResult> = [] {
  using S = WriteShareGroupStateResponse::PartitionResult;
  return field_list<S>("PartitionResult", field<&S::partition>({.name = "partition"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<WriteShareGroupStateResponse::WriteStateResult> = [] {
  using S = WriteShareGroupStateResponse::WriteStateResult;
  return field_list<S>("WriteStateResult", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<WriteShareGroupStateResponse> = [] {
  using S = WriteShareGroupStateResponse;
  return field_list<S>("WriteShareGroupStateResponse", field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
