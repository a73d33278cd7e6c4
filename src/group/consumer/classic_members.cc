#include "group/consumer/classic_members.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "group/consumer/changes.h"
#include "group/consumer/consumer_protocol.h"
#include "group/consumer/migration.h"

namespace moldau::group::consumer {
namespace {

using wire::ErrorCode;

constexpr std::string_view consumer_protocol_type = "consumer";
constexpr int16_t first_version_with_known_ids = 4;

std::optional<Refusal> check_join(const ConsumerGroup& group, const wire::JoinGroupRequest& request,
                                  std::string_view member_id, const Context& context) {
  if (context.settings.migration == MigrationPolicy::disabled) {
    return Refusal{ErrorCode::inconsistent_group_protocol,
                   fmt::format("Cannot join the consumer group {} with the classic protocol because the group "
                               "migration is disabled.",
                               group.id())};
  }
  if (auto refused = check_size(group, member_id, context)) return refused;
  // One of its protocols must be one that all members of the classic protocol have.
  const auto shared = [&](const auto& protocol) {
    const auto found = group.classic_protocols().find(protocol.name);
    const int32_t count = found == group.classic_protocols().end() ? 0 : found->second;
    return static_cast<size_t>(count) == group.classic_members();
  };
  if (request.protocol_type != consumer_protocol_type ||
      !std::any_of(request.protocols.begin(), request.protocols.end(), shared)) {
    return Refusal{ErrorCode::inconsistent_group_protocol,
                   fmt::format("Member {}'s protocols are not supported.", member_id)};
  }
  return std::nullopt;
}

Member updated_by(const Member& member, const wire::JoinGroupRequest& request, const ConsumerSubscription& subscription,
                  const Context& context) {
  Member updated = member;
  if (request.group_instance_id) updated.instance_id = std::string(*request.group_instance_id);
  if (subscription.rack && !subscription.rack->empty()) updated.rack_id = std::string(*subscription.rack);
  if (request.rebalance_timeout_ms != -1) updated.rebalance_timeout_ms = request.rebalance_timeout_ms;
  updated.topics = sorted_set({subscription.topics.begin(), subscription.topics.end()});
  updated.regex = "";
  updated.client_id = context.client_id;
  updated.client_host = context.client_host;
  ClassicMetadata& classic = updated.classic.emplace();
  classic.session_timeout_ms = request.session_timeout_ms;
  for (const auto& protocol : request.protocols) {
    classic.protocols.push_back(
        {.name = std::string(protocol.name), .metadata = {protocol.metadata.begin(), protocol.metadata.end()}});
  }
  return updated;
}

ReportedPartitions reported_by(const ConsumerSubscription& subscription, const metadata::Image& image) {
  ReportedPartitions result;
  for (const ConsumerTopic& topic : subscription.owned) {
    const metadata::TopicImage* found = image.topic(topic.topic);
    if (found != nullptr) result.push_back({.topic_id = found->id, .partitions = topic.partitions});
  }
  return result;
}

TimerChange timer(TimerChange::Kind kind, MemberTimer which, const std::string& member_id, int32_t delay_ms = 0) {
  return {.kind = kind, .timer = which, .member_id = member_id, .delay_ms = delay_ms};
}

/// The member that a request of the classic protocol is from.
std::expected<const Member*, Refusal> find_classic(const ConsumerGroup& group, std::string_view member_id,
                                                   std::optional<std::string_view> instance_id) {
  const Member* member = nullptr;
  if (!instance_id) {
    member = group.find(member_id);
    if (member == nullptr) return std::unexpected(not_a_member(group, member_id));
  } else {
    member = group.find_static(*instance_id);
    if (member == nullptr) {
      return std::unexpected(
          Refusal{ErrorCode::unknown_member_id,
                  fmt::format("Member with instance id {} is not a member of group {}.", *instance_id, group.id())});
    }
    if (auto refused = check_static(member, member_id, *instance_id)) return std::unexpected(*refused);
  }
  if (!member->uses_classic_protocol()) {
    return std::unexpected(
        Refusal{ErrorCode::unknown_member_id, fmt::format("Member {} does not use the classic protocol.", member->id)});
  }
  // Only a log that another wrote can have such a member.
  if (member->classic->protocols.empty()) return std::unexpected(Refusal{ErrorCode::unknown_server_error, {}});
  return member;
}

std::optional<Refusal> check_generation(const Member& member, int32_t generation) {
  if (member.epoch == generation) return std::nullopt;
  return Refusal{ErrorCode::illegal_generation,
                 fmt::format("The request generation id {} is not equal to the member epoch {} of member {}.",
                             generation, member.epoch, member.id)};
}

std::optional<Refusal> check_protocol(const Member& member, const wire::SyncGroupRequest& request) {
  if (request.protocol_type && *request.protocol_type != consumer_protocol_type) {
    return Refusal{
        ErrorCode::inconsistent_group_protocol,
        fmt::format("The protocol type {} from member {} request is not equal to the group protocol type {}.",
                    *request.protocol_type, member.id, consumer_protocol_type)};
  }
  const std::string& name = member.classic->protocols.front().name;
  if (request.protocol_name && *request.protocol_name != name) {
    return Refusal{ErrorCode::inconsistent_group_protocol,
                   fmt::format("The protocol name {} from member {} request is not equal to the protocol name {} "
                               "returned in the join response.",
                               *request.protocol_name, member.id, name)};
  }
  return std::nullopt;
}

/// True while some of its target is still another's.
bool waits_for_others(const ConsumerGroup& group, const Member& member) {
  for (const AssignedTopic& topic : group.target(member.id)) {
    for (const PartitionIndex partition : topic.partitions) {
      if (find_partition(member.assigned, topic.topic_id, partition) == nullptr &&
          group.partition_epoch(topic.topic_id, partition) != -1) {
        return true;
      }
    }
  }
  return false;
}

/// A join that was checked.
class Join {
 public:
  Join(ConsumerGroup& group, const wire::JoinGroupRequest& request, std::string_view member_id, const Context& context)
      : group_(group), request_(request), member_id_(member_id), context_(context) {}

