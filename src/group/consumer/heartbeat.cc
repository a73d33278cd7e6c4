// ConsumerGroupHeartbeat: members that join, report, rejoin in the place of a static member, and leave.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "group/consumer/changes.h"
#include "group/consumer/decisions.h"
#include "group/consumer/reconcile.h"
#include "group/consumer/record_builder.h"
#include "group/consumer/target.h"

namespace moldau::group::consumer {
namespace {

using wire::ErrorCode;
using Request = wire::ConsumerGroupHeartbeatRequest;

bool blank(std::string_view text) {
  // Java's String.trim: everything up to the space.
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}
bool blank(const std::optional<std::string_view>& text) {
  return text && blank(*text);
}

Refusal invalid(std::string message) {
  return {ErrorCode::invalid_request, std::move(message)};
}

bool is_part_of(const std::optional<ReportedPartitions>& reported, const OwnedPartitions& assigned) {
  if (!reported) return false;
  return std::all_of(reported->begin(), reported->end(), [&](const auto& topic) {
    const OwnedTopic* owned = find_topic(assigned, topic.topic_id);
    return owned != nullptr && std::all_of(topic.partitions.begin(), topic.partitions.end(), [&](PartitionIndex index) {
             return find_partition(owned->partitions, index) != nullptr;
           });
  });
}

/// A member may be one step behind: its last answer was lost, and it reports no more than it was given.
std::optional<Refusal> check_epoch(const Member& member, const Request& request) {
  const Epoch received = request.member_epoch;
  if (received == epoch_joining || received == member.epoch) return std::nullopt;
  if (received < member.epoch && received == member.previous_epoch &&
      is_part_of(request.topic_partitions, member.assigned)) {
    return std::nullopt;
  }
  return Refusal{ErrorCode::fenced_member_epoch,
                 fmt::format("The consumer group member has a {} member epoch ({}) than the one known by the group "
                             "coordinator ({}). The member must abandon all its partitions and rejoin.",
                             received > member.epoch ? "greater" : "smaller", received, member.epoch)};
}

/// What a heartbeat changes in `member`'s metadata; nothing: nothing.
std::optional<Member> updated_by(const Member& member, const Request& request, const Context& context) {
  const auto changes = [](const std::optional<std::string_view>& from, const std::optional<std::string>& to) {
    return from && from != to;
  };
  std::optional<std::vector<std::string>> topics;
  if (request.subscribed_topic_names) {
    topics = sorted_set({request.subscribed_topic_names->begin(), request.subscribed_topic_names->end()});
    if (*topics == member.topics) topics.reset();
  }
  const int32_t timeout = request.rebalance_timeout_ms;
  const bool changed =
      topics || changes(request.instance_id, member.instance_id) || changes(request.rack_id, member.rack_id) ||
      (timeout != -1 && timeout != member.rebalance_timeout_ms) || changes(request.server_assignor, member.assignor) ||
      changes(request.subscribed_topic_regex, member.regex) || member.client_id != context.client_id ||
      member.client_host != context.client_host || member.uses_classic_protocol();
  if (!changed) return std::nullopt;
  Member updated = member;
  if (topics) updated.topics = std::move(*topics);
  if (request.instance_id) updated.instance_id = std::string(*request.instance_id);
  if (request.rack_id) updated.rack_id = std::string(*request.rack_id);
  if (timeout != -1) updated.rebalance_timeout_ms = timeout;
  if (request.server_assignor) updated.assignor = std::string(*request.server_assignor);
  if (request.subscribed_topic_regex) updated.regex = std::string(*request.subscribed_topic_regex);
  updated.client_id = context.client_id;
  updated.client_host = context.client_host;
  updated.classic.reset();
  return updated;
}

Decided<HeartbeatAnswer> leave(const ConsumerGroup& group, const Request& request, const Context& context) {
  Decision<HeartbeatAnswer> decision;
  decision.answer.member_id = request.member_id;
  decision.answer.member_epoch = request.member_epoch;
  const Member* member = nullptr;
  if (!request.instance_id) {
    member = group.find(request.member_id);
    if (member == nullptr) return std::unexpected(not_a_member(group, request.member_id));
  } else {
    member = group.find_static(*request.instance_id);
    if (auto refused = check_static(member, request.member_id, *request.instance_id)) return std::unexpected(*refused);
    if (request.member_epoch == epoch_leaving_static) {
      // It will be back: its partitions stay, and nobody is told.
      Member away = *member;
      away.epoch = epoch_leaving_static;
      away.pending_revocation.clear();
      away.assigned = with_epoch(without_epochs(member->assigned), 0);
      decision.records.push_back(current_record(group.id(), away));
      return decision;
    }
  }
  Decision<NoAnswer> removal = remove_members(group, {member}, context);
  decision.records = std::move(removal.records);
  decision.timers = std::move(removal.timers);
  decision.downgrade = std::move(removal.downgrade);
  return decision;
}

/// One heartbeat that does not leave.
class Heartbeat {
 public:
  Heartbeat(ConsumerGroup& group, const Request& request, const Context& context)
      : group_(group), request_(request), context_(context) {}

