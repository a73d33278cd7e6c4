// ScrubOptions and ScrubCounts: how the scrubber is set, and what it tells of itself.
#pragma once

#include <algorithm>
#include <cstdint>

namespace moldau::store {

struct ScrubOptions {
  int64_t bytes_per_second = 8 << 20;  ///< log.scrub.bytes.per.second, of each log directory; 0: nothing is scrubbed
  int64_t interval_ms = 7LL * 24 * 3600 * 1000;  ///< log.scrub.interval.ms: from the start of one round to the next
  int64_t first_after_ms = 300'000;  ///< after a start, before anything is read
  uint64_t slice_bytes = 1 << 20;    ///< checked in one job of the pool

  bool operator==(const ScrubOptions&) const = default;
};

/// Counters grow for the life of the process.
struct ScrubCounts {
  uint64_t rounds = 0;             ///< over all logs of a directory
  uint64_t segments = 0;
  uint64_t bytes = 0;
  uint64_t damaged_ranges = 0;     ///< found by it, not known before
  uint64_t unreadable_blocks = 0;  ///< of 4 KiB, which the device failed to read
  int64_t last_round_wall_ms = 0;  ///< when a round ended last; 0: none yet

  /// With those of another shard.
  void add(const ScrubCounts& other) {
    rounds += other.rounds;
    segments += other.segments;
    bytes += other.bytes;
    damaged_ranges += other.damaged_ranges;
    unreadable_blocks += other.unreadable_blocks;
    last_round_wall_ms = std::max(last_round_wall_ms, other.last_round_wall_ms);
  }
};

}  // namespace moldau::store
