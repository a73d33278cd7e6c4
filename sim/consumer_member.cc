// A member of the consumer protocol (KIP-848): it reports what it has and takes what it is given, step by step.
#include <fmt/core.h>

#include "sim/group_member.h"
#include "wire/api/68_consumer_group_heartbeat.h"

namespace moldau::sim {
namespace {

using wire::ErrorCode;
using Request = wire::ConsumerGroupHeartbeatRequest;
using Response = wire::ConsumerGroupHeartbeatResponse;

constexpr Epoch leaving = -1;
constexpr Epoch leaving_static = -2;

class ConsumerMember final : public GroupMember {
 public:
  ConsumerMember(GroupContext& groups, const GroupPlan& plan, uint32_t number) : GroupMember(groups, plan, number) {}

 private:
  io::Task<void> join() override;
  io::Task<void> beat() override;
  io::Task<void> leave() override;
  OffsetClient::Committer committer() const override {
    return {
        .group = plan_.name, .member_id = member_id_, .instance_id = instance_id_, .epoch = epoch_, .version_min = 9};
  }
  /// One heartbeat; true if it was answered well.
  io::Task<bool> heartbeat(Epoch epoch, bool full);
  /// A heartbeat at an epoch that the member never had: refused, or the broker believes anybody.
  io::Task<void> pretend();
  PartitionSet given_by(const Response& response) const;
  void fill(Request& request, bool full);
  void take_error(ErrorCode error);

