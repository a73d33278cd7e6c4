// Fetch: reads record batches, for consumers and followers. v5 returns the log start offset; v7 brings sessions; v9
// leader epochs; v11 racks and the preferred replica; v12 is flexible and detects diverged logs (last_fetched_epoch,
// diverging_epoch); v13 names topics by id alone; v15 moves the follower's identity into replica_state; v16 names
// leaders' endpoints; v17 the replica's directory; v18 its high watermark.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct FetchRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::fetch;
  static constexpr int16_t min_version = 4;
  static constexpr int16_t max_version = 18;
  static constexpr VersionRange valid_versions = {4, 18};
  static constexpr int16_t flexible_since = 12;

  struct ReplicaState {
    int32_t replica_id = -1;
    int64_t replica_epoch = -1;
  };

  struct FetchPartition {
    int32_t partition = 0;
    int32_t current_leader_epoch = -1;
    int64_t fetch_offset = 0;
    int32_t last_fetched_epoch = -1;
    int64_t log_start_offset = -1;
    int32_t partition_max_bytes = 0;
    Uuid replica_directory_id;
    int64_t high_watermark = INT64_MAX;
  };

  struct FetchTopic {
    std::string_view topic;
    Uuid topic_id;
    std::vector<FetchPartition> partitions;
  };

  struct ForgottenTopic {
    std::string_view topic;
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  std::optional<std::string_view> cluster_id;
  int32_t replica_id = -1;
  ReplicaState replica_state;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 0;
  int32_t max_bytes = INT32_MAX;
  int8_t isolation_level = 0;
  int32_t session_id = 0;
  int32_t session_epoch = -1;
  std::vector<FetchTopic> topics;
  std::vector<ForgottenTopic> forgotten_topics_data;
  std::string_view rack_id;
};

template <>
inline constexpr auto fields_of<FetchRequest::ReplicaState> = [] {
  using S = FetchRequest::ReplicaState;
  return field_list<S>("ReplicaState", field<&S::replica_id>({.name = "replicaId", .versions = since(15)}),
                       field<&S::replica_epoch>({.name = "replicaEpoch", .versions = since(15)}));
}();

