#include "client/group_consumer.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "client/admin.h"
#include "client/classic_group_consumer.h"
#include "client/consumer_protocol_consumer.h"
#include "wire/api/08_offset_commit.h"

namespace moldau::client {
namespace {

/// First version of OffsetCommit that names topics by id.
constexpr int16_t commit_with_topic_ids = 10;
/// Pieces that wait to be taken before fetching pauses.
constexpr size_t arrived_max = 4;
/// How often close() tries to commit while the member's epoch changes, and what it waits between.
constexpr int close_attempts = 5;
constexpr Duration close_pause = milliseconds(100);

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

bool coordinator_moved(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  return error == not_coordinator || error == coordinator_not_available || error == coordinator_load_in_progress ||
         error == network_exception || error == request_timed_out;
}

}  // namespace

std::unique_ptr<GroupConsumer> GroupConsumer::make(Client& client, GroupConsumerOptions options) {
  if (options.protocol == GroupProtocol::consumer) {
    return std::make_unique<ConsumerProtocolConsumer>(client, std::move(options));
  }
  return std::make_unique<ClassicGroupConsumer>(client, std::move(options));
}

GroupConsumer::GroupConsumer(Client& client, GroupConsumerOptions options)
    : client_(client), options_(std::move(options)), alive_(std::make_shared<bool>(true)) {}

GroupConsumer::~GroupConsumer() {
  *alive_ = false;
  if (timer_ != 0) client_.surface().timers.cancel(timer_);
}

void GroupConsumer::cancel_tasks() {
  beats_.cancel();
  pumps_.cancel();
}

/// Not from a coroutine of ours: the waiter may end it.
void GroupConsumer::wake() {
  client_.surface().executor.defer([this, alive = alive_]() {
    if (*alive) wake_.notify();
  });
}

GroupConsumer::Consequence GroupConsumer::take_error(wire::ErrorCode error) {
  if (coordinator_moved(error)) {
    coordinator_ = no_node;
    return Consequence::again;
  }
  const std::optional<Consequence> known = member_error(error);
  if (known) return *known;
  failure_ = failure_of(error, "group " + options_.group);
  return Consequence::over;
}

io::Task<Status> GroupConsumer::find_own_coordinator() {
  if (coordinator_ != no_node) co_return Status{};
  const Result<NodeId> found = co_await find_coordinator(client_, options_.group);
  if (!found.ok()) co_return found.failure();
  coordinator_ = *found;
  co_return Status{};
}

io::Task<Status> GroupConsumer::settle() {
  co_return Status{};
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

void GroupConsumer::give_up(const GroupPartition& partition) {
  std::erase(assignment_, partition);
  consumed_.erase(partition);
  std::erase_if(arrived_, [&](const Fetched& fetched) {
    return fetched.topic == partition.topic && fetched.partition == partition.partition;
  });
  if (fetcher_ != nullptr) fetcher_->remove(partition.topic, partition.partition);
  taken_.notify();
  if (!assignment_.empty()) return;
  // A fetcher without partitions is not waited for.
  pumps_.cancel();
  fetcher_.reset();
  arrived_.clear();
}

io::Task<Status> GroupConsumer::join() {
  if (options_.commit_interval > Duration{} && generation_ >= 0) {
    // The group has not moved on yet: what was consumed is ours to commit. If it has, another reads it again.
    const Status committed = co_await commit();
    (void)committed;
  }
  consumed_.clear();
  stop_reading();
  const Status entered = co_await enter();
  if (!entered.ok()) co_return entered;
  ++rebalances_;
  if (options_.commit_interval > Duration{}) commit_at_ = client_.surface().clock.now() + options_.commit_interval;
  std::vector<GroupPartition> partitions = assignment_;
  const Status reading = co_await read(std::move(partitions));
  if (!reading.ok()) co_return reading;
  joined_ = true;
  beats_.spawn(heartbeat());
  co_return Status{};
}

io::Task<Status> GroupConsumer::read(std::vector<GroupPartition> partitions) {
  if (partitions.empty()) co_return Status{};
  const Result<std::vector<GroupOffset>> committed = co_await group_offsets(client_, options_.group);
  if (!committed.ok()) co_return committed.failure();
  std::map<GroupPartition, Offset> positions;
  for (const GroupOffset& one : *committed) {
    if (one.error == wire::ErrorCode::none && one.offset >= 0) positions[{one.topic, one.partition}] = one.offset;
  }
  std::vector<OffsetQuery> queries;
  for (const GroupPartition& one : partitions) {
    if (positions.contains(one)) continue;
    const Offset start = options_.start ? options_.start(one) : no_offset;
    if (start >= 0) {
      positions[one] = start;
      consumed_[one] = {start, no_epoch};
      continue;
    }
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
  const bool fresh = fetcher_ == nullptr;
  if (fresh) fetcher_ = std::make_unique<Fetcher>(client_, options_.fetch);
  for (const GroupPartition& one : partitions) fetcher_->assign(one.topic, one.partition, positions[one]);
  if (fresh) pumps_.spawn(pump());
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
    const Status settled = co_await settle();
    if (!settled.ok()) co_return settled.failure();
    if (!joined_ || failure_) continue;
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
  if (take_error(worst) == Consequence::rejoin) joined_ = false;
  co_return failure_of(worst, "commit of group " + options_.group);
}

io::Task<Status> GroupConsumer::close() {
  Status done;
  if (options_.commit_interval > Duration{} && joined_) {
    for (int i = 0; i < close_attempts; ++i) {
      const Status committed = co_await commit();
      done = committed;
      // A member epoch that changes meanwhile is known soon.
      if (!std::exchange(stale_, false)) break;
      co_await io::sleep_until(client_.surface().timers, client_.surface().clock.now() + close_pause);
    }
  }
  stop_reading();
  left_ = true;
  const bool member = joined_ && !member_id_.empty() && coordinator_ != no_node;
  joined_ = false;
  if (!member) co_return done;
  const Status gone = co_await leave();
  co_return gone.ok() ? done : gone;
}

}  // namespace moldau::client
