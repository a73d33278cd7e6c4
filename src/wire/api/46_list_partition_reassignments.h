// ListPartitionReassignments: the reassignments in progress.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ListPartitionReassignmentsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::list_partition_reassignments;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct ListPartitionReassignmentsTopics {
    std::string_view name;
    std::vector<int32_t> partition_indexes;
  };

  int32_t timeout_ms = 60000;
  std::optional<std::vector<ListPartitionReassignmentsTopics>> topics;
};

template <>
inline constexpr auto fields_of<ListPartitionReassignmentsRequest::ListPartitionReassignmentsTopics> = [] {
  using S = ListPartitionReassignmentsRequest::ListPartitionReassignmentsTopics;
  return field_list<S>("ListPartitionReassignmentsTopics", field<&S::name>({.name = "name"}),
                       field<&S::partition_indexes>({.name = "partitionIndexes"}));
}();

template <>
inline constexpr auto fields_of<ListPartitionReassignmentsRequest> = [] {
  using S = ListPartitionReassignmentsRequest;
  return field_list<S>("ListPartitionReassignmentsRequest", field<&S::timeout_ms>({.name = "timeoutMs"}),
                       field<&S::topics>({.name = "topics", .nullable = since(0)}));
}();

struct ListPartitionReassignmentsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::list_partition_reassignments;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct OngoingPartitionReassignment {
    int32_t partition_index = 0;
    std::vector<int32_t> replicas;
    std::vector<int32_t> adding_replicas;
    std::vector<int32_t> removing_replicas;
  };

  struct OngoingTopicReassignment {
    std::string_view name;
    std::vector<OngoingPartitionReassignment> partitions;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::vector<OngoingTopicReassignment> topics;
};

template <>
inline constexpr auto fields_of<ListPartitionReassignmentsResponse::OngoingPartitionReassignment> = [] {
  using S = ListPartitionReassignmentsResponse::OngoingPartitionReassignment;
  return field_list<S>("OngoingPartitionReassignment", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::replicas>({.name = "replicas"}),
                       field<&S::adding_replicas>({.name = "addingReplicas"}),
                       field<&S::removing_replicas>({.name = "removingReplicas"}));
}();

template <>
inline constexpr auto fields_of<ListPartitionReassignmentsResponse::OngoingTopicReassignment> = [] {
  using S = ListPartitionReassignmentsResponse::OngoingTopicReassignment;
  return field_list<S>("OngoingTopicReassignment", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ListPartitionReassignmentsResponse> = [] {
  using S = ListPartitionReassignmentsResponse;
  return field_list<S>("ListPartitionReassignmentsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
