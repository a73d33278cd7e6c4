// StreamsGroupHeartbeat: the streams group protocol (KIP-1071): membership, topology and task assignment.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct StreamsGroupHeartbeatRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::streams_group_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct KeyValue {
    std::string_view key;
    std::string_view value;
  };

  struct TopicInfo {
    std::string_view name;
    int32_t partitions = 0;
    int16_t replication_factor = 0;
    std::vector<KeyValue> topic_configs;
  };

  struct Endpoint {
    std::string_view host;
    uint16_t port = 0;
  };

  struct TaskOffset {
    std::string_view subtopology_id;
    int32_t partition = 0;
    int64_t offset = 0;
  };

  struct TaskIds {
    std::string_view subtopology_id;
    std::vector<int32_t> partitions;
  };

  struct CopartitionGroup {
    std::vector<int16_t> source_topics;
    std::vector<int16_t> source_topic_regex;
    std::vector<int16_t> repartition_source_topics;
  };

  struct Subtopology {
    std::string_view subtopology_id;
    std::vector<std::string_view> source_topics;
    std::vector<std::string_view> source_topic_regex;
    std::vector<TopicInfo> state_changelog_topics;
    std::vector<std::string_view> repartition_sink_topics;
    std::vector<TopicInfo> repartition_source_topics;
    std::vector<CopartitionGroup> copartition_groups;
  };

  struct Topology {
    int32_t epoch = 0;
    std::vector<Subtopology> subtopologies;
  };

  std::string_view group_id;
  std::string_view member_id;
  int32_t member_epoch = 0;
  int32_t endpoint_information_epoch = 0;
  std::optional<std::string_view> instance_id;
  std::optional<std::string_view> rack_id;
  int32_t rebalance_timeout_ms = -1;
  std::optional<Topology> topology;
  std::optional<std::vector<TaskIds>> active_tasks;
  std::optional<std::vector<TaskIds>> standby_tasks;
  std::optional<std::vector<TaskIds>> warmup_tasks;
  std::optional<std::string_view> process_id;
  std::optional<Endpoint> user_endpoint;
  std::optional<std::vector<KeyValue>> client_tags;
  std::optional<std::vector<TaskOffset>> task_offsets;
  std::optional<std::vector<TaskOffset>> task_end_offsets;
  bool shutdown_application = false;
};

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::KeyValue> = [] {
  using S = StreamsGroupHeartbeatRequest::KeyValue;
  return field_list<S>("KeyValue", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::TopicInfo> = [] {
  using S = StreamsGroupHeartbeatRequest::TopicInfo;
  return field_list<S>("TopicInfo", field<&S::name>({.name = "name"}), field<&S::partitions>({.name = "partitions"}),
                       field<&S::replication_factor>({.name = "replicationFactor"}),
                       field<&S::topic_configs>({.name = "topicConfigs"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::Endpoint> = [] {
  using S = StreamsGroupHeartbeatRequest::Endpoint;
  return field_list<S>("Endpoint", field<&S::host>({.name = "host"}), field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::TaskOffset> = [] {
  using S = StreamsGroupHeartbeatRequest::TaskOffset;
  return field_list<S>("TaskOffset", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partition>({.name = "partition"}), field<&S::offset>({.name = "offset"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::TaskIds> = [] {
  using S = StreamsGroupHeartbeatRequest::TaskIds;
  return field_list<S>("TaskIds", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::CopartitionGroup> = [] {
  using S = StreamsGroupHeartbeatRequest::CopartitionGroup;
  return field_list<S>("CopartitionGroup", field<&S::source_topics>({.name = "sourceTopics"}),
                       field<&S::source_topic_regex>({.name = "sourceTopicRegex"}),
                       field<&S::repartition_source_topics>({.name = "repartitionSourceTopics"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::Subtopology> = [] {
  using S = StreamsGroupHeartbeatRequest::Subtopology;
  return field_list<S>("Subtopology", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::source_topics>({.name = "sourceTopics"}),
                       field<&S::source_topic_regex>({.name = "sourceTopicRegex"}),
                       field<&S::state_changelog_topics>({.name = "stateChangelogTopics"}),
                       field<&S::repartition_sink_topics>({.name = "repartitionSinkTopics"}),
                       field<&S::repartition_source_topics>({.name = "repartitionSourceTopics"}),
                       field<&S::copartition_groups>({.name = "copartitionGroups"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest::Topology> = [] {
  using S = StreamsGroupHeartbeatRequest::Topology;
  return field_list<S>("Topology", field<&S::epoch>({.name = "epoch"}),
                       field<&S::subtopologies>({.name = "subtopologies"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatRequest> = [] {
  using S = StreamsGroupHeartbeatRequest;
  return field_list<S>("StreamsGroupHeartbeatRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::member_id>({.name = "memberId"}), field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::endpoint_information_epoch>({.name = "endpointInformationEpoch"}),
                       field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
                       field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
                       field<&S::rebalance_timeout_ms>({.name = "rebalanceTimeoutMs"}),
                       field<&S::topology>({.name = "topology", .nullable = since(0)}),
                       field<&S::active_tasks>({.name = "activeTasks", .nullable = since(0)}),
                       field<&S::standby_tasks>({.name = "standbyTasks", .nullable = since(0)}),
                       field<&S::warmup_tasks>({.name = "warmupTasks", .nullable = since(0)}),
                       field<&S::process_id>({.name = "processId", .nullable = since(0)}),
                       field<&S::user_endpoint>({.name = "userEndpoint", .nullable = since(0)}),
                       field<&S::client_tags>({.name = "clientTags", .nullable = since(0)}),
                       field<&S::task_offsets>({.name = "taskOffsets", .nullable = since(0)}),
                       field<&S::task_end_offsets>({.name = "taskEndOffsets", .nullable = since(0)}),
                       field<&S::shutdown_application>({.name = "shutdownApplication"}));
}();

struct StreamsGroupHeartbeatResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::streams_group_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct Status {
    int8_t status_code = 0;
    std::string_view status_detail;
  };

  struct TopicPartition {
    std::string_view topic;
    std::vector<int32_t> partitions;
  };

  struct TaskIds {
    std::string_view subtopology_id;
    std::vector<int32_t> partitions;
  };

  struct Endpoint {
    std::string_view host;
    uint16_t port = 0;
  };

  struct EndpointToPartitions {
    Endpoint user_endpoint;
    std::vector<TopicPartition> active_partitions;
    std::vector<TopicPartition> standby_partitions;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  std::string_view member_id;
  int32_t member_epoch = 0;
  int32_t heartbeat_interval_ms = 0;
  int32_t acceptable_recovery_lag = 0;
  int32_t task_offset_interval_ms = 0;
  std::optional<std::vector<Status>> status{std::in_place};
  std::optional<std::vector<TaskIds>> active_tasks;
  std::optional<std::vector<TaskIds>> standby_tasks;
  std::optional<std::vector<TaskIds>> warmup_tasks;
  int32_t endpoint_information_epoch = 0;
  std::optional<std::vector<EndpointToPartitions>> partitions_by_user_endpoint;
};

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse::Status> = [] {
  using S = StreamsGroupHeartbeatResponse::Status;
  return field_list<S>("Status", field<&S::status_code>({.name = "statusCode"}),
                       field<&S::status_detail>({.name = "statusDetail"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse::TopicPartition> = [] {
  using S = StreamsGroupHeartbeatResponse::TopicPartition;
  return field_list<S>("TopicPartition", field<&S::topic>({.name = "topic"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse::TaskIds> = [] {
  using S = StreamsGroupHeartbeatResponse::TaskIds;
  return field_list<S>("TaskIds", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse::Endpoint> = [] {
  using S = StreamsGroupHeartbeatResponse::Endpoint;
  return field_list<S>("Endpoint", field<&S::host>({.name = "host"}), field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse::EndpointToPartitions> = [] {
  using S = StreamsGroupHeartbeatResponse::EndpointToPartitions;
  return field_list<S>("EndpointToPartitions", field<&S::user_endpoint>({.name = "userEndpoint"}),
                       field<&S::active_partitions>({.name = "activePartitions"}),
                       field<&S::standby_partitions>({.name = "standbyPartitions"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupHeartbeatResponse> = [] {
  using S = StreamsGroupHeartbeatResponse;
  return field_list<S>(
      "StreamsGroupHeartbeatResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::member_id>({.name = "memberId"}), field<&S::member_epoch>({.name = "memberEpoch"}),
      field<&S::heartbeat_interval_ms>({.name = "heartbeatIntervalMs"}),
      field<&S::acceptable_recovery_lag>({.name = "acceptableRecoveryLag"}),
      field<&S::task_offset_interval_ms>({.name = "taskOffsetIntervalMs"}),
      field<&S::status>({.name = "status", .nullable = since(0)}),
      field<&S::active_tasks>({.name = "activeTasks", .nullable = since(0)}),
      field<&S::standby_tasks>({.name = "standbyTasks", .nullable = since(0)}),
      field<&S::warmup_tasks>({.name = "warmupTasks", .nullable = since(0)}),
      field<&S::endpoint_information_epoch>({.name = "endpointInformationEpoch"}),
      field<&S::partitions_by_user_endpoint>({.name = "partitionsByUserEndpoint", .nullable = since(0)}));
}();

}  // namespace moldau::wire
