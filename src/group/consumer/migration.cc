#include "group/consumer/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "group/consumer/consumer_protocol.h"
#include "group/consumer/record_builder.h"
#include "group/consumer/target.h"

namespace moldau::group::consumer {
namespace {

using wire::ErrorCode;

constexpr std::string_view consumer_protocol_type = "consumer";
constexpr int16_t group_metadata_version = 3;

Refusal cannot_upgrade(std::string_view group, std::string_view why) {
  return {ErrorCode::group_id_not_found,
          fmt::format("Cannot upgrade classic group {} to consumer group because {}.", group, why)};
}

std::optional<Refusal> check_upgrade(const ClassicGroupView& classic, const ConsumerGroupSettings& settings) {
  if (!settings.upgrades()) return cannot_upgrade(classic.id, "online upgrade is disabled");
  if (classic.protocol_type != consumer_protocol_type) {
    return cannot_upgrade(classic.id, "the group does not use the consumer embedded protocol");
  }
  if (classic.members.size() > static_cast<size_t>(settings.size_max)) {
    return cannot_upgrade(classic.id, "the group size exceeds the consumer group maximum size");
  }
  // No generation of it was ever completed: there is no protocol to read its members by.
  if (!classic.protocol_name) return Refusal{ErrorCode::unknown_server_error, {}};
  return std::nullopt;
}

/// Partitions by topic name as partitions by topic id; topics that do not exist are dropped.
Assignment to_ids(const std::vector<ConsumerTopic>& topics, const metadata::Image& image) {
  Assignment result;
  for (const ConsumerTopic& topic : topics) {
    const metadata::TopicImage* found = image.topic(topic.topic);
    if (found != nullptr) result.push_back({.topic_id = found->id, .partitions = topic.partitions});
  }
  return normalized(std::move(result));
}

const ClassicProtocolView* find_protocol(const ClassicMemberView& member, std::string_view name) {
  for (const ClassicProtocolView& protocol : member.protocols) {
    if (protocol.name == name) return &protocol;
  }
  return nullptr;
}

std::expected<Member, Refusal> to_consumer_member(const ClassicGroupView& group, const ClassicMemberView& classic,
                                                  const Context& context, Assignment& assigned) {
  if (!classic.assignment.empty()) {
    const auto assignment = read_assignment(classic.assignment);
    if (!assignment) return std::unexpected(cannot_upgrade(group.id, "the embedded consumer protocol is malformed"));
    if (assignment->has_user_data) {
      return std::unexpected(cannot_upgrade(
          group.id,
          "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor "
          "before re-attempting the upgrade"));
    }
    assigned = to_ids(assignment->assigned, context.image);
  }
  const ClassicProtocolView* protocol = find_protocol(classic, *group.protocol_name);
  const auto subscription = protocol != nullptr ? read_subscription(protocol->metadata) : std::nullopt;
  if (!subscription) return std::unexpected(cannot_upgrade(group.id, "the embedded consumer protocol is malformed"));

  Member member;
  member.id = classic.id;
  member.epoch = member.previous_epoch = group.generation;
  if (classic.instance_id) member.instance_id = std::string(*classic.instance_id);
  if (subscription->rack && !subscription->rack->empty()) member.rack_id = std::string(*subscription->rack);
  member.rebalance_timeout_ms = classic.rebalance_timeout_ms;
  member.client_id = classic.client_id;
  member.client_host = classic.client_host;
  member.topics = sorted_set({subscription->topics.begin(), subscription->topics.end()});
  member.assigned = with_epoch(assigned, group.generation);
  ClassicMetadata& metadata = member.classic.emplace();
  metadata.session_timeout_ms = classic.session_timeout_ms;
  for (const ClassicProtocolView& view : classic.protocols) {
    metadata.protocols.push_back(
        {.name = std::string(view.name), .metadata = {view.metadata.begin(), view.metadata.end()}});
  }
  return member;
}

/// Replays records just made into a group of our own.
Status replay_all(ConsumerGroup& group, const std::vector<coordinator::Record>& records) {
  for (const coordinator::Record& record : records) {
    Record decoded;
    if (decode_record(record, decoded) != wire::DecodeStatus::ok) {
      return Failure{.kind = FailureKind::corrupt, .message = "a record just made cannot be read"};
    }
    RETURN_IF_FAILED(std::visit(
        [&](const auto& entry) -> Status {
          if constexpr (requires { group.replay(entry); }) return group.replay(entry);
          return {};
        },
        decoded));
  }
  return {};
}

bool may_downgrade(const ConsumerGroup& group, size_t staying, const Context& context) {
  return staying > 0 && context.settings.downgrades() &&
         staying <= static_cast<size_t>(context.settings.classic_size_max) && !group.empty();
}

/// The protocol that most members prefer among those that all of them have; nothing if there is none.
std::optional<std::string> select_protocol(const std::vector<const Member*>& members) {
  Counts offered;
  for (const Member* member : members) {
    std::set<std::string_view> names;
    for (const ClassicProtocol& protocol : member->classic->protocols) names.insert(protocol.name);
    for (const std::string_view name : names) add_count(offered, std::string(name), 1);
  }
  Counts votes;
  for (const Member* member : members) {
    for (const ClassicProtocol& protocol : member->classic->protocols) {
      if (offered.find(protocol.name)->second != static_cast<int32_t>(members.size())) continue;
      add_count(votes, protocol.name, 1);
      break;
    }
  }
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == votes.end()) return std::nullopt;
  return most->first;
}

std::vector<std::byte> classic_assignment(const Assignment& target, int16_t version, const metadata::Image& image) {
  std::vector<ConsumerTopic> topics;
  for (const AssignedTopic& topic : target) {
    const metadata::TopicImage* found = image.topic(topic.topic_id);
    if (found != nullptr) topics.push_back({.topic = found->name, .partitions = topic.partitions});
  }
  return write_assignment(topics, version);
}

/// The record of the classic group that `members` make; nothing if one of them cannot be read.
std::optional<coordinator::Record> classic_group_record(const ConsumerGroup& group,
                                                        const std::vector<const Member*>& members,
                                                        const Member* joining, const Context& context) {
  const std::optional<std::string> protocol = select_protocol(members);
  if (!protocol) return std::nullopt;
  GroupMetadataValue value;
  value.protocol_type = consumer_protocol_type;
  value.generation = group.epoch();
  value.protocol = *protocol;
  value.leader = members.front()->id;
  value.current_state_timestamp = context.wall;
  std::vector<std::vector<std::byte>> assignments;
  assignments.reserve(members.size());
  for (const Member* member : members) {
    const auto& protocols = member->classic->protocols;
    const auto selected =
        std::find_if(protocols.begin(), protocols.end(), [&](const auto& a) { return a.name == *protocol; });
    ASSERT(selected != protocols.end());
    const auto version = read_consumer_version(selected->metadata);
    if (!version || *version < 0) return std::nullopt;
    const Member* holder = member == joining && member->instance_id ? group.find_static(*member->instance_id) : member;
    const Assignment& target = group.target(holder != nullptr ? holder->id : member->id);
    assignments.push_back(classic_assignment(target, *version, context.image));
    GroupMetadataValue::MemberMetadata& into = value.members.emplace_back();
    into.member_id = member->id;
    if (member->instance_id) into.group_instance_id = *member->instance_id;
    into.client_id = member->client_id;
    into.client_host = member->client_host;
    into.rebalance_timeout = member->rebalance_timeout_ms;
    into.session_timeout = member->classic->session_timeout_ms;
    into.subscription = selected->metadata;
    into.assignment = assignments.back();
  }
  return make_record(GroupMetadataKey{.group = group.id()}, value, group_metadata_version);
}

}  // namespace

