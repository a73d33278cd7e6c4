// OffsetForLeaderEpoch: where a leader epoch ends in the log, for truncation. v3 names the asking replica; v4 is
// flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct OffsetForLeaderEpochRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::offset_for_leader_epoch;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {2, 4};
  static constexpr int16_t flexible_since = 4;

  struct OffsetForLeaderPartition {
    int32_t partition = 0;
    int32_t current_leader_epoch = -1;
    int32_t leader_epoch = 0;
  };

  struct OffsetForLeaderTopic {
    std::string_view topic;
    std::vector<OffsetForLeaderPartition> partitions;
  };

  int32_t replica_id = -2;
  std::vector<OffsetForLeaderTopic> topics;
};

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochRequest::OffsetForLeaderPartition> = [] {
  using S = OffsetForLeaderEpochRequest::OffsetForLeaderPartition;
  return field_list<S>(
      "OffsetForLeaderPartition", field<&S::partition>({.name = "partition"}),
      field<&S::current_leader_epoch>({.name = "currentLeaderEpoch", .versions = since(2), .ignorable = true}),
      field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochRequest::OffsetForLeaderTopic> = [] {
  using S = OffsetForLeaderEpochRequest::OffsetForLeaderTopic;
  return field_list<S>("OffsetForLeaderTopic", field<&S::topic>({.name = "topic"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochRequest> = [] {
  using S = OffsetForLeaderEpochRequest;
  return field_list<S>("OffsetForLeaderEpochRequest",
                       field<&S::replica_id>({.name = "replicaId", .versions = since(3), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

struct OffsetForLeaderEpochResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::offset_for_leader_epoch;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {2, 4};
  static constexpr int16_t flexible_since = 4;

  struct EpochEndOffset {
    int16_t error_code = 0;
    int32_t partition = 0;
    int32_t leader_epoch = -1;
    int64_t end_offset = -1;
  };

  struct OffsetForLeaderTopicResult {
    std::string_view topic;
    std::vector<EpochEndOffset> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<OffsetForLeaderTopicResult> topics;
};

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochResponse::EpochEndOffset> = [] {
  using S = OffsetForLeaderEpochResponse::EpochEndOffset;
  return field_list<S>("EpochEndOffset", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::partition>({.name = "partition"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(1), .ignorable = true}),
                       field<&S::end_offset>({.name = "endOffset"}));
}();

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult> = [] {
  using S = OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult;
  return field_list<S>("OffsetForLeaderTopicResult", field<&S::topic>({.name = "topic"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetForLeaderEpochResponse> = [] {
  using S = OffsetForLeaderEpochResponse;
  return field_list<S>("OffsetForLeaderEpochResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(2), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
