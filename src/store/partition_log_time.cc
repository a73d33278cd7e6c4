// PartitionLog, lookups by time: through the time index to a position, then over batches, then over the records of one
// batch.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/partition_log.h"
#include "wire/batch_records.h"

namespace moldau::store {
namespace {

/// The first record of `batch` for which `fits` holds.
template <typename Fits>
Result<std::optional<TimestampOffset>> find_record(const wire::BatchView& batch, Fits&& fits) {
  wire::RecordIterator records;
  const compress::Limits limits{uint64_t{1} << 31, compress::zstd_window_log_kafka};
  if (records.start(batch, limits) != wire::RecordFault::none) {
    return Failure{FailureKind::corrupt, fmt::format("the records at offset {} cannot be read", batch.base_offset())};
  }
  wire::RecordView record;
  while (records.next(record)) {
    if (fits(record.offset, record.timestamp)) {
      return std::optional(TimestampOffset{record.offset, record.timestamp, batch.leader_epoch()});
    }
  }
  return std::optional<TimestampOffset>();
}

}  // namespace

/// Reads one entry of a time index; nothing when the file is shorter.
Result<std::optional<log::TimeEntry>> PartitionLog::time_entry(Segment& segment, size_t slot) {
  std::array<std::byte, log::time_entry_bytes> bytes;
  const bool is_active = &segment == &active();
  if (is_active && slot >= segment.time_entries) {
    const size_t pending = slot - segment.time_entries;
    if ((pending + 1) * log::time_entry_bytes > pending_time_entries_.size()) return std::optional<log::TimeEntry>();
    return std::optional(log::time_entry_at(pending_time_entries_, segment.base, pending));
  }
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.time_index, slot * log::time_entry_bytes, bytes));
  if (got < bytes.size()) return std::optional<log::TimeEntry>();
  return std::optional(log::time_entry_at(bytes, segment.base, 0));
}

/// A position from which all batches that end at or after `offset` follow.
Result<uint64_t> PartitionLog::position_below(Segment& segment, Offset offset) {
  Reading how{.may_wait = true, .cold = {}, .failure = {}};
  const auto entry = floor_entry(segment, offset, how);
  if (!entry) return *how.failure;
  return entry->position < segment.size ? entry->position : 0;
}

Result<TimestampOffset> PartitionLog::find_in_segment(size_t index, WallMillis timestamp, Offset up_to) {
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  // The last time entry below the wanted time: everything up to its offset is older.
  size_t low = 0;
  size_t high = segment.time_entries;
  if (&segment == &active()) high += pending_time_entries_.size() / log::time_entry_bytes;
  Offset older_to = segment.base;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const auto entry, time_entry(segment, middle));
    if (entry && entry->timestamp < timestamp) {
      older_to = std::max(older_to, entry->offset);
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  ASSIGN_OR_RETURN(const uint64_t from, position_below(segment, std::max(older_to, log_start_)));
  BatchScan scan(disk(), *segment.log, skip_hole(segment.base, from), segment.size, false);
  bool examined = segment.examined;
  while (true) {
    ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
    if (step == BatchScan::Step::end) return TimestampOffset{};
    if (step == BatchScan::Step::fault) {
      if (!examined) {
        RETURN_IF_FAILED(examine(index));
        examined = true;
      }
      const uint64_t next = skip_hole(segment.base, scan.position());
      if (next == scan.position()) return TimestampOffset{};
      scan.seek(next);
      continue;
    }
    const wire::BatchView& batch = scan.batch();
    if (batch.base_offset() >= up_to) return TimestampOffset{};
    if (batch.max_timestamp() < timestamp || batch.last_offset() < log_start_) continue;
    ASSIGN_OR_RETURN(const auto record, find_record(batch, [&](Offset offset, WallMillis at) {
                       return at >= timestamp && offset >= log_start_ && offset < up_to;
                     }));
    if (record) return *record;
  }
}

Result<TimestampOffset> PartitionLog::find_by_timestamp(WallMillis timestamp, Offset up_to) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  RETURN_IF_FAILED(ensure_active_ready());
  up_to = std::min(up_to, appended_end_);
  for (size_t i = 0; i < segments_.size() && segments_[i].base < up_to; ++i) {
    if (segments_[i].size == 0 || end_of_segment(i) <= log_start_) continue;
    (void)largest_timestamp(segments_[i]);
    const bool is_active = i + 1 == segments_.size();
    const WallMillis largest = is_active ? tail_.max_timestamp : segments_[i].max_timestamp;
    if (largest < timestamp) continue;
    ASSIGN_OR_RETURN(const TimestampOffset found, find_in_segment(i, timestamp, up_to));
    if (found.offset != no_offset) return found;
  }
  return TimestampOffset{};
}

Result<TimestampOffset> PartitionLog::find_max_timestamp(Offset up_to) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  RETURN_IF_FAILED(ensure_active_ready());
  up_to = std::min(up_to, appended_end_);
  TimestampOffset best;
  const auto consider = [&](size_t index, Offset from) -> Status {
    Segment& segment = segments_[index];
    RETURN_IF_FAILED(ensure_open(segment));
    ASSIGN_OR_RETURN(const uint64_t position, position_below(segment, from));
    BatchScan scan(disk(), *segment.log, skip_hole(segment.base, position), segment.size, false);
    while (true) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
      if (step == BatchScan::Step::end) return {};
      if (step == BatchScan::Step::fault) {
        const uint64_t next = skip_hole(segment.base, scan.position());
        if (next == scan.position()) return {};
        scan.seek(next);
        continue;
      }
      const wire::BatchView& batch = scan.batch();
      if (batch.base_offset() >= up_to) return {};
      if (batch.max_timestamp() <= best.timestamp || batch.last_offset() < log_start_) continue;
      const WallMillis wanted = batch.max_timestamp();
      ASSIGN_OR_RETURN(const auto record, find_record(batch, [&](Offset offset, WallMillis at) {
                         return at == wanted && offset >= log_start_ && offset < up_to;
                       }));
      if (record) best = *record;
    }
  };
  for (size_t i = 0; i < segments_.size() && segments_[i].base < up_to; ++i) {
    Segment& segment = segments_[i];
    if (segment.size == 0 || end_of_segment(i) <= log_start_) continue;
    const bool is_active = i + 1 == segments_.size();
    const bool whole = end_of_segment(i) <= up_to && segment.base >= log_start_;
    (void)largest_timestamp(segment);
    const WallMillis largest = is_active ? tail_.max_timestamp : segment.max_timestamp;
    if (largest <= best.timestamp) continue;
    // A whole segment's largest timestamp lies at its last time entry; parts are walked.
    Offset from = segment.base;
    if (whole && is_active) from = tail_.max_timestamp_offset;
    if (whole && !is_active && segment.time_entries > 0) {
      ASSIGN_OR_RETURN(const auto entry, time_entry(segment, segment.time_entries - 1));
      if (entry) from = std::max(from, entry->offset);
    }
    RETURN_IF_FAILED(consider(i, from));
  }
  return best;
}

}  // namespace moldau::store
