// AlterPartitionReassignments: moves partitions to other brokers, or cancels it (null replicas). v1 can refuse to
// change the replication factor.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AlterPartitionReassignmentsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_partition_reassignments;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct ReassignablePartition {
    int32_t partition_index = 0;
    std::optional<std::vector<int32_t>> replicas;
  };

  struct ReassignableTopic {
    std::string_view name;
    std::vector<ReassignablePartition> partitions;
  };

  int32_t timeout_ms = 60000;
  bool allow_replication_factor_change = true;
  std::vector<ReassignableTopic> topics;
};

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsRequest::ReassignablePartition> = [] {
  using S = AlterPartitionReassignmentsRequest::ReassignablePartition;
  return field_list<S>("ReassignablePartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::replicas>({.name = "replicas", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsRequest::ReassignableTopic> = [] {
  using S = AlterPartitionReassignmentsRequest::ReassignableTopic;
  return field_list<S>("ReassignableTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsRequest> = [] {
  using S = AlterPartitionReassignmentsRequest;
  return field_list<S>(
      "AlterPartitionReassignmentsRequest", field<&S::timeout_ms>({.name = "timeoutMs"}),
      field<&S::allow_replication_factor_change>({.name = "allowReplicationFactorChange", .versions = since(1)}),
      field<&S::topics>({.name = "topics"}));
}();

struct AlterPartitionReassignmentsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_partition_reassignments;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct ReassignablePartitionResponse {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  struct ReassignableTopicResponse {
    std::string_view name;
    std::vector<ReassignablePartitionResponse> partitions;
  };

  int32_t throttle_time_ms = 0;
  bool allow_replication_factor_change = true;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::vector<ReassignableTopicResponse> responses;
};

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsResponse::ReassignablePartitionResponse> = [] {
  using S = AlterPartitionReassignmentsResponse::ReassignablePartitionResponse;
  return field_list<S>("ReassignablePartitionResponse", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsResponse::ReassignableTopicResponse> = [] {
  using S = AlterPartitionReassignmentsResponse::ReassignableTopicResponse;
  return field_list<S>("ReassignableTopicResponse", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionReassignmentsResponse> = [] {
  using S = AlterPartitionReassignmentsResponse;
  return field_list<S>("AlterPartitionReassignmentsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::allow_replication_factor_change>(
                           {.name = "allowReplicationFactorChange", .versions = since(1), .ignorable = true}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::responses>({.name = "responses"}));
}();

}  // namespace moldau::wire
