// PartitionLog, lookups by time: through the time index to a position, then over batches, then over the records of one
// batch.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/partition_log.h"
#include "wire/batch_records.h"

namespace moldau::store {
namespace {

/// A time index up to this size is brought into memory whole: 12 bytes for each 4 KiB of log at the default interval.
constexpr uint64_t index_load_bytes_max = 4 << 20;
/// Ranges asked for at once.
constexpr size_t cold_ranges_max = 256;

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

/// Reads one entry of a time index, waiting for it; nothing when the file is shorter.
Result<std::optional<log::TimeEntry>> PartitionLog::time_entry(Segment& segment, size_t slot) {
  Reading how{.may_wait = true, .cold = {}, .failure = {}};
  return time_entry(segment, slot, how);
}

/// Nothing also when it is not in memory and not to be waited for: then `how` says so.
Result<std::optional<log::TimeEntry>> PartitionLog::time_entry(Segment& segment, size_t slot, Reading& how) {
  std::array<std::byte, log::time_entry_bytes> bytes;
  const bool is_active = &segment == &active();
  if (is_active && slot >= segment.time_entries) {
    const size_t pending = slot - segment.time_entries;
    if ((pending + 1) * log::time_entry_bytes > pending_time_entries_.size()) return std::optional<log::TimeEntry>();
    return std::optional(log::time_entry_at(pending_time_entries_, segment.base, pending));
  }
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  const uint64_t at = slot * log::time_entry_bytes;
  if (!how.may_wait && !disk().is_cached(*segment.time_index, at, bytes.size())) {
    const uint64_t whole = uint64_t{segment.time_entries} * log::time_entry_bytes;
    const bool small = whole <= index_load_bytes_max;
    how.cold = io::FileSlice{segment.time_index, small ? 0 : at, small ? whole : bytes.size()};
    return std::optional<log::TimeEntry>();
  }
  ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.time_index, at, bytes));
  if (got < bytes.size()) return std::optional<log::TimeEntry>();
  return std::optional(log::time_entry_at(bytes, segment.base, 0));
}

/// A position from which all batches that end at or after `offset` follow. 0 when `how` says what was not in memory.
Result<uint64_t> PartitionLog::position_below(Segment& segment, Offset offset, Reading& how) {
  const auto entry = floor_entry(segment, offset, how);
  if (!entry && how.failure) return *how.failure;
  return entry && entry->position < segment.size ? entry->position : 0;
}

/// What a lookup by time needs to know of all segments below `up_to` first: their largest timestamps. False when some
/// of it is not in memory: `cold` has it.
Result<bool> PartitionLog::ready_for_times(Offset up_to, std::vector<io::FileSlice>* cold) {
  if (!active_ready_ && cold != nullptr) {
    Segment& segment = active();
    RETURN_IF_FAILED(ensure_open(segment));
    if (segment.size > 0 && !disk().is_cached(*segment.log, 0, wire::batch_header_bytes)) {
      cold->push_back({segment.log, 0, std::min<uint64_t>(segment.size, wire::batch_header_bytes)});
    }
    if (segment.time_entries > 0) {
      Reading how;
      ASSIGN_OR_RETURN([[maybe_unused]] const auto last, time_entry(segment, segment.time_entries - 1, how));
      if (how.cold) cold->push_back(std::move(*how.cold));
    }
    if (!cold->empty()) return false;
  }
  RETURN_IF_FAILED(ensure_active_ready());
  for (size_t i = 0; i + 1 < segments_.size() && segments_[i].base < up_to; ++i) {
    Segment& segment = segments_[i];
    if (segment.max_timestamp != timestamp_unread || end_of_segment(i) <= log_start_) continue;
    std::optional<log::TimeEntry> last;
    if (segment.time_entries > 0) {
      Reading how{.may_wait = cold == nullptr, .cold = {}, .failure = {}};
      ASSIGN_OR_RETURN(last, time_entry(segment, segment.time_entries - 1, how));
      if (how.cold) {
        cold->push_back(std::move(*how.cold));
        if (cold->size() >= cold_ranges_max) return false;
        continue;
      }
    }
    segment.max_timestamp = last ? last->timestamp : no_timestamp;
  }
  return cold == nullptr || cold->empty();
}

/// Moves on to the next sound batch of segment `index`, over its damage; false at its end, or when `how` says what was
/// not in memory.
Result<bool> PartitionLog::next_for_times(size_t index, BatchScan& scan, Reading& how) {
  const Segment& segment = segments_[index];
  bool examined = segment.examined;
  while (true) {
    const Result<BatchScan::Step> step = scan.next();
    if (scan.cold()) {
      how.cold = io::FileSlice{segment.log, scan.cold()->position, scan.cold()->size};
      return false;
    }
    if (!step.ok()) return step.failure();
    if (*step == BatchScan::Step::batch) return true;
    if (*step == BatchScan::Step::end) return false;
    if (!examined) {
      RETURN_IF_FAILED(examine(index));
      examined = true;
    }
    const uint64_t next = skip_hole(segment.base, scan.position());
    if (next == scan.position()) return false;
    scan.seek(next);
  }
}

