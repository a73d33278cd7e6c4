#include "cli/kafka/perf_stats.h"

#include <algorithm>

#include <fmt/core.h>

namespace moldau::cli::kafka {
namespace {

constexpr double megabyte = 1024.0 * 1024.0;

}  // namespace

PerfStats::PerfStats(int64_t records, int64_t start_ms)
    : start_(start_ms),
      window_start_(start_ms),
      sampling_(records / std::min(std::max<int64_t>(records, 1), samples_max)) {
  sampling_ = std::max<int64_t>(sampling_, 1);
  latencies_.reserve(static_cast<size_t>(std::clamp<int64_t>(records / sampling_ + 1, 0, samples_max * 2)));
}

void PerfStats::add(int64_t latency_ms, int64_t bytes) {
  ++count_;
  bytes_ += bytes;
  latency_sum_ += latency_ms;
  latency_max_ = std::max(latency_max_, latency_ms);
  ++window_count_;
  window_bytes_ += bytes;
  window_sum_ += latency_ms;
  window_max_ = std::max(window_max_, latency_ms);
  if (seen_++ % sampling_ == 0) latencies_.push_back(latency_ms);
}

std::string PerfStats::window_line(int64_t now_ms) {
  const double elapsed = static_cast<double>(std::max<int64_t>(now_ms - window_start_, 1));
  const double count = static_cast<double>(window_count_);
  std::string line = fmt::format(
      "{} records sent, {:.1f} records/sec ({:.2f} MB/sec), {:.1f} ms avg latency, {:.1f} ms max latency.\n",
      window_count_, 1000.0 * count / elapsed, 1000.0 * static_cast<double>(window_bytes_) / elapsed / megabyte,
      window_count_ == 0 ? 0.0 : static_cast<double>(window_sum_) / count, static_cast<double>(window_max_));
  window_start_ = now_ms;
  window_count_ = window_bytes_ = window_sum_ = window_max_ = 0;
  return line;
}

std::string PerfStats::total_line(int64_t now_ms, std::string_view what) {
  const double elapsed = static_cast<double>(std::max<int64_t>(now_ms - start_, 1));
  std::ranges::sort(latencies_);
  const auto percentile = [&](double part) {
    if (latencies_.empty()) return int64_t{0};
    const auto at = static_cast<size_t>(part * static_cast<double>(latencies_.size()));
    return latencies_[std::min(at, latencies_.size() - 1)];
  };
  const double count = static_cast<double>(count_);
  return fmt::format(
      "{}{} records sent, {:.6f} records/sec ({:.2f} MB/sec), {:.2f} ms avg latency, {:.2f} ms max latency, {} ms "
      "50th, "
      "{} ms 95th, {} ms 99th, {} ms 99.9th.\n",
      count_, what, 1000.0 * count / elapsed, 1000.0 * static_cast<double>(bytes_) / elapsed / megabyte,
      count_ == 0 ? 0.0 : static_cast<double>(latency_sum_) / count, static_cast<double>(latency_max_), percentile(0.5),
      percentile(0.95), percentile(0.99), percentile(0.999));
}

int64_t Throttle::wait_ms(int64_t sent, int64_t now_ms) const {
  if (per_second_ < 0) return 0;
  if (per_second_ == 0) return INT64_MAX;
  const double due_ms = static_cast<double>(sent) * 1000.0 / per_second_;
  return std::max<int64_t>(0, static_cast<int64_t>(due_ms) - (now_ms - start_ms_));
}

}  // namespace moldau::cli::kafka
