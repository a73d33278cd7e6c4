#include "client/classic_group_consumer.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/core.h>

#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"

namespace moldau::client {
namespace {

constexpr std::string_view range_protocol = "range";
/// First version of LeaveGroup that names members as structs.
constexpr int16_t leave_with_members = 3;

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

void put16(std::string& out, int16_t number) {
  out += static_cast<char>(static_cast<uint16_t>(number) >> 8);
  out += static_cast<char>(number);
}

void put32(std::string& out, int32_t number) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(static_cast<uint32_t>(number) >> shift);
}

void put_text(std::string& out, std::string_view text) {
  put16(out, static_cast<int16_t>(text.size()));
  out += text;
}

/// Big-endian numbers off `bytes`; false when they end.
bool take16(std::span<const std::byte>& bytes, int16_t& number) {
  if (bytes.size() < 2) return false;
  number = static_cast<int16_t>(std::to_integer<uint16_t>(bytes[0]) << 8 | std::to_integer<uint16_t>(bytes[1]));
  bytes = bytes.subspan(2);
  return true;
}

bool take32(std::span<const std::byte>& bytes, int32_t& number) {
  if (bytes.size() < 4) return false;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[i]);
  number = static_cast<int32_t>(value);
  bytes = bytes.subspan(4);
  return true;
}

}  // namespace

std::string write_subscription(const std::vector<std::string>& topics) {
  std::string out;
  put16(out, 1);  // version 1: with the partitions that are kept, of which there are none
  put32(out, static_cast<int32_t>(topics.size()));
  for (const std::string& topic : topics) put_text(out, topic);
  put32(out, -1);
  put32(out, 0);
  return out;
}

std::optional<std::vector<std::string>> read_subscription(std::span<const std::byte> bytes) {
  int16_t version = 0;
  int32_t count = 0;
  if (!take16(bytes, version) || version < 0 || !take32(bytes, count) || count < 0) return std::nullopt;
  // Each topic takes two bytes at least.
  if (static_cast<size_t>(count) > bytes.size() / 2) return std::nullopt;
  std::vector<std::string> topics;
  for (int32_t i = 0; i < count; ++i) {
    int16_t size = 0;
    if (!take16(bytes, size) || size < 0 || static_cast<size_t>(size) > bytes.size()) return std::nullopt;
    std::string& topic = topics.emplace_back();
    for (const std::byte one : bytes.first(static_cast<size_t>(size))) topic += std::to_integer<char>(one);
    bytes = bytes.subspan(static_cast<size_t>(size));
  }
  return topics;
}

std::string write_assignment(const std::vector<GroupPartition>& partitions) {
  std::map<std::string_view, std::vector<PartitionIndex>> by_topic;
  for (const GroupPartition& one : partitions) by_topic[one.topic].push_back(one.partition);
  std::string out;
  put16(out, 1);
  put32(out, static_cast<int32_t>(by_topic.size()));
  for (const auto& [topic, indexes] : by_topic) {
    put_text(out, topic);
    put32(out, static_cast<int32_t>(indexes.size()));
    for (const PartitionIndex index : indexes) put32(out, index);
  }
  put32(out, -1);
  return out;
}

std::map<std::string, std::vector<GroupPartition>> assign_range(std::vector<RangeMember> members,
                                                                const std::map<std::string, int32_t>& partitions) {
  // Static members first, by instance id; then the others by member id.
  std::ranges::sort(members, {}, [](const RangeMember& member) {
    return std::pair(!member.instance_id.has_value(), member.instance_id.value_or(member.id));
  });
  std::map<std::string, std::vector<GroupPartition>> shares;
  for (const RangeMember& member : members) shares[member.id];
  for (const auto& [topic, count] : partitions) {
    std::vector<const RangeMember*> takers;
    for (const RangeMember& member : members) {
      if (std::ranges::find(member.topics, topic) != member.topics.end()) takers.push_back(&member);
    }
    if (takers.empty()) continue;
    const auto size = static_cast<int32_t>(takers.size());
    PartitionIndex next = 0;
    for (int32_t i = 0; i < size; ++i) {
      const int32_t share = count / size + (i < count % size ? 1 : 0);
      for (int32_t j = 0; j < share; ++j) shares[takers[static_cast<size_t>(i)]->id].push_back({topic, next++});
    }
  }
  return shares;
}

std::optional<GroupConsumer::Consequence> ClassicGroupConsumer::member_error(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  if (error == unknown_member_id) {
    member_id_.clear();
    generation_ = -1;
    return Consequence::rejoin;
  }
  if (error == illegal_generation || error == rebalance_in_progress) return Consequence::rejoin;
  return std::nullopt;
}

