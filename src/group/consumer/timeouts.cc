// Timers that ran out, expressions that were resolved, and the checks of offset requests.

#include <fmt/format.h>

#include <utility>

#include "group/consumer/changes.h"
#include "group/consumer/decisions.h"
#include "group/consumer/record_builder.h"

namespace moldau::group::consumer {
namespace {

using wire::ErrorCode;

constexpr int16_t first_commit_version_with_epochs = 9;

/// Kafka's two words for the same: members of the classic protocol have generations.
Refusal stale(const Member& member, std::string message) {
  return {member.uses_classic_protocol() ? ErrorCode::illegal_generation : ErrorCode::stale_member_epoch,
          std::move(message)};
}

}  // namespace

Decision<NoAnswer> timer_expired(const ConsumerGroup& group, MemberTimer timer, std::string_view member_id,
                                 Epoch member_epoch, const Context& context) {
  const Member* member = group.find(member_id);
  if (member == nullptr || (timer == MemberTimer::rebalance && member->epoch != member_epoch)) return {};
  return remove_members(group, {member}, context);
}

Decision<NoAnswer> regexes_resolved(ConsumerGroup& group, const ResolvedRegexes& found, const Context& context) {
  Decision<NoAnswer> decision;
  SubscriptionCounts topics = group.subscribed_topics();
  bool bump = false;
  for (const auto& [regex, resolved] : found) {
    if (group.regex_members(regex) == 0) continue;  // nobody has it any more
    const ResolvedRegex* old = group.resolved(regex);
    static const std::vector<std::string> no_topics;
    const std::vector<std::string>& old_topics = old != nullptr ? old->topics : no_topics;
    if (old_topics != resolved.topics) {
      bump = true;
      add_counts(topics, old_topics, -1, &SubscriptionCount::by_regex);
      add_counts(topics, resolved.topics, 1, &SubscriptionCount::by_regex);
    }
    decision.records.push_back(regex_record(group.id(), regex, resolved));
  }
  const int64_t hash = metadata_hash(topics, context);
  if (!bump && hash == group.metadata_hash()) return decision;
  decision.records.push_back(epoch_record(group.id(), group.epoch() + 1, hash));
  group.metadata_checked(context.image.applied().offset, group.epoch() + 1);
  return decision;
}

std::vector<TimerChange> timers_of_loaded(const ConsumerGroup& group, const ConsumerGroupSettings& settings) {
  std::vector<TimerChange> result;
  for (const auto& [id, member] : group.members()) {
    result.push_back({.kind = TimerChange::Kind::set,
                      .timer = MemberTimer::session,
                      .member_id = id,
                      .delay_ms = settings.session_timeout_ms});
    if (member.state != MemberState::unrevoked_partitions) continue;
    result.push_back({.kind = TimerChange::Kind::set,
                      .timer = MemberTimer::rebalance,
                      .member_id = id,
                      .delay_ms = member.rebalance_timeout_ms,
                      .member_epoch = member.epoch});
  }
  return result;
}

std::optional<Refusal> check_commit(const ConsumerGroup& group, std::string_view member_id,
                                    std::optional<std::string_view> instance_id, Epoch member_epoch, bool transactional,
                                    int16_t version) {
  // Administration: offsets of a group without members.
  if (member_epoch < 0 && group.empty()) return std::nullopt;
  // Producers of before KIP-447 do not say for whom they commit.
  if (transactional && member_epoch == -1 && member_id.empty() && !instance_id) return std::nullopt;
  const Member* member = group.find(member_id);
  if (member == nullptr) return not_a_member(group, member_id);
  if (!transactional && !member->uses_classic_protocol() && version < first_commit_version_with_epochs) {
    return Refusal{ErrorCode::unsupported_version,
                   "OffsetCommit version 9 or above must be used by members using the consumer group protocol"};
  }
  if (member_epoch <= member->epoch) return std::nullopt;
  return stale(*member, fmt::format("Received {} {} is newer than current member epoch {}.",
                                    member->uses_classic_protocol() ? "generation id" : "member epoch", member_epoch,
                                    member->epoch));
}

std::optional<Refusal> check_commit_partition(const ConsumerGroup& group, std::string_view member_id,
                                              Epoch member_epoch, std::string_view topic, const Uuid& topic_id,
                                              PartitionIndex partition) {
  const Member* member = group.find(member_id);
  if (member == nullptr || member_epoch == member->epoch) return std::nullopt;
  const OwnedPartition* owned = find_partition(member->assigned, topic_id, partition);
  if (owned == nullptr) owned = find_partition(member->pending_revocation, topic_id, partition);
  if (owned == nullptr) {
    return stale(*member,
                 fmt::format("Partition {}-{} is not assigned or pending revocation for member.", topic, partition));
  }
  if (member_epoch >= owned->epoch) return std::nullopt;
  return stale(*member, fmt::format("Received {} {} is older than assignment epoch {} for partition {}-{}.",
                                    member->uses_classic_protocol() ? "generation id" : "member epoch", member_epoch,
                                    owned->epoch, topic, partition));
}

std::optional<Refusal> check_offset_fetch(const ConsumerGroup& group, std::optional<std::string_view> member_id,
                                          Epoch member_epoch) {
  if (!member_id && member_epoch < 0) return std::nullopt;
  const Member* member = member_id ? group.find(*member_id) : nullptr;
  if (member == nullptr) return not_a_member(group, member_id.value_or("null"));
  if (member_epoch == member->epoch) return std::nullopt;
  return stale(*member, fmt::format("The received {} {} does not match the expected member epoch {}.",
                                    member->uses_classic_protocol() ? "generation id" : "member epoch", member_epoch,
                                    member->epoch));
}

std::optional<Refusal> check_delete(const ConsumerGroup& group) {
  if (group.empty()) return std::nullopt;
  return Refusal{ErrorCode::non_empty_group, "The group is not empty."};
}

void add_group_tombstones(const ConsumerGroup& group, std::vector<coordinator::Record>& records) {
  for (const auto& [id, member] : group.members()) records.push_back(current_tombstone(group.id(), id));
  for (const auto& [id, member] : group.members()) records.push_back(target_tombstone(group.id(), id));
  records.push_back(target_epoch_tombstone(group.id()));
  for (const auto& [id, member] : group.members()) records.push_back(member_tombstone(group.id(), id));
  for (const auto& [regex, resolved] : group.resolved_regexes()) records.push_back(regex_tombstone(group.id(), regex));
  records.push_back(old_metadata_tombstone(group.id()));
  records.push_back(epoch_tombstone(group.id()));
}

}  // namespace moldau::group::consumer
