// Records of streams groups (KIP-1071) in __consumer_offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::group {

struct StreamsGroupMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 17;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct StreamsGroupMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 17;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct LastAssignmentConfig {
    std::string_view key;
    std::string_view value;
  };

  int32_t epoch = 0;
  int64_t metadata_hash = 0;
  int32_t validated_topology_epoch = -1;
  std::optional<std::vector<LastAssignmentConfig>> last_assignment_configs{std::in_place};
};

struct StreamsGroupMemberMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 19;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct StreamsGroupMemberMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 19;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct Endpoint {
    std::string_view host;
    uint16_t port = 0;
  };

  struct KeyValue {
    std::string_view key;
    std::string_view value;
  };

  std::optional<std::string_view> instance_id{std::in_place};
  std::optional<std::string_view> rack_id{std::in_place};
  std::string_view client_id;
  std::string_view client_host;
  int32_t rebalance_timeout_ms = -1;
  int32_t topology_epoch = 0;
  std::string_view process_id;
  std::optional<Endpoint> user_endpoint;
  std::vector<KeyValue> client_tags;
};

struct StreamsGroupTargetAssignmentMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 20;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct StreamsGroupTargetAssignmentMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 20;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t assignment_epoch = 0;
  int64_t assignment_timestamp = 0;
};

struct StreamsGroupTargetAssignmentMemberKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 21;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct StreamsGroupTargetAssignmentMemberValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 21;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TaskIds {
    std::string_view subtopology_id;
    std::vector<int32_t> partitions;
  };

  std::vector<TaskIds> active_tasks;
  std::vector<TaskIds> standby_tasks;
  std::vector<TaskIds> warmup_tasks;
};

struct StreamsGroupCurrentMemberAssignmentKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 22;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct StreamsGroupCurrentMemberAssignmentValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 22;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TaskIds {
    std::string_view subtopology_id;
    std::vector<int32_t> partitions;
    std::optional<std::vector<int32_t>> assignment_epochs{std::in_place};
  };

  int32_t member_epoch = 0;
  int32_t previous_member_epoch = 0;
  int8_t state = 0;
  std::vector<TaskIds> active_tasks;
  std::vector<TaskIds> standby_tasks;
  std::vector<TaskIds> warmup_tasks;
  std::vector<TaskIds> active_tasks_pending_revocation;
  std::vector<TaskIds> standby_tasks_pending_revocation;
  std::vector<TaskIds> warmup_tasks_pending_revocation;
};

struct StreamsGroupTopologyKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 23;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct StreamsGroupTopologyValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 23;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicConfig {
    std::string_view key;
    std::string_view value;
  };

  struct TopicInfo {
    std::string_view name;
    int32_t partitions = 0;
    int16_t replication_factor = 0;
    std::vector<TopicConfig> topic_configs;
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

  int32_t epoch = 0;
  std::vector<Subtopology> subtopologies;
};

}  // namespace moldau::group

