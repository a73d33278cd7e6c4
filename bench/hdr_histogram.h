// HdrHistogram: durations in buckets at most 1/128 wide of what they hold, so that a percentile is exact to 0.8 %. (The
// broker's own base/histogram.h has buckets twice as wide as the one before: enough for a dashboard, not for a ratio.)
// Costs: record() is a count of leading zeros and an addition; 40 KiB.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace moldau::bench {

class HdrHistogram {
 public:
  /// Largest value that is told apart: 2^40 - 1 ns, 18 minutes. What is larger counts as that; negative as 0.
  static constexpr int64_t value_max = (int64_t{1} << 40) - 1;

  void record(int64_t nanoseconds, uint64_t count = 1) {
    counts_[bucket_of(static_cast<uint64_t>(std::clamp<int64_t>(nanoseconds, 0, value_max)))] += count;
    count_ += count;
    max_ = std::max(max_, nanoseconds);
  }
  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  /// The largest value of the bucket in which the share `quantile` of all is reached; 0 if there are none.
  int64_t quantile(double quantile) const {
    const double wanted = quantile * static_cast<double>(count_);
    uint64_t sum = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      sum += counts_[i];
      if (counts_[i] > 0 && static_cast<double>(sum) >= wanted) return std::min(highest_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr int exact_bits = 8;  // values below 2^8 have a bucket each
  static constexpr size_t half = size_t{1} << (exact_bits - 1);

  static size_t bucket_of(uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - exact_bits);
    return static_cast<size_t>(shift) * half + static_cast<size_t>(value >> shift);
  }
  static int64_t highest_of(size_t bucket) {
    const size_t shift = bucket < 2 * half ? 0 : bucket / half - 1;
    return static_cast<int64_t>(((bucket - shift * half + 1) << shift) - 1);
  }

  std::vector<uint64_t> counts_ = std::vector<uint64_t>(half * 34, 0);
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace moldau::bench
