#include "client/client.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "wire/api/03_metadata.h"

namespace moldau::client {
namespace {

/// First versions of Metadata with a flag for auto-creation, and with topic ids.
constexpr int16_t metadata_with_auto_create = 4;

bool passing(wire::ErrorCode error) {
  return error != wire::ErrorCode::none && wire::is_retriable(error);
}

/// Whether asking again soon may give a better answer about `topic`.
bool unsettled(const TopicInfo& topic) {
  if (passing(topic.error) && topic.error != wire::ErrorCode::unknown_topic_or_partition) return true;
  return std::ranges::any_of(topic.partitions, [](const PartitionInfo& partition) { return passing(partition.error); });
}

}  // namespace

Failure failure_of(wire::ErrorCode error, std::string_view what) {
  using enum wire::ErrorCode;
  FailureKind kind = FailureKind::invalid_argument;
  if (error == unknown_topic_or_partition || error == unknown_topic_id)
    kind = FailureKind::not_found;
  else if (error == topic_already_exists)
    kind = FailureKind::already_exists;
  else if (error == unsupported_version)
    kind = FailureKind::unsupported;
  else if (error == topic_authorization_failed || error == cluster_authorization_failed)
    kind = FailureKind::permission;
  else if (wire::is_retriable(error))
    kind = FailureKind::unavailable;
  return {kind, fmt::format("{}: {}: {}", what, wire::name_of(error), wire::message_of(error))};
}

bool is_passing(const Failure& failure) {
  return failure.kind == FailureKind::closed || failure.kind == FailureKind::timed_out ||
         failure.kind == FailureKind::unavailable;
}

Retry::Retry(const io::Surface& surface, const ClientOptions& options)
    : surface_(surface),
      backoff_(options.retry_backoff),
      backoff_max_(options.retry_backoff_max),
      end_(surface.clock.now() + options.retry_timeout) {}

io::Task<bool> Retry::again() {
  const Instant now = surface_.clock.now();
  // 80 % to 120 % of the backoff, so that clients do not come back all at once.
  const int64_t percent = 80 + static_cast<int64_t>(surface_.entropy.next() % 41);
  const Duration pause = backoff_ * percent / 100;
  if (now + pause >= end_) co_return false;
  backoff_ = std::min(backoff_ * 2, backoff_max_);
  ++attempts_;
  co_await io::sleep_until(surface_.timers, now + pause);
  co_return true;
}

Client::Client(const io::Surface& surface, ClientOptions options)
    : surface_(surface), options_(std::move(options)), topology_(std::make_shared<Topology>()) {
  if (options_.bootstrap.size() > bootstrap_addresses_max) options_.bootstrap.resize(bootstrap_addresses_max);
}

Client::~Client() = default;

void Client::close() {
  closed_ = true;
  for (auto& [name, peer] : peers_) {
    if (peer.connection != nullptr) peer.connection->close();
  }
}

Client::Peer& Client::peer_of(const io::Address& address) {
  const std::string name = address.to_string();
  const auto found = peers_.find(name);
  if (found != peers_.end()) return found->second;
  if (peers_.size() >= nodes_max) {
    // A cluster that keeps renaming its nodes: forget one that is not connected, or else any.
    auto victim = std::ranges::find_if(peers_, [](const auto& entry) {
      return entry.second.connection == nullptr || entry.second.connection->state() == Connection::State::broken;
    });
    peers_.erase(victim == peers_.end() ? peers_.begin() : victim);
  }
  return peers_[name];
}

io::Task<Result<std::shared_ptr<Connection>>> Client::connect_address(io::Address address) {
  if (closed_) co_return Failure{FailureKind::closed, "the client was closed"};
  {
    Peer& peer = peer_of(address);
    if (peer.connection != nullptr && peer.connection->state() == Connection::State::broken) {
      peer.backoff = peer.backoff == Duration{} ? options_.reconnect_backoff
                                                : std::min(peer.backoff * 2, options_.retry_backoff_max);
      peer.retry_at = surface_.clock.now() + peer.backoff;
      peer.connection = nullptr;
    }
    if (peer.connection == nullptr) peer.connection = std::make_shared<Connection>(surface_, options_, address);
  }
  const Instant retry_at = peer_of(address).retry_at;
  if (retry_at > surface_.clock.now()) {
    co_await io::sleep_until(surface_.timers, retry_at);
  }
  if (closed_) co_return Failure{FailureKind::closed, "the client was closed"};
  const std::shared_ptr<Connection> connection = peer_of(address).connection;
  if (connection == nullptr)
    co_return Failure{FailureKind::closed, address.to_string() + ": the connection was replaced"};
  if (connection->state() != Connection::State::ready) {
    io::OneShot<Status> ready;
    connection->when_ready(ready.completion());
    const Status status = co_await ready;
    if (!status.ok()) co_return status.failure();
  }
  Peer& peer = peer_of(address);
  peer.backoff = {};
  peer.retry_at = Instant{INT64_MIN};
  co_return connection;
}

std::vector<io::Address> Client::candidates() const {
  std::vector<io::Address> all;
  for (const auto& node : topology_->nodes) all.push_back(node.address);
  const size_t known = all.size();
  // Known nodes in turn, so that load spreads; the bootstrap list when none of them answers.
  if (known > 1) std::ranges::rotate(all, all.begin() + static_cast<std::ptrdiff_t>(next_candidate_ % known));
  for (const auto& address : options_.bootstrap) {
    if (std::ranges::find(all, address) == all.end()) all.push_back(address);
  }
  return all;
}

io::Task<Result<std::shared_ptr<Connection>>> Client::connect_any() {
  const std::vector<io::Address> addresses = candidates();
  if (addresses.empty()) co_return Failure{FailureKind::invalid_argument, "no broker address is given"};
  for (const auto& address : addresses) {
    const auto found = peers_.find(address.to_string());
    if (found == peers_.end() || found->second.connection == nullptr) continue;
    if (found->second.connection->state() == Connection::State::ready) co_return found->second.connection;
  }
  ++next_candidate_;
  Failure last{FailureKind::unavailable, ""};
  for (const auto& address : addresses) {
    Result<std::shared_ptr<Connection>> connection = co_await connect_address(address);
    if (connection.ok() || closed_) co_return connection;
    last = std::move(connection).failure();
  }
  co_return last;
}

io::Task<Result<std::shared_ptr<Connection>>> Client::connect_to(NodeId node) {
  if (node == any_node) {
    Result<std::shared_ptr<Connection>> connection = co_await connect_any();
    co_return connection;
  }
  const Node* known = topology_->node(node);
  if (known == nullptr) {
    std::vector<std::string> no_topics;
    Result<TopologyRef> topology = co_await refresh(std::move(no_topics));
    if (!topology.ok()) co_return std::move(topology).failure();
    known = (*topology)->node(node);
    if (known == nullptr) co_return Failure{FailureKind::not_found, fmt::format("the cluster has no node {}", node)};
  }
  const io::Address address = known->address;
  Result<std::shared_ptr<Connection>> connection = co_await connect_address(address);
  co_return connection;
}

io::Task<Result<RawReply>> Client::send_raw(NodeId node, const RequestBody* body, SendOptions options) {
  const Result<std::shared_ptr<Connection>> connection = co_await connect_to(node);
  if (!connection.ok()) co_return connection.failure();
  io::OneShot<Result<RawReply>> arrived;
  (*connection)->send(*body, options, arrived.completion());
  Result<RawReply> reply = co_await arrived;
  co_return reply;
}

io::Task<Result<TopologyRef>> Client::refresh(std::vector<std::string> topics, bool all_topics, bool auto_create) {
  wire::MetadataRequest request;
  // An empty list is all topics in version 0 only, which is never chosen here: see version_min.
  auto& list = request.topics.emplace();
  using TopicEntry = std::remove_cvref_t<decltype(list)>::value_type;
  for (const auto& topic : topics) {
    TopicEntry entry;
    entry.name = topic;
    list.push_back(entry);
  }
  if (all_topics) request.topics.reset();
  request.allow_auto_topic_creation = auto_create;
  SendOptions options;
  options.version_min = auto_create ? int16_t{1} : metadata_with_auto_create;
  Retry pace = retry();
  for (;;) {
    Result<Reply<wire::MetadataResponse>> reply =
        co_await send<wire::MetadataRequest, wire::MetadataResponse>(any_node, request, options);
    if (reply.ok()) {
      Topology news = topology_of(reply->message);
      const Instant now = surface_.clock.now();
      for (const auto& [name, topic] : news.topics) topic_fetched_.insert_or_assign(name, now);
      if (!all_topics) news = merge_topology(*topology_, std::move(news));
      topology_ = std::make_shared<const Topology>(std::move(news));
      co_return topology_;
    }
    if (!is_passing(reply.failure()) || closed_) co_return std::move(reply).failure();
    if (topology_->nodes.empty() && !options_.retry_first_contact) co_return std::move(reply).failure();
    const bool again = co_await pace.again();
    if (!again) co_return std::move(reply).failure();
  }
}

bool Client::fresh(const std::vector<std::string>& topics) const {
  if (topology_->nodes.empty()) return false;
  const Instant now = surface_.clock.now();
  return std::ranges::all_of(topics, [&](const std::string& name) {
    const auto fetched = topic_fetched_.find(name);
    const TopicInfo* topic = topology_->topic(name);
    return fetched != topic_fetched_.end() && now - fetched->second < options_.metadata_age_max && topic != nullptr &&
           topic->error == wire::ErrorCode::none && !unsettled(*topic);
  });
}

io::Task<Result<TopologyRef>> Client::metadata(std::vector<std::string> topics) {
  if (fresh(topics)) co_return topology_;
  Retry pace = retry();
  for (;;) {
    Result<TopologyRef> topology = co_await refresh(topics);
    if (!topology.ok()) co_return topology;
    const bool settled = std::ranges::none_of(topics, [&](const std::string& name) {
      const TopicInfo* topic = (*topology)->topic(name);
      return topic == nullptr || unsettled(*topic);
    });
    if (settled) co_return topology;
    const bool again = co_await pace.again();
    if (!again) co_return topology;
  }
}

io::Task<Result<NodeId>> Client::leader_of(std::string topic, PartitionIndex partition) {
  std::vector<std::string> topics;
  topics.push_back(topic);
  Result<TopologyRef> topology = co_await metadata(std::move(topics));
  if (!topology.ok()) co_return std::move(topology).failure();
  const TopicInfo* info = (*topology)->topic(topic);
  if (info == nullptr || info->error != wire::ErrorCode::none) {
    const wire::ErrorCode error = info == nullptr ? wire::ErrorCode::unknown_topic_or_partition : info->error;
    co_return failure_of(error, "topic " + topic);
  }
  const PartitionInfo* found = info->partition(partition);
  if (found == nullptr) {
    co_return Failure{FailureKind::not_found, fmt::format("topic {} has no partition {}", topic, partition)};
  }
  if (found->leader < 0) {
    co_return failure_of(wire::ErrorCode::leader_not_available, fmt::format("topic {} partition {}", topic, partition));
  }
  co_return found->leader;
}

void Client::forget(std::string_view topic) {
  const auto found = topic_fetched_.find(topic);
  if (found != topic_fetched_.end()) topic_fetched_.erase(found);
}

}  // namespace moldau::client
