// GroupMachine: rebalances of classic groups: the initial delay, completing the join, timers of members.
#include <algorithm>
#include <utility>

#include "group/machine.h"
#include "group/timer_names.h"

namespace moldau::group {

using wire::ErrorCode;

wire::JoinGroupResponse join_error(int16_t version, std::string_view member_id, ErrorCode error) {
  constexpr int16_t first_version_with_null_protocol = 7;
  wire::JoinGroupResponse response;
  response.error_code = code_of(error);
  response.member_id = member_id;
  if (version >= first_version_with_null_protocol) response.protocol_name.reset();
  return response;
}

void GroupMachine::answer_join_error(const WaitingJoin& join, std::string_view member_id, ErrorCode error,
                                     Decision& decision) {
  decision.reply(join.ticket, join_error(join.version, member_id, error));
}

void GroupMachine::answer_sync_error(Ticket ticket, ErrorCode error, Decision& decision) {
  if (ticket == coordinator::no_ticket) return;
  wire::SyncGroupResponse response;
  response.error_code = code_of(error);
  decision.reply(ticket, response);
}

void GroupMachine::rebalance_or_complete(ClassicGroup& group, const Now& now, Decision& decision) {
  if (group.can_rebalance()) {
    prepare_rebalance(group, now, decision);
  } else {
    maybe_complete_join(group, now, decision);
  }
}

void GroupMachine::prepare_rebalance(ClassicGroup& group, const Now& now, Decision& decision) {
  if (group.in(ClassicState::completing_rebalance)) {
    for (auto& [id, member] : group.members()) member.assignment.clear();
    propagate_assignment(group, ErrorCode::rebalance_in_progress, now, decision);
  }
  group.clear_pending_sync();
  timers_.cancel(sync_timer(group.id()));
  const bool initial = group.in(ClassicState::empty);
  if (initial) {
    // The group is new: give others time to join before the first generation.
    const int32_t delay = host_.settings().initial_rebalance_delay_ms;
    const int32_t remaining = std::max(group.rebalance_timeout_ms() - delay, 0);
    timers_.schedule(join_timer(group.id()), now.instant + milliseconds(delay),
                     [this, id = group.id(), delay, remaining](const Now& then, Decision& next) {
                       end_initial_delay(id, delay, remaining, then, next);
                     });
  }
  group.transition_to(ClassicState::preparing_rebalance, now.wall);
  host_.group_rebalances();
  if (initial) return;
  if (group.all_joined()) {
    complete_join(group, now, decision);
  } else {
    schedule_join_timeout(group, now);
  }
}

void GroupMachine::end_initial_delay(const std::string& id, int32_t delay_ms, int32_t remaining_ms, const Now& now,
                                     Decision& decision) {
  ClassicGroup* const group = find_classic(id);
  if (group == nullptr || !group->in(ClassicState::preparing_rebalance)) return;
  if (!group->new_member_added || remaining_ms == 0) {
    complete_join(*group, now, decision);
    return;
  }
  group->new_member_added = false;
  const int32_t next_delay = std::min(host_.settings().initial_rebalance_delay_ms, remaining_ms);
  const int32_t next_remaining = std::max(remaining_ms - delay_ms, 0);
  timers_.schedule(join_timer(id), now.instant + milliseconds(next_delay),
                   [this, id, next_delay, next_remaining](const Now& then, Decision& next) {
                     end_initial_delay(id, next_delay, next_remaining, then, next);
                   });
}

void GroupMachine::schedule_join_timeout(const ClassicGroup& group, const Now& now) {
  timers_.schedule(join_timer(group.id()), now.instant + milliseconds(group.rebalance_timeout_ms()),
                   [this, id = group.id()](const Now& then, Decision& next) {
                     ClassicGroup* const found = find_classic(id);
                     if (found != nullptr && found->in(ClassicState::preparing_rebalance)) {
                       complete_join(*found, then, next);
                     }
                   });
}

void GroupMachine::maybe_complete_join(ClassicGroup& group, const Now& now, Decision& decision) {
  // An initial rebalance ends with its delay only.
  if (!group.in(ClassicState::preparing_rebalance) || group.previous_state() == ClassicState::empty) return;
  if (group.all_joined()) complete_join(group, now, decision);
}

void GroupMachine::complete_join(ClassicGroup& group, const Now& now, Decision& decision) {
  timers_.cancel(join_timer(group.id()));
  // Static members keep their place until their session ends.
  std::vector<std::string> late;
  for (const auto& [id, member] : group.members()) {
    if (!member.join.has_value() && !member.instance_id.has_value()) late.push_back(id);
  }
  for (const std::string& id : late) {
    group.remove(id);
    cancel_heartbeat(group, id);
  }
  if (!group.elect_joined_leader() && !group.members().empty()) {
    // Nobody joined: wait until their sessions end.
    schedule_join_timeout(group, now);
    return;
  }
  group.begin_generation(now.wall);
  if (group.in(ClassicState::empty)) {
    // Should it not be written, the last generation is found at the next load, and times out.
    decision.add(group.record());
    return;
  }
  for (auto& [id, member] : group.members()) {
    if (const std::optional<WaitingJoin> join = group.take_join(member)) {
      wire::JoinGroupResponse response;
      if (group.is_leader(id)) response.members = group.members_for_leader();
      response.member_id = id;
      response.generation_id = group.generation();
      response.protocol_name = *group.protocol_name();
      response.protocol_type = *group.protocol_type();
      response.leader = *group.leader();
      decision.reply(join->ticket, response);
    }
    schedule_heartbeat(group, member, now);
    member.is_new = false;
    group.add_pending_sync(id);
  }
  timers_.schedule(sync_timer(group.id()), now.instant + milliseconds(group.rebalance_timeout_ms()),
                   [this, id = group.id(), generation = group.generation()](const Now& then, Decision& next) {
                     expire_sync(id, generation, then, next);
                   });
}

void GroupMachine::expire_sync(const std::string& id, int32_t generation, const Now& now, Decision& decision) {
  ClassicGroup* const group = find_classic(id);
  if (group == nullptr || group->generation() != generation) return;
  if (!group->in(ClassicState::completing_rebalance) && !group->in(ClassicState::stable)) return;
  if (group->pending_sync().empty()) return;
  const std::vector<std::string> silent(group->pending_sync().begin(), group->pending_sync().end());
  for (const std::string& member_id : silent) {
    // One may wait in JoinGroup again (a client that lost the answer): it is told to begin anew.
    if (ClassicMember* const member = group->find(member_id)) remove_member(*group, *member, decision);
    group->remove(member_id);
  }
  prepare_rebalance(*group, now, decision);
}

// Members
// -----------------------------------------------------------------------------------------------------------------

void GroupMachine::schedule_heartbeat(const ClassicGroup& group, const ClassicMember& member, const Now& now) {
  schedule_heartbeat(group.id(), member.id, member.session_timeout_ms, now);
}

void GroupMachine::schedule_heartbeat(const std::string& group, const std::string& member_id, int32_t timeout_ms,
                                      const Now& now) {
  timers_.schedule(
      heartbeat_timer(group, member_id), now.instant + milliseconds(timeout_ms),
      [this, group, member_id](const Now& then, Decision& next) { expire_heartbeat(group, member_id, then, next); });
}

void GroupMachine::cancel_heartbeat(const ClassicGroup& group, std::string_view member_id) {
  timers_.cancel(heartbeat_timer(group.id(), member_id));
}

void GroupMachine::expire_heartbeat(const std::string& id, const std::string& member_id, const Now& now,
                                    Decision& decision) {
  ClassicGroup* const group = find_classic(id);
  if (group == nullptr) return;
  if (group->is_pending(member_id)) {
    group->remove(member_id);
    if (group->in(ClassicState::preparing_rebalance) && group->all_joined()) complete_join(*group, now, decision);
    return;
  }
  ClassicMember* const member = group->find(member_id);
  // Members that wait for the rebalance are alive; new ones must show it by joining again.
  if (member == nullptr || (!member->is_new && member->waits())) return;
  remove_member(*group, *member, decision);
  if (group->in(ClassicState::stable) || group->in(ClassicState::completing_rebalance)) {
    rebalance_or_complete(*group, now, decision);
  } else if (group->in(ClassicState::preparing_rebalance) && group->all_joined()) {
    complete_join(*group, now, decision);
  }
}

// Whoever waits for it is told UNKNOWN_MEMBER_ID, upon which a client that still lives joins anew.
void GroupMachine::remove_member(ClassicGroup& group, ClassicMember& member, Decision& decision) {
  const std::string id = member.id;
  cancel_heartbeat(group, id);
  if (const std::optional<WaitingJoin> join = group.take_join(member)) {
    answer_join_error(*join, "", ErrorCode::unknown_member_id, decision);
  }
  answer_sync_error(std::exchange(member.sync_ticket, coordinator::no_ticket), ErrorCode::unknown_member_id, decision);
  group.remove(id);
}

void GroupMachine::propagate_assignment(ClassicGroup& group, ErrorCode error, const Now& now, Decision& decision) {
  for (auto& [id, member] : group.members()) {
    const Ticket ticket = std::exchange(member.sync_ticket, coordinator::no_ticket);
    if (ticket == coordinator::no_ticket) continue;
    wire::SyncGroupResponse response;
    response.error_code = code_of(error);
    if (error == ErrorCode::none) {
      response.protocol_name = *group.protocol_name();
      response.protocol_type = *group.protocol_type();
    }
    response.assignment = member.assignment;
    decision.reply(ticket, response);
    // Its session may have ended while it waited for the leader, and was let pass.
    schedule_heartbeat(group, member, now);
  }
}

}  // namespace moldau::group
