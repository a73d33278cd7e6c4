// Records of consumer groups (KIP-848) in __consumer_offsets: group epoch, members, target and current assignments,
// resolved regular expressions. Partition metadata (type 4) is what 4.0 wrote where later versions write a hash into
// type 3.
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

struct ConsumerGroupMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 3;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ConsumerGroupMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 3;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t epoch = 0;
  int64_t metadata_hash = 0;
};

struct ConsumerGroupPartitionMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 4;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ConsumerGroupPartitionMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 4;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionMetadata {
    int32_t partition = 0;
    std::vector<std::string_view> racks;
  };

  struct TopicMetadata {
    Uuid topic_id;
    std::string_view topic_name;
    int32_t num_partitions = 0;
    std::vector<PartitionMetadata> partition_metadata;
  };

  std::vector<TopicMetadata> topics;
};

struct ConsumerGroupMemberMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 5;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

/// Protocol that a member of the classic protocol offers within a consumer group.
struct ConsumerClassicProtocol {
  std::string_view name;
  std::span<const std::byte> metadata;
};

/// What a member of the classic protocol joined a consumer group with.
struct ConsumerClassicMetadata {
  int32_t session_timeout_ms = 0;
  std::vector<ConsumerClassicProtocol> supported_protocols;
};

struct ConsumerGroupMemberMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 5;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  using ClassicProtocol = ConsumerClassicProtocol;
  using ClassicMemberMetadata = ConsumerClassicMetadata;

  std::optional<std::string_view> instance_id{std::in_place};
  std::optional<std::string_view> rack_id{std::in_place};
  std::string_view client_id;
  std::string_view client_host;
  std::vector<std::string_view> subscribed_topic_names;
  std::optional<std::string_view> subscribed_topic_regex{std::in_place};
  int32_t rebalance_timeout_ms = -1;
  std::optional<std::string_view> server_assignor{std::in_place};
  std::optional<ClassicMemberMetadata> classic_member_metadata{std::in_place};
};

struct ConsumerGroupTargetAssignmentMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 6;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
};

struct ConsumerGroupTargetAssignmentMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 6;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t assignment_epoch = 0;
  int64_t assignment_timestamp = 0;
};

struct ConsumerGroupTargetAssignmentMemberKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 7;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct ConsumerGroupTargetAssignmentMemberValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 7;
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

struct ConsumerGroupCurrentMemberAssignmentKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 8;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view member_id;
};

struct ConsumerGroupCurrentMemberAssignmentValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 8;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitions {
    Uuid topic_id;
    std::vector<int32_t> partitions;
    std::optional<std::vector<int32_t>> assignment_epochs{std::in_place};
  };

  int32_t member_epoch = 0;
  int32_t previous_member_epoch = 0;
  int8_t state = 0;
  std::vector<TopicPartitions> assigned_partitions;
  std::vector<TopicPartitions> partitions_pending_revocation;
};

struct ConsumerGroupRegularExpressionKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 16;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group_id;
  std::string_view regular_expression;
};

struct ConsumerGroupRegularExpressionValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 16;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> topics;
  int64_t version = 0;
  int64_t timestamp = 0;
};

}  // namespace moldau::group

