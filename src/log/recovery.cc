#include "log/recovery.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace moldau::log {

SegmentRecovery::SegmentRecovery(Offset base, Offset expected, Epoch last_epoch, Offset recovery_point, Offset limit,
                                 bool gaps, int64_t index_interval_bytes, WallMillis now)
    : expected_(std::max(base, expected)),
      last_epoch_(last_epoch),
      recovery_point_(recovery_point),
      limit_(limit),
      gaps_(gaps),
      index_interval_bytes_(index_interval_bytes),
      tail_(new_segment_tail(base, now)) {}

void SegmentRecovery::begin_at(const SegmentTail& tail, Offset expected, Epoch last_epoch) {
  ASSERT(tail_.size == 0 && tail.base == tail_.base);
  tail_ = began_ = tail;
  valid_bytes_ = tail.size;
  expected_ = expected;
  last_epoch_ = last_epoch;
}

bool SegmentRecovery::continues(const ScannedBatch& batch) const {
  return batch.base_offset >= expected_ && batch.last_offset >= batch.base_offset && batch.last_offset < limit_ &&
         batch.last_offset < INT64_MAX && batch.last_offset - tail_.base <= relative_offset_max;
}

bool SegmentRecovery::could_resume(const ScannedBatch& batch) const {
  return continues(batch);
}

bool SegmentRecovery::accept(const ScannedBatch& batch) {
  ASSERT(!cut_ && !ends_in_damage_ && batch.position == tail_.size);
  if (!continues(batch)) return false;
  if (expected_ >= recovery_point_) {
    if (!gaps_ && batch.base_offset != expected_) return false;
    if (batch.leader_epoch < no_epoch) return false;  // no checksum covers it, and no leader wrote it
    if (batch.leader_epoch >= 0 && batch.leader_epoch < last_epoch_) return false;
  }
  const TailEntries entries =
      tail_.add({batch.size, batch.base_offset, batch.last_offset, batch.max_timestamp}, index_interval_bytes_);
  if (entries.offset) offset_index_.push_back(*entries.offset);
  if (entries.time) time_index_.push_back(*entries.time);
  last_epoch_ = std::max(last_epoch_, batch.leader_epoch);
  expected_ = batch.last_offset + 1;
  valid_bytes_ = tail_.size;
  return true;
}

SegmentRecovery::Verdict SegmentRecovery::damage(uint64_t position, uint64_t end,
                                                 const std::optional<ScannedBatch>& resume, std::string reason) {
  ASSERT(!cut_ && !ends_in_damage_ && position == tail_.size);
  if (expected_ >= recovery_point_) {
    cut_ = true;
    keep_aside_ = resume.has_value();
    return Verdict::cut;
  }
  DamagedBytes bytes{position, end, expected_, -1, std::move(reason)};
  if (resume) {
    bytes.to = resume->position;
    bytes.last = resume->base_offset - 1;
    expected_ = resume->base_offset;
    // The next batch gets an index entry whatever its distance, so that lookups behind the damage need not walk through
    // it.
    tail_.bytes_since_entry = static_cast<uint64_t>(INT64_MAX);
  } else {
    // Offsets below the recovery point were handed out and may have been read: they are never handed out again.
    bytes.last = (limit_ != INT64_MAX ? limit_ : recovery_point_) - 1;
    expected_ = std::max(expected_, bytes.last + 1);
    ends_in_damage_ = true;
  }
  tail_.size = bytes.to;
  valid_bytes_ = bytes.to;
  damaged_.push_back(std::move(bytes));
  return Verdict::skip;
}

}  // namespace moldau::log
