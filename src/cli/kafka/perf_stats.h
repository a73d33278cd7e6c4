// The figures of kafka-producer-perf-test: latencies of a window and of the whole run, and their lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli::kafka {

class PerfStats {
 public:
  /// Latencies that are kept for percentiles: with more records, every n-th is.
  static constexpr int64_t samples_max = 500'000;

  /// `records` will come; times are milliseconds of one clock.
  PerfStats(int64_t records, int64_t start_ms);

  /// A record of `bytes` was stored after `latency_ms`.
  void add(int64_t latency_ms, int64_t bytes);
  /// The line of the window that ends at `now_ms`; a new window begins.
  std::string window_line(int64_t now_ms);
  int64_t window_start() const { return window_start_; }
  /// The line of the whole run; `what` stands before "records sent".
  std::string total_line(int64_t now_ms, std::string_view what = "");
  int64_t count() const { return count_; }

 private:
  int64_t start_ = 0;
  int64_t window_start_ = 0;
  int64_t sampling_ = 1;
  std::vector<int64_t> latencies_;
  int64_t seen_ = 0;
  int64_t count_ = 0;
  int64_t bytes_ = 0;
  int64_t latency_max_ = 0;
  int64_t latency_sum_ = 0;
  int64_t window_count_ = 0;
  int64_t window_max_ = 0;
  int64_t window_sum_ = 0;
  int64_t window_bytes_ = 0;
};

/// Holds a rate: says how long to wait so that no more than so many records a second are sent.
class Throttle {
 public:
  /// `per_second` below 0: no bound.
  Throttle(double per_second, int64_t start_ms) : per_second_(per_second), start_ms_(start_ms) {}
  /// Milliseconds to wait after `sent` records at `now_ms`; 0: go on.
  int64_t wait_ms(int64_t sent, int64_t now_ms) const;

 private:
  double per_second_;
  int64_t start_ms_;
};

}  // namespace moldau::cli::kafka
