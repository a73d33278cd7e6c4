// OffsetDelete: deletes committed offsets of a group. Never flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct OffsetDeleteRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::offset_delete;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = never_flexible;

  struct OffsetDeleteRequestPartition {
    int32_t partition_index = 0;
  };

  struct OffsetDeleteRequestTopic {
    std::string_view name;
    std::vector<OffsetDeleteRequestPartition> partitions;
  };

  std::string_view group_id;
  std::vector<OffsetDeleteRequestTopic> topics;
};

template <>
inline constexpr auto fields_of<OffsetDeleteRequest::OffsetDeleteRequestPartition> = [] {
  using S = OffsetDeleteRequest::OffsetDeleteRequestPartition;
  return field_list<S>("OffsetDeleteRequestPartition", field<&S::partition_index>({.name = "partitionIndex"}));
}();

template <>
inline constexpr auto fields_of<OffsetDeleteRequest::OffsetDeleteRequestTopic> = [] {
  using S = OffsetDeleteRequest::OffsetDeleteRequestTopic;
  return field_list<S>("OffsetDeleteRequestTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetDeleteRequest> = [] {
  using S = OffsetDeleteRequest;
  return field_list<S>("OffsetDeleteRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct OffsetDeleteResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::offset_delete;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = never_flexible;

  struct OffsetDeleteResponsePartition {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct OffsetDeleteResponseTopic {
    std::string_view name;
    std::vector<OffsetDeleteResponsePartition> partitions;
  };

  int16_t error_code = 0;
  int32_t throttle_time_ms = 0;
  std::vector<OffsetDeleteResponseTopic> topics;
};

template <>
inline constexpr auto fields_of<OffsetDeleteResponse::OffsetDeleteResponsePartition> = [] {
  using S = OffsetDeleteResponse::OffsetDeleteResponsePartition;
  return field_list<S>("OffsetDeleteResponsePartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<OffsetDeleteResponse::OffsetDeleteResponseTopic> = [] {
  using S = OffsetDeleteResponse::OffsetDeleteResponseTopic;
  return field_list<S>("OffsetDeleteResponseTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<OffsetDeleteResponse> = [] {
  using S = OffsetDeleteResponse;
  return field_list<S>("OffsetDeleteResponse", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
