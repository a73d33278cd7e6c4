// GroupMachine: JoinGroup to classic groups: new members in one step or two (KIP-394), members that come back, static
// members and their replacement (KIP-345).
#include <memory>
#include <utility>

#include "coordinator/runtime.h"
#include "group/machine.h"
#include "group/timer_names.h"

namespace moldau::group {

using wire::ErrorCode;

namespace {

constexpr int16_t first_version_with_known_member_ids = 4;
constexpr int16_t first_version_skipping_assignment = 9;

void reply_join_error(const Caller& caller, std::string_view member_id, ErrorCode error,
                      GroupMachine::Decision& decision) {
  decision.reply(caller.ticket, join_error(caller.version, member_id, error));
}

}  // namespace

void GroupMachine::join(const Caller& caller, const wire::JoinGroupRequest& request, const Now& now,
                        Decision& decision) {
  Group* const group = find(request.group_id);
  if (group != nullptr && std::holds_alternative<UnservedGroup>(*group)) {
    reply_join_error(caller, "", ErrorCode::inconsistent_group_protocol, decision);
    return;
  }
  if (group != nullptr && std::holds_alternative<consumer::ConsumerGroup>(*group) && !is_empty(*group)) {
    join_consumer(std::get<consumer::ConsumerGroup>(*group), caller, request, now, decision);
    return;
  }
  join_classic(caller, request, now, decision);
}

void GroupMachine::join_classic(const Caller& caller, const wire::JoinGroupRequest& request, const Now& now,
                                Decision& decision) {
  const bool is_new_member = request.member_id.empty();
  const std::string id(request.group_id);
  if (find_classic(id) == nullptr && !is_new_member) {
    reply_join_error(caller, request.member_id, ErrorCode::unknown_member_id, decision);
    return;
  }
  const bool is_new_group = find_classic(id) == nullptr;
  std::shared_ptr<consumer::ConsumerGroup> replaced;
  if (is_new_group) {
    // An empty consumer group makes room.
    if (consumer::ConsumerGroup* const empty = find_consumer(id)) {
      std::vector<coordinator::Record> tombstones;
      consumer::add_group_tombstones(*empty, tombstones);
      decision.add(std::move(tombstones));
      replaced = std::make_shared<consumer::ConsumerGroup>(std::move(*empty));
    }
    groups_.insert_or_assign(id, ClassicGroup(id, now.wall));
  }
  ClassicGroup& group = *find_classic(id);
  if (!accepts(group, request.member_id)) {
    group.remove(request.member_id);
    reply_join_error(caller, "", ErrorCode::group_max_size_reached, decision);
  } else if (is_new_member) {
    join_new_member(group, caller, request, now, decision);
  } else {
    join_known_member(group, caller, request, now, decision);
  }
  if (!is_new_group) return;
  // The group is written down as one without generation, so that it is known from now on.
  decision.add(ClassicGroup(id, now.wall).record());
  decision.then([this, id, replaced](ErrorCode error, const Now&, Decision& next) {
    if (error == ErrorCode::none || error == ErrorCode::request_timed_out) return;
    ClassicGroup* const refused = find_classic(id);
    if (refused == nullptr || refused->generation() > 0) return;
    drop_classic_waiters(*refused, ErrorCode::coordinator_not_available, next);
    groups_.erase(id);
    if (replaced != nullptr) groups_.insert_or_assign(id, std::move(*replaced));
  });
}

// In a rebalance those who wait count, so that the last who rejoin are turned away when the limit was lowered.
bool GroupMachine::accepts(const ClassicGroup& group, std::string_view member_id) const {
  const auto size_max = static_cast<size_t>(host_.settings().size_max);
  const ClassicMember* const member = group.find(member_id);
  switch (group.state()) {
    case ClassicState::empty:
    case ClassicState::dead:
      return true;
    case ClassicState::preparing_rebalance:
      return (member != nullptr && member->join.has_value()) || group.waiting_joins() < size_max;
    case ClassicState::completing_rebalance:
    case ClassicState::stable:
      return member != nullptr || group.members().size() < size_max;
  }
  return false;
}

void GroupMachine::join_new_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                                   const Now& now, Decision& decision) {
  if (!group.supports(request.protocol_type, request.protocols)) {
    reply_join_error(caller, "", ErrorCode::inconsistent_group_protocol, decision);
    return;
  }
  std::string member_id(request.group_instance_id.value_or(caller.client_id));
  member_id += "-" + java_text(caller.fresh_id);
  if (member_id.size() > wire::string_bytes_max) {
    reply_join_error(caller, "", ErrorCode::invalid_request, decision);
    return;
  }
  if (request.group_instance_id.has_value()) {
    const std::string* const known = group.static_member(*request.group_instance_id);
    if (known != nullptr) {
      replace_static_member(group, caller, request, std::string(*known), member_id, now, decision);
    } else {
      add_member(group, caller, request, std::move(member_id), now, decision);
    }
    return;
  }
  if (caller.version < first_version_with_known_member_ids) {
    add_member(group, caller, request, std::move(member_id), now, decision);
    return;
  }
  group.add_pending_join(member_id);
  schedule_heartbeat(group.id(), member_id, request.session_timeout_ms, now);
  reply_join_error(caller, member_id, ErrorCode::member_id_required, decision);
}

