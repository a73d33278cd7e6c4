// Records of share groups (KIP-932) in __consumer_offsets.
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

struct ShareGroupMemberMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 10;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct ShareGroupMemberMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 10;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::optional<std::string_view> rack_id{std::in_place};
  std::string_view client_id;
  std::string_view client_host;
  std::vector<std::string_view> subscribed_topic_names;
};

struct ShareGroupMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 11;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ShareGroupMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 11;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t epoch = 0;
  int64_t metadata_hash = 0;
};

struct ShareGroupTargetAssignmentMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 12;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ShareGroupTargetAssignmentMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 12;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t assignment_epoch = 0;
  int64_t assignment_timestamp = 0;
};

struct ShareGroupTargetAssignmentMemberKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 13;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct ShareGroupTargetAssignmentMemberValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 13;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartition {
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  std::vector<TopicPartition> topic_partitions;
};

struct ShareGroupCurrentMemberAssignmentKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 14;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct ShareGroupCurrentMemberAssignmentValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 14;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitions {
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  int32_t member_epoch = 0;
  int32_t previous_member_epoch = 0;
  int8_t state = 0;
  std::vector<TopicPartitions> assigned_partitions;
};

struct ShareGroupStatePartitionMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 15;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ShareGroupStatePartitionMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 15;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitionsInfo {
    Uuid topic_id;
    std::string_view topic_name;
    std::vector<int32_t> partitions;
  };

  struct TopicInfo {
    Uuid topic_id;
    std::string_view topic_name;
  };

  std::vector<TopicPartitionsInfo> initializing_topics;
  std::vector<TopicPartitionsInfo> initialized_topics;
  std::vector<TopicInfo> deleting_topics;
};

}  // namespace moldau::group

namespace moldau::wire {

template <>
inline constexpr auto fields_of<group::ShareGroupMemberMetadataKey> = [] {
  using S = group::ShareGroupMemberMetadataKey;
  return field_list<S>("ShareGroupMemberMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupMemberMetadataValue> = [] {
  using S = group::ShareGroupMemberMetadataValue;
  return field_list<S>("ShareGroupMemberMetadataValue", field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
                       field<&S::client_id>({.name = "clientId"}), field<&S::client_host>({.name = "clientHost"}),
                       field<&S::subscribed_topic_names>({.name = "subscribedTopicNames"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupMetadataKey> = [] {
  using S = group::ShareGroupMetadataKey;
  return field_list<S>("ShareGroupMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupMetadataValue> = [] {
  using S = group::ShareGroupMetadataValue;
  return field_list<S>("ShareGroupMetadataValue", field<&S::epoch>({.name = "epoch"}),
                       field<&S::metadata_hash>({.name = "metadataHash"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupTargetAssignmentMetadataKey> = [] {
  using S = group::ShareGroupTargetAssignmentMetadataKey;
  return field_list<S>("ShareGroupTargetAssignmentMetadataKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupTargetAssignmentMetadataValue> = [] {
  using S = group::ShareGroupTargetAssignmentMetadataValue;
  return field_list<S>("ShareGroupTargetAssignmentMetadataValue",
                       field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
                       field<&S::assignment_timestamp>(
                           {.name = "assignmentTimestamp", .tagged = since(0), .tag = 0, .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupTargetAssignmentMemberKey> = [] {
  using S = group::ShareGroupTargetAssignmentMemberKey;
  return field_list<S>("ShareGroupTargetAssignmentMemberKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupTargetAssignmentMemberValue::TopicPartition> = [] {
  using S = group::ShareGroupTargetAssignmentMemberValue::TopicPartition;
  return field_list<S>("TopicPartition", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupTargetAssignmentMemberValue> = [] {
  using S = group::ShareGroupTargetAssignmentMemberValue;
  return field_list<S>("ShareGroupTargetAssignmentMemberValue",
                       field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupCurrentMemberAssignmentKey> = [] {
  using S = group::ShareGroupCurrentMemberAssignmentKey;
  return field_list<S>("ShareGroupCurrentMemberAssignmentKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupCurrentMemberAssignmentValue::TopicPartitions> = [] {
  using S = group::ShareGroupCurrentMemberAssignmentValue::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupCurrentMemberAssignmentValue> = [] {
  using S = group::ShareGroupCurrentMemberAssignmentValue;
  return field_list<S>("ShareGroupCurrentMemberAssignmentValue", field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::previous_member_epoch>({.name = "previousMemberEpoch"}),
                       field<&S::state>({.name = "state"}),
                       field<&S::assigned_partitions>({.name = "assignedPartitions"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupStatePartitionMetadataKey> = [] {
  using S = group::ShareGroupStatePartitionMetadataKey;
  return field_list<S>("ShareGroupStatePartitionMetadataKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupStatePartitionMetadataValue::TopicPartitionsInfo> = [] {
  using S = group::ShareGroupStatePartitionMetadataValue::TopicPartitionsInfo;
  return field_list<S>("TopicPartitionsInfo", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::topic_name>({.name = "topicName"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupStatePartitionMetadataValue::TopicInfo> = [] {
  using S = group::ShareGroupStatePartitionMetadataValue::TopicInfo;
  return field_list<S>("TopicInfo", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::topic_name>({.name = "topicName"}));
}();

template <>
inline constexpr auto fields_of<group::ShareGroupStatePartitionMetadataValue> = [] {
  using S = group::ShareGroupStatePartitionMetadataValue;
  return field_list<S>("ShareGroupStatePartitionMetadataValue",
                       field<&S::initializing_topics>({.name = "initializingTopics"}),
                       field<&S::initialized_topics>({.name = "initializedTopics"}),
                       field<&S::deleting_topics>({.name = "deletingTopics"}));
}();

}  // namespace moldau::wire
