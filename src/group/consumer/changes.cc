#include "group/consumer/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "group/consumer/migration.h"
#include "group/consumer/record_builder.h"
#include "group/consumer/regex.h"

namespace moldau::group::consumer {
namespace {

using wire::ErrorCode;

/// Expressions of a group are resolved together, at most this often.
constexpr int64_t regex_batch_interval_ms = 10'000;

enum class RegexChange : uint8_t { none, changed, changed_and_resolved };

void add_removal(std::string_view group, std::string_view member_id, std::vector<coordinator::Record>& records) {
  records.push_back(current_tombstone(group, member_id));
  records.push_back(target_tombstone(group, member_id));
  records.push_back(member_tombstone(group, member_id));
}

bool non_empty(const std::optional<std::string>& text) {
  return text && !text->empty();
}

/// Milliseconds since `then`, which a log says and which may be any number.
int64_t elapsed(WallMillis now, WallMillis then) {
  if (then >= now) return 0;
  return then < 0 ? INT64_MAX : now - then;
}

/// Whether the expressions of the group must be resolved now, and which.
void maybe_resolve(const MemberChange& change, bool required, std::optional<RegexJob>& job) {
  const ConsumerGroup& group = change.group;
  const Context& context = change.context;
  if (!required && group.regexes().empty()) return;
  const ResolvedRegexes& resolved = group.resolved_regexes();
  const bool any = !resolved.empty();
  const int64_t age = any ? elapsed(context.wall, resolved.begin()->second.timestamp) : INT64_MAX;
  if (age <= regex_batch_interval_ms) return;
  const Counts regexes = Subscriptions::with(group, change.before, change.updated).regexes;
  const int64_t version = any ? resolved.begin()->second.version : 0;
  required = required || regexes.size() != resolved.size() || version < context.newest_topics ||
             age > context.settings.regex_refresh_interval_ms;
  if (!required || regexes.empty()) return;
  job.emplace();
  for (const auto& [regex, count] : regexes) job->regexes.push_back(regex);
}

std::optional<Refusal> apply_regex(const MemberChange& change, RegexChange& result,
                                   std::vector<coordinator::Record>& records, std::optional<RegexJob>& job) {
  const ConsumerGroup& group = change.group;
  const auto& before = change.before->regex;
  const auto& after = change.updated.regex;
  bool required = false;
  if (before != after) {
    result = RegexChange::changed;
    if (non_empty(before) && group.regex_members(*before) == 1) {
      records.push_back(regex_tombstone(group.id(), *before));
    }
    if (!non_empty(after)) {
      if (non_empty(before)) result = RegexChange::changed_and_resolved;
    } else if (group.regex_members(*after) == 0) {
      if (const auto error = regex_error(*after)) {
        return Refusal{ErrorCode::invalid_regular_expression,
                       fmt::format("SubscribedTopicRegex `{}` is not a valid regular expression: {}.", *after, *error)};
      }
      required = true;
    } else if (group.resolved(*after) != nullptr) {
      result = RegexChange::changed_and_resolved;
    }
  }
  maybe_resolve(change, required, job);
  return std::nullopt;
}

/// Takes up what the topics are now, and writes the next epoch if there is a reason to.
void update_epoch(MemberChange& change, bool bump, std::vector<coordinator::Record>& records) {
  ConsumerGroup& group = change.group;
  const Subscriptions subscriptions = Subscriptions::with(group, change.before, change.updated);
  const int64_t hash = metadata_hash(subscriptions.topics, change.context);
  size_t members = group.members().size();
  const auto& instance = change.updated.instance_id;
  if (group.find(change.updated.id) == nullptr && (!instance || group.find_static(*instance) == nullptr)) ++members;
  change.homogeneous = is_homogeneous(subscriptions.regexes, subscriptions.topics, members);
  if (bump || hash != group.metadata_hash()) {
    ++change.group_epoch;
    records.push_back(epoch_record(group.id(), change.group_epoch, hash));
  }
  group.metadata_checked(change.context.image.applied().offset, change.group_epoch);
  if (group.has_old_metadata_record()) records.push_back(old_metadata_tombstone(group.id()));
}

}  // namespace

Refusal not_a_member(const ConsumerGroup& group, std::string_view member_id) {
  return {ErrorCode::unknown_member_id, fmt::format("Member {} is not a member of group {}.", member_id, group.id())};
}

std::optional<Refusal> check_size(const ConsumerGroup& group, std::string_view member_id, const Context& context) {
  const auto limit = static_cast<size_t>(context.settings.size_max);
  if (group.members().size() < limit || group.find(member_id) != nullptr) return std::nullopt;
  return Refusal{ErrorCode::group_max_size_reached,
                 fmt::format("The consumer group has reached its maximum capacity of {} members.", limit)};
}

std::optional<Refusal> check_static(const Member* member, std::string_view member_id, std::string_view instance_id) {
  if (member == nullptr) {
    return Refusal{ErrorCode::unknown_member_id, fmt::format("Instance id {} is unknown.", instance_id)};
  }
  if (member->id == member_id) return std::nullopt;
  return Refusal{
      ErrorCode::fenced_instance_id,
      fmt::format("Static member {} with instance id {} was fenced by member {}.", member_id, instance_id, member->id)};
}

std::optional<Refusal> find_dynamic_member(const ConsumerGroup& group, std::string_view member_id, bool create,
                                           FoundMember& found) {
  found.member = group.find(member_id);
  if (found.member != nullptr) return std::nullopt;
  if (!create) return not_a_member(group, member_id);
  found.made.emplace().id = member_id;
  found.member = &*found.made;
  return std::nullopt;
}

std::optional<Refusal> find_static_member(const ConsumerGroup& group, std::string_view member_id,
                                          std::string_view instance_id, bool create, bool classic, FoundMember& found,
                                          std::vector<coordinator::Record>& records) {
  const Member* existing = group.find_static(instance_id);
  if (!create) {
    if (auto refused = check_static(existing, member_id, instance_id)) return refused;
    found.member = existing;
    return std::nullopt;
  }
  if (existing == nullptr) return find_dynamic_member(group, member_id, true, found);
  // Only a member that left for a while gives up its place; one of the classic protocol cannot say so, and its
  // successor is believed.
  if (!classic && !existing->uses_classic_protocol() && existing->epoch != epoch_leaving_static) {
    return Refusal{ErrorCode::unreleased_instance_id,
                   fmt::format("Static member {} with instance id {} cannot join the group because the instance id is "
                               "owned by {} member.",
                               member_id, instance_id, existing->id)};
  }
  Member& successor = found.made.emplace(*existing);
  successor.id = member_id;
  successor.epoch = 0;
  successor.previous_epoch = 0;
  found.member = &successor;
  found.replaces = true;
  add_removal(group.id(), existing->id, records);
  records.push_back(member_record(group.id(), successor));
  records.push_back(target_record(group.id(), successor.id, group.target(existing->id)));
  records.push_back(current_record(group.id(), successor));
  return std::nullopt;
}

std::optional<Refusal> apply_subscription(MemberChange& change, bool bump_for_regex,
                                          std::vector<coordinator::Record>& records, std::optional<RegexJob>& regexes) {
  const ConsumerGroup& group = change.group;
  bool topics_changed = false;
  if (change.before != &change.updated && *change.before != change.updated) {
    records.push_back(member_record(group.id(), change.updated));
    topics_changed = change.before->topics != change.updated.topics;
  }
  RegexChange regex = RegexChange::none;
  if (auto refused = apply_regex(change, regex, records, regexes)) return refused;
  change.subscription_changed = topics_changed || regex != RegexChange::none;
  const bool bump =
      topics_changed || (bump_for_regex ? regex != RegexChange::none : regex == RegexChange::changed_and_resolved);
  change.group_epoch = group.epoch();
  if (bump || group.metadata_is_new(change.context.image.applied().offset)) {
    update_epoch(change, bump, records);
  } else if (group.assignment_epoch() < change.group_epoch) {
    change.homogeneous = is_homogeneous(group.regexes(), group.subscribed_topics(), group.members().size());
  }
  return std::nullopt;
}

Target last_target(const ConsumerGroup& group, const Member& member) {
  // A member that takes the place of a static one takes its target too.
  const Member* holder = member.instance_id ? group.find_static(*member.instance_id) : &member;
  Target result{.epoch = group.assignment_epoch(), .assignment = {}};
  if (holder != nullptr) result.assignment = group.target(holder->id);
  return result;
}

Target update_target(const MemberChange& change, std::vector<coordinator::Record>& records) {
  const ConsumerGroup& group = change.group;
  if (group.assignment_epoch() >= change.group_epoch || !may_compute_target(group, change.context)) {
    // A member at its target needs no copy of it.
    if (!change.subscription_changed && change.updated.reconciled_to(group.assignment_epoch())) {
      return {.epoch = group.assignment_epoch(), .assignment = {}};
    }
    return last_target(group, change.updated);
  }
  return compute_target(group, change.group_epoch, change.before, change.updated, change.homogeneous, change.context,
                        records);
}

std::optional<Refusal> move(const MemberChange& change, const Target& target, const ReportedPartitions* reported,
                            std::optional<Member>& moved, std::vector<coordinator::Record>& records,
                            std::vector<TimerChange>& timers) {
  if (!change.subscription_changed && change.updated.reconciled_to(target.epoch)) return std::nullopt;
  Member member = change.updated;
  const ReconcileInput input{.group = change.group,
                             .image = change.context.image,
                             .target_epoch = target.epoch,
                             .target = target.assignment,
                             .subscription_changed = change.subscription_changed,
                             .reported = reported,
                             .revocations_unconfirmed = change.context.settings.revocations_unconfirmed};
  switch (reconcile(member, input)) {
    case ReconcileResult::unchanged:
      return std::nullopt;
    case ReconcileResult::must_rejoin:
      return Refusal{ErrorCode::fenced_member_epoch,
                     "The consumer group member is in a unknown state. The member must abandon all its partitions and "
                     "rejoin."};
    case ReconcileResult::changed:
      break;
  }
  records.push_back(current_record(change.group.id(), member));
  if (!member.uses_classic_protocol()) {
    const bool must_revoke = member.state == MemberState::unrevoked_partitions;
    timers.push_back({.kind = must_revoke ? TimerChange::Kind::set : TimerChange::Kind::cancel,
                      .timer = MemberTimer::rebalance,
                      .member_id = member.id,
                      .delay_ms = must_revoke ? member.rebalance_timeout_ms : 0,
                      .member_epoch = must_revoke ? member.epoch : 0});
  }
  moved = std::move(member);
  return std::nullopt;
}

Decision<NoAnswer> remove_members(const ConsumerGroup& group, const std::vector<const Member*>& members,
                                  const Context& context) {
  Decision<NoAnswer> decision;
  if (members.empty()) return decision;
  // A group whose members' protocols cannot be read stays what it is.
  if (may_downgrade_without(group, members, context) && downgrade(group, members, nullptr, context, decision.records)) {
    decision.downgrade =
        Downgrade{.rebalance = true,
                  .reason = fmt::format("Downgrade group {} from consumer to classic for member leaving.", group.id())};
    return decision;
  }
  SubscriptionCounts topics = group.subscribed_topics();
  Counts leaving;
  for (const Member* member : members) {
    add_removal(group.id(), member->id, decision.records);
    add_counts(topics, member->topics, -1, &SubscriptionCount::by_name);
    if (member->has_regex()) add_count(leaving, *member->regex, 1);
  }
  for (const auto& [regex, count] : leaving) {
    if (group.regex_members(regex) != count) continue;
    decision.records.push_back(regex_tombstone(group.id(), regex));
    if (const ResolvedRegex* resolved = group.resolved(regex)) {
      add_counts(topics, resolved->topics, -1, &SubscriptionCount::by_regex);
    }
  }
  decision.records.push_back(epoch_record(group.id(), group.epoch() + 1, metadata_hash(topics, context)));
  for (const Member* member : members) {
    for (const MemberTimer timer :
         {MemberTimer::session, MemberTimer::rebalance, MemberTimer::join, MemberTimer::sync}) {
      decision.timers.push_back({.kind = TimerChange::Kind::cancel, .timer = timer, .member_id = member->id});
    }
  }
  return decision;
}

}  // namespace moldau::group::consumer
