#include "group/consumer/reconcile.h"

#include <algorithm>
#include <utility>

namespace moldau::group::consumer {
namespace {

/// True when the member still has, or may have, one of these partitions.
bool may_own(const OwnedPartitions& partitions, const ReportedPartitions* reported) {
  if (reported == nullptr) return true;
  for (const auto& topic : *reported) {
    const auto* owned = find_topic(partitions, topic.topic_id);
    if (owned == nullptr) continue;
    for (const PartitionIndex partition : topic.partitions) {
      if (find_partition(owned->partitions, partition) != nullptr) return true;
    }
  }
  return false;
}

class Step {
 public:
  Step(Member& member, const ReconcileInput& input) : member_(member), input_(input) {
    if (member.has_regex()) resolved_ = input.group.resolved(*member.regex);
  }

  /// Everything towards the target that can be done now. While it must revoke, its epoch is `epoch_now`.
  void next_assignment(Epoch epoch_now) {
    OwnedPartitions kept;
    OwnedPartitions to_revoke;
    Assignment to_add;
    bool unreleased = false;
    const Assignment& target = input_.target;
    auto wanted = target.begin();
    auto current = member_.assigned.begin();
    while (wanted != target.end() || current != member_.assigned.end()) {
      const bool from_current =
          current != member_.assigned.end() && (wanted == target.end() || current->topic_id <= wanted->topic_id);
      const Uuid topic_id = from_current ? current->topic_id : wanted->topic_id;
      const bool in_target = wanted != target.end() && wanted->topic_id == topic_id;
      static const std::vector<PartitionIndex> no_partitions;
      static const std::vector<OwnedPartition> owns_none;
      const auto& target_partitions = in_target && subscribed(topic_id) ? wanted->partitions : no_partitions;
      const auto& owned_partitions = from_current ? current->partitions : owns_none;

      OwnedTopic keep{.topic_id = topic_id, .partitions = {}};
      OwnedTopic revoke{.topic_id = topic_id, .partitions = {}};
      AssignedTopic add{.topic_id = topic_id, .partitions = {}};
      for (const OwnedPartition& owned : owned_partitions) {
        (find_partition(target_partitions, owned.partition) != nullptr ? keep : revoke).partitions.push_back(owned);
      }
      for (const PartitionIndex partition : target_partitions) {
        if (find_partition(owned_partitions, partition) != nullptr) continue;
        if (free(topic_id, partition)) {
          add.partitions.push_back(partition);
        } else {
          unreleased = true;
        }
      }
      if (!keep.partitions.empty()) kept.push_back(std::move(keep));
      if (!revoke.partitions.empty()) to_revoke.push_back(std::move(revoke));
      if (!add.partitions.empty()) to_add.push_back(std::move(add));
      if (in_target) ++wanted;
      if (from_current) ++current;
    }

    if (!to_revoke.empty() && may_own(to_revoke, input_.reported) && !input_.revocations_unconfirmed) {
      member_.state = MemberState::unrevoked_partitions;
      member_.advance(epoch_now);
      member_.assigned = std::move(kept);
      member_.pending_revocation = std::move(to_revoke);
      return;
    }
    member_.state = unreleased ? MemberState::unreleased_partitions : MemberState::stable;
    member_.advance(input_.target_epoch);
    for (OwnedTopic& topic : with_epoch(to_add, input_.target_epoch)) kept.push_back(std::move(topic));
    member_.assigned = normalized(std::move(kept));
    member_.pending_revocation.clear();
  }

  /// What it has of topics that it does not subscribe to any more is to be revoked; the epoch stays.
  void without_unsubscribed() {
    OwnedPartitions kept;
    OwnedPartitions to_revoke = member_.pending_revocation;
    for (const OwnedTopic& topic : member_.assigned) {
      (subscribed(topic.topic_id) ? kept : to_revoke).push_back(topic);
    }
    if (kept.size() == member_.assigned.size()) return;
    to_revoke = normalized(std::move(to_revoke));
    member_.assigned = std::move(kept);
    member_.advance(member_.epoch);
    // Revoked already? Then there is nothing to wait for.
    if (!may_own(to_revoke, input_.reported)) return;
    member_.state = MemberState::unrevoked_partitions;
    member_.pending_revocation = std::move(to_revoke);
  }

 private:
  bool subscribed(const Uuid& topic_id) const {
    const metadata::TopicImage* topic = input_.image.topic(topic_id);
    if (topic == nullptr) return false;
    if (member_.subscribes_to(topic->name)) return true;
    return resolved_ != nullptr && std::binary_search(resolved_->topics.begin(), resolved_->topics.end(), topic->name);
  }
  bool free(const Uuid& topic_id, PartitionIndex partition) const {
    return input_.group.partition_epoch(topic_id, partition) == -1 ||
           find_partition(member_.pending_revocation, topic_id, partition) != nullptr;
  }

  Member& member_;
  const ReconcileInput& input_;
  const ResolvedRegex* resolved_ = nullptr;
};

}  // namespace

ReconcileResult reconcile(Member& member, const ReconcileInput& input) {
  if (!input.subscription_changed && member.reconciled_to(input.target_epoch)) return ReconcileResult::unchanged;
  const Member before = member;
  Step step(member, input);
  switch (member.state) {
    case MemberState::stable:
      if (member.epoch != input.target_epoch) {
        step.next_assignment(member.epoch);
      } else {
        step.without_unsubscribed();
      }
      break;
    case MemberState::unrevoked_partitions:
      if (!may_own(member.pending_revocation, input.reported)) {
        step.next_assignment(member.epoch);
      } else if (input.subscription_changed) {
        step.without_unsubscribed();
      }
      break;
    case MemberState::unreleased_partitions:
      step.next_assignment(member.epoch);
      break;
    case MemberState::unknown:
      if (input.reported == nullptr || !input.reported->empty()) return ReconcileResult::must_rejoin;
      step.next_assignment(input.target_epoch);
      break;
  }
  return member == before ? ReconcileResult::unchanged : ReconcileResult::changed;
}

}  // namespace moldau::group::consumer
