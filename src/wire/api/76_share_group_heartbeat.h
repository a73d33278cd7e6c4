// ShareGroupHeartbeat: joins, leaves and learns the assignment in a share group. v0 was an early form and is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ShareGroupHeartbeatRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::share_group_heartbeat;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {1, 1};
  static constexpr int16_t flexible_since = 0;

  std::string_view group_id;
  std::string_view member_id;
  int32_t member_epoch = 0;
  std::optional<std::string_view> rack_id;
  std::optional<std::vector<std::string_view>> subscribed_topic_names;
};

template <>
inline constexpr auto fields_of<ShareGroupHeartbeatRequest> = [] {
  using S = ShareGroupHeartbeatRequest;
  return field_list<S>("ShareGroupHeartbeatRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::member_id>({.name = "memberId"}), field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
                       field<&S::subscribed_topic_names>({.name = "subscribedTopicNames", .nullable = since(0)}));
}();

struct ShareGroupHeartbeatResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::share_group_heartbeat;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {1, 1};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitions {
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  struct Assignment {
    std::vector<TopicPartitions> topic_partitions;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  std::optional<std::string_view> member_id;
  int32_t member_epoch = 0;
  int32_t heartbeat_interval_ms = 0;
  std::optional<Assignment> assignment;
};

template <>
inline constexpr auto fields_of<ShareGroupHeartbeatResponse::TopicPartitions> = [] {
  using S = ShareGroupHeartbeatResponse::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupHeartbeatResponse::Assignment> = [] {
  using S = ShareGroupHeartbeatResponse::Assignment;
  return field_list<S>("Assignment", field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupHeartbeatResponse> = [] {
  using S = ShareGroupHeartbeatResponse;
  return field_list<S>("ShareGroupHeartbeatResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::member_id>({.name = "memberId", .nullable = since(0)}),
                       field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::heartbeat_interval_ms>({.name = "heartbeatIntervalMs"}),
                       field<&S::assignment>({.name = "assignment", .nullable = since(0)}));
}();

}  // namespace moldau::wire
