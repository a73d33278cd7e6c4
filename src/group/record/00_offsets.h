// Records of committed offsets in __consumer_offsets. One record per group, topic and partition, the last one counts; a
// tombstone deletes it. Type 0 is what brokers before 0.9 wrote (same key, another number); both are read, 1 is
// written. Values: v0 and v1 carried the expiry (v1 as a field of its own, and an offset that has one expires then), v3
// brought the leader epoch, v4 is flexible and carries the topic's id as a tagged field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::group {

struct LegacyOffsetCommitKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 0;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group;
  std::string_view topic;
  int32_t partition = 0;
};

struct LegacyOffsetCommitValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 0;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  int64_t offset = 0;
  std::string_view metadata;
  int64_t commit_timestamp = 0;
};

struct OffsetCommitKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 1;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group;
  std::string_view topic;
  int32_t partition = 0;
};

struct OffsetCommitValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 1;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr wire::VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 4;

  int64_t offset = 0;
  int32_t leader_epoch = -1;
  std::string_view metadata;
  int64_t commit_timestamp = 0;
  int64_t expire_timestamp = -1;
  Uuid topic_id;
};

}  // namespace moldau::group

namespace moldau::wire {

template <>
inline constexpr auto fields_of<group::LegacyOffsetCommitKey> = [] {
  using S = group::LegacyOffsetCommitKey;
  return field_list<S>("LegacyOffsetCommitKey", field<&S::group>({.name = "group", .versions = {0, 0}}),
                       field<&S::topic>({.name = "topic", .versions = {0, 0}}),
                       field<&S::partition>({.name = "partition", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::LegacyOffsetCommitValue> = [] {
  using S = group::LegacyOffsetCommitValue;
  return field_list<S>("LegacyOffsetCommitValue", field<&S::offset>({.name = "offset", .versions = {0, 0}}),
                       field<&S::metadata>({.name = "metadata", .versions = {0, 0}}),
                       field<&S::commit_timestamp>({.name = "commitTimestamp", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::OffsetCommitKey> = [] {
  using S = group::OffsetCommitKey;
  return field_list<S>("OffsetCommitKey", field<&S::group>({.name = "group", .versions = {0, 0}}),
                       field<&S::topic>({.name = "topic", .versions = {0, 0}}),
                       field<&S::partition>({.name = "partition", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::OffsetCommitValue> = [] {
  using S = group::OffsetCommitValue;
  return field_list<S>(
      "OffsetCommitValue", field<&S::offset>({.name = "offset"}),
      field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(3), .ignorable = true}),
      field<&S::metadata>({.name = "metadata"}), field<&S::commit_timestamp>({.name = "commitTimestamp"}),
      field<&S::expire_timestamp>({.name = "expireTimestamp", .versions = {1, 1}, .ignorable = true}),
      field<&S::topic_id>({.name = "topicId", .versions = since(4), .tagged = since(4), .tag = 0, .ignorable = true}));
}();

}  // namespace moldau::wire
