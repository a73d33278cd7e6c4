// ConsumerGroupHeartbeat: the consumer group protocol (KIP-848): one request joins, leaves, reports and learns the
// assignment. v1 brings regular expressions and member ids that the client makes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ConsumerGroupHeartbeatRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::consumer_group_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitions {
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  std::string_view group_id;
  std::string_view member_id;
  int32_t member_epoch = 0;
  std::optional<std::string_view> instance_id;
  std::optional<std::string_view> rack_id;
  int32_t rebalance_timeout_ms = -1;
  std::optional<std::vector<std::string_view>> subscribed_topic_names;
  std::optional<std::string_view> subscribed_topic_regex;
  std::optional<std::string_view> server_assignor;
  std::optional<std::vector<TopicPartitions>> topic_partitions;
};

template <>
inline constexpr auto fields_of<ConsumerGroupHeartbeatRequest::TopicPartitions> = [] {
  using S = ConsumerGroupHeartbeatRequest::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupHeartbeatRequest> = [] {
  using S = ConsumerGroupHeartbeatRequest;
  return field_list<S>(
      "ConsumerGroupHeartbeatRequest", field<&S::group_id>({.name = "groupId"}),
      field<&S::member_id>({.name = "memberId"}), field<&S::member_epoch>({.name = "memberEpoch"}),
      field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
      field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
      field<&S::rebalance_timeout_ms>({.name = "rebalanceTimeoutMs"}),
      field<&S::subscribed_topic_names>({.name = "subscribedTopicNames", .nullable = since(0)}),
      field<&S::subscribed_topic_regex>({.name = "subscribedTopicRegex", .versions = since(1), .nullable = since(1)}),
      field<&S::server_assignor>({.name = "serverAssignor", .nullable = since(0)}),
      field<&S::topic_partitions>({.name = "topicPartitions", .nullable = since(0)}));
}();

struct ConsumerGroupHeartbeatResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::consumer_group_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
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
inline constexpr auto fields_of<ConsumerGroupHeartbeatResponse::TopicPartitions> = [] {
  using S = ConsumerGroupHeartbeatResponse::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupHeartbeatResponse::Assignment> = [] {
  using S = ConsumerGroupHeartbeatResponse::Assignment;
  return field_list<S>("Assignment", field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupHeartbeatResponse> = [] {
  using S = ConsumerGroupHeartbeatResponse;
  return field_list<S>("ConsumerGroupHeartbeatResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::member_id>({.name = "memberId", .nullable = since(0)}),
                       field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::heartbeat_interval_ms>({.name = "heartbeatIntervalMs"}),
                       field<&S::assignment>({.name = "assignment", .nullable = since(0)}));
}();

}  // namespace moldau::wire
