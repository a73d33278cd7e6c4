#include "group/consumer/record_builder.h"

#include <utility>

namespace moldau::group::consumer {
namespace {

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

using CurrentTopic = ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions;

std::vector<CurrentTopic> to_record(const OwnedPartitions& partitions) {
  std::vector<CurrentTopic> result;
  result.reserve(partitions.size());
  for (const OwnedTopic& topic : partitions) {
    CurrentTopic& into = result.emplace_back();
    into.topic_id = topic.topic_id;
    std::vector<int32_t>& epochs = into.assignment_epochs.emplace();
    into.partitions.reserve(topic.partitions.size());
    epochs.reserve(topic.partitions.size());
    for (const OwnedPartition& owned : topic.partitions) {
      into.partitions.push_back(owned.partition);
      epochs.push_back(owned.epoch);
    }
  }
  return result;
}

}  // namespace

coordinator::Record epoch_record(std::string_view group, Epoch epoch, int64_t metadata_hash) {
  return make_record(ConsumerGroupMetadataKey{.group_id = group},
                     ConsumerGroupMetadataValue{.epoch = epoch, .metadata_hash = metadata_hash}, 0);
}

coordinator::Record epoch_tombstone(std::string_view group) {
  return make_tombstone(ConsumerGroupMetadataKey{.group_id = group});
}

coordinator::Record old_metadata_tombstone(std::string_view group) {
  return make_tombstone(ConsumerGroupPartitionMetadataKey{.group_id = group});
}

coordinator::Record member_record(std::string_view group, const Member& member) {
  ConsumerGroupMemberMetadataValue value;
  value.classic_member_metadata.reset();  // its default is not null
  value.instance_id = view_of(member.instance_id);
  value.rack_id = view_of(member.rack_id);
  value.client_id = member.client_id;
  value.client_host = member.client_host;
  value.subscribed_topic_names.assign(member.topics.begin(), member.topics.end());
  value.subscribed_topic_regex = view_of(member.regex);
  value.rebalance_timeout_ms = member.rebalance_timeout_ms;
  value.server_assignor = view_of(member.assignor);
  if (member.classic) {
    auto& classic = value.classic_member_metadata.emplace(ConsumerGroupMemberMetadataValue::ClassicMemberMetadata{});
    classic.session_timeout_ms = member.classic->session_timeout_ms;
    for (const ClassicProtocol& protocol : member.classic->protocols) {
      classic.supported_protocols.push_back({.name = protocol.name, .metadata = protocol.metadata});
    }
  }
  return make_record(ConsumerGroupMemberMetadataKey{.group_id = group, .member_id = member.id}, value, 0);
}

coordinator::Record member_tombstone(std::string_view group, std::string_view member_id) {
  return make_tombstone(ConsumerGroupMemberMetadataKey{.group_id = group, .member_id = member_id});
}

coordinator::Record target_record(std::string_view group, std::string_view member_id, const Assignment& target) {
  ConsumerGroupTargetAssignmentMemberValue value;
  value.topic_partitions.reserve(target.size());
  for (const AssignedTopic& topic : target) {
    value.topic_partitions.push_back({.topic_id = topic.topic_id, .partitions = topic.partitions});
  }
  return make_record(ConsumerGroupTargetAssignmentMemberKey{.group_id = group, .member_id = member_id}, value, 0);
}

coordinator::Record target_tombstone(std::string_view group, std::string_view member_id) {
  return make_tombstone(ConsumerGroupTargetAssignmentMemberKey{.group_id = group, .member_id = member_id});
}

coordinator::Record target_epoch_record(std::string_view group, Epoch epoch, WallMillis timestamp) {
  return make_record(
      ConsumerGroupTargetAssignmentMetadataKey{.group_id = group},
      ConsumerGroupTargetAssignmentMetadataValue{.assignment_epoch = epoch, .assignment_timestamp = timestamp}, 0);
}

coordinator::Record target_epoch_tombstone(std::string_view group) {
  return make_tombstone(ConsumerGroupTargetAssignmentMetadataKey{.group_id = group});
}

coordinator::Record current_record(std::string_view group, const Member& member) {
  ConsumerGroupCurrentMemberAssignmentValue value;
  value.member_epoch = member.epoch;
  value.previous_member_epoch = member.previous_epoch;
  value.state = static_cast<int8_t>(member.state);
  value.assigned_partitions = to_record(member.assigned);
  value.partitions_pending_revocation = to_record(member.pending_revocation);
  return make_record(ConsumerGroupCurrentMemberAssignmentKey{.group_id = group, .member_id = member.id}, value, 0);
}

coordinator::Record current_tombstone(std::string_view group, std::string_view member_id) {
  return make_tombstone(ConsumerGroupCurrentMemberAssignmentKey{.group_id = group, .member_id = member_id});
}

coordinator::Record regex_record(std::string_view group, std::string_view regex, const ResolvedRegex& resolved) {
  ConsumerGroupRegularExpressionValue value;
  value.topics.assign(resolved.topics.begin(), resolved.topics.end());
  value.version = resolved.version;
  value.timestamp = resolved.timestamp;
  return make_record(ConsumerGroupRegularExpressionKey{.group_id = group, .regular_expression = regex}, value, 0);
}

coordinator::Record regex_tombstone(std::string_view group, std::string_view regex) {
  return make_tombstone(ConsumerGroupRegularExpressionKey{.group_id = group, .regular_expression = regex});
}

}  // namespace moldau::group::consumer
