// OffsetCommit: commits the offsets of a group. v2 is the oldest left; v5 drops the retention time; v6 brings leader
// epochs, v7 static members; v8 is flexible; v9 serves the consumer group protocol (member epochs); v10 names topics by
// id.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct OffsetCommitRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::offset_commit;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 10;
  static constexpr VersionRange valid_versions = {2, 10};
  static constexpr int16_t flexible_since = 8;

  struct OffsetCommitRequestPartition {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;
    int32_t committed_leader_epoch = -1;
    std::optional<std::string_view> committed_metadata{std::in_place};
  };

  struct OffsetCommitRequestTopic {
    std::string_view name;
    Uuid topic_id;
    std::vector<OffsetCommitRequestPartition> partitions;
  };

  std::string_view group_id;
  int32_t generation_id_or_member_epoch = -1;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  int64_t retention_time_ms = -1;
  std::vector<OffsetCommitRequestTopic> topics;
};

template <>
inline constexpr auto fields_of<OffsetCommitRequest::OffsetCommitRequestPartition> = [] {
  using S = OffsetCommitRequest::OffsetCommitRequestPartition;
  return field_list<S>(
      "OffsetCommitRequestPartition", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::committed_offset>({.name = "committedOffset"}),
      field<&S::committed_leader_epoch>({.name = "committedLeaderEpoch", .versions = since(6), .ignorable = true}),
      field<&S::committed_metadata>({.name = "committedMetadata", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<OffsetCommitRequest::OffsetCommitRequestTopic> = [] {
  using S = OffsetCommitRequest::OffsetCommitRequestTopic;
  return field_list<S>("OffsetCommitRequestTopic",
                       field<&S::name>({.name = "name", .versions = {0, 9}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetCommitRequest> = [] {
  using S = OffsetCommitRequest;
  return field_list<S>(
      "OffsetCommitRequest", field<&S::group_id>({.name = "groupId"}),
      field<&S::generation_id_or_member_epoch>(
          {.name = "generationIdOrMemberEpoch", .versions = since(1), .ignorable = true}),
      field<&S::member_id>({.name = "memberId", .versions = since(1), .ignorable = true}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(7), .nullable = since(7)}),
      field<&S::retention_time_ms>({.name = "retentionTimeMs", .versions = {2, 4}, .ignorable = true}),
      field<&S::topics>({.name = "topics"}));
}();

struct OffsetCommitResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::offset_commit;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 10;
  static constexpr VersionRange valid_versions = {2, 10};
  static constexpr int16_t flexible_since = 8;

  struct OffsetCommitResponsePartition {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct OffsetCommitResponseTopic {
    std::string_view name;
    Uuid topic_id;
    std::vector<OffsetCommitResponsePartition> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<OffsetCommitResponseTopic> topics;
};

template <>
inline constexpr auto fields_of<OffsetCommitResponse::OffsetCommitResponsePartition> = [] {
  using S = OffsetCommitResponse::OffsetCommitResponsePartition;
  return field_list<S>("OffsetCommitResponsePartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<OffsetCommitResponse::OffsetCommitResponseTopic> = [] {
  using S = OffsetCommitResponse::OffsetCommitResponseTopic;
  return field_list<S>("OffsetCommitResponseTopic",
                       field<&S::name>({.name = "name", .versions = {0, 9}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetCommitResponse> = [] {
  using S = OffsetCommitResponse;
  return field_list<S>("OffsetCommitResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(3), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
