// DescribeShareGroupOffsets: start offsets of share groups. v1 returns the lag.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeShareGroupOffsetsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct DescribeShareGroupOffsetsRequestTopic {
    std::string_view topic_name;
    std::vector<int32_t> partitions;
  };

  struct DescribeShareGroupOffsetsRequestGroup {
    std::string_view group_id;
    std::optional<std::vector<DescribeShareGroupOffsetsRequestTopic>> topics{std::in_place};
  };

  std::vector<DescribeShareGroupOffsetsRequestGroup> groups;
};

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsRequest::DescribeShareGroupOffsetsRequestTopic> = [] {
  using S = DescribeShareGroupOffsetsRequest::DescribeShareGroupOffsetsRequestTopic;
  return field_list<S>("DescribeShareGroupOffsetsRequestTopic", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsRequest::DescribeShareGroupOffsetsRequestGroup> = [] {
  using S = DescribeShareGroupOffsetsRequest::DescribeShareGroupOffsetsRequestGroup;
  return field_list<S>("DescribeShareGroupOffsetsRequestGroup", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsRequest> = [] {
  using S = DescribeShareGroupOffsetsRequest;
  return field_list<S>("DescribeShareGroupOffsetsRequest", field<&S::groups>({.name = "groups"}));
}();

struct DescribeShareGroupOffsetsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct DescribeShareGroupOffsetsResponsePartition {
    int32_t partition_index = 0;
    int64_t start_offset = 0;
    int32_t leader_epoch = 0;
    int64_t lag = -1;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  struct DescribeShareGroupOffsetsResponseTopic {
    std::string_view topic_name;
    Uuid topic_id;
    std::vector<DescribeShareGroupOffsetsResponsePartition> partitions;
  };

  struct DescribeShareGroupOffsetsResponseGroup {
    std::string_view group_id;
    std::vector<DescribeShareGroupOffsetsResponseTopic> topics;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribeShareGroupOffsetsResponseGroup> groups;
};

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponsePartition> = [] {
  using S = DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponsePartition;
  return field_list<S>(
      "DescribeShareGroupOffsetsResponsePartition", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::start_offset>({.name = "startOffset"}), field<&S::leader_epoch>({.name = "leaderEpoch"}),
      field<&S::lag>({.name = "lag", .versions = since(1), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponseTopic> = [] {
  using S = DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponseTopic;
  return field_list<S>("DescribeShareGroupOffsetsResponseTopic", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::topic_id>({.name = "topicId"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponseGroup> = [] {
  using S = DescribeShareGroupOffsetsResponse::DescribeShareGroupOffsetsResponseGroup;
  return field_list<S>("DescribeShareGroupOffsetsResponseGroup", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}), field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeShareGroupOffsetsResponse> = [] {
  using S = DescribeShareGroupOffsetsResponse;
  return field_list<S>("DescribeShareGroupOffsetsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
