// Reconciliation of one member of a consumer group: from what it has to its target, one safe step at a time. A
// partition is given to a member only when nobody else has it.
//
// Transitions (the member's state, next_assignment() unless named):
//   stable, unreleased ── it has what is not in its target, and has not shown that it revoked it ─► unrevoked
//   any ── nothing to revoke, all of the target is free or its own ─► stable at the target's epoch
//   any ── nothing to revoke, something of the target is another's ─► unreleased at the target's epoch
//   stable at the target's epoch, or unrevoked ── topics no longer subscribed to (without_unsubscribed()) ─► unrevoked
//   unrevoked ── it still shows a partition that it must revoke ─► unrevoked
//   unknown (of a later version) ── must rejoin without partitions
#pragma once

#include <optional>
#include <vector>

#include "group/consumer/consumer_group.h"
#include "metadata/image.h"
#include "wire/api/68_consumer_group_heartbeat.h"

namespace moldau::group::consumer {

/// Partitions that a member says it has; null: it did not say.
using ReportedPartitions = std::vector<wire::ConsumerGroupHeartbeatRequest::TopicPartitions>;

struct ReconcileInput {
  const ConsumerGroup& group;
  const metadata::Image& image;
  Epoch target_epoch = 0;
  const Assignment& target;
  /// Its subscription changed with this request: what it no longer subscribes to is taken at once.
  bool subscription_changed = false;
  const ReportedPartitions* reported = nullptr;
  bool revocations_unconfirmed = false;  ///< a planted bug
};

enum class ReconcileResult : uint8_t {
  unchanged,
  changed,
  must_rejoin,  ///< unknown state: FENCED_MEMBER_EPOCH
};

/// Moves `member` (as this request makes it, which may not be in the group yet) one step.
ReconcileResult reconcile(Member& member, const ReconcileInput& input);

}  // namespace moldau::group::consumer
