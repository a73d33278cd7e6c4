// EndQuorumEpoch: a KRaft leader resigns and names its preferred successors. v1 is flexible and carries directory ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct EndQuorumEpochRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::end_quorum_epoch;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct ReplicaInfo {
    int32_t candidate_id = 0;
    Uuid candidate_directory_id;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
    std::vector<int32_t> preferred_successors;
    std::vector<ReplicaInfo> preferred_candidates;
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
  std::vector<TopicData> topics;
  std::vector<LeaderEndpoint> leader_endpoints;
};

template <>
inline constexpr auto fields_of<EndQuorumEpochRequest::ReplicaInfo> = [] {
  using S = EndQuorumEpochRequest::ReplicaInfo;
  return field_list<S>("ReplicaInfo", field<&S::candidate_id>({.name = "candidateId", .versions = since(1)}),
                       field<&S::candidate_directory_id>({.name = "candidateDirectoryId", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochRequest::PartitionData> = [] {
  using S = EndQuorumEpochRequest::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::leader_id>({.name = "leaderId"}), field<&S::leader_epoch>({.name = "leaderEpoch"}),
      field<&S::preferred_successors>({.name = "preferredSuccessors", .versions = {0, 0}, .ignorable = true}),
      field<&S::preferred_candidates>({.name = "preferredCandidates", .versions = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochRequest::TopicData> = [] {
  using S = EndQuorumEpochRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochRequest::LeaderEndpoint> = [] {
  using S = EndQuorumEpochRequest::LeaderEndpoint;
  return field_list<S>("LeaderEndpoint", field<&S::name>({.name = "name", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochRequest> = [] {
  using S = EndQuorumEpochRequest;
  return field_list<S>(
      "EndQuorumEpochRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
      field<&S::topics>({.name = "topics"}),
      field<&S::leader_endpoints>({.name = "leaderEndpoints", .versions = since(1), .ignorable = true}));
}();

struct EndQuorumEpochResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::end_quorum_epoch;
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
inline constexpr auto fields_of<EndQuorumEpochResponse::PartitionData> = [] {
  using S = EndQuorumEpochResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochResponse::TopicData> = [] {
  using S = EndQuorumEpochResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochResponse::NodeEndpoint> = [] {
  using S = EndQuorumEpochResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<EndQuorumEpochResponse> = [] {
  using S = EndQuorumEpochResponse;
  return field_list<S>(
      "EndQuorumEpochResponse", field<&S::error_code>({.name = "errorCode"}), field<&S::topics>({.name = "topics"}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(1), .tagged = since(1), .tag = 0}));
}();

}  // namespace moldau::wire
