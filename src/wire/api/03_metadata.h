// Metadata: brokers, and topics with their leaders. v0 asks for all topics with an empty list, v1 and later with null.
// v4 says whether topics may be created; v5 returns offline replicas, v7 leader epochs; v8 to v10 authorized operations
// (of the cluster until v10); v9 is flexible; v10 returns topic ids, v12 takes them; v13 has an error of the whole
// response.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct MetadataRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::metadata;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 13;
  static constexpr VersionRange valid_versions = {0, 13};
  static constexpr int16_t flexible_since = 9;

  struct MetadataRequestTopic {
    Uuid topic_id;
    std::optional<std::string_view> name{std::in_place};
  };

  std::optional<std::vector<MetadataRequestTopic>> topics{std::in_place};
  bool allow_auto_topic_creation = true;
  bool include_cluster_authorized_operations = false;
  bool include_topic_authorized_operations = false;
};

template <>
inline constexpr auto fields_of<MetadataRequest::MetadataRequestTopic> = [] {
  using S = MetadataRequest::MetadataRequestTopic;
  return field_list<S>("MetadataRequestTopic",
                       field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
                       field<&S::name>({.name = "name", .nullable = since(10)}));
}();

template <>
inline constexpr auto fields_of<MetadataRequest> = [] {
  using S = MetadataRequest;
  return field_list<S>("MetadataRequest", field<&S::topics>({.name = "topics", .nullable = since(1)}),
                       field<&S::allow_auto_topic_creation>({.name = "allowAutoTopicCreation", .versions = since(4)}),
                       field<&S::include_cluster_authorized_operations>(
                           {.name = "includeClusterAuthorizedOperations", .versions = {8, 10}}),
                       field<&S::include_topic_authorized_operations>(
                           {.name = "includeTopicAuthorizedOperations", .versions = since(8)}));
}();

struct MetadataResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::metadata;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 13;
  static constexpr VersionRange valid_versions = {0, 13};
  static constexpr int16_t flexible_since = 9;

  struct MetadataResponseBroker {
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
  };

  struct MetadataResponsePartition {
    int16_t error_code = 0;
    int32_t partition_index = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = -1;
    std::vector<int32_t> replica_nodes;
    std::vector<int32_t> isr_nodes;
    std::vector<int32_t> offline_replicas;
  };

  struct MetadataResponseTopic {
    int16_t error_code = 0;
    std::optional<std::string_view> name{std::in_place};
    Uuid topic_id;
    bool is_internal = false;
    std::vector<MetadataResponsePartition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;
  };

  int32_t throttle_time_ms = 0;
  std::vector<MetadataResponseBroker> brokers;
  std::optional<std::string_view> cluster_id;
  int32_t controller_id = -1;
  std::vector<MetadataResponseTopic> topics;
  int32_t cluster_authorized_operations = INT32_MIN;
  int16_t error_code = 0;
};

template <>
inline constexpr auto fields_of<MetadataResponse::MetadataResponseBroker> = [] {
  using S = MetadataResponse::MetadataResponseBroker;
  return field_list<S>(
      "MetadataResponseBroker", field<&S::node_id>({.name = "nodeId"}), field<&S::host>({.name = "host"}),
      field<&S::port>({.name = "port"}),
      field<&S::rack>({.name = "rack", .versions = since(1), .nullable = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<MetadataResponse::MetadataResponsePartition> = [] {
  using S = MetadataResponse::MetadataResponsePartition;
  return field_list<S>(
      "MetadataResponsePartition", field<&S::error_code>({.name = "errorCode"}),
      field<&S::partition_index>({.name = "partitionIndex"}), field<&S::leader_id>({.name = "leaderId"}),
      field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(7), .ignorable = true}),
      field<&S::replica_nodes>({.name = "replicaNodes"}), field<&S::isr_nodes>({.name = "isrNodes"}),
      field<&S::offline_replicas>({.name = "offlineReplicas", .versions = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<MetadataResponse::MetadataResponseTopic> = [] {
  using S = MetadataResponse::MetadataResponseTopic;
  return field_list<S>(
      "MetadataResponseTopic", field<&S::error_code>({.name = "errorCode"}),
      field<&S::name>({.name = "name", .nullable = since(12)}),
      field<&S::topic_id>({.name = "topicId", .versions = since(10), .ignorable = true}),
      field<&S::is_internal>({.name = "isInternal", .versions = since(1), .ignorable = true}),
      field<&S::partitions>({.name = "partitions"}),
      field<&S::topic_authorized_operations>({.name = "topicAuthorizedOperations", .versions = since(8)}));
}();

template <>
inline constexpr auto fields_of<MetadataResponse> = [] {
  using S = MetadataResponse;
  return field_list<S>(
      "MetadataResponse",
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(3), .ignorable = true}),
      field<&S::brokers>({.name = "brokers"}),
      field<&S::cluster_id>({.name = "clusterId", .versions = since(2), .nullable = since(2), .ignorable = true}),
      field<&S::controller_id>({.name = "controllerId", .versions = since(1), .ignorable = true}),
      field<&S::topics>({.name = "topics"}),
      field<&S::cluster_authorized_operations>({.name = "clusterAuthorizedOperations", .versions = {8, 10}}),
      field<&S::error_code>({.name = "errorCode", .versions = since(13), .ignorable = true}));
}();

}  // namespace moldau::wire
