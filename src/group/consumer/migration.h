// Migration: groups that cross between the classic and the consumer protocol while they have members
// (group.consumer.migration.policy). A classic group becomes a consumer group when a member of the new protocol joins;
// its old members stay and are served through classic_members.h. It turns back when the last member of the new protocol
// leaves or is replaced by a static member of the old one.
//
// Callers: the group coordinator (upgrade), decisions (downgrade).
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "group/consumer/decisions.h"

namespace moldau::group::consumer {

struct ClassicProtocolView {
  std::string_view name;
  std::span<const std::byte> metadata;
};
struct ClassicMemberView {
  std::string_view id;
  std::optional<std::string_view> instance_id;
  std::string_view client_id;
  std::string_view client_host;
  int32_t rebalance_timeout_ms = 0;
  int32_t session_timeout_ms = 0;
  std::vector<ClassicProtocolView> protocols;
  std::span<const std::byte> assignment;
};
/// A classic group as an upgrade needs it.
struct ClassicGroupView {
  std::string_view id;
  int32_t generation = 0;
  std::optional<std::string_view> protocol_type;
  std::optional<std::string_view> protocol_name;
  std::vector<ClassicMemberView> members;
};

/// A classic group as a consumer group. `group` is what replaying `records` makes: decide about it, append the records
/// of this and of that decision together, then drop it. All that waits in the classic group (joins, syncs) is answered
/// REBALANCE_IN_PROGRESS, and its timers are cancelled.
struct Upgrade {
  ConsumerGroup group;
  std::vector<coordinator::Record> records;
  std::vector<TimerChange> timers;
};
/// REQUIRES: the group has members (one without is deleted by its tombstone instead, whatever the policy).
std::expected<Upgrade, Refusal> upgrade(const ClassicGroupView& classic, const Context& context);

/// True when only members of the classic protocol stay without `leaving`, and the policy lets the group turn back.
bool may_downgrade_without(const ConsumerGroup& group, const std::vector<const Member*>& leaving,
                           const Context& context);
/// The same when `replaced` makes room for a member of the classic protocol.
bool may_downgrade_replacing(const ConsumerGroup& group, const Member& replaced, const Context& context);

/// Appends the records that make `group` a classic one: without `leaving`, with `joining` (if any) in the place of the
/// static member that has its instance id. False, and nothing is appended, if a member's protocol cannot be read.
bool downgrade(const ConsumerGroup& group, const std::vector<const Member*>& leaving, const Member* joining,
               const Context& context, std::vector<coordinator::Record>& records);

}  // namespace moldau::group::consumer