  Decided<ClassicJoinAnswer> decide() {
    const auto instance = request_.group_instance_id;
    const bool is_new = request_.member_id.empty();
    FoundMember found;
    if (auto refused = instance
                           ? find_static_member(group_, member_id_, *instance, is_new, true, found, decision_.records)
                           : find_dynamic_member(group_, member_id_, true, found)) {
      return std::unexpected(*refused);
    }
    const auto subscription = read_subscription(request_.protocols.front().metadata);
    if (!subscription) return std::unexpected(Refusal{ErrorCode::unknown_server_error, {}});
    const Member* existing = instance ? group_.find_static(*instance) : nullptr;
    const bool turns_back = existing != nullptr && may_downgrade_replacing(group_, *existing, context_);

    const Member updated = updated_by(*found.member, request_, *subscription, context_);
    MemberChange change{.group = group_, .before = found.member, .updated = updated, .context = context_};
    if (auto refused = apply_subscription(change, true, decision_.records, decision_.regexes)) {
      return std::unexpected(*refused);
    }
    const ReportedPartitions reported = reported_by(*subscription, context_.image);
    std::optional<Member> moved;
    const bool stale = group_.assignment_epoch() < change.group_epoch;
    if (!turns_back || !stale) {
      const Target target = turns_back ? last_target(group_, updated) : update_target(change, decision_.records);
      if (auto refused = move(change, target, &reported, moved, decision_.records, decision_.timers)) {
        return std::unexpected(*refused);
      }
    }
    const Member& after = moved ? *moved : updated;
    if (turns_back && !turn_back(after, stale)) {
      return std::unexpected(Refusal{
          ErrorCode::group_id_not_found,
          fmt::format("Cannot downgrade the classic group {}: a member's protocol is malformed.", group_.id())});
    }
    answer(after, turns_back);
    return std::move(decision_);
  }

 private:
  bool turn_back(const Member& joining, bool stale) {
    if (!downgrade(group_, {}, &joining, context_, decision_.records)) return false;
    Downgrade& into = decision_.downgrade.emplace();
    into.rebalance = stale;
    if (stale) {
      into.reason = fmt::format("Downgrade group {} from consumer to classic with stale assignment.", group_.id());
    }
    return true;
  }

  void answer(const Member& after, bool turned_back) {
    ClassicJoinAnswer& answer = decision_.answer;
    answer.member_id = after.id;
    answer.generation = after.epoch;
    answer.protocol_name = after.classic->protocols.front().name;
    decision_.timers.push_back(timer(TimerChange::Kind::cancel, MemberTimer::join, after.id));
    if (turned_back) return;
    decision_.timers.push_back(
        timer(TimerChange::Kind::set, MemberTimer::session, after.id, request_.session_timeout_ms));
    decision_.timers.push_back(
        timer(TimerChange::Kind::set, MemberTimer::sync, after.id, request_.rebalance_timeout_ms));
  }

