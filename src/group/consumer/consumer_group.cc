#include "group/consumer/consumer_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::group::consumer {
namespace {

std::optional<std::string> to_owned(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

std::vector<std::string> to_owned(const std::vector<std::string_view>& texts) {
  return sorted_set({texts.begin(), texts.end()});
}

/// Partitions of a current assignment. Epochs that are missing, or that are not as many as the partitions, are taken to
/// be the member's.
OwnedPartitions to_owned(const std::vector<ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions>& topics,
                         Epoch member_epoch) {
  OwnedPartitions result;
  result.reserve(topics.size());
  for (const auto& topic : topics) {
    OwnedTopic& into = result.emplace_back(OwnedTopic{.topic_id = topic.topic_id, .partitions = {}});
    const bool has_epochs = topic.assignment_epochs && topic.assignment_epochs->size() == topic.partitions.size();
    into.partitions.reserve(topic.partitions.size());
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      into.partitions.push_back({.partition = topic.partitions[i],
                                 .epoch = has_epochs ? (*topic.assignment_epochs)[i] : std::max(member_epoch, 0)});
    }
  }
  return normalized(std::move(result));
}

MemberState state_of(int8_t number) {
  switch (static_cast<MemberState>(number)) {
    case MemberState::stable:
    case MemberState::unrevoked_partitions:
    case MemberState::unreleased_partitions:
      return static_cast<MemberState>(number);
    case MemberState::unknown:
      break;
  }
  return MemberState::unknown;
}

}  // namespace

bool Member::subscribes_to(std::string_view topic) const {
  return std::binary_search(topics.begin(), topics.end(), topic, std::less<>());
}

