// Vote: asks a voter of a KRaft quorum for its vote. v1 carries directory ids and endpoints; v2 the pre-vote.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct VoteRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::vote;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
    int32_t replica_epoch = 0;
    int32_t replica_id = 0;
    Uuid replica_directory_id;
    Uuid voter_directory_id;
    int32_t last_offset_epoch = 0;
    int64_t last_offset = 0;
    bool pre_vote = false;
  };

  struct TopicData {
    std::string_view topic_name;
    std::vector<PartitionData> partitions;
  };

  std::optional<std::string_view> cluster_id;
  int32_t voter_id = -1;
  std::vector<TopicData> topics;
};

template <>
inline constexpr auto fields_of<VoteRequest::PartitionData> = [] {
  using S = VoteRequest::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::replica_epoch>({.name = "replicaEpoch"}), field<&S::replica_id>({.name = "replicaId"}),
      field<&S::replica_directory_id>({.name = "replicaDirectoryId", .versions = since(1), .ignorable = true}),
      field<&S::voter_directory_id>({.name = "voterDirectoryId", .versions = since(1), .ignorable = true}),
      field<&S::last_offset_epoch>({.name = "lastOffsetEpoch"}), field<&S::last_offset>({.name = "lastOffset"}),
      field<&S::pre_vote>({.name = "preVote", .versions = since(2)}));
}();

template <>
inline constexpr auto fields_of<VoteRequest::TopicData> = [] {
  using S = VoteRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<VoteRequest> = [] {
  using S = VoteRequest;
  return field_list<S>("VoteRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
                       field<&S::voter_id>({.name = "voterId", .versions = since(1), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

struct VoteResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::vote;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
    bool vote_granted = false;
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
inline constexpr auto fields_of<VoteResponse::PartitionData> = [] {
  using S = VoteResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}),
                       field<&S::vote_granted>({.name = "voteGranted"}));
}();

template <>
inline constexpr auto fields_of<VoteResponse::TopicData> = [] {
  using S = VoteResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<VoteResponse::NodeEndpoint> = [] {
  using S = VoteResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<VoteResponse> = [] {
  using S = VoteResponse;
  return field_list<S>(
      "VoteResponse", field<&S::error_code>({.name = "errorCode"}), field<&S::topics>({.name = "topics"}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(1), .tagged = since(1), .tag = 0}));
}();

}  // namespace moldau::wire
