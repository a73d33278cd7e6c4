// FetchSnapshot: reads a part of a snapshot of the metadata log. v1 carries the replica's directory and leaders'
// endpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct FetchSnapshotRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::fetch_snapshot;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct SnapshotId {
    int64_t end_offset = 0;
    int32_t epoch = 0;
  };

  struct PartitionSnapshot {
    int32_t partition = 0;
    int32_t current_leader_epoch = 0;
    SnapshotId snapshot_id;
    int64_t position = 0;
    Uuid replica_directory_id;
  };

  struct TopicSnapshot {
    std::string_view name;
    std::vector<PartitionSnapshot> partitions;
  };

  std::optional<std::string_view> cluster_id;
  int32_t replica_id = -1;
  int32_t max_bytes = INT32_MAX;
  std::vector<TopicSnapshot> topics;
};

template <>
inline constexpr auto fields_of<FetchSnapshotRequest::SnapshotId> = [] {
  using S = FetchSnapshotRequest::SnapshotId;
  return field_list<S>("SnapshotId", field<&S::end_offset>({.name = "endOffset"}), field<&S::epoch>({.name = "epoch"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotRequest::PartitionSnapshot> = [] {
  using S = FetchSnapshotRequest::PartitionSnapshot;
  return field_list<S>(
      "PartitionSnapshot", field<&S::partition>({.name = "partition"}),
      field<&S::current_leader_epoch>({.name = "currentLeaderEpoch"}), field<&S::snapshot_id>({.name = "snapshotId"}),
      field<&S::position>({.name = "position"}),
      field<&S::replica_directory_id>(
          {.name = "replicaDirectoryId", .versions = since(1), .tagged = since(1), .tag = 0, .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotRequest::TopicSnapshot> = [] {
  using S = FetchSnapshotRequest::TopicSnapshot;
  return field_list<S>("TopicSnapshot", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotRequest> = [] {
  using S = FetchSnapshotRequest;
  return field_list<S>("FetchSnapshotRequest",
                       field<&S::cluster_id>({.name = "clusterId", .nullable = since(0), .tagged = since(0), .tag = 0}),
                       field<&S::replica_id>({.name = "replicaId"}), field<&S::max_bytes>({.name = "maxBytes"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct FetchSnapshotResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::fetch_snapshot;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct SnapshotId {
    int64_t end_offset = 0;
    int32_t epoch = 0;
  };

  struct LeaderIdAndEpoch {
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
  };

  struct PartitionSnapshot {
    int32_t index = 0;
    int16_t error_code = 0;
    SnapshotId snapshot_id;
    LeaderIdAndEpoch current_leader;
    int64_t size = 0;
    int64_t position = 0;
    Records unaligned_records;
  };

  struct TopicSnapshot {
    std::string_view name;
    std::vector<PartitionSnapshot> partitions;
  };

  struct NodeEndpoint {
    int32_t node_id = 0;
    std::string_view host;
    uint16_t port = 0;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<TopicSnapshot> topics;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<FetchSnapshotResponse::SnapshotId> = [] {
  using S = FetchSnapshotResponse::SnapshotId;
  return field_list<S>("SnapshotId", field<&S::end_offset>({.name = "endOffset"}), field<&S::epoch>({.name = "epoch"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotResponse::LeaderIdAndEpoch> = [] {
  using S = FetchSnapshotResponse::LeaderIdAndEpoch;
  return field_list<S>("LeaderIdAndEpoch", field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotResponse::PartitionSnapshot> = [] {
  using S = FetchSnapshotResponse::PartitionSnapshot;
  return field_list<S>("PartitionSnapshot", field<&S::index>({.name = "index"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::snapshot_id>({.name = "snapshotId"}),
                       field<&S::current_leader>({.name = "currentLeader", .tagged = since(0), .tag = 0}),
                       field<&S::size>({.name = "size"}), field<&S::position>({.name = "position"}),
                       field<&S::unaligned_records>({.name = "unalignedRecords"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotResponse::TopicSnapshot> = [] {
  using S = FetchSnapshotResponse::TopicSnapshot;
  return field_list<S>("TopicSnapshot", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotResponse::NodeEndpoint> = [] {
  using S = FetchSnapshotResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(1)}),
                       field<&S::host>({.name = "host", .versions = since(1)}),
                       field<&S::port>({.name = "port", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<FetchSnapshotResponse> = [] {
  using S = FetchSnapshotResponse;
  return field_list<S>(
      "FetchSnapshotResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs", .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}), field<&S::topics>({.name = "topics"}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(1), .tagged = since(1), .tag = 0}));
}();

}  // namespace moldau::wire
