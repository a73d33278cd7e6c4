#include "io/posix/spin_policy.h"

#include <algorithm>

namespace moldau::io::posix {

void SpinPolicy::polled(Duration gap, bool found) noexcept {
  if (always_ || longest_ <= Duration{}) return;
  if (!sampling_ && window_ < longest_) return;  // knows nothing of longer gaps: would be partial to shorter ones
  const auto step = static_cast<size_t>(std::max<int64_t>(gap.nanoseconds, 0) * int64_t{steps} / longest_.nanoseconds);
  for (size_t i = 0; i < steps; ++i) {
    const float hit = found && i == std::min(step, steps - 1) ? 1.0F : 0.0F;
    shares_[i] += (hit - shares_[i]) * weight;
  }
  choose();
}

void SpinPolicy::choose() noexcept {
  const auto step = static_cast<float>(longest_.nanoseconds) / steps;
  const auto wake = static_cast<float>(wake_price.nanoseconds);
  float best = wake;
  size_t chosen = 0;
  float polled = 0;  // mean time of polls that found something
  float missed = 1;  // share of those that did not
  for (size_t i = 0; i < steps; ++i) {
    polled += shares_[i] * step * (static_cast<float>(i) + 0.5F);
    missed -= shares_[i];
    const float cost = polled + missed * (step * static_cast<float>(i + 1) + wake);
    if (cost < best) {
      best = cost;
      chosen = i + 1;
    }
  }
  window_ = Duration{longest_.nanoseconds * static_cast<int64_t>(chosen) / int64_t{steps}};
}

}  // namespace moldau::io::posix
