// BeginQuorumEpoch: a new KRaft leader announces itself. v1 is flexible and carries directory ids and endpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct BeginQuorumEpochRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::begin_quorum_epoch;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct PartitionData {
    int32_t partition_index = 0;
    Uuid voter_directory_id;
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
  };

  struct TopicData {
    std::string_view topic_name;
    std::vector<PartitionData> partitions;
  };

  struct LeaderEndpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };

  std::optional<std::string_view> cluster_id;
  int32_t voter_id = -1;
  std::vector<TopicData> topics;
  std::vector<LeaderEndpoint> leader_endpoints;
};

template <>
inline constexpr auto fields_of<BeginQuorumEpochRequest::PartitionData> = [] {
  using S = BeginQuorumEpochRequest::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::voter_directory_id>({.name = "voterDirectoryId", .versions = since(1), .ignorable = true}),
      field<&S::leader_id>({.name = "leaderId"}), field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochRequest::TopicData> = [] {
  using S = BeginQuorumEpochRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochRequest::LeaderEndpoint> = [] {
  using S = BeginQuorumEpochRequest::LeaderEndpoint;
  return field_list<S>("LeaderEndpoint", field<&S::name>({.name = "name", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochRequest> = [] {
  using S = BeginQuorumEpochRequest;
  return field_list<S>(
      "BeginQuorumEpochRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
      field<&S::voter_id>({.name = "voterId", .versions = since(1), .ignorable = true}),
      field<&S::topics>({.name = "topics"}),
      field<&S::leader_endpoints>({.name = "leaderEndpoints", .versions = since(1), .ignorable = true}));
}();

struct BeginQuorumEpochResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::begin_quorum_epoch;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
  };

  struct TopicData {
    std::string_view topic_name;
    std::vector<PartitionData> partitions;
  };

  struct NodeEndpoint {
    int32_t node_id = 0;
    std::string_view host;
    uint16_t port = 0;
  };

  int16_t error_code = 0;
  std::vector<TopicData> topics;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<BeginQuorumEpochResponse::PartitionData> = [] {
  using S = BeginQuorumEpochResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochResponse::TopicData> = [] {
  using S = BeginQuorumEpochResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochResponse::NodeEndpoint> = [] {
  using S = BeginQuorumEpochResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<BeginQuorumEpochResponse> = [] {
  using S = BeginQuorumEpochResponse;
  return field_list<S>(
      "BeginQuorumEpochResponse", field<&S::error_code>({.name = "errorCode"}), field<&S::topics>({.name = "topics"}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(1), .tagged = since(1), .tag = 0}));
}();

}  // namespace moldau::wire