std::vector<std::string> sorted_set(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

const char* name_of(ConsumerGroupState state) {
  switch (state) {
    case ConsumerGroupState::empty:
      return "Empty";
    case ConsumerGroupState::assigning:
      return "Assigning";
    case ConsumerGroupState::reconciling:
      return "Reconciling";
    case ConsumerGroupState::stable:
      return "Stable";
  }
  return "Unknown";
}

void add_count(Counts& counts, const std::string& key, int32_t by) {
  const auto found = counts.try_emplace(key, 0).first;
  found->second += by;
  if (found->second <= 0) counts.erase(found);
}

void add_counts(SubscriptionCounts& counts, const std::vector<std::string>& topics, int32_t by,
                int32_t SubscriptionCount::* which) {
  for (const std::string& topic : topics) {
    const auto found = counts.try_emplace(topic).first;
    found->second.*which += by;
    if (found->second.by_name <= 0 && found->second.by_regex <= 0) counts.erase(found);
  }
}

ConsumerGroupState ConsumerGroup::state() const {
  if (members_.empty()) return ConsumerGroupState::empty;
  if (epoch_ > assignment_epoch_) return ConsumerGroupState::assigning;
  for (const auto& [id, member] : members_) {
    if (!member.reconciled_to(assignment_epoch_)) return ConsumerGroupState::reconciling;
  }
  return ConsumerGroupState::stable;
}

const Member* ConsumerGroup::find(std::string_view member_id) const {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}

const Member* ConsumerGroup::find_static(std::string_view instance_id) const {
  const auto found = static_members_.find(instance_id);
  return found == static_members_.end() ? nullptr : find(found->second);
}

const Assignment& ConsumerGroup::target(std::string_view member_id) const {
  static const Assignment nothing;
  const auto found = targets_.find(member_id);
  return found == targets_.end() ? nothing : found->second;
}

Epoch ConsumerGroup::partition_epoch(const Uuid& topic_id, PartitionIndex partition) const {
  const auto found = partition_epochs_.find({topic_id, partition});
  return found == partition_epochs_.end() ? -1 : found->second;
}

int32_t ConsumerGroup::regex_members(std::string_view regex) const {
  const auto found = regexes_.find(regex);
  return found == regexes_.end() ? 0 : found->second;
}

const ResolvedRegex* ConsumerGroup::resolved(std::string_view regex) const {
  const auto found = resolved_.find(regex);
  return found == resolved_.end() ? nullptr : &found->second;
}

std::optional<std::string> ConsumerGroup::most_wanted(const Counts& counts) {
  // Of equals the last by name: with Kafka's two assignors that is `uniform`, as there.
  auto most = counts.end();
  for (auto at = counts.begin(); at != counts.end(); ++at) {
    if (most == counts.end() || at->second >= most->second) most = at;
  }
  if (most == counts.end()) return std::nullopt;
  return most->first;
}

Status ConsumerGroup::corrupt(std::string what) const {
  return Failure{.kind = FailureKind::corrupt, .message = fmt::format("group {}: {}", id_, what)};
}

Status ConsumerGroup::put_partitions(const OwnedPartitions& partitions, Epoch epoch) {
  for (const OwnedTopic& topic : partitions) {
    for (const OwnedPartition& owned : topic.partitions) {
      const auto [entry, fresh] = partition_epochs_.try_emplace({topic.topic_id, owned.partition}, epoch);
      if (fresh) continue;
      if (entry->second >= epoch) {
        return corrupt(fmt::format("partition {} of topic {} goes to a member at epoch {} but is owned at epoch {}",
                                   owned.partition, topic.topic_id.to_string(), epoch, entry->second));
      }
      entry->second = epoch;
    }
  }
  return {};
}

void ConsumerGroup::drop_partitions(const OwnedPartitions& partitions, Epoch epoch) {
  for (const OwnedTopic& topic : partitions) {
    for (const OwnedPartition& owned : topic.partitions) {
      const auto found = partition_epochs_.find({topic.topic_id, owned.partition});
      // Of another owner already: a log whose older records were compacted away may hand over before it takes.
      if (found != partition_epochs_.end() && found->second == epoch) partition_epochs_.erase(found);
    }
  }
}

void ConsumerGroup::count_metadata(const Member& member, int32_t by) {
  add_counts(topics_, member.topics, by, &SubscriptionCount::by_name);
  if (member.has_regex()) add_count(regexes_, *member.regex, by);
  if (member.assignor) add_count(assignors_, *member.assignor, by);
  if (!member.classic) return;
  classic_members_ = by > 0 ? classic_members_ + 1 : classic_members_ - 1;
  for (const ClassicProtocol& protocol : member.classic->protocols) add_count(classic_protocols_, protocol.name, by);
}

void ConsumerGroup::remove_member(Members::iterator member) {
  count_metadata(member->second, -1);
  drop_partitions(member->second.assigned, member->second.epoch);
  drop_partitions(member->second.pending_revocation, member->second.epoch);
  if (member->second.instance_id) static_members_.erase(*member->second.instance_id);
  members_.erase(member);
}

Status ConsumerGroup::replay(const ConsumerGroupMetadata& record) {
  if (record.value) {
    // Epochs are counted up: one more must be a number.
    if (record.value->epoch < 0 || record.value->epoch == INT32_MAX) {
      return corrupt(fmt::format("epoch {}", record.value->epoch));
    }
    epoch_ = record.value->epoch;
    metadata_hash_ = record.value->metadata_hash;
    return {};
  }
  if (!members_.empty()) return corrupt(fmt::format("deleted while it has {} members", members_.size()));
  if (!targets_.empty()) return corrupt(fmt::format("deleted while {} members have a target", targets_.size()));
  if (assignment_epoch_ != -1) return corrupt("deleted while it has a target assignment");
  return {};
}

Status ConsumerGroup::replay(const ConsumerGroupPartitionMetadata& record) {
  has_old_metadata_ = record.value.has_value();
  return {};
}

Status ConsumerGroup::replay(const ConsumerGroupMemberMetadata& record) {
  const auto found = members_.find(record.key.member_id);
  if (!record.value) {
    if (found == members_.end()) return {};
    if (found->second.epoch != epoch_leaving) {
      return corrupt(fmt::format("member {} is deleted while it has a current assignment", record.key.member_id));
    }
    if (targets_.contains(record.key.member_id)) {
      return corrupt(fmt::format("member {} is deleted while it has a target", record.key.member_id));
    }
    remove_member(found);
    return {};
  }
  const auto member = found != members_.end() ? found : members_.try_emplace(std::string(record.key.member_id)).first;
  if (found == members_.end()) {
    member->second.id = member->first;
  } else {
    count_metadata(member->second, -1);
  }
  Member& into = member->second;
  const ConsumerGroupMemberMetadataValue& value = *record.value;
  into.instance_id = to_owned(value.instance_id);
  into.rack_id = to_owned(value.rack_id);
  into.client_id = value.client_id;
  into.client_host = value.client_host;
  into.topics = to_owned(value.subscribed_topic_names);
  into.regex = to_owned(value.subscribed_topic_regex);
  into.rebalance_timeout_ms = value.rebalance_timeout_ms;
  into.assignor = to_owned(value.server_assignor);
  into.classic.reset();
  if (value.classic_member_metadata) {
    ClassicMetadata& classic = into.classic.emplace();
    classic.session_timeout_ms = value.classic_member_metadata->session_timeout_ms;
    for (const auto& protocol : value.classic_member_metadata->supported_protocols) {
      classic.protocols.push_back(
          {.name = std::string(protocol.name), .metadata = {protocol.metadata.begin(), protocol.metadata.end()}});
    }
  }
  count_metadata(into, 1);
  if (into.instance_id) static_members_[*into.instance_id] = into.id;
  return {};
}

Status ConsumerGroup::replay(const ConsumerGroupTargetAssignmentMetadata& record) {
  if (record.value) {
    if (record.value->assignment_epoch < -1 || record.value->assignment_timestamp < 0) {
      return corrupt(fmt::format("target assignment of epoch {} at {} ms", record.value->assignment_epoch,
                                 record.value->assignment_timestamp));
    }
    assignment_epoch_ = record.value->assignment_epoch;
    assignment_timestamp_ = record.value->assignment_timestamp;
    return {};
  }
  if (!targets_.empty()) {
    return corrupt(fmt::format("the target assignment is deleted while {} members have a target", targets_.size()));
  }
  assignment_epoch_ = -1;
  assignment_timestamp_ = 0;
  return {};
}

Status ConsumerGroup::replay(const ConsumerGroupTargetAssignmentMember& record) {
  if (!record.value) {
    const auto found = targets_.find(record.key.member_id);
    if (found != targets_.end()) targets_.erase(found);
    return {};
  }
  Assignment target;
  target.reserve(record.value->topic_partitions.size());
  for (const auto& topic : record.value->topic_partitions) {
    target.push_back({.topic_id = topic.topic_id, .partitions = topic.partitions});
  }
  const auto found = targets_.find(record.key.member_id);
  Assignment& into =
      found != targets_.end() ? found->second : targets_.try_emplace(std::string(record.key.member_id)).first->second;
  into = normalized(std::move(target));
  return {};
}

Status ConsumerGroup::replay(const ConsumerGroupCurrentMemberAssignment& record) {
  auto found = members_.find(record.key.member_id);
  if (!record.value) {
    if (found == members_.end()) return {};
    Member& member = found->second;
    drop_partitions(member.assigned, member.epoch);
    drop_partitions(member.pending_revocation, member.epoch);
    member.epoch = member.previous_epoch = epoch_leaving;
    member.assigned.clear();
    member.pending_revocation.clear();
    return {};
  }
  if (found == members_.end()) {
    found = members_.try_emplace(std::string(record.key.member_id)).first;
    found->second.id = found->first;
  }
  Member& member = found->second;
  drop_partitions(member.assigned, member.epoch);
  drop_partitions(member.pending_revocation, member.epoch);
  const ConsumerGroupCurrentMemberAssignmentValue& value = *record.value;
  member.epoch = value.member_epoch;
  member.previous_epoch = value.previous_member_epoch;
  member.state = state_of(value.state);
  member.assigned = to_owned(value.assigned_partitions, value.member_epoch);
  member.pending_revocation = to_owned(value.partitions_pending_revocation, value.member_epoch);
  RETURN_IF_FAILED(put_partitions(member.assigned, member.epoch));
  return put_partitions(member.pending_revocation, member.epoch);
}

Status ConsumerGroup::replay(const ConsumerGroupRegularExpression& record) {
  const auto found = resolved_.find(record.key.regular_expression);
  if (found != resolved_.end()) {
    add_counts(topics_, found->second.topics, -1, &SubscriptionCount::by_regex);
    resolved_.erase(found);
  }
  if (!record.value) return {};
  ResolvedRegex& into = resolved_[std::string(record.key.regular_expression)];
  into.topics = to_owned(record.value->topics);
  into.version = record.value->version;
  into.timestamp = record.value->timestamp;
  add_counts(topics_, into.topics, 1, &SubscriptionCount::by_regex);
  return {};
}

bool ConsumerGroup::same_contents(const ConsumerGroup& other) const {
  return id_ == other.id_ && epoch_ == other.epoch_ && metadata_hash_ == other.metadata_hash_ &&
         assignment_epoch_ == other.assignment_epoch_ && assignment_timestamp_ == other.assignment_timestamp_ &&
         members_ == other.members_ && static_members_ == other.static_members_ && targets_ == other.targets_ &&
         partition_epochs_ == other.partition_epochs_ && topics_ == other.topics_ && regexes_ == other.regexes_ &&
         resolved_ == other.resolved_ && assignors_ == other.assignors_ &&
         classic_protocols_ == other.classic_protocols_ && classic_members_ == other.classic_members_ &&
         has_old_metadata_ == other.has_old_metadata_;
}

}  // namespace moldau::group::consumer