namespace moldau::wire {

template <>
inline constexpr auto fields_of<group::StreamsGroupMetadataKey> = [] {
  using S = group::StreamsGroupMetadataKey;
  return field_list<S>("StreamsGroupMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMetadataValue::LastAssignmentConfig> = [] {
  using S = group::StreamsGroupMetadataValue::LastAssignmentConfig;
  return field_list<S>("LastAssignmentConfig", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMetadataValue> = [] {
  using S = group::StreamsGroupMetadataValue;
  return field_list<S>(
      "StreamsGroupMetadataValue", field<&S::epoch>({.name = "epoch"}),
      field<&S::metadata_hash>({.name = "metadataHash"}),
      field<&S::validated_topology_epoch>({.name = "validatedTopologyEpoch", .tagged = since(0), .tag = 0}),
      field<&S::last_assignment_configs>(
          {.name = "lastAssignmentConfigs", .nullable = since(0), .tagged = since(0), .tag = 1}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMemberMetadataKey> = [] {
  using S = group::StreamsGroupMemberMetadataKey;
  return field_list<S>("StreamsGroupMemberMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMemberMetadataValue::Endpoint> = [] {
  using S = group::StreamsGroupMemberMetadataValue::Endpoint;
  return field_list<S>("Endpoint", field<&S::host>({.name = "host"}), field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMemberMetadataValue::KeyValue> = [] {
  using S = group::StreamsGroupMemberMetadataValue::KeyValue;
  return field_list<S>("KeyValue", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupMemberMetadataValue> = [] {
  using S = group::StreamsGroupMemberMetadataValue;
  return field_list<S>(
      "StreamsGroupMemberMetadataValue", field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
      field<&S::rack_id>({.name = "rackId", .nullable = since(0)}), field<&S::client_id>({.name = "clientId"}),
      field<&S::client_host>({.name = "clientHost"}), field<&S::rebalance_timeout_ms>({.name = "rebalanceTimeoutMs"}),
      field<&S::topology_epoch>({.name = "topologyEpoch"}), field<&S::process_id>({.name = "processId"}),
      field<&S::user_endpoint>({.name = "userEndpoint", .nullable = since(0)}),
      field<&S::client_tags>({.name = "clientTags"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTargetAssignmentMetadataKey> = [] {
  using S = group::StreamsGroupTargetAssignmentMetadataKey;
  return field_list<S>("StreamsGroupTargetAssignmentMetadataKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTargetAssignmentMetadataValue> = [] {
  using S = group::StreamsGroupTargetAssignmentMetadataValue;
  return field_list<S>("StreamsGroupTargetAssignmentMetadataValue",
                       field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
                       field<&S::assignment_timestamp>(
                           {.name = "assignmentTimestamp", .tagged = since(0), .tag = 0, .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTargetAssignmentMemberKey> = [] {
  using S = group::StreamsGroupTargetAssignmentMemberKey;
  return field_list<S>("StreamsGroupTargetAssignmentMemberKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTargetAssignmentMemberValue::TaskIds> = [] {
  using S = group::StreamsGroupTargetAssignmentMemberValue::TaskIds;
  return field_list<S>("TaskIds", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTargetAssignmentMemberValue> = [] {
  using S = group::StreamsGroupTargetAssignmentMemberValue;
  return field_list<S>("StreamsGroupTargetAssignmentMemberValue", field<&S::active_tasks>({.name = "activeTasks"}),
                       field<&S::standby_tasks>({.name = "standbyTasks"}),
                       field<&S::warmup_tasks>({.name = "warmupTasks"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupCurrentMemberAssignmentKey> = [] {
  using S = group::StreamsGroupCurrentMemberAssignmentKey;
  return field_list<S>("StreamsGroupCurrentMemberAssignmentKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupCurrentMemberAssignmentValue::TaskIds> = [] {
  using S = group::StreamsGroupCurrentMemberAssignmentValue::TaskIds;
  return field_list<S>(
      "TaskIds", field<&S::subtopology_id>({.name = "subtopologyId"}), field<&S::partitions>({.name = "partitions"}),
      field<&S::assignment_epochs>({.name = "assignmentEpochs", .nullable = since(0), .tagged = since(0), .tag = 0}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupCurrentMemberAssignmentValue> = [] {
  using S = group::StreamsGroupCurrentMemberAssignmentValue;
  return field_list<S>("StreamsGroupCurrentMemberAssignmentValue", field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::previous_member_epoch>({.name = "previousMemberEpoch"}),
                       field<&S::state>({.name = "state"}), field<&S::active_tasks>({.name = "activeTasks"}),
                       field<&S::standby_tasks>({.name = "standbyTasks"}),
                       field<&S::warmup_tasks>({.name = "warmupTasks"}),
                       field<&S::active_tasks_pending_revocation>({.name = "activeTasksPendingRevocation"}),
                       field<&S::standby_tasks_pending_revocation>({.name = "standbyTasksPendingRevocation"}),
                       field<&S::warmup_tasks_pending_revocation>({.name = "warmupTasksPendingRevocation"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyKey> = [] {
  using S = group::StreamsGroupTopologyKey;
  return field_list<S>("StreamsGroupTopologyKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyValue::TopicConfig> = [] {
  using S = group::StreamsGroupTopologyValue::TopicConfig;
  return field_list<S>("TopicConfig", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyValue::TopicInfo> = [] {
  using S = group::StreamsGroupTopologyValue::TopicInfo;
  return field_list<S>("TopicInfo", field<&S::name>({.name = "name"}), field<&S::partitions>({.name = "partitions"}),
                       field<&S::replication_factor>({.name = "replicationFactor"}),
                       field<&S::topic_configs>({.name = "topicConfigs"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyValue::CopartitionGroup> = [] {
  using S = group::StreamsGroupTopologyValue::CopartitionGroup;
  return field_list<S>("CopartitionGroup", field<&S::source_topics>({.name = "sourceTopics"}),
                       field<&S::source_topic_regex>({.name = "sourceTopicRegex"}),
                       field<&S::repartition_source_topics>({.name = "repartitionSourceTopics"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyValue::Subtopology> = [] {
  using S = group::StreamsGroupTopologyValue::Subtopology;
  return field_list<S>("Subtopology", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::source_topics>({.name = "sourceTopics"}),
                       field<&S::source_topic_regex>({.name = "sourceTopicRegex"}),
                       field<&S::state_changelog_topics>({.name = "stateChangelogTopics"}),
                       field<&S::repartition_sink_topics>({.name = "repartitionSinkTopics"}),
                       field<&S::repartition_source_topics>({.name = "repartitionSourceTopics"}),
                       field<&S::copartition_groups>({.name = "copartitionGroups"}));
}();

template <>
inline constexpr auto fields_of<group::StreamsGroupTopologyValue> = [] {
  using S = group::StreamsGroupTopologyValue;
  return field_list<S>("StreamsGroupTopologyValue", field<&S::epoch>({.name = "epoch"}),
                       field<&S::subtopologies>({.name = "subtopologies"}));
}();

}  // namespace moldau::wire