/// Whether a topic has more partitions than the leader shared out, or is there now.
io::Task<bool> ClassicGroupConsumer::topics_changed() {
  std::vector<std::string> topics;
  for (const auto& [name, count] : shared_) topics.push_back(name);
  const Result<TopologyRef> topology = co_await client_.refresh(std::move(topics));
  if (!topology.ok()) co_return false;
  for (const auto& [name, count] : shared_) {
    const TopicInfo* topic = (*topology)->topic(name);
    const bool there = topic != nullptr && topic->error == wire::ErrorCode::none;
    if ((there ? static_cast<int32_t>(topic->partitions.size()) : 0) != count) co_return true;
  }
  co_return false;
}

io::Task<Status> ClassicGroupConsumer::enter() {
  Retry pace = client_.retry();
  for (;;) {
    const Status found = co_await find_own_coordinator();
    if (!found.ok()) co_return found;
    Result<Joined> joined = co_await send_join();
    if (!joined.ok()) co_return std::move(joined).failure();
    if (!joined->again) {
      Joined shares = std::move(joined).value();
      const Result<bool> synced = co_await send_sync(std::move(shares));
      if (!synced.ok()) co_return synced.failure();
      if (*synced) co_return Status{};
    }
    if (failure_) co_return *failure_;
    if (!member_id_.empty() && coordinator_ != no_node) continue;
    const bool again = co_await pace.again();
    if (!again) co_return Failure{FailureKind::timed_out, fmt::format("group {}: cannot join", options_.group)};
  }
}

io::Task<Result<ClassicGroupConsumer::Joined>> ClassicGroupConsumer::send_join() {
  Result<std::vector<std::string>> topics = co_await subscribed();
  if (!topics.ok()) co_return std::move(topics).failure();
  topics_ = std::move(topics).value();
  const std::string subscription = write_subscription(topics_);
  const std::string known_id = member_id_;
  wire::JoinGroupRequest request;
  request.group_id = options_.group;
  request.session_timeout_ms = static_cast<int32_t>(options_.session_timeout.milliseconds());
  request.rebalance_timeout_ms = static_cast<int32_t>(options_.rebalance_timeout.milliseconds());
  request.member_id = known_id;
  if (options_.instance_id) request.group_instance_id = *options_.instance_id;
  request.protocol_type = consumer_protocol_type;
  request.protocols.push_back({range_protocol, bytes_of(subscription)});
  SendOptions send_options;
  send_options.extra_time = options_.rebalance_timeout;
  const Result<Reply<wire::JoinGroupResponse>> reply =
      co_await client_.send<wire::JoinGroupRequest, wire::JoinGroupResponse>(coordinator_, std::move(request),
                                                                             send_options);
  Joined joined;
  shared_.clear();
  if (!reply.ok() && !is_passing(reply.failure())) co_return reply.failure();
  const wire::ErrorCode error = reply.ok() ? error_of(reply->message.error_code) : wire::ErrorCode::network_exception;
  if (error == wire::ErrorCode::member_id_required) {
    member_id_ = reply->message.member_id;
    joined.again = true;
    co_return joined;
  }
  if (error != wire::ErrorCode::none) {
    joined.again = true;
    if (take_error(error) == Consequence::over) co_return *failure_;
    co_return joined;
  }
  member_id_ = reply->message.member_id;
  generation_ = reply->message.generation_id;
  joined.protocol = reply->message.protocol_name.value_or("");
  if (reply->message.leader != reply->message.member_id || reply->message.skip_assignment) co_return joined;
  std::vector<RangeMember> members;
  for (const auto& member : reply->message.members) {
    RangeMember& one = members.emplace_back();
    one.id = member.member_id;
    if (member.group_instance_id) one.instance_id = std::string(*member.group_instance_id);
    auto its_topics = read_subscription(member.metadata);
    if (its_topics) one.topics = std::move(*its_topics);
  }
  Result<Joined> shared = co_await share_out(std::move(members), std::move(joined));
  co_return shared;
}

io::Task<Result<ClassicGroupConsumer::Joined>> ClassicGroupConsumer::share_out(std::vector<RangeMember> members,
                                                                               Joined joined) {
  std::vector<std::string> topics;
  for (const RangeMember& member : members) topics.insert(topics.end(), member.topics.begin(), member.topics.end());
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  const Result<TopologyRef> topology = co_await client_.refresh(topics);
  if (!topology.ok()) co_return topology.failure();
  std::map<std::string, int32_t> counts;
  for (const std::string& name : topics) {
    const TopicInfo* topic = (*topology)->topic(name);
    const bool there = topic != nullptr && topic->error == wire::ErrorCode::none;
    counts.emplace(name, there ? static_cast<int32_t>(topic->partitions.size()) : 0);
  }
  shared_ = counts;
  joined.shares = assign_range(std::move(members), counts);
  co_return joined;
}