Result<TimestampOffset> PartitionLog::find_in_segment(size_t index, WallMillis timestamp, Offset up_to, Reading& how) {
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  // The last time entry below the wanted time: everything up to its offset is older.
  size_t low = 0;
  size_t high = segment.time_entries;
  if (&segment == &active()) high += pending_time_entries_.size() / log::time_entry_bytes;
  Offset older_to = segment.base;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const auto entry, time_entry(segment, middle, how));
    if (how.cold) return TimestampOffset{};
    if (entry && entry->timestamp < timestamp) {
      older_to = std::max(older_to, entry->offset);
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  ASSIGN_OR_RETURN(const uint64_t from, position_below(segment, std::max(older_to, log_start_), how));
  if (how.cold) return TimestampOffset{};
  BatchScan scan(disk(), *segment.log, skip_hole(segment.base, from), segment.size, false);
  if (!how.may_wait) scan.stay_in_memory();
  while (true) {
    ASSIGN_OR_RETURN(const bool found, next_for_times(index, scan, how));
    if (!found) return TimestampOffset{};
    const wire::BatchView& batch = scan.batch();
    if (batch.base_offset() >= up_to) return TimestampOffset{};
    if (batch.max_timestamp() < timestamp || batch.last_offset() < log_start_) continue;
    ASSIGN_OR_RETURN(const auto record, find_record(batch, [&](Offset offset, WallMillis at) {
                       return at >= timestamp && offset >= log_start_ && offset < up_to;
                     }));
    if (record) return *record;
  }
}

Result<TimestampOffset> PartitionLog::find_by_timestamp(WallMillis timestamp, Offset up_to,
                                                        std::vector<io::FileSlice>* cold) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  up_to = std::min(up_to, appended_end_);
  ASSIGN_OR_RETURN(const bool ready, ready_for_times(up_to, cold));
  if (!ready) return TimestampOffset{};
  for (size_t i = 0; i < segments_.size() && segments_[i].base < up_to; ++i) {
    if (segments_[i].size == 0 || end_of_segment(i) <= log_start_) continue;
    const bool is_active = i + 1 == segments_.size();
    const WallMillis largest = is_active ? tail_.max_timestamp : segments_[i].max_timestamp;
    if (largest < timestamp) continue;
    Reading how{.may_wait = cold == nullptr, .cold = {}, .failure = {}};
    ASSIGN_OR_RETURN(const TimestampOffset found, find_in_segment(i, timestamp, up_to, how));
    if (how.cold) cold->push_back(std::move(*how.cold));
    if (found.offset != no_offset || (cold != nullptr && !cold->empty())) return found;
  }
  return TimestampOffset{};
}

/// Makes `best` the first record of the largest timestamp, if segment `index` has a larger one from `from` on.
Status PartitionLog::find_max_in_segment(size_t index, Offset from, Offset up_to, TimestampOffset& best,
                                         Reading& how) {
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  ASSIGN_OR_RETURN(const uint64_t position, position_below(segment, from, how));
  if (how.cold) return {};
  BatchScan scan(disk(), *segment.log, skip_hole(segment.base, position), segment.size, false);
  if (!how.may_wait) scan.stay_in_memory();
  while (true) {
    ASSIGN_OR_RETURN(const bool found, next_for_times(index, scan, how));
    if (!found) return {};
    const wire::BatchView& batch = scan.batch();
    if (batch.base_offset() >= up_to) return {};
    if (batch.max_timestamp() <= best.timestamp || batch.last_offset() < log_start_) continue;
    const WallMillis wanted = batch.max_timestamp();
    ASSIGN_OR_RETURN(const auto record, find_record(batch, [&](Offset offset, WallMillis at) {
                       return at == wanted && offset >= log_start_ && offset < up_to;
                     }));
    if (record) best = *record;
  }
}

Result<TimestampOffset> PartitionLog::find_max_timestamp(Offset up_to, std::vector<io::FileSlice>* cold) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  up_to = std::min(up_to, appended_end_);
  ASSIGN_OR_RETURN(const bool ready, ready_for_times(up_to, cold));
  if (!ready) return TimestampOffset{};
  TimestampOffset best;
  for (size_t i = 0; i < segments_.size() && segments_[i].base < up_to; ++i) {
    Segment& segment = segments_[i];
    if (segment.size == 0 || end_of_segment(i) <= log_start_) continue;
    const bool is_active = i + 1 == segments_.size();
    const bool whole = end_of_segment(i) <= up_to && segment.base >= log_start_;
    const WallMillis largest = is_active ? tail_.max_timestamp : segment.max_timestamp;
    if (largest <= best.timestamp) continue;
    // A whole segment's largest timestamp lies at its last time entry; parts are walked.
    Reading how{.may_wait = cold == nullptr, .cold = {}, .failure = {}};
    Offset from = segment.base;
    if (whole && is_active) from = tail_.max_timestamp_offset;
    if (whole && !is_active && segment.time_entries > 0) {
      ASSIGN_OR_RETURN(const auto entry, time_entry(segment, segment.time_entries - 1, how));
      if (entry) from = std::max(from, entry->offset);
    }
    if (!how.cold) RETURN_IF_FAILED(find_max_in_segment(i, from, up_to, best, how));
    if (!how.cold) continue;
    cold->push_back(std::move(*how.cold));
    return TimestampOffset{};
  }
  return best;
}

}  // namespace moldau::store
