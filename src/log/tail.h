// SegmentTail: the arithmetic of the segment that is appended to: when to roll, when to index, which timestamp is the
// largest. Pure; the log shell keeps one per log, works on a copy while it writes and takes the copy over when the
// write succeeded, so that a failed write changes nothing. Rules are Kafka's (LogSegment, UnifiedLog.maybeRoll),
// checked against its files.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"
#include "log/index.h"

namespace moldau::log {

/// What decides when a segment is full, in Kafka's configuration units.
struct SegmentLimits {
  int64_t segment_bytes = 1 << 30;
  int64_t segment_ms = 7LL * 24 * 3600 * 1000;
  int64_t jitter_ms = 0;  ///< this segment's own draw from [0, min(segment.jitter.ms, segment.ms))
  int64_t index_bytes = 10 << 20;
  int64_t index_interval_bytes = 4096;
};

/// A batch that is about to be appended.
struct TailBatch {
  uint64_t size = 0;
  Offset base_offset = 0;
  Offset last_offset = 0;
  WallMillis max_timestamp = no_timestamp;
};

/// Index entries that one batch brings.
struct TailEntries {
  std::optional<OffsetEntry> offset;
  std::optional<TimeEntry> time;
};

struct SegmentTail {
  Offset base = 0;
  uint64_t size = 0;
  WallMillis created = 0;  ///< wall time of the segment's creation (in this process)
  /// Largest timestamp of the first batch, which starts the clock of segment.ms; nothing while the segment is empty.
  std::optional<WallMillis> first_timestamp;
  WallMillis max_timestamp = no_timestamp;
  Offset max_timestamp_offset = 0;  ///< last offset of the first batch that has it
  uint32_t offset_entries = 0;
  uint32_t time_entries = 0;
  WallMillis last_time_entry = no_timestamp;
  uint64_t bytes_since_entry = 0;

  /// True when `batch` must go into a new segment: by size, by time, because an index is full, or because its offsets
  /// lie too far from the base. An empty segment is never rolled by size or time.
  bool must_roll(const SegmentLimits& limits, const TailBatch& batch, WallMillis now) const;
  /// Takes the batch in and says what to index.
  TailEntries add(const TailBatch& batch, int64_t index_interval_bytes);
  /// The last entry of the time index, due when the segment becomes inactive or the log is closed; none if it stands
  /// already.
  std::optional<TimeEntry> final_time_entry();

  bool operator==(const SegmentTail&) const = default;
};

/// A segment of a log that starts at `base`.
SegmentTail new_segment_tail(Offset base, WallMillis now);

}  // namespace moldau::log
