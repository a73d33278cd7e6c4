#include "broker/metrics.h"

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
