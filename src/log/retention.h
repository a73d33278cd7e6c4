// Retention: which of the oldest segments may go, by log start, by size, by age. Pure; the log shell asks at each check
// and deletes what it is told. Rules are Kafka's (UnifiedLog.deleteOldSegments), in its order.
#pragma once

#include <cstdint>
#include <span>

#include "base/ids.h"
#include "base/time.h"

namespace moldau::log {

/// One segment, oldest first; the last one is active.
struct RetentionSegment {
  Offset base = 0;
  uint64_t size = 0;
  WallMillis largest_timestamp = 0;  ///< of its records; the time of its last change if they have none
};

struct RetentionPolicy {
  bool delete_old = true;        ///< cleanup.policy has "delete"; else only the log start counts
  int64_t retention_bytes = -1;  ///< -1: no bound
  int64_t retention_ms = -1;     ///< -1: no bound
};

/// How many segments from the oldest may be deleted, and why (for the trace).
struct RetentionPlan {
  size_t by_log_start = 0;
  size_t by_size = 0;
  size_t by_age = 0;

  size_t count() const { return by_log_start + by_size + by_age; }
};

/// `log_end`: the next offset; `up_to`: what lies at or above it stays (the high watermark). A last segment that is
/// empty stays. When all go, the caller rolls first: a log always has a segment.
RetentionPlan plan_retention(std::span<const RetentionSegment> segments, const RetentionPolicy& policy,
                             Offset log_start, Offset log_end, Offset up_to, WallMillis now);

}  // namespace moldau::log
