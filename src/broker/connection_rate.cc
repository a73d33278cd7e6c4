#include "broker/connection_rate.h"

namespace moldau::broker {

Duration ConnectionRate::record(Instant now) {
  if (per_second_ == INT32_MAX) return {};
  const int64_t window = window_.nanoseconds;
  const auto reach = static_cast<int64_t>(sample_count_) * window;
  std::erase_if(samples_, [&](const Sample& sample) { return (now - sample.begin).nanoseconds >= reach; });
  if (samples_.empty() || (now - samples_.back().begin).nanoseconds >= window) samples_.push_back({now, 0});
  samples_.back().count += 1;
  uint64_t count = 0;
  for (const Sample& sample : samples_) count += sample.count;

  int64_t elapsed = (now - samples_.front().begin).nanoseconds;
  const int64_t missing = static_cast<int64_t>(sample_count_) - 1 - elapsed / window;
  elapsed += std::max<int64_t>(missing, 0) * window;
  elapsed = std::max(elapsed, window);
  const double rate = static_cast<double>(count) * 1e9 / static_cast<double>(elapsed);
  const auto allowed = static_cast<double>(per_second_);
  if (rate <= allowed) return {};
  if (per_second_ <= 0) return window_;
  const double wait = (rate - allowed) / allowed * static_cast<double>(elapsed);
  return wait >= static_cast<double>(window) ? window_ : nanoseconds(static_cast<int64_t>(wait));
}

}  // namespace moldau::broker
