// Recovery rules: what a log is after an unclean stop, decided from what a scan of its segments finds. Pure; store/
// reads the bytes, checks checksums, and does what is said here to the files.
//
// The recovery point splits a log. What lies below it was synced and perhaps acknowledged: nothing there is ever cut;
// damage is passed over, reported and not served. What lies above it may be torn: the log is cut at the first bad
// batch, and when valid batches follow the damage (so that it is not simply the torn end), the bytes cut off are to be
// kept aside.
//
//   state     | scanned batch             | damage below the point          | damage above the point
//   scanning  | accept(): scanning        | damage(): scanning behind it    | damage(): cut, for good
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "log/index.h"
#include "log/tail.h"

namespace moldau::log {

/// A whole batch with a right checksum, found in a segment file.
struct ScannedBatch {
  uint64_t position = 0;
  uint64_t size = 0;
  Offset base_offset = 0;
  Offset last_offset = 0;
  WallMillis max_timestamp = no_timestamp;
  Epoch leader_epoch = no_epoch;
};

/// Bytes of a segment that hold no readable batch, and the offsets that they should hold (none if last < first).
struct DamagedBytes {
  uint64_t from = 0;
  uint64_t to = 0;
  Offset first = 0;
  Offset last = -1;
  std::string reason;
};

/// Decides on one segment; fed in the order of positions.
class SegmentRecovery {
 public:
  /// `expected`: the offset after the last accepted batch before this segment (at least `base` counts). `limit`: the
  /// base of the next segment, or INT64_MAX. `gaps`: offsets may be missing between batches (compaction took them).
  SegmentRecovery(Offset base, Offset expected, Epoch last_epoch, Offset recovery_point, Offset limit, bool gaps,
                  int64_t index_interval_bytes, WallMillis now);

  /// Begins behind what an index knows: `tail` is the segment's state there, `expected` the next offset, below the
  /// recovery point. The indexes that are rebuilt lack what `tail` has already.
  void begin_at(const SegmentTail& tail, Offset expected, Epoch last_epoch);
  /// The state with which it began: all zero for a whole segment.
  const SegmentTail& began() const { return began_; }

  /// True when the batch continues the segment: offsets ascend within the segment's bounds, and above the recovery
  /// point they are contiguous (but where gaps are allowed) and leader epochs do not fall (a lower one is what an
  /// unsynced truncation left behind) and are none that cannot be (a torn write: no checksum covers them). False: treat
  /// it as damage.
  bool accept(const ScannedBatch& batch);

  enum class Verdict : unsigned char {
    skip,  ///< below the recovery point: go on at the batch given, if any; else the segment ends here
    cut,   ///< above it: cut the segment at the damage; nothing after it belongs to the log
  };
  /// The bytes at `position` are no batch, or accept() refused it. `resume`: the next acceptable batch behind, if the
  /// segment has one (see could_resume()). `end`: the size of the file.
  Verdict damage(uint64_t position, uint64_t end, const std::optional<ScannedBatch>& resume, std::string reason);
  /// True when `batch`, found by searching behind damage, could continue the segment.
  bool could_resume(const ScannedBatch& batch) const;

  /// The offset after the last batch accepted, or after the damage skipped.
  Offset expected() const { return expected_; }
  Epoch last_epoch() const { return last_epoch_; }
  /// Bytes of the file that stay.
  uint64_t valid_bytes() const { return valid_bytes_; }
  bool was_cut() const { return cut_; }
  /// Of a cut: whether valid batches lie behind it.
  bool keep_aside() const { return keep_aside_; }
  const std::vector<DamagedBytes>& damaged() const { return damaged_; }
  /// True when the file ends in bytes that hold no batch and must stay, below the recovery point. No batch follows them
  /// in this segment; the next one appended to the log goes behind them, with the offset expected().
  bool ends_in_damage() const { return ends_in_damage_; }

  /// The segment's arithmetic state and its indexes, rebuilt; without the final time entry.
  const SegmentTail& tail() const { return tail_; }
  std::vector<OffsetEntry>& offset_index() { return offset_index_; }
  std::vector<TimeEntry>& time_index() { return time_index_; }

 private:
  bool continues(const ScannedBatch& batch) const;

  Offset expected_;
  Epoch last_epoch_;
  Offset recovery_point_;
  Offset limit_;
  bool gaps_;
  int64_t index_interval_bytes_;
  SegmentTail tail_;
  SegmentTail began_;
  uint64_t valid_bytes_ = 0;
  bool cut_ = false;
  bool keep_aside_ = false;
  bool ends_in_damage_ = false;
  std::vector<DamagedBytes> damaged_;
  std::vector<OffsetEntry> offset_index_;
  std::vector<TimeEntry> time_index_;
};

}  // namespace moldau::log
