#include "client/consumer_protocol_consumer.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "wire/api/68_consumer_group_heartbeat.h"

namespace moldau::client {
namespace {

/// First version in which members make their own ids.
constexpr int16_t own_member_ids = 1;
constexpr int32_t epoch_joining = 0;
constexpr int32_t epoch_leaving = -1;
constexpr int32_t epoch_leaving_static = -2;

}  // namespace

ConsumerProtocolConsumer::ConsumerProtocolConsumer(Client& client, GroupConsumerOptions options)
    : GroupConsumer(client, std::move(options)) {
  member_id_ = client_.surface().entropy.uuid().to_string();
}

ConsumerProtocolConsumer::~ConsumerProtocolConsumer() {
  cancel_tasks();
  if (beat_timer_ != 0) client_.surface().timers.cancel(beat_timer_);
}

std::optional<GroupConsumer::Consequence> ConsumerProtocolConsumer::member_error(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  if (error == stale_member_epoch) {
    stale_ = true;
    return Consequence::again;
  }
  if (error == unknown_member_id || error == fenced_member_epoch) {
    generation_ = -1;
    return Consequence::rejoin;
  }
  return std::nullopt;
}

io::Task<Status> ConsumerProtocolConsumer::enter() {
  Retry pace = client_.retry();
  target_.clear();
  owned_.clear();
  moved_ = false;
  for (;;) {
    const Status found = co_await find_own_coordinator();
    if (!found.ok()) co_return found;
    Result<std::vector<std::string>> topics = co_await subscribed();
    if (!topics.ok()) co_return std::move(topics).failure();
    topics_ = std::move(topics).value();
    look_at_ = client_.surface().clock.now() + options_.metadata_interval;
    const Result<Consequence> joined = co_await send(epoch_joining);
    if (!joined.ok()) co_return joined.failure();
    if (generation_ > 0) co_return Status{};
    const bool again = co_await pace.again();
    if (!again) co_return Failure{FailureKind::timed_out, fmt::format("group {}: cannot join", options_.group)};
  }
}

io::Task<Result<GroupConsumer::Consequence>> ConsumerProtocolConsumer::send(int32_t epoch) {
  const bool joining = epoch == epoch_joining;
  const bool says_topics = joining || say_topics_;
  const bool says_owned = joining || say_owned_;
  const std::string own_id = member_id_;
  const std::vector<std::string> topics = topics_;
  wire::ConsumerGroupHeartbeatRequest request;
  request.group_id = options_.group;
  request.member_id = own_id;
  request.member_epoch = epoch;
  if (options_.instance_id) request.instance_id = *options_.instance_id;
  if (says_topics) {
    request.rebalance_timeout_ms = static_cast<int32_t>(options_.rebalance_timeout.milliseconds());
    if (options_.remote_assignor) request.server_assignor = *options_.remote_assignor;
    if (!options_.fetch.rack.empty()) request.rack_id = options_.fetch.rack;
    request.subscribed_topic_names.emplace(topics.begin(), topics.end());
  }
  if (says_owned) {
    request.topic_partitions.emplace();
    for (const TopicShare& share : owned_) request.topic_partitions->push_back({share.id, share.partitions});
  }
  say_topics_ = false;
  say_owned_ = false;
  SendOptions send_options;
  send_options.version_min = own_member_ids;
  const Result<Reply<wire::ConsumerGroupHeartbeatResponse>> reply =
      co_await client_.send<wire::ConsumerGroupHeartbeatRequest, wire::ConsumerGroupHeartbeatResponse>(
          coordinator_, std::move(request), send_options);
  wire::ErrorCode error = wire::ErrorCode::network_exception;
  if (reply.ok()) {
    error = wire::error_code_of(reply->message.error_code).value_or(wire::ErrorCode::unknown_server_error);
  } else if (reply.failure().kind == FailureKind::unsupported) {
    co_return Failure{FailureKind::unsupported,
                      fmt::format("group {}: the brokers do not speak the consumer protocol (KIP-848); the classic "
                                  "protocol is left",
                                  options_.group)};
  } else if (!is_passing(reply.failure())) {
    co_return reply.failure();
  }
  if (error != wire::ErrorCode::none) {
    // Whether it arrived is not known: the next one says everything.
    say_topics_ = true;
    say_owned_ = true;
    const Consequence consequence = take_error(error);
    if (consequence == Consequence::over) {
      if (reply.ok() && reply->message.error_message) {
        failure_->message += fmt::format(": {}", *reply->message.error_message);
      }
      co_return *failure_;
    }
    co_return consequence;
  }
  generation_ = reply->message.member_epoch;
  if (reply->message.heartbeat_interval_ms > 0) interval_ = milliseconds(reply->message.heartbeat_interval_ms);
  if (reply->message.assignment) {
    target_.clear();
    for (const auto& topic : reply->message.assignment->topic_partitions) {
      target_.push_back({topic.topic_id, topic.partitions});
    }
  }
  // Also when a topic's name was not known the last time.
  if (reply->message.assignment || target_ != owned_) {
    moved_ = true;
    wake();
  }
  co_return Consequence::again;
}

/// Waits for the interval's end, or a kick.
io::Task<void> ConsumerProtocolConsumer::pause() {
  const io::Surface& surface = client_.surface();
  if (beat_timer_ != 0) surface.timers.cancel(beat_timer_);
  beat_timer_ = surface.timers.start(surface.clock.now() + interval_, [this]() {
    beat_timer_ = 0;
    kick_.notify();
  });
  co_await kick_.wait();
  if (beat_timer_ != 0) surface.timers.cancel(std::exchange(beat_timer_, 0));
}

io::Task<void> ConsumerProtocolConsumer::heartbeat() {
  const io::Surface& surface = client_.surface();
  for (;;) {
    co_await pause();
    if (options_.pattern && surface.clock.now() >= look_at_) {
      look_at_ = surface.clock.now() + options_.metadata_interval;
      Result<std::vector<std::string>> topics = co_await subscribed();
      if (topics.ok() && *topics != topics_) {
        topics_ = std::move(topics).value();
        say_topics_ = true;
      }
    }
    const Status found = co_await find_own_coordinator();
    if (!found.ok()) continue;
    const Result<Consequence> sent = co_await send(generation_);
    if (!sent.ok() && !failure_) failure_ = sent.failure();
    if (sent.ok() && *sent == Consequence::again) continue;
    joined_ = false;
    wake();
    co_return;
  }
}

io::Task<std::optional<std::vector<GroupPartition>>> ConsumerProtocolConsumer::wanted() {
  const auto names_of = [&](const Topology& topology) {
    std::map<Uuid, std::string> names;
    for (const auto& [name, topic] : topology.topics) names.emplace(topic.id, name);
    return names;
  };
  std::map<Uuid, std::string> names = names_of(*client_.known());
  const auto known = [&](const TopicShare& share) { return names.contains(share.id); };
  if (!std::ranges::all_of(target_, known)) {
    std::vector<std::string> topics = topics_;
    const Result<TopologyRef> fresh = co_await client_.refresh(std::move(topics));
    if (fresh.ok()) names = names_of(**fresh);
  }
  std::optional<std::vector<GroupPartition>> partitions;
  if (!std::ranges::all_of(target_, known)) co_return partitions;
  partitions.emplace();
  for (const TopicShare& share : target_) {
    for (const PartitionIndex index : share.partitions) partitions->push_back({names[share.id], index});
  }
  std::ranges::sort(*partitions);
  co_return partitions;
}

io::Task<Status> ConsumerProtocolConsumer::settle() {
  if (!moved_) co_return Status{};
  moved_ = false;
  const std::vector<TopicShare> target = target_;
  const std::optional<std::vector<GroupPartition>> partitions = co_await wanted();
  // A topic that is new here, or gone: asked for again with the next heartbeat.
  if (!partitions) co_return Status{};
  std::vector<GroupPartition> revoked;
  std::vector<GroupPartition> added;
  std::ranges::set_difference(assignment_, *partitions, std::back_inserter(revoked));
  std::ranges::set_difference(*partitions, assignment_, std::back_inserter(added));
  if (!revoked.empty() && options_.commit_interval > Duration{}) {
    const Status committed = co_await commit();
    (void)committed;  // what is not committed, its next owner reads again
  }
  for (const GroupPartition& partition : revoked) give_up(partition);
  assignment_ = *partitions;
  const Status reading = co_await read(std::move(added));
  if (!reading.ok()) co_return reading;
  if (!revoked.empty() || target != owned_) ++rebalances_;
  owned_ = target;
  say_owned_ = true;
  kick_.notify();
  co_return Status{};
}

io::Task<Status> ConsumerProtocolConsumer::leave() {
  const std::string own_id = member_id_;
  wire::ConsumerGroupHeartbeatRequest request;
  request.group_id = options_.group;
  request.member_id = own_id;
  request.member_epoch = options_.instance_id ? epoch_leaving_static : epoch_leaving;
  if (options_.instance_id) request.instance_id = *options_.instance_id;
  SendOptions send_options;
  send_options.version_min = own_member_ids;
  const Result<Reply<wire::ConsumerGroupHeartbeatResponse>> reply =
      co_await client_.send<wire::ConsumerGroupHeartbeatRequest, wire::ConsumerGroupHeartbeatResponse>(
          coordinator_, std::move(request), send_options);
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error =
      wire::error_code_of(reply->message.error_code).value_or(wire::ErrorCode::unknown_server_error);
  if (error != wire::ErrorCode::none) co_return failure_of(error, "group " + options_.group);
  co_return Status{};
}

}  // namespace moldau::client
