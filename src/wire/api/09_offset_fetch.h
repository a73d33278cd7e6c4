// OffsetFetch: the committed offsets of groups. Until v7 one group at the top level, from v8 a list of them; v2 asks
// for all topics with null; v5 returns leader epochs; v6 is flexible; v7 can require stable offsets; v9 carries member
// epochs; v10 names topics by id.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct OffsetFetchRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::offset_fetch;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 10;
  static constexpr VersionRange valid_versions = {1, 10};
  static constexpr int16_t flexible_since = 6;

  struct OffsetFetchRequestTopic {
    std::string_view name;
    std::vector<int32_t> partition_indexes;
  };

  struct OffsetFetchRequestTopics {
    std::string_view name;
    Uuid topic_id;
    std::vector<int32_t> partition_indexes;
  };

  struct OffsetFetchRequestGroup {
    std::string_view group_id;
    std::optional<std::string_view> member_id;
    int32_t member_epoch = -1;
    std::optional<std::vector<OffsetFetchRequestTopics>> topics{std::in_place};
  };

  std::string_view group_id;
  std::optional<std::vector<OffsetFetchRequestTopic>> topics{std::in_place};
  std::vector<OffsetFetchRequestGroup> groups;
  bool require_stable = false;
};

template <>
inline constexpr auto fields_of<OffsetFetchRequest::OffsetFetchRequestTopic> = [] {
  using S = OffsetFetchRequest::OffsetFetchRequestTopic;
  return field_list<S>("OffsetFetchRequestTopic", field<&S::name>({.name = "name", .versions = {0, 7}}),
                       field<&S::partition_indexes>({.name = "partitionIndexes", .versions = {0, 7}}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchRequest::OffsetFetchRequestTopics> = [] {
  using S = OffsetFetchRequest::OffsetFetchRequestTopics;
  return field_list<S>("OffsetFetchRequestTopics",
                       field<&S::name>({.name = "name", .versions = {8, 9}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
                       field<&S::partition_indexes>({.name = "partitionIndexes", .versions = since(8)}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchRequest::OffsetFetchRequestGroup> = [] {
  using S = OffsetFetchRequest::OffsetFetchRequestGroup;
  return field_list<S>(
      "OffsetFetchRequestGroup", field<&S::group_id>({.name = "groupId", .versions = since(8)}),
      field<&S::member_id>({.name = "memberId", .versions = since(9), .nullable = since(9), .ignorable = true}),
      field<&S::member_epoch>({.name = "memberEpoch", .versions = since(9), .ignorable = true}),
      field<&S::topics>({.name = "topics", .versions = since(8), .nullable = since(8)}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchRequest> = [] {
  using S = OffsetFetchRequest;
  return field_list<S>("OffsetFetchRequest", field<&S::group_id>({.name = "groupId", .versions = {0, 7}}),
                       field<&S::topics>({.name = "topics", .versions = {0, 7}, .nullable = {2, 7}}),
                       field<&S::groups>({.name = "groups", .versions = since(8)}),
                       field<&S::require_stable>({.name = "requireStable", .versions = since(7)}));
}();

struct OffsetFetchResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::offset_fetch;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 10;
  static constexpr VersionRange valid_versions = {1, 10};
  static constexpr int16_t flexible_since = 6;

  struct OffsetFetchResponsePartition {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;
    int32_t committed_leader_epoch = -1;
    std::optional<std::string_view> metadata{std::in_place};
    int16_t error_code = 0;
  };

  struct OffsetFetchResponseTopic {
    std::string_view name;
    std::vector<OffsetFetchResponsePartition> partitions;
  };

  struct OffsetFetchResponsePartitions {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;
    int32_t committed_leader_epoch = -1;
    std::optional<std::string_view> metadata{std::in_place};
    int16_t error_code = 0;
  };

  struct OffsetFetchResponseTopics {
    std::string_view name;
    Uuid topic_id;
    std::vector<OffsetFetchResponsePartitions> partitions;
  };

  struct OffsetFetchResponseGroup {
    std::string_view group_id;
    std::vector<OffsetFetchResponseTopics> topics;
    int16_t error_code = 0;
  };

  int32_t throttle_time_ms = 0;
  std::vector<OffsetFetchResponseTopic> topics;
  int16_t error_code = 0;
  std::vector<OffsetFetchResponseGroup> groups;
};

template <>
inline constexpr auto fields_of<OffsetFetchResponse::OffsetFetchResponsePartition> = [] {
  using S = OffsetFetchResponse::OffsetFetchResponsePartition;
  return field_list<S>(
      "OffsetFetchResponsePartition", field<&S::partition_index>({.name = "partitionIndex", .versions = {0, 7}}),
      field<&S::committed_offset>({.name = "committedOffset", .versions = {0, 7}}),
      field<&S::committed_leader_epoch>({.name = "committedLeaderEpoch", .versions = {5, 7}, .ignorable = true}),
      field<&S::metadata>({.name = "metadata", .versions = {0, 7}, .nullable = {0, 7}}),
      field<&S::error_code>({.name = "errorCode", .versions = {0, 7}}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchResponse::OffsetFetchResponseTopic> = [] {
  using S = OffsetFetchResponse::OffsetFetchResponseTopic;
  return field_list<S>("OffsetFetchResponseTopic", field<&S::name>({.name = "name", .versions = {0, 7}}),
                       field<&S::partitions>({.name = "partitions", .versions = {0, 7}}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchResponse::OffsetFetchResponsePartitions> = [] {
  using S = OffsetFetchResponse::OffsetFetchResponsePartitions;
  return field_list<S>(
      "OffsetFetchResponsePartitions", field<&S::partition_index>({.name = "partitionIndex", .versions = since(8)}),
      field<&S::committed_offset>({.name = "committedOffset", .versions = since(8)}),
      field<&S::committed_leader_epoch>({.name = "committedLeaderEpoch", .versions = since(8), .ignorable = true}),
      field<&S::metadata>({.name = "metadata", .versions = since(8), .nullable = since(8)}),
      field<&S::error_code>({.name = "errorCode", .versions = since(8)}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchResponse::OffsetFetchResponseTopics> = [] {
  using S = OffsetFetchResponse::OffsetFetchResponseTopics;
  return field_list<S>("OffsetFetchResponseTopics",
                       field<&S::name>({.name = "name", .versions = {8, 9}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions", .versions = since(8)}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchResponse::OffsetFetchResponseGroup> = [] {
  using S = OffsetFetchResponse::OffsetFetchResponseGroup;
  return field_list<S>("OffsetFetchResponseGroup", field<&S::group_id>({.name = "groupId", .versions = since(8)}),
                       field<&S::topics>({.name = "topics", .versions = since(8)}),
                       field<&S::error_code>({.name = "errorCode", .versions = since(8)}));
}();

template <>
inline constexpr auto fields_of<OffsetFetchResponse> = [] {
  using S = OffsetFetchResponse;
  return field_list<S>("OffsetFetchResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(3), .ignorable = true}),
                       field<&S::topics>({.name = "topics", .versions = {0, 7}}),
                       field<&S::error_code>({.name = "errorCode", .versions = {2, 7}, .ignorable = true}),
                       field<&S::groups>({.name = "groups", .versions = since(8)}));
}();

}  // namespace moldau::wire