std::expected<Upgrade, Refusal> upgrade(const ClassicGroupView& classic, const Context& context) {
  if (auto refused = check_upgrade(classic, context.settings)) return std::unexpected(*refused);
  std::vector<Member> members;
  std::vector<Assignment> targets;
  SubscriptionCounts topics;
  for (const ClassicMemberView& view : classic.members) {
    auto member = to_consumer_member(classic, view, context, targets.emplace_back());
    if (!member) return std::unexpected(member.error());
    add_counts(topics, member->topics, 1, &SubscriptionCount::by_name);
    members.push_back(*std::move(member));
  }
  Upgrade result{.group = ConsumerGroup(std::string(classic.id)), .records = {}, .timers = {}};
  std::vector<coordinator::Record>& records = result.records;
  for (const Member& member : members) records.push_back(member_record(classic.id, member));
  records.push_back(epoch_record(classic.id, classic.generation, metadata_hash(topics, context)));
  for (size_t i = 0; i < members.size(); ++i) records.push_back(target_record(classic.id, members[i].id, targets[i]));
  records.push_back(target_epoch_record(classic.id, classic.generation, 0));
  for (const Member& member : members) records.push_back(current_record(classic.id, member));
  const Status replayed = replay_all(result.group, records);
  // Two members with one partition: only a client-side assignor of somebody's own does that.
  if (!replayed.ok()) return std::unexpected(cannot_upgrade(classic.id, "its members share partitions"));
  records.insert(records.begin(), make_tombstone(GroupMetadataKey{.group = classic.id}));
  for (const Member& member : members) {
    result.timers.push_back({.kind = TimerChange::Kind::set,
                             .timer = MemberTimer::session,
                             .member_id = member.id,
                             .delay_ms = member.classic->session_timeout_ms});
  }
  return result;
}

