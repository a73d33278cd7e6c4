// GroupMachine: SyncGroup, Heartbeat and LeaveGroup of classic groups.
#include <map>
#include <memory>
#include <utility>

#include "coordinator/runtime.h"
#include "group/machine.h"
#include "group/timer_names.h"

namespace moldau::group {

using wire::ErrorCode;

namespace {

bool contradicts(const std::optional<std::string_view>& asked, const std::optional<std::string>& known) {
  return asked.has_value() && known.has_value() && *asked != *known;
}

void reply_heartbeat(const Caller& caller, ErrorCode error, GroupMachine::Decision& decision) {
  wire::HeartbeatResponse response;
  response.error_code = code_of(error);
  decision.reply(caller.ticket, response);
}

}  // namespace

void GroupMachine::sync(const Caller& caller, const wire::SyncGroupRequest& request, const Now& now,
                        Decision& decision) {
  Group* const group = find(request.group_id);
  if (group == nullptr || is_empty(*group) || std::holds_alternative<UnservedGroup>(*group)) {
    answer_sync_error(caller.ticket, ErrorCode::unknown_member_id, decision);
  } else if (auto* const classic = std::get_if<ClassicGroup>(group)) {
    sync_classic(*classic, caller, request, now, decision);
  } else {
    sync_consumer(std::get<consumer::ConsumerGroup>(*group), caller, request, now, decision);
  }
}

void GroupMachine::sync_classic(ClassicGroup& group, const Caller& caller, const wire::SyncGroupRequest& request,
                                const Now&, Decision& decision) {
  ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
  if (error == ErrorCode::none && request.generation_id != group.generation()) error = ErrorCode::illegal_generation;
  if (error == ErrorCode::none && (contradicts(request.protocol_type, group.protocol_type()) ||
                                   contradicts(request.protocol_name, group.protocol_name()))) {
    error = ErrorCode::inconsistent_group_protocol;
  }
  if (error == ErrorCode::none && group.in(ClassicState::preparing_rebalance)) error = ErrorCode::rebalance_in_progress;
  if (error != ErrorCode::none) {
    answer_sync_error(caller.ticket, error, decision);
    return;
  }
  ClassicMember& member = *group.find(request.member_id);
  received_sync(group, member.id);
  if (group.in(ClassicState::stable)) {
    wire::SyncGroupResponse response;
    response.protocol_name = group.protocol_name_text();
    response.protocol_type = group.protocol_type_text();
    response.assignment = member.assignment;
    decision.reply(caller.ticket, response);
    return;
  }
  answer_sync_error(std::exchange(member.sync_ticket, caller.ticket), ErrorCode::rebalance_in_progress, decision);
  if (group.is_leader(member.id)) store_assignment(group, request, decision);
}

void GroupMachine::received_sync(ClassicGroup& group, std::string_view member_id) {
  group.remove_pending_sync(member_id);
  if (group.pending_sync().empty()) timers_.cancel(sync_timer(group.id()));
}

// The leader's assignment: written down first, given out when that is committed. Members without one get nothing.
void GroupMachine::store_assignment(ClassicGroup& group, const wire::SyncGroupRequest& request, Decision& decision) {
  ClassicGroup::Assignments assignments;
  for (const auto& entry : request.assignments) assignments.insert_or_assign(entry.member_id, entry.assignment);
  decision.add(group.record(assignments));
  auto kept = std::make_shared<std::map<std::string, std::vector<std::byte>, std::less<>>>();
  for (const auto& [member_id, bytes] : assignments) {
    if (group.has(member_id)) kept->emplace(member_id, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  decision.then(
      [this, id = group.id(), generation = group.generation(), kept](ErrorCode error, const Now& now, Decision& next) {
        ClassicGroup* const found = find_classic(id);
        // Another rebalance may have begun meanwhile.
        if (found == nullptr || !found->in(ClassicState::completing_rebalance) || found->generation() != generation)
          return;
        if (error == ErrorCode::none) {
          for (auto& [member_id, member] : found->members()) {
            const auto assignment = kept->find(member_id);
            member.assignment = assignment == kept->end() ? std::vector<std::byte>{} : assignment->second;
          }
        }
        assignment_stored(id, generation, error, now, next);
      });
}

void GroupMachine::assignment_stored(const std::string& id, int32_t generation, ErrorCode error, const Now& now,
                                     Decision& decision) {
  ClassicGroup* const group = find_classic(id);
  if (group == nullptr || group->generation() != generation) return;
  if (error == ErrorCode::none) {
    propagate_assignment(*group, ErrorCode::none, now, decision);
    group->transition_to(ClassicState::stable, now.wall);
    return;
  }
  for (auto& [member_id, member] : group->members()) member.assignment.clear();
  propagate_assignment(*group, coordinator::error_for_clients(error), now, decision);
  rebalance_or_complete(*group, now, decision);
}

// Heartbeat
// ---------------------------------------------------------------------------------------------------------------

void GroupMachine::heartbeat(const Caller& caller, const wire::HeartbeatRequest& request, const Now& now,
                             Decision& decision) {
  Group* const group = find(request.group_id);
  if (group == nullptr || std::holds_alternative<UnservedGroup>(*group)) {
    reply_heartbeat(caller, ErrorCode::unknown_member_id, decision);
    return;
  }
  if (auto* const consumers = std::get_if<consumer::ConsumerGroup>(group)) {
    heartbeat_consumer(*consumers, caller, request, now, decision);
    return;
  }
  ClassicGroup& classic = std::get<ClassicGroup>(*group);
  ErrorCode error = classic.check_member(request.member_id, request.group_instance_id);
  if (error == ErrorCode::none && request.generation_id != classic.generation()) error = ErrorCode::illegal_generation;
  if (error == ErrorCode::none) {
    schedule_heartbeat(classic, *classic.find(request.member_id), now);
    // Clients begin with heartbeats when they have their join answer, before the assignment.
    if (classic.in(ClassicState::preparing_rebalance)) error = ErrorCode::rebalance_in_progress;
  }
  reply_heartbeat(caller, error, decision);
}

// LeaveGroup
// --------------------------------------------------------------------------------------------------------------

void GroupMachine::leave(const Caller& caller, const wire::LeaveGroupRequest& request, const Now& now,
                         Decision& decision) {
  Group* const group = find(request.group_id);
  if (group == nullptr || std::holds_alternative<UnservedGroup>(*group)) {
    wire::LeaveGroupResponse response;
    for (const auto& member : request.members) {
      response.members.push_back({.member_id = member.member_id,
                                  .group_instance_id = member.group_instance_id,
                                  .error_code = code_of(ErrorCode::unknown_member_id)});
    }
    decision.reply(caller.ticket, leave_response(std::move(response), caller.version));
  } else if (auto* const classic = std::get_if<ClassicGroup>(group)) {
    leave_classic(*classic, caller, request, now, decision);
  } else {
    leave_consumer(std::get<consumer::ConsumerGroup>(*group), caller, request, now, decision);
  }
}

wire::LeaveGroupResponse leave_response(wire::LeaveGroupResponse response, int16_t version) {
  if (version >= first_leave_version_with_members) return response;
  // Before v3 there was one member, and its error was the answer's.
  if (response.error_code == code_of(ErrorCode::none) && !response.members.empty()) {
    response.error_code = response.members.front().error_code;
  }
  response.members.clear();
  return response;
}

void GroupMachine::leave_classic(ClassicGroup& group, const Caller& caller, const wire::LeaveGroupRequest& request,
                                 const Now& now, Decision& decision) {
  wire::LeaveGroupResponse response;
  bool any = false;
  for (const auto& member : request.members) {
    const ErrorCode error = leave_one(group, member.member_id, member.group_instance_id, decision);
    any |= error == ErrorCode::none;
    response.members.push_back(
        {.member_id = member.member_id, .group_instance_id = member.group_instance_id, .error_code = code_of(error)});
  }
  decision.reply(caller.ticket, leave_response(std::move(response), caller.version));
  if (!any) return;
  if (group.in(ClassicState::stable) || group.in(ClassicState::completing_rebalance)) {
    rebalance_or_complete(group, now, decision);
  } else {
    maybe_complete_join(group, now, decision);
  }
}

// An administrator removes static members by instance id alone (KIP-345).
ErrorCode GroupMachine::leave_one(ClassicGroup& group, std::string_view member_id,
                                  std::optional<std::string_view> instance_id, Decision& decision) {
  if (member_id.empty()) {
    const std::string* const known = instance_id.has_value() ? group.static_member(*instance_id) : nullptr;
    if (known == nullptr) return ErrorCode::unknown_member_id;
    remove_member(group, *group.find(*known), decision);
    return ErrorCode::none;
  }
  if (group.is_pending(member_id)) {
    cancel_heartbeat(group, member_id);
    group.remove(member_id);
    return ErrorCode::none;
  }
  const ErrorCode error = group.check_member(member_id, instance_id);
  if (error == ErrorCode::none) remove_member(group, *group.find(member_id), decision);
  return error;
}

}  // namespace moldau::group
