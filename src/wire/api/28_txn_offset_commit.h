// TxnOffsetCommit: commits a group's offsets inside a transaction. v2 brings leader epochs; v3 is flexible and checks
// the member; v5 adds the offsets partition to the transaction implicitly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct TxnOffsetCommitRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::txn_offset_commit;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  struct TxnOffsetCommitRequestPartition {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;
    int32_t committed_leader_epoch = -1;
    std::optional<std::string_view> committed_metadata{std::in_place};
  };

  struct TxnOffsetCommitRequestTopic {
    std::string_view name;
    std::vector<TxnOffsetCommitRequestPartition> partitions;
  };

  std::string_view transactional_id;
  std::string_view group_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  int32_t generation_id = -1;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::vector<TxnOffsetCommitRequestTopic> topics;
};

template <>
inline constexpr auto fields_of<TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition> = [] {
  using S = TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition;
  return field_list<S>(
      "TxnOffsetCommitRequestPartition", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::committed_offset>({.name = "committedOffset"}),
      field<&S::committed_leader_epoch>({.name = "committedLeaderEpoch", .versions = since(2), .ignorable = true}),
      field<&S::committed_metadata>({.name = "committedMetadata", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic> = [] {
  using S = TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic;
  return field_list<S>("TxnOffsetCommitRequestTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<TxnOffsetCommitRequest> = [] {
  using S = TxnOffsetCommitRequest;
  return field_list<S>(
      "TxnOffsetCommitRequest", field<&S::transactional_id>({.name = "transactionalId"}),
      field<&S::group_id>({.name = "groupId"}), field<&S::producer_id>({.name = "producerId"}),
      field<&S::producer_epoch>({.name = "producerEpoch"}),
      field<&S::generation_id>({.name = "generationId", .versions = since(3)}),
      field<&S::member_id>({.name = "memberId", .versions = since(3)}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(3), .nullable = since(3)}),
      field<&S::topics>({.name = "topics"}));
}();

struct TxnOffsetCommitResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::txn_offset_commit;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  struct TxnOffsetCommitResponsePartition {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct TxnOffsetCommitResponseTopic {
    std::string_view name;
    std::vector<TxnOffsetCommitResponsePartition> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<TxnOffsetCommitResponseTopic> topics;
};

template <>
inline constexpr auto fields_of<TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition> = [] {
  using S = TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition;
  return field_list<S>("TxnOffsetCommitResponsePartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic> = [] {
  using S = TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic;
  return field_list<S>("TxnOffsetCommitResponseTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<TxnOffsetCommitResponse> = [] {
  using S = TxnOffsetCommitResponse;
  return field_list<S>("TxnOffsetCommitResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
