// StreamsGroupDescribe: streams groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct StreamsGroupDescribeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::streams_group_describe;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> group_ids;
  bool include_authorized_operations = false;
};

template <>
inline constexpr auto fields_of<StreamsGroupDescribeRequest> = [] {
  using S = StreamsGroupDescribeRequest;
  return field_list<S>("StreamsGroupDescribeRequest", field<&S::group_ids>({.name = "groupIds"}),
                       field<&S::include_authorized_operations>({.name = "includeAuthorizedOperations"}));
}();

struct StreamsGroupDescribeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::streams_group_describe;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

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

  struct Assignment {
    std::vector<TaskIds> active_tasks;
    std::vector<TaskIds> standby_tasks;
    std::vector<TaskIds> warmup_tasks;
  };

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

  struct Subtopology {
    std::string_view subtopology_id;
    std::vector<std::string_view> source_topics;
    std::vector<std::string_view> repartition_sink_topics;
    std::vector<TopicInfo> state_changelog_topics;
    std::vector<TopicInfo> repartition_source_topics;
  };

  struct Topology {
    int32_t epoch = 0;
    std::optional<std::vector<Subtopology>> subtopologies;
  };

  struct Member {
    std::string_view member_id;
    int32_t member_epoch = 0;
    std::optional<std::string_view> instance_id;
    std::optional<std::string_view> rack_id;
    std::string_view client_id;
    std::string_view client_host;
    int32_t topology_epoch = 0;
    std::string_view process_id;
    std::optional<Endpoint> user_endpoint;
    std::vector<KeyValue> client_tags;
    std::vector<TaskOffset> task_offsets;
    std::vector<TaskOffset> task_end_offsets;
    Assignment assignment;
    Assignment target_assignment;
    bool is_classic = false;
  };

  struct DescribedGroup {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    std::string_view group_id;
    std::string_view group_state;
    int32_t group_epoch = 0;
    int32_t assignment_epoch = 0;
    std::optional<Topology> topology;
    std::vector<Member> members;
    int32_t authorized_operations = INT32_MIN;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribedGroup> groups;
};

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::Endpoint> = [] {
  using S = StreamsGroupDescribeResponse::Endpoint;
  return field_list<S>("Endpoint", field<&S::host>({.name = "host"}), field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::TaskOffset> = [] {
  using S = StreamsGroupDescribeResponse::TaskOffset;
  return field_list<S>("TaskOffset", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partition>({.name = "partition"}), field<&S::offset>({.name = "offset"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::TaskIds> = [] {
  using S = StreamsGroupDescribeResponse::TaskIds;
  return field_list<S>("TaskIds", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::Assignment> = [] {
  using S = StreamsGroupDescribeResponse::Assignment;
  return field_list<S>("Assignment", field<&S::active_tasks>({.name = "activeTasks"}),
                       field<&S::standby_tasks>({.name = "standbyTasks"}),
                       field<&S::warmup_tasks>({.name = "warmupTasks"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::KeyValue> = [] {
  using S = StreamsGroupDescribeResponse::KeyValue;
  return field_list<S>("KeyValue", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::TopicInfo> = [] {
  using S = StreamsGroupDescribeResponse::TopicInfo;
  return field_list<S>("TopicInfo", field<&S::name>({.name = "name"}), field<&S::partitions>({.name = "partitions"}),
                       field<&S::replication_factor>({.name = "replicationFactor"}),
                       field<&S::topic_configs>({.name = "topicConfigs"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::Subtopology> = [] {
  using S = StreamsGroupDescribeResponse::Subtopology;
  return field_list<S>("Subtopology", field<&S::subtopology_id>({.name = "subtopologyId"}),
                       field<&S::source_topics>({.name = "sourceTopics"}),
                       field<&S::repartition_sink_topics>({.name = "repartitionSinkTopics"}),
                       field<&S::state_changelog_topics>({.name = "stateChangelogTopics"}),
                       field<&S::repartition_source_topics>({.name = "repartitionSourceTopics"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::Topology> = [] {
  using S = StreamsGroupDescribeResponse::Topology;
  return field_list<S>("Topology", field<&S::epoch>({.name = "epoch"}),
                       field<&S::subtopologies>({.name = "subtopologies", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::Member> = [] {
  using S = StreamsGroupDescribeResponse::Member;
  return field_list<S>(
      "Member", field<&S::member_id>({.name = "memberId"}), field<&S::member_epoch>({.name = "memberEpoch"}),
      field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
      field<&S::rack_id>({.name = "rackId", .nullable = since(0)}), field<&S::client_id>({.name = "clientId"}),
      field<&S::client_host>({.name = "clientHost"}), field<&S::topology_epoch>({.name = "topologyEpoch"}),
      field<&S::process_id>({.name = "processId"}),
      field<&S::user_endpoint>({.name = "userEndpoint", .nullable = since(0)}),
      field<&S::client_tags>({.name = "clientTags"}), field<&S::task_offsets>({.name = "taskOffsets"}),
      field<&S::task_end_offsets>({.name = "taskEndOffsets"}), field<&S::assignment>({.name = "assignment"}),
      field<&S::target_assignment>({.name = "targetAssignment"}), field<&S::is_classic>({.name = "isClassic"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse::DescribedGroup> = [] {
  using S = StreamsGroupDescribeResponse::DescribedGroup;
  return field_list<S>(
      "DescribedGroup", field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::group_id>({.name = "groupId"}), field<&S::group_state>({.name = "groupState"}),
      field<&S::group_epoch>({.name = "groupEpoch"}), field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
      field<&S::topology>({.name = "topology", .nullable = since(0)}), field<&S::members>({.name = "members"}),
      field<&S::authorized_operations>({.name = "authorizedOperations"}));
}();

template <>
inline constexpr auto fields_of<StreamsGroupDescribeResponse> = [] {
  using S = StreamsGroupDescribeResponse;
  return field_list<S>("StreamsGroupDescribeResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
