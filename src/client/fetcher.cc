#include "client/fetcher.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "wire/api/01_fetch.h"

namespace moldau::client {
namespace {

/// First version of Fetch that names topics by id.
constexpr int16_t fetch_with_topic_ids = 13;

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

/// Errors that a new look at the metadata, or a little patience, cures. More than is_retriable says: fenced epochs mean
/// that leadership moved while we looked.
bool may_pass(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  return wire::is_retriable(error) || error == fenced_leader_epoch || error == unknown_leader_epoch ||
         error == unknown_topic_id || error == inconsistent_topic_id;
}

/// Where to go on after `records`, which were fetched at `offset`.
Offset end_of(std::span<const std::byte> records, Offset offset) {
  Offset next = offset;
  wire::for_each_batch(records, [&](const wire::BatchView& batch) {
    next = std::max(next, batch.next_offset());
    return true;
  });
  return next;
}

wire::FetchRequest request_for(const FetchOptions& options) {
  wire::FetchRequest request;
  request.max_wait_ms = static_cast<int32_t>(options.max_wait.milliseconds());
  request.min_bytes = options.min_bytes;
  request.max_bytes = options.max_bytes;
  request.isolation_level = static_cast<int8_t>(options.isolation);
  request.rack_id = options.rack;
  return request;
}

}  // namespace

bool AbortedFilter::is_aborted(const wire::BatchView& batch) {
  while (!pending_.empty() && pending_.front().first_offset <= batch.last_offset()) {
    open_.push_back(pending_.front().producer_id);
    pending_ = pending_.subspan(1);
  }
  if (!batch.is_transactional()) return false;
  const auto open = std::ranges::find(open_, batch.producer_id());
  if (batch.is_control()) {
    // A marker, commit or abort, ends its producer's transaction.
    if (open != open_.end()) open_.erase(open);
    return false;
  }
  return open != open_.end();
}

Fetcher::Fetcher(Client& client, FetchOptions options)
    : client_(client), options_(std::move(options)), alive_(std::make_shared<bool>(true)) {}

Fetcher::~Fetcher() {
  *alive_ = false;
  if (timer_ != 0) client_.surface().timers.cancel(timer_);
}

void Fetcher::assign(const std::string& topic, PartitionIndex partition, Offset offset) {
  remove(topic, partition);
  Partition fresh;
  fresh.offset = offset;
  fresh.generation = ++generations_;
  partitions_.emplace(Key{topic, partition}, fresh);
}

void Fetcher::remove(const std::string& topic, PartitionIndex partition) {
  partitions_.erase({topic, partition});
  std::erase_if(ready_, [&](const Fetched& fetched) {
    if (fetched.topic != topic || fetched.partition != partition) return false;
    buffered_bytes_ -= fetched.records.size();
    return true;
  });
}

io::Task<Fetched> Fetcher::next() {
  while (ready_.empty()) {
    pump();
    if (!ready_.empty()) break;
    co_await arrived_.wait();
  }
  Fetched fetched = std::move(ready_.front());
  ready_.pop_front();
  buffered_bytes_ -= fetched.records.size();
  pump();
  co_return fetched;
}

void Fetcher::push(Fetched fetched) {
  buffered_bytes_ += fetched.records.size();
  ready_.push_back(std::move(fetched));
  if (waking_) return;
  waking_ = true;
  // Not from here: the waiter may destroy the fetcher, whose own coroutine this is.
  client_.surface().executor.defer([this, alive = alive_]() {
    if (!*alive) return;
    waking_ = false;
    if (!ready_.empty() && arrived_.has_waiter()) arrived_.notify();
  });
}

void Fetcher::wake_at(Instant when) {
  if (timer_ != 0 && timer_at_ <= when) return;
  if (timer_ != 0) client_.surface().timers.cancel(timer_);
  timer_at_ = when;
  timer_ = client_.surface().timers.start(when, [this]() {
    timer_ = 0;
    pump();
  });
}

/// Starts a fetch at every node that has something to fetch and none under way, and a look-up of leaders if some are
/// unknown.
void Fetcher::pump() {
  if (buffered_bytes_ >= options_.buffered_bytes_max) return;
  const Topology& topology = *client_.known();
  const Instant now = client_.surface().clock.now();
  std::map<NodeId, std::vector<Asked>> by_node;
  std::vector<std::string> unknown;
  Instant wake = Instant::never();
  for (auto& [key, partition] : partitions_) {
    if (partition.in_flight || partition.resting) continue;
    if (partition.not_before > now) {
      wake = std::min(wake, partition.not_before);
      continue;
    }
    const TopicInfo* topic = topology.topic(key.first);
    const PartitionInfo* info = topic != nullptr ? topic->partition(key.second) : nullptr;
    const bool stale = partition.trouble_since != Instant::never() && !partition.looked_up;
    if (info == nullptr || info->leader < 0 || stale) {
      unknown.push_back(key.first);
      continue;
    }
    if (!busy_.contains(info->leader)) by_node[info->leader].push_back({key, partition.generation, partition.offset});
  }
  if (!unknown.empty() && !resolving_) {
    resolving_ = true;
    const auto repeated = std::ranges::unique(unknown);
    unknown.erase(repeated.begin(), repeated.end());
    tasks_.spawn(resolve(std::move(unknown)));
  }
  for (auto& [node, asked] : by_node) {
    for (const Asked& one : asked) partitions_.find(one.key)->second.in_flight = true;
    busy_.emplace(node, true);
    tasks_.spawn(fetch(node, std::move(asked)));
  }
  if (wake != Instant::never()) wake_at(wake);
}

io::Task<void> Fetcher::resolve(std::vector<std::string> topics) {
  const std::vector<std::string> asked = topics;
  Result<TopologyRef> topology = co_await client_.refresh(std::move(topics));
  resolving_ = false;
  std::vector<std::pair<Asked, wire::ErrorCode>> troubled;
  for (auto& [key, partition] : partitions_) {
    if (partition.in_flight || partition.resting || std::ranges::find(asked, key.first) == asked.end()) continue;
    partition.looked_up = true;
    const Asked one{key, partition.generation, partition.offset};
    if (!topology.ok()) {
      troubled.emplace_back(one, wire::ErrorCode::network_exception);
      continue;
    }
    const TopicInfo* topic = (*topology)->topic(key.first);
    const PartitionInfo* info = topic != nullptr ? topic->partition(key.second) : nullptr;
    if (topic != nullptr && topic->error != wire::ErrorCode::none) {
      troubled.emplace_back(one, topic->error);
    } else if (info == nullptr) {
      troubled.emplace_back(one, wire::ErrorCode::unknown_topic_or_partition);
    } else if (info->leader < 0) {
      troubled.emplace_back(one, wire::ErrorCode::leader_not_available);
    }
  }
  const Failure failure = topology.ok() ? Failure{FailureKind::unavailable, ""} : topology.failure();
  for (const auto& [one, error] : troubled) trouble(one, error, failure);
  pump();
}

io::Task<void> Fetcher::fetch(NodeId node, std::vector<Asked> asked) {
  const TopologyRef topology = client_.known();
  wire::FetchRequest request = request_for(options_);
  SendOptions options;
  options.extra_time = options_.max_wait;
  for (const Asked& one : asked) {
    const TopicInfo& topic = *topology->topic(one.key.first);
    if (topic.id.is_zero()) options.version_max = fetch_with_topic_ids - 1;
    if (request.topics.empty() || request.topics.back().topic != topic.name) {
      request.topics.push_back({topic.name, topic.id, {}});
    }
    wire::FetchRequest::FetchPartition partition;
    partition.partition = one.key.second;
    partition.current_leader_epoch = topic.partition(one.key.second)->leader_epoch;
    partition.fetch_offset = one.offset;
    partition.partition_max_bytes = options_.partition_max_bytes;
    request.topics.back().partitions.push_back(partition);
  }
  const Result<Reply<wire::FetchResponse>> reply =
      co_await client_.send<wire::FetchRequest, wire::FetchResponse>(node, std::move(request), options);
  busy_.erase(node);
  const wire::ErrorCode error = reply.ok() ? error_of(reply->message.error_code) : wire::ErrorCode::network_exception;
  const Failure failure = reply.ok() ? failure_of(error, fmt::format("fetch from node {}", node)) : reply.failure();
  std::vector<bool> answered(asked.size(), false);
  if (reply.ok() && error == wire::ErrorCode::none) {
    for (const auto& topic : reply->message.responses) {
      for (const auto& data : topic.partitions) {
        const auto match = std::ranges::find_if(asked, [&](const Asked& one) {
          return one.key.second == data.partition_index &&
                 (reply->version >= fetch_with_topic_ids ? topology->topic(one.key.first)->id == topic.topic_id
                                                         : one.key.first == topic.topic);
        });
        if (match == asked.end()) continue;
        answered[static_cast<size_t>(match - asked.begin())] = true;
        Fetched fetched;
        fetched.error = error_of(data.error_code);
        fetched.high_watermark = data.high_watermark;
        fetched.last_stable_offset = data.last_stable_offset;
        fetched.log_start_offset = data.log_start_offset;
        if (data.records) fetched.records = reply->frame.slice_of(data.records->view);
        if (data.aborted_transactions) {
          for (const auto& one : *data.aborted_transactions)
            fetched.aborted.push_back({one.producer_id, one.first_offset});
          std::ranges::sort(fetched.aborted, {}, &AbortedTransaction::first_offset);
        }
        take(*match, std::move(fetched));
      }
    }
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    if (answered[i]) continue;
    const auto found = partitions_.find(asked[i].key);
    if (found != partitions_.end() && found->second.generation == asked[i].generation) found->second.in_flight = false;
    if (error != wire::ErrorCode::none) trouble(asked[i], error, failure);
  }
  pump();
}

void Fetcher::take(const Asked& asked, Fetched answer) {
  const auto found = partitions_.find(asked.key);
  if (found == partitions_.end() || found->second.generation != asked.generation) return;
  Partition& partition = found->second;
  partition.in_flight = false;
  if (answer.error != wire::ErrorCode::none) {
    const std::string what = fmt::format("topic {} partition {}", asked.key.first, asked.key.second);
    trouble(asked, answer.error, failure_of(answer.error, what));
    return;
  }
  partition.trouble_since = Instant::never();
  partition.backoff = {};
  answer.topic = asked.key.first;
  answer.partition = asked.key.second;
  answer.fetch_offset = asked.offset;
  answer.next_offset = end_of(answer.records.view(), asked.offset);
  if (answer.next_offset == asked.offset && !answer.records.empty()) {
    // Bytes without a whole batch of use: the broker cut it, so partition_max_bytes is below the batch's size.
    answer.error = wire::ErrorCode::message_too_large;
    answer.records = {};
    partition.resting = true;
  }
  partition.offset = answer.next_offset;
  const bool worth_telling = !answer.records.empty() || !partition.told || answer.error != wire::ErrorCode::none;
  partition.told = true;
  if (worth_telling) push(std::move(answer));
}

void Fetcher::trouble(const Asked& asked, wire::ErrorCode error, const Failure& failure) {
  const auto found = partitions_.find(asked.key);
  if (found == partitions_.end() || found->second.generation != asked.generation) return;
  Partition& partition = found->second;
  const Instant now = client_.surface().clock.now();
  if (partition.trouble_since == Instant::never()) {
    partition.trouble_since = now;
    partition.looked_up = false;
  }
  const bool network = error == wire::ErrorCode::network_exception;
  const bool passes = (network ? is_passing(failure) : may_pass(error)) &&
                      now - partition.trouble_since < client_.options().retry_timeout;
  if (passes) {
    const ClientOptions& limits = client_.options();
    partition.backoff = partition.backoff == Duration{} ? limits.retry_backoff
                                                        : std::min(partition.backoff * 2, limits.retry_backoff_max);
    partition.not_before = now + partition.backoff;
    partition.looked_up = false;
    return;
  }
  partition.resting = true;
  partition.told = true;
  Fetched fetched;
  fetched.topic = asked.key.first;
  fetched.partition = asked.key.second;
  fetched.error = error;
  fetched.failure = failure;
  fetched.fetch_offset = asked.offset;
  fetched.next_offset = asked.offset;
  push(std::move(fetched));
}

}  // namespace moldau::client