bool may_downgrade_without(const ConsumerGroup& group, const std::vector<const Member*>& leaving,
                           const Context& context) {
  const auto classic_leaving = static_cast<size_t>(std::count_if(
      leaving.begin(), leaving.end(), [](const Member* member) { return member->uses_classic_protocol(); }));
  const size_t staying = group.members().size() - leaving.size();
  return group.classic_members() - classic_leaving == staying && may_downgrade(group, staying, context);
}

bool may_downgrade_replacing(const ConsumerGroup& group, const Member& replaced, const Context& context) {
  const size_t members = group.members().size();
  return group.classic_members() == members - 1 && !replaced.uses_classic_protocol() &&
         may_downgrade(group, members, context);
}

bool downgrade(const ConsumerGroup& group, const std::vector<const Member*>& leaving, const Member* joining,
               const Context& context, std::vector<coordinator::Record>& records) {
  const Member* replaced =
      joining != nullptr && joining->instance_id ? group.find_static(*joining->instance_id) : nullptr;
  std::vector<const Member*> members;
  for (const auto& [id, member] : group.members()) {
    const bool leaves = std::find(leaving.begin(), leaving.end(), &member) != leaving.end();
    if (!leaves && &member != replaced) members.push_back(&member);
  }
  if (joining != nullptr) members.push_back(joining);
  const auto record = classic_group_record(group, members, joining, context);
  if (!record) return false;

  // By the time of these the replaced member's records are those of the joining one.
  std::vector<std::string_view> ids;
  for (const auto& [id, member] : group.members()) ids.push_back(&member == replaced ? joining->id : id);
  for (const std::string_view id : ids) records.push_back(current_tombstone(group.id(), id));
  for (const std::string_view id : ids) records.push_back(target_tombstone(group.id(), id));
  records.push_back(target_epoch_tombstone(group.id()));
  for (const std::string_view id : ids) records.push_back(member_tombstone(group.id(), id));
  for (const auto& [regex, resolved] : group.resolved_regexes()) records.push_back(regex_tombstone(group.id(), regex));
  records.push_back(old_metadata_tombstone(group.id()));
  records.push_back(epoch_tombstone(group.id()));
  records.push_back(*record);
  return true;
}

}  // namespace moldau::group::consumer
