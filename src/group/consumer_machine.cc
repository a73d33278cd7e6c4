// GroupMachine: consumer groups (KIP-848). What is decided about them stands in group/consumer/; here the decisions are
// carried out: records appended, timers set, groups of the classic protocol moved over and back, answers given.
#include <algorithm>
#include <utility>
#include <vector>

#include "coordinator/runtime.h"
#include "group/consumer/classic_members.h"
#include "group/consumer/describe.h"
#include "group/consumer/migration.h"
#include "group/consumer/regex.h"
#include "group/machine.h"
#include "group/timer_names.h"

namespace moldau::group {

using consumer::ConsumerGroup;
using consumer::Refusal;
using wire::ErrorCode;

consumer::ConsumerGroupSettings GroupMachine::settings_of(std::string_view group) const {
  const GroupSettings& settings = host_.settings();
  return consumer::settings_of_group(settings.consumer, settings.consumer_bounds, host_.group_configs(group));
}

/// A consumer::Context with what it refers to.
struct GroupMachine::ConsumerScene {
  ConsumerScene(GroupMachine& machine, std::string_view group, const Caller& caller, const Now& now)
      : settings(machine.settings_of(group)),
        image(machine.host_.image()),
        fresh_id(caller.fresh_id.to_string()),
        context{.image = *image,
                .hashes = machine.hashes_,
                .settings = settings,
                .newest_topics = machine.newest_topics_,
                .wall = now.wall,
                .client_id = caller.client_id,
                .client_host = caller.client_host,
                .fresh_member_id = fresh_id} {}

