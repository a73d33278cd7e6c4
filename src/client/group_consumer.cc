#include "client/group_consumer.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "client/admin.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"

namespace moldau::client {
namespace {

constexpr std::string_view range_protocol = "range";
/// First version of OffsetCommit that names topics by id.
constexpr int16_t commit_with_topic_ids = 10;
/// First version of LeaveGroup that names members as structs.
constexpr int16_t leave_with_members = 3;
/// Pieces that wait to be taken before fetching pauses.
constexpr size_t arrived_max = 4;

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

bool coordinator_moved(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  return error == not_coordinator || error == coordinator_not_available || error == coordinator_load_in_progress ||
         error == network_exception || error == request_timed_out;
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

GroupConsumer::GroupConsumer(Client& client, GroupConsumerOptions options)
    : client_(client), options_(std::move(options)), alive_(std::make_shared<bool>(true)) {}

GroupConsumer::~GroupConsumer() {
  *alive_ = false;
  if (timer_ != 0) client_.surface().timers.cancel(timer_);
}

/// Not from a coroutine of ours: the waiter may end it.
void GroupConsumer::wake() {
  client_.surface().executor.defer([this, alive = alive_]() {
    if (*alive) wake_.notify();
  });
}

bool GroupConsumer::take_error(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  if (coordinator_moved(error)) {
    coordinator_ = no_node;
    return true;
  }
  if (error == unknown_member_id) {
    member_id_.clear();
    generation_ = -1;
    return true;
  }
  if (error == illegal_generation || error == rebalance_in_progress) return true;
  failure_ = failure_of(error, "group " + options_.group);
  return false;
}

io::Task<Result<std::vector<std::string>>> GroupConsumer::subscribed() {
  std::vector<std::string> topics = options_.topics;
  if (options_.pattern) {
    std::vector<std::string> no_names;
    const Result<TopologyRef> all = co_await client_.refresh(std::move(no_names), true);
    if (!all.ok()) co_return all.failure();
    for (const auto& [name, topic] : (*all)->topics) {
      if (!topic.internal && options_.pattern(name)) topics.push_back(name);
    }
  }
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  if (options_.create_topics && !options_.pattern) {
    const Result<TopologyRef> asked = co_await client_.refresh(topics, false, true);
    if (!asked.ok()) co_return asked.failure();
  }
  co_return topics;
}

/// Whether a topic has more partitions than the leader shared out, or is there now.
io::Task<bool> GroupConsumer::topics_changed() {
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

/// The log lost the position: goes on where the options say.
io::Task<Status> GroupConsumer::reset_position(Fetched fetched) {
  const bool earliest = options_.reset == OffsetReset::earliest;
  std::vector<OffsetQuery> queries;
  queries.push_back({fetched.topic, fetched.partition, earliest ? earliest_offset : latest_offset});
  const std::string what = fmt::format("topic {} partition {}", fetched.topic, fetched.partition);
  if (options_.reset == OffsetReset::none) co_return failure_of(fetched.error, what);
  const Result<std::vector<OffsetAnswer>> answers =
      co_await list_offsets(client_, std::move(queries), options_.fetch.isolation);
  if (!answers.ok()) co_return answers.failure();
  if (answers->front().error != wire::ErrorCode::none) co_return failure_of(answers->front().error, what);
  // The group may have moved on meanwhile.
  const bool ours =
      std::ranges::find(assignment_, GroupPartition{fetched.topic, fetched.partition}) != assignment_.end();
  if (ours && fetcher_ != nullptr) fetcher_->seek(fetched.topic, fetched.partition, answers->front().offset);
  co_return Status{};
}

void GroupConsumer::stop_reading() {
  beats_.cancel();
  pumps_.cancel();
  fetcher_.reset();
  arrived_.clear();
  assignment_.clear();
  commit_at_ = Instant::never();
}

io::Task<Status> GroupConsumer::join() {
  if (options_.commit_interval > Duration{} && generation_ >= 0) {
    // The group has not moved on yet: what was consumed is ours to commit. If it has, another reads it again.
    const Status committed = co_await commit();
    (void)committed;
  }
  consumed_.clear();
  stop_reading();
  Retry pace = client_.retry();
  for (;;) {
    if (coordinator_ == no_node) {
      const Result<NodeId> found = co_await find_coordinator(client_, options_.group);
      if (!found.ok()) co_return found.failure();
      coordinator_ = *found;
    }
    Result<Joined> joined = co_await send_join();
    if (!joined.ok()) co_return std::move(joined).failure();
    if (!joined->again) {
      Joined shares = std::move(joined).value();
      const Result<bool> synced = co_await send_sync(std::move(shares));
      if (!synced.ok()) co_return synced.failure();
      if (*synced) break;
    }
    if (failure_) co_return *failure_;
    if (!member_id_.empty() && coordinator_ != no_node) continue;
    const bool again = co_await pace.again();
    if (!again) co_return Failure{FailureKind::timed_out, fmt::format("group {}: cannot join", options_.group)};
  }
  ++rebalances_;
  const Status reading = co_await start_reading();
  if (!reading.ok()) co_return reading;
  joined_ = true;
  beats_.spawn(heartbeat());
  co_return Status{};
}

io::Task<Result<GroupConsumer::Joined>> GroupConsumer::send_join() {
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
    if (!take_error(error)) co_return *failure_;
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

io::Task<Result<GroupConsumer::Joined>> GroupConsumer::share_out(std::vector<RangeMember> members, Joined joined) {
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
io::Task<Result<bool>> GroupConsumer::send_sync(Joined joined) {
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
    if (!take_error(error)) co_return *failure_;
    co_return false;
  }
  auto partitions = read_assignment(reply->message.assignment);
  if (reply->message.assignment.empty()) partitions.emplace();
  if (!partitions)
    co_return Failure{FailureKind::corrupt, fmt::format("group {}: malformed assignment", options_.group)};
  assignment_ = std::move(*partitions);
  co_return true;
}

io::Task<Status> GroupConsumer::start_reading() {
  if (options_.commit_interval > Duration{}) commit_at_ = client_.surface().clock.now() + options_.commit_interval;
  if (assignment_.empty()) co_return Status{};
  const Result<std::vector<GroupOffset>> committed = co_await group_offsets(client_, options_.group);
  if (!committed.ok()) co_return committed.failure();
  std::map<GroupPartition, Offset> positions;
  for (const GroupOffset& one : *committed) {
    if (one.error == wire::ErrorCode::none && one.offset >= 0) positions[{one.topic, one.partition}] = one.offset;
  }
  std::vector<OffsetQuery> queries;
  for (const GroupPartition& one : assignment_) {
    if (positions.contains(one)) continue;
    const bool earliest = options_.reset == OffsetReset::earliest;
    queries.push_back({one.topic, one.partition, earliest ? earliest_offset : latest_offset});
  }
  if (!queries.empty() && options_.reset == OffsetReset::none) {
    co_return Failure{FailureKind::not_found,
                      fmt::format("Undefined offset with no reset policy for partitions: [{}-{}]",
                                  queries.front().topic, queries.front().partition)};
  }
  const Result<std::vector<OffsetAnswer>> starts = co_await list_offsets(client_, queries, options_.fetch.isolation);
  if (!starts.ok()) co_return starts.failure();
  for (size_t i = 0; i < queries.size(); ++i) {
    const GroupPartition partition{queries[i].topic, queries[i].partition};
    if ((*starts)[i].error != wire::ErrorCode::none) {
      co_return failure_of((*starts)[i].error,
                           fmt::format("topic {} partition {}", partition.topic, partition.partition));
    }
    positions[partition] = (*starts)[i].offset;
    // A position that was looked up is a position: it is committed like one.
    consumed_[partition] = {(*starts)[i].offset, no_epoch};
  }
  fetcher_ = std::make_unique<Fetcher>(client_, options_.fetch);
  for (const GroupPartition& one : assignment_) fetcher_->assign(one.topic, one.partition, positions[one]);
  pumps_.spawn(pump());
  co_return Status{};
}

io::Task<void> GroupConsumer::pump() {
  for (;;) {
    Fetched fetched = co_await fetcher_->next();
    arrived_.push_back(std::move(fetched));
    wake();
    while (arrived_.size() >= arrived_max) {
      co_await taken_.wait();
    }
  }
}

io::Task<void> GroupConsumer::heartbeat() {
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
    if (coordinator_ == no_node) {
      const Result<NodeId> found = co_await find_coordinator(client_, options_.group);
      if (!found.ok()) continue;
      coordinator_ = *found;
    }
    wire::HeartbeatRequest request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    if (options_.instance_id) request.group_instance_id = *options_.instance_id;
    const Result<Reply<wire::HeartbeatResponse>> reply =
        co_await client_.send<wire::HeartbeatRequest, wire::HeartbeatResponse>(coordinator_, std::move(request));
    const wire::ErrorCode error = reply.ok() ? error_of(reply->message.error_code) : wire::ErrorCode::network_exception;
    if (error == wire::ErrorCode::none) continue;
    take_error(error);
    // A coordinator that moved knows the generation: only the address is looked up again.
    if (coordinator_moved(error)) continue;
    joined_ = false;
    wake();
    co_return;
  }
}

io::Task<Result<std::optional<Fetched>>> GroupConsumer::next(Duration wait) {
  const io::Surface& surface = client_.surface();
  const Instant end = surface.clock.now() + wait;
  for (;;) {
    if (failure_) co_return *failure_;
    if (left_) co_return Failure{FailureKind::closed, "the consumer was closed"};
    if (!joined_) {
      const Status joined = co_await join();
      if (!joined.ok()) co_return joined.failure();
    }
    if (surface.clock.now() >= commit_at_) {
      const Status committed = co_await commit();
      (void)committed;  // what matters is in failure_ and joined_
      commit_at_ = surface.clock.now() + options_.commit_interval;
      continue;
    }
    if (!arrived_.empty()) {
      std::optional<Fetched> fetched(std::move(arrived_.front()));
      arrived_.pop_front();
      taken_.notify();
      if (fetched->error == wire::ErrorCode::offset_out_of_range) {
        Fetched lost = std::move(*fetched);
        const Status reset = co_await reset_position(std::move(lost));
        if (!reset.ok()) co_return reset.failure();
        continue;
      }
      co_return fetched;
    }
    if (surface.clock.now() >= end) co_return std::optional<Fetched>();
    timer_ = surface.timers.start(std::min(end, commit_at_), [this]() {
      timer_ = 0;
      wake_.notify();
    });
    co_await wake_.wait();
    if (timer_ != 0) surface.timers.cancel(std::exchange(timer_, 0));
  }
}

void GroupConsumer::consumed(const std::string& topic, PartitionIndex partition, Offset offset, Epoch leader_epoch) {
  const GroupPartition one{topic, partition};
  // Not of a partition that was given up meanwhile.
  if (std::ranges::find(assignment_, one) != assignment_.end()) consumed_[one] = {offset, leader_epoch};
}

io::Task<Status> GroupConsumer::commit() {
  if (consumed_.empty() || generation_ < 0 || coordinator_ == no_node) co_return Status{};
  const std::map<GroupPartition, Position> sent = consumed_;
  wire::OffsetCommitRequest request;
  request.group_id = options_.group;
  request.generation_id_or_member_epoch = generation_;
  const std::string own_id = member_id_;
  request.member_id = own_id;
  if (options_.instance_id) request.group_instance_id = *options_.instance_id;
  for (const auto& [partition, position] : sent) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      request.topics.push_back({partition.topic, {}, {}});
    }
    wire::OffsetCommitRequest::OffsetCommitRequestPartition entry;
    entry.partition_index = partition.partition;
    entry.committed_offset = position.offset;
    entry.committed_leader_epoch = position.leader_epoch;
    entry.committed_metadata = "";
    request.topics.back().partitions.push_back(entry);
  }
  SendOptions send_options;
  send_options.version_max = commit_with_topic_ids - 1;
  const Result<Reply<wire::OffsetCommitResponse>> reply =
      co_await client_.send<wire::OffsetCommitRequest, wire::OffsetCommitResponse>(coordinator_, std::move(request),
                                                                                   send_options);
  if (!reply.ok()) {
    if (is_passing(reply.failure())) coordinator_ = no_node;
    co_return reply.failure();
  }
  wire::ErrorCode worst = wire::ErrorCode::none;
  for (const auto& topic : reply->message.topics) {
    for (const auto& partition : topic.partitions) {
      const wire::ErrorCode error = error_of(partition.error_code);
      if (error != wire::ErrorCode::none) worst = error;
    }
  }
  if (worst == wire::ErrorCode::none) {
    for (const auto& [partition, position] : sent) {
      const auto found = consumed_.find(partition);
      if (found != consumed_.end() && found->second == position) consumed_.erase(found);
    }
    co_return Status{};
  }
  const bool group_moves = worst == wire::ErrorCode::illegal_generation ||
                           worst == wire::ErrorCode::unknown_member_id ||
                           worst == wire::ErrorCode::rebalance_in_progress;
  take_error(worst);
  if (group_moves) joined_ = false;
  co_return failure_of(worst, "commit of group " + options_.group);
}

io::Task<Status> GroupConsumer::close() {
  Status done;
  if (options_.commit_interval > Duration{} && joined_) {
    const Status committed = co_await commit();
    done = committed;
  }
  stop_reading();
  left_ = true;
  const bool member = joined_ && !member_id_.empty() && coordinator_ != no_node;
  joined_ = false;
  if (!member || options_.instance_id) co_return done;
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
  co_return done;
}

}  // namespace moldau::client
