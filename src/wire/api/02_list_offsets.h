// ListOffsets: offsets by timestamp, or special ones: latest (-1), earliest (-2), and as versions allow the offset of
// the maximum timestamp (-3, v7), earliest local (-4, v8), latest tiered (-5, v9), earliest pending upload (-6, v11).
// v2 has isolation levels; v4 leader epochs; v6 is flexible; v10 a timeout for remote reads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ListOffsetsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::list_offsets;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 11;
  static constexpr VersionRange valid_versions = {1, 11};
  static constexpr int16_t flexible_since = 6;

  struct ListOffsetsPartition {
    int32_t partition_index = 0;
    int32_t current_leader_epoch = -1;
    int64_t timestamp = 0;
  };

  struct ListOffsetsTopic {
    std::string_view name;
    std::vector<ListOffsetsPartition> partitions;
  };

  int32_t replica_id = 0;
  int8_t isolation_level = 0;
  std::vector<ListOffsetsTopic> topics;
  int32_t timeout_ms = 0;
};

template <>
inline constexpr auto fields_of<ListOffsetsRequest::ListOffsetsPartition> = [] {
  using S = ListOffsetsRequest::ListOffsetsPartition;
  return field_list<S>(
      "ListOffsetsPartition", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::current_leader_epoch>({.name = "currentLeaderEpoch", .versions = since(4), .ignorable = true}),
      field<&S::timestamp>({.name = "timestamp"}));
}();

template <>
inline constexpr auto fields_of<ListOffsetsRequest::ListOffsetsTopic> = [] {
  using S = ListOffsetsRequest::ListOffsetsTopic;
  return field_list<S>("ListOffsetsTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ListOffsetsRequest> = [] {
  using S = ListOffsetsRequest;
  return field_list<S>("ListOffsetsRequest", field<&S::replica_id>({.name = "replicaId"}),
                       field<&S::isolation_level>({.name = "isolationLevel", .versions = since(2)}),
                       field<&S::topics>({.name = "topics"}),
                       field<&S::timeout_ms>({.name = "timeoutMs", .versions = since(10), .ignorable = true}));
}();

struct ListOffsetsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::list_offsets;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 11;
  static constexpr VersionRange valid_versions = {1, 11};
  static constexpr int16_t flexible_since = 6;

  struct ListOffsetsPartitionResponse {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int64_t timestamp = -1;
    int64_t offset = -1;
    int32_t leader_epoch = -1;
  };

  struct ListOffsetsTopicResponse {
    std::string_view name;
    std::vector<ListOffsetsPartitionResponse> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<ListOffsetsTopicResponse> topics;
};

template <>
inline constexpr auto fields_of<ListOffsetsResponse::ListOffsetsPartitionResponse> = [] {
  using S = ListOffsetsResponse::ListOffsetsPartitionResponse;
  return field_list<S>("ListOffsetsPartitionResponse", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::timestamp>({.name = "timestamp", .versions = since(1)}),
                       field<&S::offset>({.name = "offset", .versions = since(1)}),
                       field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(4)}));
}();

template <>
inline constexpr auto fields_of<ListOffsetsResponse::ListOffsetsTopicResponse> = [] {
  using S = ListOffsetsResponse::ListOffsetsTopicResponse;
  return field_list<S>("ListOffsetsTopicResponse", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ListOffsetsResponse> = [] {
  using S = ListOffsetsResponse;
  return field_list<S>("ListOffsetsResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(2), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
