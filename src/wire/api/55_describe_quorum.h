// DescribeQuorum: the state of a KRaft quorum as its leader sees it. v1 returns times; v2 directory ids, nodes and
// messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeQuorumRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_quorum;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
  };

  struct TopicData {
    std::string_view topic_name;
    std::vector<PartitionData> partitions;
  };

  std::vector<TopicData> topics;
};

template <>
inline constexpr auto fields_of<DescribeQuorumRequest::PartitionData> = [] {
  using S = DescribeQuorumRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumRequest::TopicData> = [] {
  using S = DescribeQuorumRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumRequest> = [] {
  using S = DescribeQuorumRequest;
  return field_list<S>("DescribeQuorumRequest", field<&S::topics>({.name = "topics"}));
}();

struct DescribeQuorumResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_quorum;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct ReplicaState {
    int32_t replica_id = 0;
    Uuid replica_directory_id;
    int64_t log_end_offset = 0;
    int64_t last_fetch_timestamp = -1;
    int64_t last_caught_up_timestamp = -1;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
    int64_t high_watermark = 0;
    std::vector<ReplicaState> current_voters;
    std::vector<ReplicaState> observers;
  };

  struct TopicData {
    std::string_view topic_name;
    std::vector<PartitionData> partitions;
  };

  struct Listener {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };

  struct Node {
    int32_t node_id = 0;
    std::vector<Listener> listeners;
  };

  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::vector<TopicData> topics;
  std::vector<Node> nodes;
};

template <>
inline constexpr auto fields_of<DescribeQuorumResponse::ReplicaState> = [] {
  using S = DescribeQuorumResponse::ReplicaState;
  return field_list<S>(
      "ReplicaState", field<&S::replica_id>({.name = "replicaId"}),
      field<&S::replica_directory_id>({.name = "replicaDirectoryId", .versions = since(2)}),
      field<&S::log_end_offset>({.name = "logEndOffset"}),
      field<&S::last_fetch_timestamp>({.name = "lastFetchTimestamp", .versions = since(1), .ignorable = true}),
      field<&S::last_caught_up_timestamp>({.name = "lastCaughtUpTimestamp", .versions = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumResponse::PartitionData> = [] {
  using S = DescribeQuorumResponse::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .versions = since(2), .nullable = since(2), .ignorable = true}),
      field<&S::leader_id>({.name = "leaderId"}), field<&S::leader_epoch>({.name = "leaderEpoch"}),
      field<&S::high_watermark>({.name = "highWatermark"}), field<&S::current_voters>({.name = "currentVoters"}),
      field<&S::observers>({.name = "observers"}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumResponse::TopicData> = [] {
  using S = DescribeQuorumResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumResponse::Listener> = [] {
  using S = DescribeQuorumResponse::Listener;
  return field_list<S>("Listener", field<&S::name>({.name = "name", .versions = since(2)}),
                       field<&S::host>({.name = "host", .versions = since(2)}),
                       field<&S::port>({.name = "port", .versions = since(2)}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumResponse::Node> = [] {
  using S = DescribeQuorumResponse::Node;
  return field_list<S>("Node", field<&S::node_id>({.name = "nodeId", .versions = since(2)}),
                       field<&S::listeners>({.name = "listeners", .versions = since(2)}));
}();

template <>
inline constexpr auto fields_of<DescribeQuorumResponse> = [] {
  using S = DescribeQuorumResponse;
  return field_list<S>(
      "DescribeQuorumResponse", field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .versions = since(2), .nullable = since(2), .ignorable = true}),
      field<&S::topics>({.name = "topics"}), field<&S::nodes>({.name = "nodes", .versions = since(2)}));
}();

}  // namespace moldau::wire
