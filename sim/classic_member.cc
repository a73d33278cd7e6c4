// A member of the classic protocol: eager (it gives everything up before each JoinGroup) or cooperative (only what the
// next generation takes away), dynamic or static; as leader it assigns, stickily.
#include <fmt/core.h>

#include <algorithm>

#include "group/consumer/consumer_protocol.h"
#include "sim/group_member.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"
#include "wire/encoder.h"

namespace moldau::sim {
namespace {

using group::consumer::ConsumerTopic;
using wire::ErrorCode;

constexpr int16_t first_join_with_instance = 5;

/// What a leader knows of a member.
struct Candidate {
  std::string id;
  PartitionSet owned;
  int32_t generation = -1;
};

/// ConsumerProtocolSubscription.
std::vector<std::byte> subscription(const std::vector<std::string>& topics, const std::vector<ConsumerTopic>& owned,
                                    int32_t generation, int16_t version) {
  wire::Encoder encoder(64);
  encoder.put_int16(version);
  encoder.put_int32(static_cast<int32_t>(topics.size()));
  for (const std::string& topic : topics) encoder.put_string(false, topic);
  encoder.put_int32(-1);
  if (version >= 1) {
    encoder.put_int32(static_cast<int32_t>(owned.size()));
    for (const ConsumerTopic& topic : owned) {
      encoder.put_string(false, topic.topic);
      encoder.put_int32(static_cast<int32_t>(topic.partitions.size()));
      for (const PartitionIndex index : topic.partitions) encoder.put_int32(index);
    }
  }
  if (version >= 2) encoder.put_int32(generation);
  if (version >= 3) encoder.put_null_string(false);
  const std::span<const std::byte> view = encoder.view();
  return {view.begin(), view.end()};
}

/// Everybody keeps up to a fair share of what it had; what is free goes to those with least. In a cooperative group
/// what somebody else still has is free in the next generation only.
std::map<std::string, PartitionSet> assign(std::vector<Candidate> members, const PartitionSet& wanted,
                                           bool cooperative) {
  std::sort(members.begin(), members.end(), [](const Candidate& a, const Candidate& b) {
    return a.generation != b.generation ? a.generation > b.generation : a.id < b.id;
  });
  const size_t share = (wanted.size() + members.size() - 1) / members.size();
  std::map<std::string, PartitionSet> assignment;
  PartitionSet free = wanted;
  PartitionSet claimed;
  for (const Candidate& member : members) {
    PartitionSet& kept = assignment[member.id];
    for (const uint32_t partition : member.owned) {
      if (!free.contains(partition)) continue;
      if (kept.size() < share) {
        kept.insert(partition);
        free.erase(partition);
      } else {
        claimed.insert(partition);
      }
    }
  }
  for (const uint32_t partition : free) {
    if (cooperative && claimed.contains(partition)) continue;
    const auto least = std::min_element(assignment.begin(), assignment.end(),
                                        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    least->second.insert(partition);
  }
  return assignment;
}

class ClassicMember final : public GroupMember {
 public:
  ClassicMember(GroupContext& groups, const GroupPlan& plan, uint32_t number)
      : GroupMember(groups, plan, number),
        cooperative_(plan.kind == GroupKind::cooperative || (plan.kind == GroupKind::mixed && plan.cooperative)) {}

 private:
  io::Task<void> join() override;
  io::Task<void> beat() override;
  io::Task<void> leave() override;
  bool may_leave_a_hole() const override { return cooperative_ && instance_id_.has_value(); }
  OffsetClient::Committer committer() const override {
    return {.group = plan_.name,
            .member_id = member_id_,
            .instance_id = instance_id_,
            .epoch = epoch_,
            .version_min = static_cast<int16_t>(instance_id_ ? 7 : 2)};
  }
  io::Task<void> sync(int32_t generation, std::string protocol, std::map<std::string, PartitionSet> made, bool leads);
  io::Task<void> take(int32_t generation, PartitionSet assigned);
  std::vector<ConsumerTopic> topics_of(const PartitionSet& partitions) const;
  PartitionSet numbers_of(const std::vector<ConsumerTopic>& topics) const;
  std::map<std::string, PartitionSet> lead(const wire::JoinGroupResponse& response) const;
  /// What an error of join, sync or heartbeat means for it.
  void take_error(const char* what, ErrorCode error);
  const char* protocol() const { return cooperative_ ? "cooperative-sticky" : "range"; }

  bool cooperative_;
};

std::vector<ConsumerTopic> ClassicMember::topics_of(const PartitionSet& partitions) const {
  std::vector<ConsumerTopic> topics;
  for (const uint32_t number : partitions) {
    const PartitionName& place = groups_.partition(number);
    if (topics.empty() || topics.back().topic != place.topic)
      topics.push_back({.topic = place.topic, .partitions = {}});
    topics.back().partitions.push_back(place.index);
  }
  return topics;
}

PartitionSet ClassicMember::numbers_of(const std::vector<ConsumerTopic>& topics) const {
  PartitionSet numbers;
  for (const ConsumerTopic& topic : topics) {
    for (const PartitionIndex index : topic.partitions) {
      const std::optional<uint32_t> number = groups_.number_of(topic.topic, index);
      if (number.has_value() && numbers.insert(*number).second) continue;
      groups_.shadow.violate(
          fmt::format("{} has {}-{} in its assignment, twice or from nowhere", node_.name(), topic.topic, index));
    }
  }
  return numbers;
}

std::map<std::string, PartitionSet> ClassicMember::lead(const wire::JoinGroupResponse& response) const {
  std::vector<Candidate> members;
  for (const auto& member : response.members) {
    const auto told = group::consumer::read_subscription(member.metadata);
    if (!told.has_value()) {
      groups_.shadow.violate(
          fmt::format("group {}: the subscription of {} is not what it sent", plan_.name, member.member_id));
      return {};
    }
    members.push_back({std::string(member.member_id), numbers_of(told->owned), told->generation});
  }
  if (members.empty()) return {};
  return assign(std::move(members), wanted(), cooperative_);
}

void ClassicMember::take_error(const char* what, ErrorCode error) {
  groups_.run.count_error(code_of(error));
  switch (error) {
    case ErrorCode::rebalance_in_progress:
      joined_ = false;
      return;
    case ErrorCode::illegal_generation:
      forget();
      return;
    case ErrorCode::unknown_member_id:
    case ErrorCode::fenced_instance_id:
      forget();
      member_id_.clear();
      epoch_ = -1;
      return;
    case ErrorCode::member_id_required:
      return;
    default:
      if (!coordinator_away(error)) unexpected(what, error);
  }
}

io::Task<void> ClassicMember::join() {
  settled_ = false;
  if (!cooperative_) owned_.clear();
  const auto version = static_cast<int16_t>(prng_.between(instance_id_   ? first_join_with_instance
                                                          : cooperative_ ? 4
                                                                         : 1,
                                                          9));
  const auto subscription_version = static_cast<int16_t>(cooperative_ ? prng_.between(2, 3) : prng_.between(0, 3));
  const std::vector<std::byte> metadata = subscription(
      topics_, cooperative_ ? topics_of(owned_) : std::vector<ConsumerTopic>{}, epoch_, subscription_version);
  const std::string sent_id = member_id_;
  wire::JoinGroupRequest request;
  request.group_id = plan_.name;
  request.session_timeout_ms = static_cast<int32_t>(plan_.session.milliseconds());
  request.rebalance_timeout_ms = static_cast<int32_t>(plan_.rebalance.milliseconds());
  request.member_id = sent_id;
  if (instance_id_.has_value()) request.group_instance_id = *instance_id_;
  request.protocol_type = "consumer";
  request.protocols.push_back({protocol(), metadata});
  if (!cooperative_ && subscription_version != 2) request.protocols.push_back({"roundrobin", metadata});
  const Epoch floor = groups_.shadow.floor(plan_.name);
  const client::SendOptions options{
      .extra_time = plan_.rebalance * 2 + seconds(5), .version_max = version, .version_min = version};
  Result<client::Reply<wire::JoinGroupResponse>> reply =
      co_await offsets_.client().send<wire::JoinGroupRequest, wire::JoinGroupResponse>(client::any_node, request,
                                                                                       options);
  if (!reply.ok()) co_return;
  const wire::JoinGroupResponse& response = reply->message;
  const auto error = static_cast<ErrorCode>(response.error_code);
  if (error != ErrorCode::none) {
    take_error("a JoinGroup", error);
    if (error == ErrorCode::member_id_required) member_id_ = response.member_id;
    co_return;
  }
  member_id_ = response.member_id;
  groups_.shadow.generation(plan_.name, floor, response.generation_id, false);
  const int32_t generation = response.generation_id;
  const bool leads = response.leader == response.member_id;
  const std::string selected(response.protocol_name.value_or(""));
  std::map<std::string, PartitionSet> made;
  if (leads && !response.skip_assignment) made = lead(response);
  if (leads && !made.empty()) groups_.shadow.computed(plan_.name, generation, made);
  // A process may be slow here: the others wait for it.
  if (prng_.chance(1, 6)) {
    const Duration slow = milliseconds(prng_.between(1, 300));
    co_await offsets_.rest(slow);
  }
  co_await sync(generation, selected, std::move(made), leads);
}

io::Task<void> ClassicMember::sync(int32_t generation, std::string protocol, std::map<std::string, PartitionSet> made,
                                   bool leads) {
  const auto version = static_cast<int16_t>(prng_.between(instance_id_ ? 3 : 0, 5));
  const std::string id = member_id_;
  const auto assignment_version = static_cast<int16_t>(prng_.between(0, 3));
  std::vector<std::vector<std::byte>> texts;
  texts.reserve(made.size());
  wire::SyncGroupRequest request;
  request.group_id = plan_.name;
  request.generation_id = generation;
  request.member_id = id;
  if (instance_id_.has_value()) request.group_instance_id = *instance_id_;
  if (version >= 5) request.protocol_type = "consumer";
  if (version >= 5) request.protocol_name = protocol;
  if (leads) {
    for (const auto& [member, partitions] : made) {
      texts.push_back(group::consumer::write_assignment(topics_of(partitions), assignment_version));
      request.assignments.push_back({member, texts.back()});
    }
  }
  const client::SendOptions options{
      .extra_time = plan_.rebalance * 2 + seconds(5), .version_max = version, .version_min = version};
  Result<client::Reply<wire::SyncGroupResponse>> reply =
      co_await offsets_.client().send<wire::SyncGroupRequest, wire::SyncGroupResponse>(client::any_node, request,
                                                                                       options);
  if (!reply.ok()) co_return;
  const auto error = static_cast<ErrorCode>(reply->message.error_code);
  if (error != ErrorCode::none) {
    take_error("a SyncGroup", error);
    co_return;
  }
  PartitionSet assigned;
  if (!reply->message.assignment.empty()) {
    const auto told = group::consumer::read_assignment(reply->message.assignment);
    if (!told.has_value()) {
      groups_.shadow.violate(fmt::format("{} was given an assignment that cannot be read", node_.name()));
      co_return;
    }
    assigned = numbers_of(told->assigned);
  }
  groups_.shadow.generation(plan_.name, generation, generation, true);
  groups_.shadow.synced(plan_.name, generation, name(), assigned, plan_.kind != GroupKind::mixed);
  co_await take(generation, std::move(assigned));
}

io::Task<void> ClassicMember::take(int32_t generation, PartitionSet assigned) {
  PartitionSet fresh;
  bool revoked = false;
  for (const uint32_t partition : assigned) {
    if (!owned_.contains(partition)) fresh.insert(partition);
  }
  for (const uint32_t partition : owned_) revoked |= !assigned.contains(partition);
  epoch_ = generation;
  owned_ = std::move(assigned);
  joined_ = true;
  settled_ = true;
  groups_.run.count("classic assignments");
  if (cooperative_ && revoked) {
    joined_ = false;  // what it gave up is for the others: in the next generation
    groups_.run.count("cooperative revocations");
    co_return;
  }
  co_await fetch_positions(std::move(fresh));
}

io::Task<void> ClassicMember::beat() {
  const auto version = static_cast<int16_t>(prng_.between(instance_id_ ? 3 : 0, 4));
  const std::string id = member_id_;
  wire::HeartbeatRequest request;
  request.group_id = plan_.name;
  request.generation_id = epoch_;
  request.member_id = id;
  if (instance_id_.has_value()) request.group_instance_id = *instance_id_;
  const client::SendOptions options{.version_max = version, .version_min = version};
  Result<client::Reply<wire::HeartbeatResponse>> reply =
      co_await offsets_.client().send<wire::HeartbeatRequest, wire::HeartbeatResponse>(client::any_node, request,
                                                                                       options);
  if (!reply.ok()) co_return;
  const auto error = static_cast<ErrorCode>(reply->message.error_code);
  if (error == ErrorCode::none) {
    groups_.run.count("classic heartbeats");
  } else {
    if (error == ErrorCode::unknown_member_id) groups_.run.count("members told that they are none");
    take_error("a Heartbeat", error);
  }
}

io::Task<void> ClassicMember::leave() {
  if (member_id_.empty()) co_return;
  const auto version = static_cast<int16_t>(prng_.between(instance_id_ ? 3 : 0, 5));
  const std::string id = member_id_;
  wire::LeaveGroupRequest request;
  request.group_id = plan_.name;
  if (version < 3) request.member_id = id;
  if (version >= 3) {
    auto& member = request.members.emplace_back();
    member.member_id = id;
    if (instance_id_.has_value()) member.group_instance_id = *instance_id_;
  }
  const client::SendOptions options{.version_max = version, .version_min = version};
  Result<client::Reply<wire::LeaveGroupResponse>> reply =
      co_await offsets_.client().send<wire::LeaveGroupRequest, wire::LeaveGroupResponse>(client::any_node, request,
                                                                                         options);
  if (!reply.ok()) co_return;
  groups_.run.count_error(reply->message.error_code);
}

}  // namespace

std::unique_ptr<GroupMember> make_classic_member(GroupContext& groups, const GroupPlan& plan, uint32_t number) {
  return std::make_unique<ClassicMember>(groups, plan, number);
}

}  // namespace moldau::sim
