// DescribeTopicPartitions: topics page by page, with eligible leader replicas.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeTopicPartitionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_topic_partitions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicRequest {
    std::string_view name;
  };

  struct Cursor {
    std::string_view topic_name;
    int32_t partition_index = 0;
  };

  std::vector<TopicRequest> topics;
  int32_t response_partition_limit = 2000;
  std::optional<Cursor> cursor;
};

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsRequest::TopicRequest> = [] {
  using S = DescribeTopicPartitionsRequest::TopicRequest;
  return field_list<S>("TopicRequest", field<&S::name>({.name = "name"}));
}();

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsRequest::Cursor> = [] {
  using S = DescribeTopicPartitionsRequest::Cursor;
  return field_list<S>("Cursor", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partition_index>({.name = "partitionIndex"}));
}();

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsRequest> = [] {
  using S = DescribeTopicPartitionsRequest;
  return field_list<S>("DescribeTopicPartitionsRequest", field<&S::topics>({.name = "topics"}),
                       field<&S::response_partition_limit>({.name = "responsePartitionLimit"}),
                       field<&S::cursor>({.name = "cursor", .nullable = since(0)}));
}();

struct DescribeTopicPartitionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_topic_partitions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct DescribeTopicPartitionsResponsePartition {
    int16_t error_code = 0;
    int32_t partition_index = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = -1;
    std::vector<int32_t> replica_nodes;
    std::vector<int32_t> isr_nodes;
    std::optional<std::vector<int32_t>> eligible_leader_replicas;
    std::optional<std::vector<int32_t>> last_known_elr;
    std::vector<int32_t> offline_replicas;
  };

  struct DescribeTopicPartitionsResponseTopic {
    int16_t error_code = 0;
    std::optional<std::string_view> name{std::in_place};
    Uuid topic_id;
    bool is_internal = false;
    std::vector<DescribeTopicPartitionsResponsePartition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;
  };

  struct Cursor {
    std::string_view topic_name;
    int32_t partition_index = 0;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribeTopicPartitionsResponseTopic> topics;
  std::optional<Cursor> next_cursor;
};

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition> = [] {
  using S = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition;
  return field_list<S>("DescribeTopicPartitionsResponsePartition", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch", .ignorable = true}),
                       field<&S::replica_nodes>({.name = "replicaNodes"}), field<&S::isr_nodes>({.name = "isrNodes"}),
                       field<&S::eligible_leader_replicas>({.name = "eligibleLeaderReplicas", .nullable = since(0)}),
                       field<&S::last_known_elr>({.name = "lastKnownElr", .nullable = since(0)}),
                       field<&S::offline_replicas>({.name = "offlineReplicas", .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic> = [] {
  using S = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;
  return field_list<S>("DescribeTopicPartitionsResponseTopic", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::name>({.name = "name", .nullable = since(0)}),
                       field<&S::topic_id>({.name = "topicId", .ignorable = true}),
                       field<&S::is_internal>({.name = "isInternal", .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}),
                       field<&S::topic_authorized_operations>({.name = "topicAuthorizedOperations"}));
}();

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsResponse::Cursor> = [] {
  using S = DescribeTopicPartitionsResponse::Cursor;
  return field_list<S>("Cursor", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partition_index>({.name = "partitionIndex"}));
}();

template <>
inline constexpr auto fields_of<DescribeTopicPartitionsResponse> = [] {
  using S = DescribeTopicPartitionsResponse;
  return field_list<S>(
      "DescribeTopicPartitionsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs", .ignorable = true}),
      field<&S::topics>({.name = "topics"}), field<&S::next_cursor>({.name = "nextCursor", .nullable = since(0)}));
}();

}  // namespace moldau::wire
