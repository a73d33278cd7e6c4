// ReadShareGroupStateSummary: start offsets of share partitions. v1 counts completed deliveries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ReadShareGroupStateSummaryRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::read_share_group_state_summary;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition = 0;
    int32_t leader_epoch = 0;
  };

  struct ReadStateSummaryData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  std::string_view group_id;
  std::vector<ReadStateSummaryData> topics;
};

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryRequest::PartitionData> = [] {
  using S = ReadShareGroupStateSummaryRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition>({.name = "partition"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryRequest::ReadStateSummaryData> = [] {
  using S = ReadShareGroupStateSummaryRequest::ReadStateSummaryData;
  return field_list<S>("ReadStateSummaryData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryRequest> = [] {
  using S = ReadShareGroupStateSummaryRequest;
  return field_list<S>("ReadShareGroupStateSummaryRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct ReadShareGroupStateSummaryResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::read_share_group_state_summary;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct PartitionResult {
    int32_t partition = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int32_t state_epoch = 0;
    int32_t leader_epoch = 0;
    int64_t start_offset = 0;
    int32_t delivery_complete_count = -1;
  };

  struct ReadStateSummaryResult {
    Uuid topic_id;
    std::vector<PartitionResult> partitions;
  };

  std::vector<ReadStateSummaryResult> results;
};

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryResponse::PartitionResult> = [] {
  using S = ReadShareGroupStateSummaryResponse::PartitionResult;
  return field_list<S>(
      "PartitionResult", field<&S::partition>({.name = "partition"}), field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::state_epoch>({.name = "stateEpoch"}), field<&S::leader_epoch>({.name = "leaderEpoch"}),
      field<&S::start_offset>({.name = "startOffset"}),
      field<&S::delivery_complete_count>({.name = "deliveryCompleteCount", .versions = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryResponse::ReadStateSummaryResult> = [] {
  using S = ReadShareGroupStateSummaryResponse::ReadStateSummaryResult;
  return field_list<S>("ReadStateSummaryResult", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ReadShareGroupStateSummaryResponse> = [] {
  using S = ReadShareGroupStateSummaryResponse;
  return field_list<S>("ReadShareGroupStateSummaryResponse", field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
