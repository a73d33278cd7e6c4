#include "log/retention.h"

#include <numeric>

namespace moldau::log {
namespace {

/// True when segment `i` lies wholly below `up_to` and is not an empty last one.
bool eligible(std::span<const RetentionSegment> segments, size_t i, Offset log_end, Offset up_to) {
  const bool last = i + 1 == segments.size();
  if (last && segments[i].size == 0) return false;
  return up_to >= (last ? log_end : segments[i + 1].base);
}

}  // namespace

RetentionPlan plan_retention(std::span<const RetentionSegment> segments, const RetentionPolicy& policy,
                             Offset log_start, Offset log_end, Offset up_to, WallMillis now) {
  RetentionPlan plan;
  size_t next = 0;
  const auto may_delete = [&] { return next < segments.size() && eligible(segments, next, log_end, up_to); };

  while (may_delete() && next + 1 < segments.size() && segments[next + 1].base <= log_start) {
    ++next;
    ++plan.by_log_start;
  }
  if (!policy.delete_old) return plan;

  if (policy.retention_bytes >= 0) {
    const uint64_t total =
        std::accumulate(segments.begin() + static_cast<std::ptrdiff_t>(next), segments.end(), uint64_t{0},
                        [](uint64_t sum, const RetentionSegment& s) { return sum + s.size; });
    const auto bound = static_cast<uint64_t>(policy.retention_bytes);
    uint64_t excess = total > bound ? total - bound : 0;
    while (excess > 0 && may_delete() && excess >= segments[next].size) {
      excess -= segments[next].size;
      ++next;
      ++plan.by_size;
    }
  }
  if (policy.retention_ms >= 0) {
    const auto age_of = [now](WallMillis timestamp) {
      int64_t age = 0;
      if (__builtin_sub_overflow(now, timestamp, &age)) return now > timestamp ? INT64_MAX : INT64_MIN;
      return age;
    };
    while (may_delete() && age_of(segments[next].largest_timestamp) > policy.retention_ms) {
      ++next;
      ++plan.by_age;
    }
  }
  return plan;
}

}  // namespace moldau::log
