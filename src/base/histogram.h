// Histogram: how often durations fell into fixed buckets, each twice as wide as the one before; the bounds are powers
// of two of a second, as in Prometheus' native histograms of schema 0: one can be turned into the other exactly.
//
// Costs: record() is a multiplication, a count of leading zeros and two additions, 2 ns, in memory of its own; nothing
// is allocated, ever. 200 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace moldau {

class Histogram {
 public:
  /// Upper bound of the first bucket: 2^-17 s, 7.6 us. Of the last finite one: 2^5 s. Behind it is one without bound.
  static constexpr int first_exponent = -17;
  static constexpr size_t finite_buckets = 23;
  static constexpr size_t buckets = finite_buckets + 1;

  /// Negative durations count as none.
  void record(Duration duration) noexcept {
    const auto nanoseconds = static_cast<uint64_t>(std::clamp<int64_t>(duration.nanoseconds, 0, nanoseconds_max));
    ++counts_[bucket_of(nanoseconds)];
    nanoseconds_ += nanoseconds;
  }

  uint64_t count(size_t bucket) const noexcept { return counts_[bucket]; }
  uint64_t count() const noexcept {
    uint64_t sum = 0;
    for (const uint64_t one : counts_) sum += one;
    return sum;
  }
  double sum_seconds() const noexcept { return static_cast<double>(nanoseconds_) / 1e9; }
  /// In seconds; of a finite bucket.
  static double upper_bound(size_t bucket) noexcept {
    return std::ldexp(1.0, first_exponent + static_cast<int>(bucket));
  }

  /// Adds what was recorded elsewhere.
  void add(const Histogram& other) noexcept {
    for (size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    nanoseconds_ += other.nanoseconds_;
  }
  /// What was recorded here and not yet in `earlier`, a copy of this one.
  Histogram since(const Histogram& earlier) const noexcept {
    Histogram difference;
    for (size_t i = 0; i < buckets; ++i) difference.counts_[i] = counts_[i] - earlier.counts_[i];
    difference.nanoseconds_ = nanoseconds_ - earlier.nanoseconds_;
    return difference;
  }
  /// The value below which the share `quantile` of all lies, in seconds, as if they lay evenly in their bucket; 0 if
  /// there are none. What has no bound counts as the largest one.
  double quantile(double quantile) const noexcept {
    const auto all = static_cast<double>(count());
    double below = 0;
    for (size_t i = 0; i < finite_buckets; ++i) {
      const auto here = static_cast<double>(counts_[i]);
      if (here > 0 && below + here >= quantile * all) {
        const double low = i == 0 ? 0 : upper_bound(i - 1);
        return low + (upper_bound(i) - low) * std::max(quantile * all - below, 0.0) / here;
      }
      below += here;
    }
    return all == 0 ? 0 : upper_bound(finite_buckets - 1);
  }

 private:
  static constexpr int64_t nanoseconds_max = 1LL << 39;  // nine minutes; keeps the product below in 64 bits
  static constexpr uint64_t ticks_per_nanosecond = 18'014'398;  // 2^30 / 10^9, times 2^24
  static constexpr int tick_exponent = -30;

  // The bucket with the smallest bound that is not less, to a nanosecond.
  static size_t bucket_of(uint64_t nanoseconds) noexcept {
    const uint64_t ticks = (nanoseconds * ticks_per_nanosecond) >> 24;
    const int exponent = ticks == 0 ? 0 : std::bit_width(ticks - 1);
    const int bucket = exponent - (first_exponent - tick_exponent);
    return static_cast<size_t>(std::clamp(bucket, 0, static_cast<int>(finite_buckets)));
  }

  std::array<uint64_t, buckets> counts_{};
  uint64_t nanoseconds_ = 0;
};

}  // namespace moldau