/// True: the assignment came. False: join again.
io::Task<Result<bool>> ClassicGroupConsumer::send_sync(Joined joined) {
  wire::SyncGroupRequest request;
  request.group_id = options_.group;
  request.generation_id = generation_;
  const std::string own_id = member_id_;
  request.member_id = own_id;
  if (options_.instance_id) request.group_instance_id = *options_.instance_id;
  request.protocol_type = consumer_protocol_type;
  request.protocol_name = joined.protocol;
  std::deque<std::string> encoded;
  for (const auto& [member, partitions] : joined.shares) {
    const std::string& bytes = encoded.emplace_back(write_assignment(partitions));
    request.assignments.push_back({member, bytes_of(bytes)});
  }
  SendOptions send_options;
  send_options.extra_time = options_.rebalance_timeout;
  const Result<Reply<wire::SyncGroupResponse>> reply =
      co_await client_.send<wire::SyncGroupRequest, wire::SyncGroupResponse>(coordinator_, std::move(request),
                                                                             send_options);
  if (!reply.ok() && !is_passing(reply.failure())) co_return reply.failure();
  const wire::ErrorCode error = reply.ok() ? error_of(reply->message.error_code) : wire::ErrorCode::network_exception;
  if (error != wire::ErrorCode::none) {
    if (take_error(error) == Consequence::over) co_return *failure_;
    co_return false;
  }
  auto partitions = read_assignment(reply->message.assignment);
  if (reply->message.assignment.empty()) partitions.emplace();
  if (!partitions)
    co_return Failure{FailureKind::corrupt, fmt::format("group {}: malformed assignment", options_.group)};
  assignment_ = std::move(*partitions);
  co_return true;
}

io::Task<void> ClassicGroupConsumer::heartbeat() {
  const io::Surface& surface = client_.surface();
  Instant look_at = surface.clock.now() + options_.metadata_interval;
  for (;;) {
    co_await io::sleep_until(surface.timers, surface.clock.now() + options_.heartbeat_interval);
    if (!shared_.empty() && surface.clock.now() >= look_at) {
      look_at = surface.clock.now() + options_.metadata_interval;
      const bool changed = co_await topics_changed();
      if (changed) {
        joined_ = false;
        wake();
        co_return;
      }
    }
    const Status found = co_await find_own_coordinator();
    if (!found.ok()) continue;
    wire::HeartbeatRequest request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    if (options_.instance_id) request.group_instance_id = *options_.instance_id;
    const Result<Reply<wire::HeartbeatResponse>> reply =
        co_await client_.send<wire::HeartbeatRequest, wire::HeartbeatResponse>(coordinator_, std::move(request));
    const wire::ErrorCode error = reply.ok() ? error_of(reply->message.error_code) : wire::ErrorCode::network_exception;
    if (error == wire::ErrorCode::none) continue;
    // A coordinator that moved knows the generation: only the address is looked up again.
    if (take_error(error) == Consequence::again) continue;
    joined_ = false;
    wake();
    co_return;
  }
}

io::Task<Status> ClassicGroupConsumer::leave() {
  if (options_.instance_id) co_return Status{};
  const std::string own_id = member_id_;
  wire::LeaveGroupRequest request;
  request.group_id = options_.group;
  wire::LeaveGroupRequest::MemberIdentity identity;
  identity.member_id = own_id;
  request.members.push_back(identity);
  SendOptions send_options;
  send_options.version_min = leave_with_members;
  Result<Reply<wire::LeaveGroupResponse>> reply =
      co_await client_.send<wire::LeaveGroupRequest, wire::LeaveGroupResponse>(coordinator_, request, send_options);
  if (!reply.ok() && reply.failure().kind == FailureKind::unsupported) {
    request.members.clear();
    request.member_id = own_id;
    send_options.version_min = 0;
    send_options.version_max = leave_with_members - 1;
    Result<Reply<wire::LeaveGroupResponse>> older =
        co_await client_.send<wire::LeaveGroupRequest, wire::LeaveGroupResponse>(coordinator_, request, send_options);
    reply = std::move(older);
  }
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error = error_of(reply->message.error_code);
  if (error != wire::ErrorCode::none) co_return failure_of(error, "group " + options_.group);
  co_return Status{};
}

}  // namespace moldau::client