  consumer::ConsumerGroupSettings settings;
  metadata::ImageRef image;
  std::string fresh_id;
  consumer::Context context;
};

/// What a first heartbeat makes, and what must be written before what it decides.
struct GroupMachine::NewConsumerGroup {
  std::optional<ConsumerGroup> group;
  std::vector<coordinator::Record> records;
  std::vector<consumer::TimerChange> timers;
};

namespace {

consumer::ClassicGroupView view_of(const ClassicGroup& group) {
  const auto viewed = [](const std::optional<std::string>& text) -> std::optional<std::string_view> {
    if (!text.has_value()) return std::nullopt;
    return *text;
  };
  consumer::ClassicGroupView view;
  view.id = group.id();
  view.generation = group.generation();
  view.protocol_type = viewed(group.protocol_type());
  view.protocol_name = viewed(group.protocol_name());
  for (const auto& [id, member] : group.members()) {
    consumer::ClassicMemberView entry;
    entry.id = id;
    entry.instance_id = viewed(member.instance_id);
    entry.client_id = member.client_id;
    entry.client_host = member.client_host;
    entry.rebalance_timeout_ms = member.rebalance_timeout_ms;
    entry.session_timeout_ms = member.session_timeout_ms;
    for (const OfferedProtocol& protocol : member.protocols)
      entry.protocols.push_back({protocol.name, protocol.metadata});
    entry.assignment = member.assignment;
    view.members.push_back(std::move(entry));
  }
  return view;
}

std::string timer_name(const std::string& group, consumer::MemberTimer timer, std::string_view member_id) {
  return member_timer(static_cast<int>(timer), group, member_id);
}

wire::ConsumerGroupHeartbeatResponse heartbeat_response(const consumer::HeartbeatAnswer& answer) {
  wire::ConsumerGroupHeartbeatResponse response;
  response.member_id = answer.member_id;
  response.member_epoch = answer.member_epoch;
  response.heartbeat_interval_ms = answer.heartbeat_interval_ms;
  if (answer.assignment.has_value()) {
    response.assignment.emplace();
    for (const consumer::AssignedTopic& topic : *answer.assignment) {
      response.assignment->topic_partitions.push_back({topic.topic_id, topic.partitions});
    }
  }
  return response;
}

}  // namespace

// Carrying out
// ------------------------------------------------------------------------------------------------------------

void GroupMachine::apply_timers(const std::string& group, const std::vector<consumer::TimerChange>& timers,
                                const Now& now) {
  for (const consumer::TimerChange& change : timers) {
    const std::string name = timer_name(group, change.timer, change.member_id);
    if (change.kind == consumer::TimerChange::Kind::cancel) {
      timers_.cancel(name);
      continue;
    }
    const auto action = [this, group, timer = change.timer, member_id = change.member_id, epoch = change.member_epoch](
                            const Now& then, Decision& decision) {
      expire_consumer_timer(group, timer, member_id, epoch, then, decision);
    };
    const Instant deadline = now.instant + milliseconds(change.delay_ms);
    if (change.kind == consumer::TimerChange::Kind::set) {
      timers_.schedule(name, deadline, action);
    } else {
      timers_.schedule_if_absent(name, deadline, action);
    }
  }
}

// Timers are set at once: should the records be refused, they find no such member.
template <typename Answer>
void GroupMachine::carry_out(const std::string& group, consumer::Decision<Answer>& made, const TopicFilter& visible,
                             const Now& now, Decision& decision) {
  const bool records = !made.records.empty();
  decision.add(std::move(made.records));
  apply_timers(group, made.timers, now);
  if (records) keep_timers(group, made.timers, decision);
  if (made.regexes.has_value()) resolve_regexes(group, *made.regexes, visible, now, decision);
  if (made.downgrade.has_value()) downgraded(group, made.downgrade->rebalance, now, decision);
}

// Timers that `changes` ended, of members that are still there because the records were refused, run again: nobody else
// would remove such a member.
void GroupMachine::keep_timers(const std::string& group, const std::vector<consumer::TimerChange>& changes,
                               Decision& decision) {
  std::vector<std::string> members;
  for (const consumer::TimerChange& change : changes) {
    if (change.kind == consumer::TimerChange::Kind::cancel) members.push_back(change.member_id);
  }
  if (members.empty()) return;
  decision.then([this, group, members](ErrorCode error, const Now& now, Decision&) {
    const ConsumerGroup* const found = find_consumer(group);
    if (error == ErrorCode::none || found == nullptr) return;
    std::vector<consumer::TimerChange> timers = consumer::timers_of_loaded(*found, settings_of(group));
    std::erase_if(timers, [&](const consumer::TimerChange& change) {
      return std::find(members.begin(), members.end(), change.member_id) == members.end();
    });
    for (consumer::TimerChange& change : timers) change.kind = consumer::TimerChange::Kind::set_if_absent;
    apply_timers(group, timers, now);
  });
}

void GroupMachine::resolve_regexes(const std::string& group, const consumer::RegexJob& job, const TopicFilter& visible,
                                   const Now&, Decision& decision) {
  decision.then([this, group, job, visible](ErrorCode error, const Now& now, Decision& next) {
    ConsumerGroup* const found = find_consumer(group);
    if (error != ErrorCode::none || found == nullptr) return;
    ConsumerScene scene(*this, group, {}, now);
    const auto sees = [&](std::string_view topic) { return !visible || visible(topic); };
    const consumer::ResolvedRegexes resolved = consumer::resolve(job, *scene.image, now.wall, sees);
    consumer::Decision<consumer::NoAnswer> made = consumer::regexes_resolved(*found, resolved, scene.context);
    carry_out(group, made, visible, now, next);
  });
}

// The records made a classic group of it: its members' sessions begin.
void GroupMachine::downgraded(const std::string& group, bool rebalance, const Now&, Decision& decision) {
  decision.then([this, group, rebalance](ErrorCode error, const Now& now, Decision& next) {
    ClassicGroup* const classic = find_classic(group);
    if (classic == nullptr || (error != ErrorCode::none && error != ErrorCode::request_timed_out)) return;
    for (const auto& [id, member] : classic->members()) {
      if (!timers_.is_scheduled(heartbeat_timer(group, id))) schedule_heartbeat(*classic, member, now);
    }
    if (rebalance && classic->in(ClassicState::stable)) prepare_rebalance(*classic, now, next);
  });
}

void GroupMachine::expire_consumer_timer(const std::string& group, consumer::MemberTimer timer,
                                         const std::string& member_id, Epoch member_epoch, const Now& now,
                                         Decision& decision) {
  const ConsumerGroup* const found = find_consumer(group);
  if (found == nullptr) return;
  ConsumerScene scene(*this, group, {}, now);
  consumer::Decision<consumer::NoAnswer> made =
      consumer::timer_expired(*found, timer, member_id, member_epoch, scene.context);
  carry_out(group, made, {}, now, decision);
}

// All that waits in a classic group that ends is told to come again.
void GroupMachine::drop_classic_waiters(ClassicGroup& group, ErrorCode error, Decision& decision) {
  timers_.cancel(join_timer(group.id()));
  timers_.cancel(sync_timer(group.id()));
  for (auto& [id, member] : group.members()) {
    cancel_heartbeat(group, id);
    if (const std::optional<WaitingJoin> join = group.take_join(member)) answer_join_error(*join, id, error, decision);
    answer_sync_error(std::exchange(member.sync_ticket, coordinator::no_ticket), error, decision);
  }
}

// Heartbeat
// ---------------------------------------------------------------------------------------------------------------

// The consumer group that a first heartbeat makes: a new one, or what a classic group becomes.
std::optional<Refusal> GroupMachine::new_consumer_group(const std::string& id, Epoch member_epoch,
                                                        const consumer::Context& context, NewConsumerGroup& made) {
  const Group* const group = find(id);
  const bool joins = member_epoch == consumer::epoch_joining;
  if (group == nullptr && !joins) {
    const bool leaves = member_epoch < consumer::epoch_joining;  // Kafka has words of its own for those
    return Refusal{ErrorCode::group_id_not_found, (leaves ? "Group " : "Consumer group ") + id + " not found."};
  }
  const auto* const classic = std::get_if<ClassicGroup>(group);
  if (!joins || (group != nullptr && classic == nullptr)) {
    return Refusal{ErrorCode::group_id_not_found, "Group " + id + " is not a consumer group."};
  }
  if (classic == nullptr || classic->in(ClassicState::empty)) {
    if (classic != nullptr) made.records.push_back(make_tombstone(GroupMetadataKey{id}));
    made.group.emplace(id);
    return std::nullopt;
  }
  std::expected<consumer::Upgrade, Refusal> upgraded = consumer::upgrade(view_of(*classic), context);
  if (!upgraded.has_value()) return std::move(upgraded.error());
  made.records = std::move(upgraded->records);
  made.timers = std::move(upgraded->timers);
  made.group.emplace(std::move(upgraded->group));
  return std::nullopt;
}

void GroupMachine::consumer_heartbeat(const Caller& caller, const wire::ConsumerGroupHeartbeatRequest& request,
                                      const Now& now, Decision& decision) {
  const std::string id(request.group_id);
  ConsumerScene scene(*this, id, caller, now);
  const auto refuse = [&](const Refusal& refusal) {
    wire::ConsumerGroupHeartbeatResponse response;
    response.error_code = code_of(refusal.code);
    if (!refusal.message.empty()) response.error_message = refusal.message;
    decision.reply(caller.ticket, response);
  };
  ConsumerGroup* group = find_consumer(id);
  NewConsumerGroup made;
  if (group == nullptr) {
    if (const auto refused = new_consumer_group(id, request.member_epoch, scene.context, made)) return refuse(*refused);
    group = &*made.group;
  }
  consumer::Decided<consumer::HeartbeatAnswer> decided = consumer::heartbeat(*group, request, scene.context);
  if (!decided.has_value()) return refuse(decided.error());
  if (ClassicGroup* const classic = find_classic(id)) {
    drop_classic_waiters(*classic, ErrorCode::rebalance_in_progress, decision);
  }
  decision.add(std::move(made.records));
  apply_timers(id, made.timers, now);
  decision.reply(caller.ticket, heartbeat_response(decided->answer));
  carry_out(id, *decided, caller.visible, now, decision);
}

wire::ConsumerGroupDescribeResponse::DescribedGroup GroupMachine::describe_consumer(std::string_view id, Arena& arena) {
  const ConsumerGroup* const group = find_consumer(id);
  if (group == nullptr) {
    wire::ConsumerGroupDescribeResponse::DescribedGroup missing;
    missing.group_id = arena.keep(id);
    missing.error_code = code_of(ErrorCode::group_id_not_found);
    missing.error_message = arena.keep(find(id) == nullptr ? group_not_found(id)
                                                           : "Group " + std::string(id) + " is not a consumer group.");
    return missing;
  }
  const std::vector<std::string>& assignors = host_.settings().consumer.assignors;
  const std::string_view first = assignors.empty() ? std::string_view() : assignors.front();
  auto described = consumer::describe(*group, *host_.image(), first);
  // It views the group, which may have changed when the answer leaves.
  described.group_id = arena.keep(described.group_id);
  described.assignor_name = arena.keep(described.assignor_name);
  for (auto& member : described.members) {
    member.member_id = arena.keep(member.member_id);
    if (member.instance_id.has_value()) member.instance_id = arena.keep(*member.instance_id);
    if (member.rack_id.has_value()) member.rack_id = arena.keep(*member.rack_id);
    member.client_id = arena.keep(member.client_id);
    member.client_host = arena.keep(member.client_host);
    for (std::string_view& topic : member.subscribed_topic_names) topic = arena.keep(topic);
    if (member.subscribed_topic_regex.has_value()) {
      member.subscribed_topic_regex = arena.keep(*member.subscribed_topic_regex);
    }
    for (auto* const assignment : {&member.assignment, &member.target_assignment}) {
      for (auto& topic : assignment->topic_partitions) topic.topic_name = arena.keep(topic.topic_name);
    }
  }
  return described;
}

// Members of the classic protocol
// -----------------------------------------------------------------------------------------

void GroupMachine::join_consumer(ConsumerGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                                 const Now& now, Decision& decision) {
  const std::string id = group.id();
  ConsumerScene scene(*this, id, caller, now);
  consumer::Decided<consumer::ClassicJoinAnswer> decided =
      consumer::classic_join(group, request, caller.version, scene.context);
  if (!decided.has_value()) {
    // What is refused here is told without the member, as Kafka does; its classic groups name it.
    decision.reply(caller.ticket, join_error(caller.version, "", decided.error().code));
    return;
  }
  const consumer::ClassicJoinAnswer& answer = decided->answer;
  wire::JoinGroupResponse response;
  if (answer.error != ErrorCode::none) {
    response = join_error(caller.version, answer.member_id, answer.error);
  } else {
    response.member_id = answer.member_id;
    response.generation_id = answer.generation;
    response.protocol_type = consumer_protocol_type;
    response.protocol_name = answer.protocol_name;
  }
  decision.reply(caller.ticket, response);
  carry_out(id, *decided, caller.visible, now, decision);
}

void GroupMachine::sync_consumer(ConsumerGroup& group, const Caller& caller, const wire::SyncGroupRequest& request,
                                 const Now& now, Decision& decision) {
  const std::string id = group.id();
  ConsumerScene scene(*this, id, caller, now);
  consumer::Decided<consumer::ClassicSyncAnswer> decided = consumer::classic_sync(group, request, scene.context);
  if (!decided.has_value()) {
    answer_sync_error(caller.ticket, decided.error().code, decision);
    return;
  }
  wire::SyncGroupResponse response;
  response.error_code = code_of(decided->answer.error);
  if (decided->answer.error == ErrorCode::none) {
    response.protocol_type = request.protocol_type;
    response.protocol_name = request.protocol_name;
    response.assignment = decided->answer.assignment;
  }
  decision.reply(caller.ticket, response);
  carry_out(id, *decided, caller.visible, now, decision);
}

void GroupMachine::heartbeat_consumer(ConsumerGroup& group, const Caller& caller, const wire::HeartbeatRequest& request,
                                      const Now& now, Decision& decision) {
  const std::string id = group.id();
  ConsumerScene scene(*this, id, caller, now);
  consumer::Decided<consumer::ClassicHeartbeatAnswer> decided =
      consumer::classic_heartbeat(group, request, scene.context);
  wire::HeartbeatResponse response;
  response.error_code = code_of(decided.has_value() ? decided->answer.error : decided.error().code);
  decision.reply(caller.ticket, response);
  if (decided.has_value()) carry_out(id, *decided, caller.visible, now, decision);
}

void GroupMachine::leave_consumer(ConsumerGroup& group, const Caller& caller, const wire::LeaveGroupRequest& request,
                                  const Now& now, Decision& decision) {
  const std::string id = group.id();
  ConsumerScene scene(*this, id, caller, now);
  consumer::Decision<consumer::ClassicLeaveAnswer> made =
      consumer::classic_leave(group, request.members, scene.context);
  wire::LeaveGroupResponse response;
  for (size_t i = 0; i < request.members.size(); ++i) {
    response.members.push_back({.member_id = request.members[i].member_id,
                                .group_instance_id = request.members[i].group_instance_id,
                                .error_code = code_of(made.answer.errors.at(i))});
  }
  decision.reply(caller.ticket, leave_response(std::move(response), caller.version));
  carry_out(id, made, caller.visible, now, decision);
}

}  // namespace moldau::group