template <>
inline constexpr auto fields_of<FetchRequest::FetchPartition> = [] {
  using S = FetchRequest::FetchPartition;
  return field_list<S>(
      "FetchPartition", field<&S::partition>({.name = "partition"}),
      field<&S::current_leader_epoch>({.name = "currentLeaderEpoch", .versions = since(9), .ignorable = true}),
      field<&S::fetch_offset>({.name = "fetchOffset"}),
      field<&S::last_fetched_epoch>({.name = "lastFetchedEpoch", .versions = since(12)}),
      field<&S::log_start_offset>({.name = "logStartOffset", .versions = since(5), .ignorable = true}),
      field<&S::partition_max_bytes>({.name = "partitionMaxBytes"}),
      field<&S::replica_directory_id>(
          {.name = "replicaDirectoryId", .versions = since(17), .tagged = since(17), .tag = 0, .ignorable = true}),
      field<&S::high_watermark>(
          {.name = "highWatermark", .versions = since(18), .tagged = since(18), .tag = 1, .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<FetchRequest::FetchTopic> = [] {
  using S = FetchRequest::FetchTopic;
  return field_list<S>("FetchTopic", field<&S::topic>({.name = "topic", .versions = {0, 12}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(13), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<FetchRequest::ForgottenTopic> = [] {
  using S = FetchRequest::ForgottenTopic;
  return field_list<S>("ForgottenTopic", field<&S::topic>({.name = "topic", .versions = {7, 12}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(13), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions", .versions = since(7)}));
}();

template <>
inline constexpr auto fields_of<FetchRequest> = [] {
  using S = FetchRequest;
  return field_list<S>(
      "FetchRequest",
      field<&S::cluster_id>({.name = "clusterId",
                             .versions = since(12),
                             .nullable = since(12),
                             .tagged = since(12),
                             .tag = 0,
                             .ignorable = true}),
      field<&S::replica_id>({.name = "replicaId", .versions = {0, 14}}),
      field<&S::replica_state>({.name = "replicaState", .versions = since(15), .tagged = since(15), .tag = 1}),
      field<&S::max_wait_ms>({.name = "maxWaitMs"}), field<&S::min_bytes>({.name = "minBytes"}),
      field<&S::max_bytes>({.name = "maxBytes", .versions = since(3), .ignorable = true}),
      field<&S::isolation_level>({.name = "isolationLevel", .versions = since(4), .ignorable = true}),
      field<&S::session_id>({.name = "sessionId", .versions = since(7), .ignorable = true}),
      field<&S::session_epoch>({.name = "sessionEpoch", .versions = since(7), .ignorable = true}),
      field<&S::topics>({.name = "topics"}),
      field<&S::forgotten_topics_data>({.name = "forgottenTopicsData", .versions = since(7)}),
      field<&S::rack_id>({.name = "rackId", .versions = since(11), .ignorable = true}));
}();

struct FetchResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::fetch;
  static constexpr int16_t min_version = 4;
  static constexpr int16_t max_version = 18;
  static constexpr VersionRange valid_versions = {4, 18};
  static constexpr int16_t flexible_since = 12;

  struct EpochEndOffset {
    int32_t epoch = -1;
    int64_t end_offset = -1;
  };

  struct LeaderIdAndEpoch {
    int32_t leader_id = -1;
    int32_t leader_epoch = -1;
  };

  struct SnapshotId {
    int64_t end_offset = -1;
    int32_t epoch = -1;
  };

  struct AbortedTransaction {
    int64_t producer_id = 0;
    int64_t first_offset = 0;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int64_t high_watermark = 0;
    int64_t last_stable_offset = -1;
    int64_t log_start_offset = -1;
    EpochEndOffset diverging_epoch;
    LeaderIdAndEpoch current_leader;
    SnapshotId snapshot_id;
    std::optional<std::vector<AbortedTransaction>> aborted_transactions{std::in_place};
    int32_t preferred_read_replica = -1;
    std::optional<Records> records;
  };

  struct FetchableTopicResponse {
    std::string_view topic;
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  struct NodeEndpoint {
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int32_t session_id = 0;
  std::vector<FetchableTopicResponse> responses;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<FetchResponse::EpochEndOffset> = [] {
  using S = FetchResponse::EpochEndOffset;
  return field_list<S>("EpochEndOffset", field<&S::epoch>({.name = "epoch", .versions = since(12)}),
                       field<&S::end_offset>({.name = "endOffset", .versions = since(12)}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::LeaderIdAndEpoch> = [] {
  using S = FetchResponse::LeaderIdAndEpoch;
  return field_list<S>("LeaderIdAndEpoch", field<&S::leader_id>({.name = "leaderId", .versions = since(12)}),
                       field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(12)}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::SnapshotId> = [] {
  using S = FetchResponse::SnapshotId;
  return field_list<S>("SnapshotId", field<&S::end_offset>({.name = "endOffset"}), field<&S::epoch>({.name = "epoch"}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::AbortedTransaction> = [] {
  using S = FetchResponse::AbortedTransaction;
  return field_list<S>("AbortedTransaction", field<&S::producer_id>({.name = "producerId", .versions = since(4)}),
                       field<&S::first_offset>({.name = "firstOffset", .versions = since(4)}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::PartitionData> = [] {
  using S = FetchResponse::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::error_code>({.name = "errorCode"}), field<&S::high_watermark>({.name = "highWatermark"}),
      field<&S::last_stable_offset>({.name = "lastStableOffset", .versions = since(4), .ignorable = true}),
      field<&S::log_start_offset>({.name = "logStartOffset", .versions = since(5), .ignorable = true}),
      field<&S::diverging_epoch>({.name = "divergingEpoch", .versions = since(12), .tagged = since(12), .tag = 0}),
      field<&S::current_leader>({.name = "currentLeader", .versions = since(12), .tagged = since(12), .tag = 1}),
      field<&S::snapshot_id>({.name = "snapshotId", .versions = since(12), .tagged = since(12), .tag = 2}),
      field<&S::aborted_transactions>(
          {.name = "abortedTransactions", .versions = since(4), .nullable = since(4), .ignorable = true}),
      field<&S::preferred_read_replica>({.name = "preferredReadReplica", .versions = since(11)}),
      field<&S::records>({.name = "records", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::FetchableTopicResponse> = [] {
  using S = FetchResponse::FetchableTopicResponse;
  return field_list<S>("FetchableTopicResponse",
                       field<&S::topic>({.name = "topic", .versions = {0, 12}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(13), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<FetchResponse::NodeEndpoint> = [] {
  using S = FetchResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(16)}),
                       field<&S::host>({.name = "host", .versions = since(16)}),
                       field<&S::port>({.name = "port", .versions = since(16)}),
                       field<&S::rack>({.name = "rack", .versions = since(16), .nullable = since(16)}));
}();

template <>
inline constexpr auto fields_of<FetchResponse> = [] {
  using S = FetchResponse;
  return field_list<S>(
      "FetchResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode", .versions = since(7), .ignorable = true}),
      field<&S::session_id>({.name = "sessionId", .versions = since(7)}), field<&S::responses>({.name = "responses"}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(16), .tagged = since(16), .tag = 0}));
}();

}  // namespace moldau::wire
