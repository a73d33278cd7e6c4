// ElectLeaders: makes the controller elect the preferred leaders, or, from v1, unclean ones. v2 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ElectLeadersRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::elect_leaders;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  struct TopicPartitions {
    std::string_view topic;
    std::vector<int32_t> partitions;
  };

  int8_t election_type = 0;
  std::optional<std::vector<TopicPartitions>> topic_partitions{std::in_place};
  int32_t timeout_ms = 60000;
};

template <>
inline constexpr auto fields_of<ElectLeadersRequest::TopicPartitions> = [] {
  using S = ElectLeadersRequest::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic>({.name = "topic"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ElectLeadersRequest> = [] {
  using S = ElectLeadersRequest;
  return field_list<S>("ElectLeadersRequest", field<&S::election_type>({.name = "electionType", .versions = since(1)}),
                       field<&S::topic_partitions>({.name = "topicPartitions", .nullable = since(0)}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}));
}();

struct ElectLeadersResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::elect_leaders;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  struct PartitionResult {
    int32_t partition_id = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  struct ReplicaElectionResult {
    std::string_view topic;
    std::vector<PartitionResult> partition_result;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<ReplicaElectionResult> replica_election_results;
};

template <>
inline constexpr auto fields_of<ElectLeadersResponse::PartitionResult> = [] {
  using S = ElectLeadersResponse::PartitionResult;
  return field_list<S>("PartitionResult", field<&S::partition_id>({.name = "partitionId"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<ElectLeadersResponse::ReplicaElectionResult> = [] {
  using S = ElectLeadersResponse::ReplicaElectionResult;
  return field_list<S>("ReplicaElectionResult", field<&S::topic>({.name = "topic"}),
                       field<&S::partition_result>({.name = "partitionResult"}));
}();

template <>
inline constexpr auto fields_of<ElectLeadersResponse> = [] {
  using S = ElectLeadersResponse;
  return field_list<S>("ElectLeadersResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode", .versions = since(1)}),
                       field<&S::replica_election_results>({.name = "replicaElectionResults"}));
}();

}  // namespace moldau::wire
