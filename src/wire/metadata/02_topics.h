// Metadata records about topics and partitions. Partition is the whole state of a partition, PartitionChange only what
// changed: null, -2 (leader) and -1 (recovery state) leave as it is. v1 brings the replicas' directories, v2 eligible
// leader replicas.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct TopicRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 2;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view name;
  Uuid topic_id;
};

template <>
inline constexpr auto fields_of<TopicRecord> = [] {
  using S = TopicRecord;
  return field_list<S>("TopicRecord", field<&S::name>({.name = "name"}), field<&S::topic_id>({.name = "topicId"}));
}();

struct PartitionRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 3;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  int32_t partition_id = -1;
  Uuid topic_id;
  std::vector<int32_t> replicas;
  std::vector<int32_t> isr;
  std::vector<int32_t> removing_replicas;
  std::vector<int32_t> adding_replicas;
  int32_t leader = -1;
  int8_t leader_recovery_state = 0;
  int32_t leader_epoch = -1;
  int32_t partition_epoch = -1;
  std::vector<Uuid> directories;
  std::optional<std::vector<int32_t>> eligible_leader_replicas;
  std::optional<std::vector<int32_t>> last_known_elr;
};

template <>
inline constexpr auto fields_of<PartitionRecord> = [] {
  using S = PartitionRecord;
  return field_list<S>(
      "PartitionRecord", field<&S::partition_id>({.name = "partitionId"}), field<&S::topic_id>({.name = "topicId"}),
      field<&S::replicas>({.name = "replicas"}), field<&S::isr>({.name = "isr"}),
      field<&S::removing_replicas>({.name = "removingReplicas"}),
      field<&S::adding_replicas>({.name = "addingReplicas"}), field<&S::leader>({.name = "leader"}),
      field<&S::leader_recovery_state>({.name = "leaderRecoveryState", .tagged = since(0), .tag = 0}),
      field<&S::leader_epoch>({.name = "leaderEpoch"}), field<&S::partition_epoch>({.name = "partitionEpoch"}),
      field<&S::directories>({.name = "directories", .versions = since(1)}),
      field<&S::eligible_leader_replicas>(
          {.name = "eligibleLeaderReplicas", .versions = since(2), .nullable = since(2), .tagged = since(2), .tag = 1}),
      field<&S::last_known_elr>(
          {.name = "lastKnownElr", .versions = since(2), .nullable = since(2), .tagged = since(2), .tag = 2}));
}();

struct PartitionChangeRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 5;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  int32_t partition_id = -1;
  Uuid topic_id;
  std::optional<std::vector<int32_t>> isr;
  int32_t leader = -2;
  std::optional<std::vector<int32_t>> replicas;
  std::optional<std::vector<int32_t>> removing_replicas;
  std::optional<std::vector<int32_t>> adding_replicas;
  int8_t leader_recovery_state = -1;
  std::optional<std::vector<Uuid>> directories;
  std::optional<std::vector<int32_t>> eligible_leader_replicas;
  std::optional<std::vector<int32_t>> last_known_elr;
};

template <>
inline constexpr auto fields_of<PartitionChangeRecord> = [] {
  using S = PartitionChangeRecord;
  return field_list<S>(
      "PartitionChangeRecord", field<&S::partition_id>({.name = "partitionId"}),
      field<&S::topic_id>({.name = "topicId"}),
      field<&S::isr>({.name = "isr", .nullable = since(0), .tagged = since(0), .tag = 0}),
      field<&S::leader>({.name = "leader", .tagged = since(0), .tag = 1}),
      field<&S::replicas>({.name = "replicas", .nullable = since(0), .tagged = since(0), .tag = 2}),
      field<&S::removing_replicas>({.name = "removingReplicas", .nullable = since(0), .tagged = since(0), .tag = 3}),
      field<&S::adding_replicas>({.name = "addingReplicas", .nullable = since(0), .tagged = since(0), .tag = 4}),
      field<&S::leader_recovery_state>({.name = "leaderRecoveryState", .tagged = since(0), .tag = 5}),
      field<&S::directories>(
          {.name = "directories", .versions = since(1), .nullable = since(1), .tagged = since(1), .tag = 8}),
      field<&S::eligible_leader_replicas>(
          {.name = "eligibleLeaderReplicas", .versions = since(2), .nullable = since(2), .tagged = since(2), .tag = 6}),
      field<&S::last_known_elr>(
          {.name = "lastKnownElr", .versions = since(2), .nullable = since(2), .tagged = since(2), .tag = 7}));
}();

struct RemoveTopicRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 9;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  Uuid topic_id;
};

template <>
inline constexpr auto fields_of<RemoveTopicRecord> = [] {
  using S = RemoveTopicRecord;
  return field_list<S>("RemoveTopicRecord", field<&S::topic_id>({.name = "topicId"}));
}();

struct ClearElrRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 28;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view topic_name;
};

template <>
inline constexpr auto fields_of<ClearElrRecord> = [] {
  using S = ClearElrRecord;
  return field_list<S>("ClearElrRecord", field<&S::topic_name>({.name = "topicName"}));
}();

}  // namespace moldau::wire