namespace moldau::wire {

template <>
inline constexpr auto fields_of<group::ConsumerGroupMetadataKey> = [] {
  using S = group::ConsumerGroupMetadataKey;
  return field_list<S>("ConsumerGroupMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupMetadataValue> = [] {
  using S = group::ConsumerGroupMetadataValue;
  return field_list<S>("ConsumerGroupMetadataValue", field<&S::epoch>({.name = "epoch"}),
                       field<&S::metadata_hash>({.name = "metadataHash", .tagged = since(0), .tag = 0}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupPartitionMetadataKey> = [] {
  using S = group::ConsumerGroupPartitionMetadataKey;
  return field_list<S>("ConsumerGroupPartitionMetadataKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupPartitionMetadataValue::PartitionMetadata> = [] {
  using S = group::ConsumerGroupPartitionMetadataValue::PartitionMetadata;
  return field_list<S>("PartitionMetadata", field<&S::partition>({.name = "partition"}),
                       field<&S::racks>({.name = "racks"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupPartitionMetadataValue::TopicMetadata> = [] {
  using S = group::ConsumerGroupPartitionMetadataValue::TopicMetadata;
  return field_list<S>("TopicMetadata", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::topic_name>({.name = "topicName"}),
                       field<&S::num_partitions>({.name = "numPartitions"}),
                       field<&S::partition_metadata>({.name = "partitionMetadata"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupPartitionMetadataValue> = [] {
  using S = group::ConsumerGroupPartitionMetadataValue;
  return field_list<S>("ConsumerGroupPartitionMetadataValue", field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupMemberMetadataKey> = [] {
  using S = group::ConsumerGroupMemberMetadataKey;
  return field_list<S>("ConsumerGroupMemberMetadataKey", field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupMemberMetadataValue::ClassicProtocol> = [] {
  using S = group::ConsumerGroupMemberMetadataValue::ClassicProtocol;
  return field_list<S>("ClassicProtocol", field<&S::name>({.name = "name"}), field<&S::metadata>({.name = "metadata"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupMemberMetadataValue::ClassicMemberMetadata> = [] {
  using S = group::ConsumerGroupMemberMetadataValue::ClassicMemberMetadata;
  return field_list<S>("ClassicMemberMetadata", field<&S::session_timeout_ms>({.name = "sessionTimeoutMs"}),
                       field<&S::supported_protocols>({.name = "supportedProtocols"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupMemberMetadataValue> = [] {
  using S = group::ConsumerGroupMemberMetadataValue;
  return field_list<S>("ConsumerGroupMemberMetadataValue",
                       field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
                       field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
                       field<&S::client_id>({.name = "clientId"}), field<&S::client_host>({.name = "clientHost"}),
                       field<&S::subscribed_topic_names>({.name = "subscribedTopicNames"}),
                       field<&S::subscribed_topic_regex>({.name = "subscribedTopicRegex", .nullable = since(0)}),
                       field<&S::rebalance_timeout_ms>({.name = "rebalanceTimeoutMs"}),
                       field<&S::server_assignor>({.name = "serverAssignor", .nullable = since(0)}),
                       field<&S::classic_member_metadata>(
                           {.name = "classicMemberMetadata", .nullable = since(0), .tagged = since(0), .tag = 0}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupTargetAssignmentMetadataKey> = [] {
  using S = group::ConsumerGroupTargetAssignmentMetadataKey;
  return field_list<S>("ConsumerGroupTargetAssignmentMetadataKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupTargetAssignmentMetadataValue> = [] {
  using S = group::ConsumerGroupTargetAssignmentMetadataValue;
  return field_list<S>("ConsumerGroupTargetAssignmentMetadataValue",
                       field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
                       field<&S::assignment_timestamp>(
                           {.name = "assignmentTimestamp", .tagged = since(0), .tag = 0, .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupTargetAssignmentMemberKey> = [] {
  using S = group::ConsumerGroupTargetAssignmentMemberKey;
  return field_list<S>("ConsumerGroupTargetAssignmentMemberKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupTargetAssignmentMemberValue::TopicPartition> = [] {
  using S = group::ConsumerGroupTargetAssignmentMemberValue::TopicPartition;
  return field_list<S>("TopicPartition", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupTargetAssignmentMemberValue> = [] {
  using S = group::ConsumerGroupTargetAssignmentMemberValue;
  return field_list<S>("ConsumerGroupTargetAssignmentMemberValue",
                       field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupCurrentMemberAssignmentKey> = [] {
  using S = group::ConsumerGroupCurrentMemberAssignmentKey;
  return field_list<S>("ConsumerGroupCurrentMemberAssignmentKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions> = [] {
  using S = group::ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions;
  return field_list<S>(
      "TopicPartitions", field<&S::topic_id>({.name = "topicId"}), field<&S::partitions>({.name = "partitions"}),
      field<&S::assignment_epochs>({.name = "assignmentEpochs", .nullable = since(0), .tagged = since(0), .tag = 0}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupCurrentMemberAssignmentValue> = [] {
  using S = group::ConsumerGroupCurrentMemberAssignmentValue;
  return field_list<S>("ConsumerGroupCurrentMemberAssignmentValue", field<&S::member_epoch>({.name = "memberEpoch"}),
                       field<&S::previous_member_epoch>({.name = "previousMemberEpoch"}),
                       field<&S::state>({.name = "state"}),
                       field<&S::assigned_partitions>({.name = "assignedPartitions"}),
                       field<&S::partitions_pending_revocation>({.name = "partitionsPendingRevocation"}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupRegularExpressionKey> = [] {
  using S = group::ConsumerGroupRegularExpressionKey;
  return field_list<S>("ConsumerGroupRegularExpressionKey",
                       field<&S::group_id>({.name = "groupId", .versions = {0, 0}}),
                       field<&S::regular_expression>({.name = "regularExpression", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::ConsumerGroupRegularExpressionValue> = [] {
  using S = group::ConsumerGroupRegularExpressionValue;
  return field_list<S>("ConsumerGroupRegularExpressionValue", field<&S::topics>({.name = "topics"}),
                       field<&S::version>({.name = "version"}), field<&S::timestamp>({.name = "timestamp"}));
}();

}  // namespace moldau::wire