void GroupMachine::join_known_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                                     const Now& now, Decision& decision) {
  if (!group.supports(request.protocol_type, request.protocols)) {
    reply_join_error(caller, request.member_id, ErrorCode::inconsistent_group_protocol, decision);
    return;
  }
  if (group.is_pending(request.member_id)) {
    // Ids are given out in advance to dynamic members only.
    if (request.group_instance_id.has_value()) {
      reply_join_error(caller, request.member_id, ErrorCode::unknown_server_error, decision);
      return;
    }
    add_member(group, caller, request, std::string(request.member_id), now, decision);
    return;
  }
  if (const ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
      error != ErrorCode::none) {
    reply_join_error(caller, request.member_id, error, decision);
    return;
  }
  ClassicMember& member = *group.find(request.member_id);
  const bool same = member.protocols == offered_protocols(request);
  switch (group.state()) {
    case ClassicState::preparing_rebalance:
      update_member(group, member, caller, request, now, decision);
      break;
    case ClassicState::completing_rebalance:
      // Most likely it has not received the answer to its first request.
      if (same) {
        answer_join_now(group, member, caller, group.is_leader(member.id), decision);
      } else {
        update_member(group, member, caller, request, now, decision);
      }
      break;
    case ClassicState::stable:
      // The leader joins again for changes that it alone sees, such as new partitions.
      if (same && !group.is_leader(member.id)) {
        answer_join_now(group, member, caller, false, decision);
      } else {
        update_member(group, member, caller, request, now, decision);
      }
      break;
    case ClassicState::empty:
    case ClassicState::dead:
      reply_join_error(caller, request.member_id, ErrorCode::unknown_member_id, decision);
      break;
  }
}

void GroupMachine::answer_join_now(const ClassicGroup& group, const ClassicMember& member, const Caller& caller,
                                   bool with_members, Decision& decision) const {
  wire::JoinGroupResponse response;
  if (with_members) response.members = group.members_for_leader();
  response.member_id = member.id;
  response.generation_id = group.generation();
  response.protocol_name = group.protocol_name_text();
  response.protocol_type = group.protocol_type();
  response.leader = group.leader().has_value() ? std::string_view(*group.leader()) : std::string_view();
  decision.reply(caller.ticket, response);
}

void GroupMachine::add_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                              std::string member_id, const Now& now, Decision& decision) {
  ClassicMember member;
  member.id = member_id;
  if (request.group_instance_id.has_value()) member.instance_id = *request.group_instance_id;
  member.client_id = caller.client_id;
  member.client_host = caller.client_host;
  member.rebalance_timeout_ms = request.rebalance_timeout_ms;
  member.session_timeout_ms = request.session_timeout_ms;
  member.protocols = offered_protocols(request);
  member.is_new = true;
  if (group.in(ClassicState::preparing_rebalance) && group.previous_state() == ClassicState::empty) {
    group.new_member_added = true;
  }
  group.add(std::move(member), request.protocol_type, WaitingJoin{caller.ticket, caller.version});
  // It does not know its id and cannot send heartbeats; should its client be gone, it would wait for ever.
  schedule_heartbeat(group.id(), member_id, host_.settings().new_member_join_timeout_ms, now);
  rebalance_or_complete(group, now, decision);
}