  ConsumerGroup& group_;
  const wire::JoinGroupRequest& request_;
  std::string_view member_id_;
  const Context& context_;
  Decision<ClassicJoinAnswer> decision_;
};

}  // namespace

Decided<ClassicJoinAnswer> classic_join(ConsumerGroup& group, const wire::JoinGroupRequest& request, int16_t version,
                                        const Context& context) {
  const bool is_new = request.member_id.empty();
  const std::string_view member_id = is_new ? context.fresh_member_id : request.member_id;
  if (auto refused = check_join(group, request, member_id, context)) return std::unexpected(*refused);
  if (is_new && !request.group_instance_id && version >= first_version_with_known_ids) {
    Decision<ClassicJoinAnswer> decision;
    decision.answer.error = ErrorCode::member_id_required;
    decision.answer.member_id = member_id;
    return decision;
  }
  return Join(group, request, member_id, context).decide();
}

Decided<ClassicSyncAnswer> classic_sync(const ConsumerGroup& group, const wire::SyncGroupRequest& request,
                                        const Context& context) {
  const auto found = find_classic(group, request.member_id, request.group_instance_id);
  if (!found) return std::unexpected(found.error());
  const Member& member = **found;
  if (auto refused = check_generation(member, request.generation_id)) return std::unexpected(*refused);
  if (auto refused = check_protocol(member, request)) return std::unexpected(*refused);
  Decision<ClassicSyncAnswer> decision;
  if (group.assignment_epoch() > member.epoch && member.state != MemberState::unrevoked_partitions) {
    decision.answer.error = ErrorCode::rebalance_in_progress;
    decision.timers.push_back(
        timer(TimerChange::Kind::set_if_absent, MemberTimer::join, member.id, member.rebalance_timeout_ms));
    return decision;
  }
  decision.timers.push_back(timer(TimerChange::Kind::cancel, MemberTimer::sync, member.id));
  decision.timers.push_back(
      timer(TimerChange::Kind::set, MemberTimer::session, member.id, member.classic->session_timeout_ms));
  std::vector<ConsumerTopic> topics;
  for (const AssignedTopic& topic : without_epochs(member.assigned)) {
    const metadata::TopicImage* image = context.image.topic(topic.topic_id);
    if (image != nullptr) topics.push_back({.topic = image->name, .partitions = topic.partitions});
  }
  const auto protocol_version = read_consumer_version(member.classic->protocols.front().metadata);
  if (!protocol_version) return std::unexpected(Refusal{ErrorCode::unknown_server_error, {}});
  decision.answer.assignment = write_assignment(topics, *protocol_version);
  return decision;
}

Decided<ClassicHeartbeatAnswer> classic_heartbeat(const ConsumerGroup& group, const wire::HeartbeatRequest& request,
                                                  const Context&) {
  const auto found = find_classic(group, request.member_id, request.group_instance_id);
  if (!found) return std::unexpected(found.error());
  const Member& member = **found;
  if (auto refused = check_generation(member, request.generation_id)) return std::unexpected(*refused);
  Decision<ClassicHeartbeatAnswer> decision;
  decision.timers.push_back(
      timer(TimerChange::Kind::set, MemberTimer::session, member.id, member.classic->session_timeout_ms));
  if (member.epoch < group.assignment_epoch() || member.state == MemberState::unrevoked_partitions ||
      (member.state == MemberState::unreleased_partitions && !waits_for_others(group, member))) {
    decision.answer.error = ErrorCode::rebalance_in_progress;
    decision.timers.push_back(
        timer(TimerChange::Kind::set_if_absent, MemberTimer::join, member.id, member.rebalance_timeout_ms));
  }
  return decision;
}

Decision<ClassicLeaveAnswer> classic_leave(const ConsumerGroup& group,
                                           const std::vector<wire::LeaveGroupRequest::MemberIdentity>& members,
                                           const Context& context) {
  Decision<ClassicLeaveAnswer> decision;
  std::vector<const Member*> leaving;
  for (const auto& identity : members) {
    const Member* member = nullptr;
    ErrorCode error = ErrorCode::none;
    if (!identity.group_instance_id) {
      member = group.find(identity.member_id);
      if (member == nullptr) error = ErrorCode::unknown_member_id;
    } else {
      member = group.find_static(*identity.group_instance_id);
      if (member == nullptr) {
        error = ErrorCode::unknown_member_id;
      } else if (!identity.member_id.empty() && identity.member_id != member->id) {
        error = ErrorCode::fenced_instance_id;
      }
    }
    decision.answer.errors.push_back(error);
    const bool valid = error == ErrorCode::none;
    if (valid && std::find(leaving.begin(), leaving.end(), member) == leaving.end()) leaving.push_back(member);
  }
  Decision<NoAnswer> removal = remove_members(group, leaving, context);
  decision.records = std::move(removal.records);
  decision.timers = std::move(removal.timers);
  decision.downgrade = std::move(removal.downgrade);
  return decision;
}

}  // namespace moldau::group::consumer
