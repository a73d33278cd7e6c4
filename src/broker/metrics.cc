#include "broker/metrics.h"

#include <algorithm>

namespace moldau::broker {

void ApiMetrics::observe(const RequestTimes& times, Instant sent) noexcept {
  queue.record(times.began - times.received);
  if (times.left == Instant::never()) {
    local.record(times.answered - times.began);
  } else {
    local.record(times.left - times.began);
    wait.record(times.answered - times.left);
  }
  send.record(sent - times.answered);
  total.record(sent - times.received);
}

void ApiMetrics::count_error(int16_t code) noexcept {
  const int slot = code - wire::code_of(wire::error_code_min);
  if (slot >= 0 && slot < static_cast<int>(error_slots)) ++errors[static_cast<size_t>(slot)];
}

void ApiMetrics::add(const ApiMetrics& other) noexcept {
  for (size_t i = 0; i < error_slots; ++i) errors[i] += other.errors[i];
  for (Histogram ApiMetrics::* const histogram :
       {&ApiMetrics::queue, &ApiMetrics::local, &ApiMetrics::wait, &ApiMetrics::send, &ApiMetrics::total,
        &ApiMetrics::window_old, &ApiMetrics::window_new}) {
    (this->*histogram).add(other.*histogram);
  }
}

void TopicCounters::add(const TopicCounters& other) noexcept {
  messages_in += other.messages_in;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  produce_requests += other.produce_requests;
  fetch_requests += other.fetch_requests;
  failed_produce_requests += other.failed_produce_requests;
  failed_fetch_requests += other.failed_fetch_requests;
}

void TopicCounterTable::add(const TopicCounterTable& other) {
  for (const auto& [topic, counters] : other.counters_) get(topic)->add(*counters);
  others_->add(*other.others_);
  overflowed_ = overflowed_ || other.overflowed_;
}

TopicCountersRef TopicCounterTable::get(const Uuid& topic) {
  const auto found = counters_.find(topic);
  if (found != counters_.end()) return found->second;
  if (counters_.size() >= limit_) {
    overflowed_ = true;
    return others_;
  }
  return counters_.emplace(topic, std::make_shared<TopicCounters>()).first->second;
}

const TopicCounters* TopicCounterTable::find(const Uuid& topic) const {
  const auto found = counters_.find(topic);
  return found == counters_.end() ? nullptr : found->second.get();
}

void Metrics::add(const Metrics& other) {
  static constexpr uint64_t Metrics::* sums[] = {&Metrics::connections_accepted,
                                                 &Metrics::connections_refused,
                                                 &Metrics::connections_delayed,
                                                 &Metrics::connections_steered,
                                                 &Metrics::partitions_moved,
                                                 &Metrics::idle_connections_closed,
                                                 &Metrics::slow_frames_closed,
                                                 &Metrics::slow_readers_closed,
                                                 &Metrics::malformed_frames,
                                                 &Metrics::malformed_requests,
                                                 &Metrics::unsupported_requests,
                                                 &Metrics::trailing_bytes,
                                                 &Metrics::bytes_received,
                                                 &Metrics::bytes_sent,
                                                 &Metrics::batches_appended,
                                                 &Metrics::records_appended,
                                                 &Metrics::record_bytes_appended,
                                                 &Metrics::record_bytes_fetched,
                                                 &Metrics::produce_errors,
                                                 &Metrics::fetch_errors,
                                                 &Metrics::cold_reads,
                                                 &Metrics::coordinators_failed,
                                                 &Metrics::group_rebalances,
                                                 &Metrics::offsets_committed,
                                                 &Metrics::unclean_elections,
                                                 &Metrics::connections,
                                                 &Metrics::topics,
                                                 &Metrics::partitions,
                                                 &Metrics::offline_log_directories,
                                                 &Metrics::waiting_fetches,
                                                 &Metrics::waiting_produces,
                                                 &Metrics::waiting_group_requests,
                                                 &Metrics::fetch_sessions,
                                                 &Metrics::receive_block_bytes,
                                                 &Metrics::loop_turns,
                                                 &Metrics::loop_sleeps,
                                                 &Metrics::loop_spins};
  for (uint64_t Metrics::* const sum : sums) this->*sum += other.*sum;
  for (size_t key = 0; key < wire::api_key_count; ++key) {
    requests[key] += other.requests[key];
    if (other.apis[key] != nullptr) api(static_cast<wire::ApiKey>(key)).add(*other.apis[key]);
  }
  send_blocked.add(other.send_blocked);
  topic_counters.add(other.topic_counters);
  loop_spin_seconds += other.loop_spin_seconds;
  loop_busy_seconds += other.loop_busy_seconds;
  shards.insert(shards.end(), other.shards.begin(), other.shards.end());
  std::sort(shards.begin(), shards.end(), [](const auto& a, const auto& b) { return a.shard < b.shard; });
  uptime_seconds += other.uptime_seconds;
}

void Metrics::move_windows(Instant now) {
  if (now - windows_moved < window_min) return;
  windows_moved = now;
  for (const std::unique_ptr<ApiMetrics>& api : apis) {
    if (api == nullptr) continue;
    api->window_old = api->window_new;
    api->window_new = api->total;
  }
}

}  // namespace moldau::broker
