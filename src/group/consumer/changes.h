// Changes: what the requests of both protocols do to a consumer group in the same way: find the member, take up its new
// subscription, compute the target, move the member, remove members. Internal to decisions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "group/consumer/decisions.h"
#include "group/consumer/reconcile.h"
#include "group/consumer/target.h"

namespace moldau::group::consumer {

Refusal not_a_member(const ConsumerGroup& group, std::string_view member_id);
/// GROUP_MAX_SIZE_REACHED if the group is full and `member_id` not in it.
std::optional<Refusal> check_size(const ConsumerGroup& group, std::string_view member_id, const Context& context);
/// UNKNOWN_MEMBER_ID without a member of this instance id, FENCED_INSTANCE_ID if it is another.
std::optional<Refusal> check_static(const Member* member, std::string_view member_id, std::string_view instance_id);

/// The member that a request is about: of the group, or one just made (then `made` holds it).
struct FoundMember {
  const Member* member = nullptr;
  std::optional<Member> made;
  /// It takes the place of the static member that has its instance id; the records of that are written.
  bool replaces = false;
};

std::optional<Refusal> find_dynamic_member(const ConsumerGroup& group, std::string_view member_id, bool create,
                                           FoundMember& found);
std::optional<Refusal> find_static_member(const ConsumerGroup& group, std::string_view member_id,
                                          std::string_view instance_id, bool create, bool classic, FoundMember& found,
                                          std::vector<coordinator::Record>& records);

/// A member as a request finds and leaves it, and what became of the group's epoch with that.
struct MemberChange {
  ConsumerGroup& group;
  const Member* before;
  const Member& updated;
  const Context& context;
  bool subscription_changed = false;
  Epoch group_epoch = 0;
  bool homogeneous = true;
};

/// Writes the member's metadata if it changed, and the group's next epoch if that, or what happened to the topics,
/// changes what must be assigned. `bump_for_regex`: as the classic protocol does, at once and not only when the new
/// expression is resolved.
std::optional<Refusal> apply_subscription(MemberChange& change, bool bump_for_regex,
                                          std::vector<coordinator::Record>& records, std::optional<RegexJob>& regexes);

/// The target that holds for the member: a new one if the group's epoch is ahead and it may be computed now.
Target update_target(const MemberChange& change, std::vector<coordinator::Record>& records);
/// The target as it stands.
Target last_target(const ConsumerGroup& group, const Member& member);

/// Moves the member one step towards `target`; `moved` gets it if that changes it.
std::optional<Refusal> move(const MemberChange& change, const Target& target, const ReportedPartitions* reported,
                            std::optional<Member>& moved, std::vector<coordinator::Record>& records,
                            std::vector<TimerChange>& timers);

/// Removes members, or turns the group into a classic one if only members of the classic protocol stay.
Decision<NoAnswer> remove_members(const ConsumerGroup& group, const std::vector<const Member*>& members,
                                  const Context& context);

}  // namespace moldau::group::consumer