  Decided<HeartbeatAnswer> decide() {
    const bool joins = request_.member_epoch == epoch_joining;
    if (auto refused = check_size(group_, request_.member_id, context_)) return std::unexpected(*refused);
    const std::string_view member_id = request_.member_id.empty() ? context_.fresh_member_id : request_.member_id;
    if (auto refused = request_.instance_id ? find_static_member(group_, member_id, *request_.instance_id, joins, false,
                                                                 found_, decision_.records)
                                            : find_dynamic_member(group_, member_id, joins, found_)) {
      return std::unexpected(*refused);
    }
    if (!found_.replaces) {
      if (auto refused = check_epoch(*found_.member, request_)) return std::unexpected(*refused);
    }
    const Member& before = *found_.member;
    std::optional<Member> changed = updated_by(before, request_, context_);
    const Member& updated = changed ? *changed : before;
    MemberChange change{.group = group_, .before = found_.member, .updated = updated, .context = context_};
    if (auto refused = apply_subscription(change, false, decision_.records, decision_.regexes)) {
      return std::unexpected(*refused);
    }
    const Target target = update_target(change, decision_.records);

    std::optional<Member> moved;
    if (auto refused = move(change, target, request_.topic_partitions ? &*request_.topic_partitions : nullptr, moved,
                            decision_.records, decision_.timers)) {
      return std::unexpected(*refused);
    }
    answer(before, moved ? *moved : updated);
    return std::move(decision_);
  }

 private:
  void answer(const Member& before, const Member& after) {
    decision_.timers.push_back({.kind = TimerChange::Kind::set,
                                .timer = MemberTimer::session,
                                .member_id = after.id,
                                .delay_ms = context_.settings.session_timeout_ms});
    HeartbeatAnswer& answer = decision_.answer;
    answer.member_id = after.id;
    answer.member_epoch = after.epoch;
    answer.heartbeat_interval_ms = context_.settings.heartbeat_interval_ms;
    // A member that says all of itself may have missed an answer: it is told all.
    const bool full = request_.rebalance_timeout_ms != -1 &&
                      (request_.subscribed_topic_names || request_.subscribed_topic_regex) && request_.topic_partitions;
    if (request_.member_epoch == epoch_joining || full || before.assigned != after.assigned) {
      answer.assignment = without_epochs(after.assigned);
    }
  }

  ConsumerGroup& group_;
  const Request& request_;
  const Context& context_;
  FoundMember found_;
  Decision<HeartbeatAnswer> decision_;
};

}  // namespace

std::optional<Refusal> check_heartbeat(const Request& request, int16_t version, const ConsumerGroupSettings& settings) {
  const Epoch epoch = request.member_epoch;
  if ((version >= 1 || epoch > 0 || epoch == epoch_leaving) && blank(request.member_id)) {
    return invalid("MemberId can't be empty.");
  }
  if (blank(request.group_id)) return invalid("GroupId can't be empty.");
  if (blank(request.instance_id)) return invalid("InstanceId can't be empty.");
  if (blank(request.rack_id)) return invalid("RackId can't be empty.");
  if (epoch == epoch_joining) {
    if (request.rebalance_timeout_ms == -1) return invalid("RebalanceTimeoutMs must be provided in first request.");
    if (!request.topic_partitions || !request.topic_partitions->empty()) {
      return invalid("TopicPartitions must be empty when (re-)joining.");
    }
    if (!request.subscribed_topic_names && !request.subscribed_topic_regex) {
      return invalid("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
    }
  } else if (epoch == epoch_leaving_static) {
    if (!request.instance_id) return invalid("InstanceId can't be null.");
  } else if (epoch < epoch_leaving_static) {
    return invalid("MemberEpoch is invalid.");
  }
  const auto& assignors = settings.assignors;
  if (request.server_assignor &&
      std::find(assignors.begin(), assignors.end(), *request.server_assignor) == assignors.end()) {
    return Refusal{ErrorCode::unsupported_assignor,
                   fmt::format("ServerAssignor {} is not supported. Supported assignors: {}.", *request.server_assignor,
                               fmt::join(assignors, ", "))};
  }
  return std::nullopt;
}

Decided<HeartbeatAnswer> heartbeat(ConsumerGroup& group, const Request& request, const Context& context) {
  if (request.member_epoch == epoch_leaving || request.member_epoch == epoch_leaving_static) {
    return leave(group, request, context);
  }
  return Heartbeat(group, request, context).decide();
}

}  // namespace moldau::group::consumer
