// ConnectionRate: how fast connections come, and how long the newest must wait for the rate to hold. Counts as Kafka's
// quotas do: in samples of one window each, over the last `samples` windows; windows that are yet to come count as
// empty, so that a burst of some seconds' worth passes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace moldau::broker {

class ConnectionRate {
 public:
  static constexpr int32_t samples_max = 3'600;
  static constexpr Duration window_max = seconds(3'600);

  /// `per_second`: the most that may come, INT32_MAX for no bound; `samples` windows of `window` each.
  ConnectionRate(int32_t per_second, int32_t samples, Duration window)
      : per_second_(per_second),
        sample_count_(static_cast<size_t>(std::clamp(samples, 1, samples_max))),
        window_(std::clamp(window, milliseconds(1), window_max)) {}

  void set_per_second(int32_t per_second) noexcept { per_second_ = per_second; }
  /// Counts one connection. Returns how long it must wait: nothing within the rate, else at most one window.
  Duration record(Instant now);

 private:
  struct Sample {
    Instant begin;
    uint64_t count = 0;
  };

  int32_t per_second_;
  size_t sample_count_;
  Duration window_;
  std::vector<Sample> samples_;  // oldest first
};

}  // namespace moldau::broker
