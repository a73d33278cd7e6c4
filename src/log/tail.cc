#include "log/tail.h"

#include <algorithm>

#include "base/assert.h"

namespace moldau::log {
namespace {

/// a - b without overflow: hostile timestamps span all of int64.
int64_t saturating_difference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return a > b ? INT64_MAX : INT64_MIN;
  return difference;
}

}  // namespace

bool SegmentTail::must_roll(const SegmentLimits& limits, const TailBatch& batch, WallMillis now) const {
  // Sizes: Kafka compares as `size > max - incoming`, with which a batch larger than a segment rolls only non-empty
  // ones.
  if (size > 0) {
    if (static_cast<int64_t>(size) > limits.segment_bytes - static_cast<int64_t>(batch.size)) return true;
    const int64_t waited = first_timestamp && *first_timestamp >= 0
                               ? saturating_difference(batch.max_timestamp, *first_timestamp)
                               : saturating_difference(now, created);
    if (waited > limits.segment_ms - limits.jitter_ms) return true;
  }
  const auto offset_entries_max = std::max<int64_t>(limits.index_bytes / static_cast<int64_t>(offset_entry_bytes), 1);
  const auto time_entries_max = std::max<int64_t>(limits.index_bytes / static_cast<int64_t>(time_entry_bytes), 2);
  if (size > 0 && offset_entries >= offset_entries_max) return true;
  if (size > 0 && time_entries >= time_entries_max - 1) return true;  // the last slot is kept for the final entry
  return batch.last_offset - base > relative_offset_max;
}

TailEntries SegmentTail::add(const TailBatch& batch, int64_t index_interval_bytes) {
  ASSERT(batch.base_offset >= base && batch.last_offset - base <= relative_offset_max);
  TailEntries entries;
  if (!first_timestamp) first_timestamp = batch.max_timestamp;
  if (batch.max_timestamp > max_timestamp) {
    max_timestamp = batch.max_timestamp;
    max_timestamp_offset = batch.last_offset;
  }
  if (static_cast<int64_t>(bytes_since_entry) > index_interval_bytes) {
    entries.offset = OffsetEntry{batch.last_offset, static_cast<uint32_t>(size)};
    ++offset_entries;
    entries.time = final_time_entry();
    bytes_since_entry = 0;
  }
  size += batch.size;
  bytes_since_entry += batch.size;
  return entries;
}

std::optional<TimeEntry> SegmentTail::final_time_entry() {
  if (max_timestamp <= last_time_entry) return std::nullopt;
  last_time_entry = max_timestamp;
  ++time_entries;
  return TimeEntry{max_timestamp, max_timestamp_offset};
}

SegmentTail new_segment_tail(Offset base, WallMillis now) {
  SegmentTail tail;
  tail.base = base;
  tail.created = now;
  tail.max_timestamp_offset = base;
  return tail;
}

}  // namespace moldau::log