  int16_t version_ = 1;
  bool full_next_ = false;  ///< the last answer was lost: say everything
  bool news_ = false;       ///< what it has changed since it last said so
};

void ConsumerMember::fill(Request& request, bool full) {
  if (full || news_) {
    request.topic_partitions.emplace();
    for (const uint32_t number : owned_) {
      const PartitionName& place = groups_.partition(number);
      auto& topics = *request.topic_partitions;
      if (topics.empty() || topics.back().topic_id != place.topic_id) topics.push_back({.topic_id = place.topic_id});
      topics.back().partitions.push_back(place.index);
    }
  }
  if (!full) return;
  request.rebalance_timeout_ms = static_cast<int32_t>(plan_.rebalance.milliseconds());
  if (plan_.regex && version_ >= 1) {
    request.subscribed_topic_regex = plan_.regex_text;
    request.subscribed_topic_names.emplace();
  } else {
    request.subscribed_topic_names.emplace(topics_.begin(), topics_.end());
  }
  if (!plan_.assignor.empty()) request.server_assignor = plan_.assignor;
}

void ConsumerMember::take_error(ErrorCode error) {
  groups_.run.count_error(code_of(error));
  switch (error) {
    case ErrorCode::unknown_member_id:
      groups_.run.count("members told that they are none");
      groups_.shadow.reports(plan_.name, name(), {});
      groups_.shadow.gone(plan_.name, member_id_);
      forget();
      return;
    case ErrorCode::fenced_member_epoch:
    case ErrorCode::fenced_instance_id:
    case ErrorCode::group_id_not_found:
      groups_.shadow.reports(plan_.name, name(), {});
      forget();
      return;
    case ErrorCode::unreleased_instance_id:
      return;
    case ErrorCode::unknown_server_error:
      // As in Kafka: a classic group in its first rebalance has no protocol yet by which it could be upgraded.
      if (plan_.kind != GroupKind::mixed) unexpected("a ConsumerGroupHeartbeat", error);
      return;
    default:
      if (!coordinator_away(error)) unexpected("a ConsumerGroupHeartbeat", error);
  }
}

/// What it has by this answer.
PartitionSet ConsumerMember::given_by(const Response& response) const {
  if (!response.assignment.has_value()) return owned_;
  PartitionSet given;
  for (const auto& topic : response.assignment->topic_partitions) {
    for (const PartitionIndex index : topic.partitions) {
      const std::optional<uint32_t> number = groups_.number_of(topic.topic_id, index);
      if (number.has_value() && given.insert(*number).second) continue;
      groups_.shadow.violate(fmt::format("{} has a partition in its assignment, twice or from nowhere", node_.name()));
    }
  }
  return given;
}

io::Task<bool> ConsumerMember::heartbeat(Epoch epoch, bool full) {
  const std::string id = member_id_;
  Request request;
  request.group_id = plan_.name;
  request.member_id = id;
  request.member_epoch = epoch;
  if (instance_id_.has_value()) request.instance_id = *instance_id_;
  fill(request, full);
  if (request.topic_partitions.has_value()) groups_.shadow.reports(plan_.name, name(), owned_);
  const Epoch floor = epoch == 0 ? groups_.shadow.floor(plan_.name) : epoch;
  const Instant sent = offsets_.now();
  const bool said = request.topic_partitions.has_value();
  const client::SendOptions options{.version_max = version_, .version_min = version_};
  Result<client::Reply<Response>> reply =
      co_await offsets_.client().send<Request, Response>(client::any_node, request, options);
  if (!reply.ok()) {
    full_next_ = true;
    co_return false;
  }
  const Response& response = reply->message;
  const auto error = static_cast<ErrorCode>(response.error_code);
  if (error != ErrorCode::none) {
    full_next_ = true;
    take_error(error);
    co_return false;
  }
  full_next_ = false;
  if (said) news_ = false;
  if (response.member_id.has_value()) member_id_ = *response.member_id;
  epoch_ = response.member_epoch;
  joined_ = true;
  settled_ = true;
  groups_.run.count("consumer heartbeats");
  groups_.shadow.generation(plan_.name, floor, epoch_, true);
  PartitionSet given = given_by(response);
  groups_.shadow.assigned(plan_.name, epoch == 0 ? 0 : epoch, epoch_, name(), given, sent, offsets_.now(),
                          plan_.session);
  PartitionSet fresh;
  PartitionSet kept;
  for (const uint32_t number : given) (owned_.contains(number) ? kept : fresh).insert(number);
  if (kept.size() != owned_.size()) {
    news_ = true;
    settled_ = false;
    groups_.run.count("consumer revocations");
    // What is taken away may be committed until it is released, which the next heartbeat says.
    if (prng_.chance(1, 2)) {
      const OffsetClient::Committer who = committer();
      Positions last;
      for (const uint32_t number : owned_) {
        if (!kept.contains(number)) last.emplace(number, static_cast<Offset>(prng_.below(100)));
      }
      co_await offsets_.commit(who, last);
    }
  }
  if (!fresh.empty()) news_ = true;
  owned_ = std::move(given);
  if (!fresh.empty()) {
    co_await fetch_positions(std::move(fresh));
  }
  co_return true;
}

io::Task<void> ConsumerMember::pretend() {
  constexpr Epoch ahead = 1'000;
  Request request;
  request.group_id = plan_.name;
  request.member_id = member_id_;
  request.member_epoch = epoch_ + ahead;
  if (instance_id_.has_value()) request.instance_id = *instance_id_;
  const client::SendOptions options{.version_max = version_, .version_min = version_};
  Result<client::Reply<Response>> reply =
      co_await offsets_.client().send<Request, Response>(client::any_node, request, options);
  if (!reply.ok()) co_return;
  const auto error = static_cast<ErrorCode>(reply->message.error_code);
  groups_.run.count_error(code_of(error));
  if (error == ErrorCode::none) {
    groups_.shadow.violate(fmt::format("{} was believed an epoch that it never had", node_.name()));
  }
}

io::Task<void> ConsumerMember::join() {
  owned_.clear();
  news_ = true;
  if (member_id_.empty()) {
    version_ = static_cast<int16_t>(prng_.chance(1, 5) ? 0 : 1);
    // Since v1 the client makes its id.
    if (version_ >= 1) member_id_ = Uuid::random(prng_.next(), prng_.next()).to_string();
  }
  if (!member_id_.empty()) groups_.shadow.joins(plan_.name, name());
  co_await heartbeat(0, true);
}

io::Task<void> ConsumerMember::beat() {
  for (int step = 0; step < 4; ++step) {
    const bool full = full_next_ || prng_.chance(1, 10);
    const bool well = co_await heartbeat(epoch_, full);
    if (!well || !joined_) co_return;
    if (news_) continue;  // what is given up is told at once
    if (prng_.chance(1, 40)) {
      co_await pretend();
    }
    co_return;
  }
}

io::Task<void> ConsumerMember::leave() {
  if (member_id_.empty() || !joined_) co_return;
  const bool comes_back = instance_id_.has_value() && prng_.chance(2, 3);
  const std::string id = member_id_;
  Request request;
  request.group_id = plan_.name;
  request.member_id = id;
  request.member_epoch = comes_back ? leaving_static : leaving;
  if (instance_id_.has_value()) request.instance_id = *instance_id_;
  groups_.shadow.reports(plan_.name, name(), {});
  const client::SendOptions options{.version_max = version_, .version_min = version_};
  Result<client::Reply<Response>> reply =
      co_await offsets_.client().send<Request, Response>(client::any_node, request, options);
  if (!reply.ok()) co_return;
  groups_.run.count_error(reply->message.error_code);
  if (reply->message.error_code == 0 && !comes_back) groups_.shadow.gone(plan_.name, id);
}

}  // namespace

std::unique_ptr<GroupMember> make_consumer_member(GroupContext& groups, const GroupPlan& plan, uint32_t number) {
  return std::make_unique<ConsumerMember>(groups, plan, number);
}

}  // namespace moldau::sim
