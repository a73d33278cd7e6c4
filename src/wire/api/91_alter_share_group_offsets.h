// AlterShareGroupOffsets: moves start offsets of a share group.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AlterShareGroupOffsetsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct AlterShareGroupOffsetsRequestPartition {
    int32_t partition_index = 0;
    int64_t start_offset = 0;
  };

  struct AlterShareGroupOffsetsRequestTopic {
    std::string_view topic_name;
    std::vector<AlterShareGroupOffsetsRequestPartition> partitions;
  };

  std::string_view group_id;
  std::vector<AlterShareGroupOffsetsRequestTopic> topics;
};

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsRequest::AlterShareGroupOffsetsRequestPartition> = [] {
  using S = AlterShareGroupOffsetsRequest::AlterShareGroupOffsetsRequestPartition;
  return field_list<S>("AlterShareGroupOffsetsRequestPartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::start_offset>({.name = "startOffset"}));
}();

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsRequest::AlterShareGroupOffsetsRequestTopic> = [] {
  using S = AlterShareGroupOffsetsRequest::AlterShareGroupOffsetsRequestTopic;
  return field_list<S>("AlterShareGroupOffsetsRequestTopic", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsRequest> = [] {
  using S = AlterShareGroupOffsetsRequest;
  return field_list<S>("AlterShareGroupOffsetsRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct AlterShareGroupOffsetsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct AlterShareGroupOffsetsResponsePartition {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  struct AlterShareGroupOffsetsResponseTopic {
    std::string_view topic_name;
    Uuid topic_id;
    std::vector<AlterShareGroupOffsetsResponsePartition> partitions;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  std::vector<AlterShareGroupOffsetsResponseTopic> responses;
};

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsResponse::AlterShareGroupOffsetsResponsePartition> = [] {
  using S = AlterShareGroupOffsetsResponse::AlterShareGroupOffsetsResponsePartition;
  return field_list<S>("AlterShareGroupOffsetsResponsePartition",
                       field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsResponse::AlterShareGroupOffsetsResponseTopic> = [] {
  using S = AlterShareGroupOffsetsResponse::AlterShareGroupOffsetsResponseTopic;
  return field_list<S>("AlterShareGroupOffsetsResponseTopic", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::topic_id>({.name = "topicId"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterShareGroupOffsetsResponse> = [] {
  using S = AlterShareGroupOffsetsResponse;
  return field_list<S>("AlterShareGroupOffsetsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::responses>({.name = "responses"}));
}();

}  // namespace moldau::wire