void GroupMachine::update_member(ClassicGroup& group, ClassicMember& member, const Caller& caller,
                                 const wire::JoinGroupRequest& request, const Now& now, Decision& decision) {
  const std::optional<WaitingJoin> displaced =
      group.update(member, request, WaitingJoin{caller.ticket, caller.version});
  if (displaced.has_value()) {
    answer_join_error(*displaced, member.id, ErrorCode::rebalance_in_progress, decision);
  }
  rebalance_or_complete(group, now, decision);
}

// Static members
// ----------------------------------------------------------------------------------------------------------

void GroupMachine::replace_static_member(ClassicGroup& group, const Caller& caller,
                                         const wire::JoinGroupRequest& request, const std::string& old_id,
                                         const std::string& new_id, const Now& now, Decision& decision) {
  const std::optional<std::string> old_leader = group.leader();
  cancel_heartbeat(group, old_id);
  const ClassicGroup::Displaced displaced = group.rename_static(*request.group_instance_id, old_id, new_id);
  if (displaced.join.has_value()) {
    answer_join_error(*displaced.join, old_id, ErrorCode::fenced_instance_id, decision);
  }
  answer_sync_error(displaced.sync, ErrorCode::fenced_instance_id, decision);
  ClassicMember& member = *group.find(new_id);
  (void)group.update(member, request, WaitingJoin{caller.ticket, caller.version});
  schedule_heartbeat(group, member, now);
  switch (group.state()) {
    case ClassicState::stable:
      if (group.protocol_name().value_or("") == group.select_protocol()) {
        store_replaced_member(group, caller.version, new_id, old_leader, decision);
      } else {
        rebalance_or_complete(group, now, decision);
      }
      break;
    case ClassicState::completing_rebalance:
      // The leader may have been told of the old id already, and would assign to it.
      prepare_rebalance(group, now, decision);
      break;
    case ClassicState::preparing_rebalance:
      maybe_complete_join(group, now, decision);
      break;
    case ClassicState::empty:
    case ClassicState::dead:
      break;  // no members, so no static ones
  }
}

// No rebalance: the new id takes over the assignment, once that is written down.
void GroupMachine::store_replaced_member(ClassicGroup& group, int16_t version, const std::string& new_id,
                                         const std::optional<std::string>& old_leader, Decision& decision) {
  decision.add(group.record());
  decision.then([this, id = group.id(), new_id, version, old_leader](ErrorCode error, const Now&, Decision& next) {
    ClassicGroup* const found = find_classic(id);
    ClassicMember* const member = found == nullptr ? nullptr : found->find(new_id);
    if (member == nullptr) return;
    const std::optional<WaitingJoin> join = found->take_join(*member);
    if (!join.has_value()) return;
    wire::JoinGroupResponse response;
    response.generation_id = found->generation();
    response.protocol_name = found->protocol_name_text();
    response.protocol_type = found->protocol_type();
    // Clients before v9 must not believe that they lead: they would assign, and nobody waits for that.
    response.leader = old_leader.has_value() ? std::string_view(*old_leader) : std::string_view();
    if (error != ErrorCode::none) {
      // Nobody learns of the new id: the next join replaces it again.
      response.error_code = code_of(coordinator::error_for_clients(error));
      next.reply(join->ticket, response);
      return;
    }
    response.member_id = new_id;
    if (version >= first_version_skipping_assignment) {
      const bool leads = found->is_leader(new_id);
      if (leads) response.members = found->members_for_leader();
      response.leader = found->leader().has_value() ? std::string_view(*found->leader()) : std::string_view();
      response.skip_assignment = leads;
    }
    next.reply(join->ticket, response);
  });
}

}  // namespace moldau::group
