// PartitionLog, opening as a process left it that died, and nothing else did: the page cache has all that was written,
// so that only the end of a log is in doubt, where a write may have been cut short. What was not synced is checked and
// synced by the log's first commit, which the store asks for. docs/design/recovery.md.
#include <algorithm>
#include <array>
#include <utility>

#include "base/endian.h"
#include "base/trace.h"
#include "store/partition_log.h"
#include "store/partition_log_load.h"

namespace moldau::store {
namespace {

bool known(uint32_t entries) {
  return entries != UINT32_MAX;
}

}  // namespace

/// Takes the log as it is. False when something in it is not as a process of ours leaves it: nothing was changed then.
Result<bool> PartitionLog::open_trusted(const LoadFacts& facts, Recovered& found) {
  const Offset recovery_point = facts.recovery_point.value_or(0);
  size_t last = segments_.size() - 1;
  while (last > 0 && segments_[last].size == 0) --last;
  ASSIGN_OR_RETURN(const bool sound, find_end(last, facts, found));
  if (!sound) return false;
  // A roll makes its segment before anything is in it.
  const bool rolled = last + 1 < segments_.size();
  if (rolled && (last + 2 != segments_.size() || segments_.back().base != found.expected)) return false;
  if (rolled) RETURN_IF_FAILED(ensure_active_ready());
  next_offset_ = appended_end_ = found_end_ = found.expected;
  synced_end_ = stable_end_ = std::min(recovery_point, appended_end_);
  changed_ = true;
  remember(appended_end_, active().base, active().size);
  RETURN_IF_FAILED(note_unsynced(recovery_point));
  RETURN_IF_FAILED(note_snapshots(recovery_point));
  trace(TraceLevel::debug, "log={} as_found=true end={} recovery_point={}", folder_, appended_end_, recovery_point);
  return true;
}

/// From the last entry of its index on; a write that was cut short is cut off.
Result<bool> PartitionLog::find_end(size_t index, const LoadFacts& facts, Recovered& found) {
  Segment& segment = segments_[index];
  const Offset recovery_point = facts.recovery_point.value_or(0);
  if (!known(segment.offset_entries) || !known(segment.time_entries)) return false;
  RETURN_IF_FAILED(ensure_open(segment));
  log::SegmentRecovery rules(segment.base, segment.base, no_epoch, recovery_point, INT64_MAX, config_.cleanup_compact,
                             config_.index_interval_bytes, wall());
  BatchScan scan(disk(), *segment.log, 0, segment.size);
  if (segment.offset_entries > 0) {
    ASSIGN_OR_RETURN(const auto point, resume_point(segment, scan));
    if (!point) return false;
    rules.begin_at(point->tail, point->expected, point->last_epoch);
  }
  found.first = index;
  found.from = rules.expected();
  while (true) {
    ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
    if (step == BatchScan::Step::end) break;
    if (step == BatchScan::Step::batch && rules.accept(scanned(scan.batch(), scan.position()))) {
      if (scan.batch().is_transactional() || scan.batch().is_control()) transactional_ = true;
      continue;
    }
    // Torn: nothing follows, and nothing of it was ever reported.
    ASSIGN_OR_RETURN(const auto more, scan.search([](const log::ScannedBatch&) { return true; }));
    if (step == BatchScan::Step::batch || more || rules.expected() < recovery_point) return false;
    if (rules.damage(scan.position(), segment.size, more, "torn") != log::SegmentRecovery::Verdict::cut) return false;
    RETURN_IF_FAILED(cut_segment(index, rules, scan, "a write was cut short"));
    break;
  }
  if (rules.expected() < std::max(recovery_point, log_start_)) return false;
  found.expected = rules.expected();
  found.last_epoch = rules.last_epoch();
  const log::SegmentTail& began = rules.began();
  const bool is_active = index + 1 == segments_.size();
  if (!is_active || segment.offset_entries != began.offset_entries || segment.time_entries != began.time_entries) {
    RETURN_IF_FAILED(write_rebuilt(index, rules, false));
    return true;
  }
  // The indexes on disk are as they should be; what they lack is written with what comes next.
  pending_offset_entries_.resize(rules.offset_index().size() * log::offset_entry_bytes);
  pending_time_entries_.resize(rules.time_index().size() * log::time_entry_bytes);
  for (size_t i = 0; i < rules.offset_index().size(); ++i) {
    log::put_entry(pending_offset_entries_.data() + i * log::offset_entry_bytes, segment.base, rules.offset_index()[i]);
  }
  for (size_t i = 0; i < rules.time_index().size(); ++i) {
    log::put_entry(pending_time_entries_.data() + i * log::time_entry_bytes, segment.base, rules.time_index()[i]);
  }
  take_rebuilt(index, rules, rules.tail());
  return true;
}

/// Indexes are as they were written, but for what Kafka may have done here meanwhile (it writes them ahead, as zeros):
/// so the last entry must name a sound batch, at which `scan` then stands, and must lie behind the first.
Result<std::optional<PartitionLog::ResumePoint>> PartitionLog::resume_point(Segment& segment, BatchScan& scan) {
  using Point = std::optional<ResumePoint>;
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  std::vector<std::byte> times(segment.time_entries * log::time_entry_bytes);
  std::array<std::byte, 2 * log::offset_entry_bytes> ends;
  const uint64_t last_at = (segment.offset_entries - 1) * log::offset_entry_bytes;
  const auto first_entry = std::span(ends).first(log::offset_entry_bytes);
  const auto last_entry = std::span(ends).last(log::offset_entry_bytes);
  ASSIGN_OR_RETURN(const size_t first_read, disk().read(*segment.offset_index, 0, first_entry));
  ASSIGN_OR_RETURN(const size_t last_read, disk().read(*segment.offset_index, last_at, last_entry));
  ASSIGN_OR_RETURN(const size_t times_read, disk().read(*segment.time_index, 0, times));
  if (first_read + last_read != ends.size() || times_read != times.size()) return Point();
  const log::OffsetEntry first = log::offset_entry_at(ends, segment.base, 0);
  const log::OffsetEntry last = log::offset_entry_at(ends, segment.base, 1);
  if (last.position >= segment.size || (segment.offset_entries > 1 && first.offset >= last.offset)) return Point();
  scan.seek(last.position);
  ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
  if (step != BatchScan::Step::batch || scan.batch().last_offset() != last.offset) return Point();

  ResumePoint point;
  point.expected = last.offset + 1;
  point.last_epoch = scan.batch().leader_epoch();
  log::SegmentTail& tail = point.tail;
  tail = log::new_segment_tail(segment.base, wall());
  tail.size = last.position + scan.batch().size();
  tail.offset_entries = segment.offset_entries;
  tail.bytes_since_entry = scan.batch().size();
  if (const auto time = log::floor_of_time_by_offset(times, segment.base, last.offset)) {
    const log::TimeEntry known_max = log::time_entry_at(times, segment.base, *time);
    const log::TimeEntry last_time = log::time_entry_at(times, segment.base, segment.time_entries - 1);
    if (last_time.offset < known_max.offset || last_time.timestamp < known_max.timestamp) return Point();
    tail.time_entries = static_cast<uint32_t>(*time + 1);
    tail.max_timestamp = tail.last_time_entry = known_max.timestamp;
    tail.max_timestamp_offset = known_max.offset;
  }
  if (scan.batch().max_timestamp() > tail.max_timestamp) return Point();  // its time entry is missing
  std::array<std::byte, wire::batch_header_bytes> header;
  ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.log, 0, header));
  if (got != header.size()) return Point();
  tail.first_timestamp = load_big_endian<int64_t>(header.data() + 35);
  return Point(point);
}

/// The first commit has to check and to sync what lies above the recovery point, and names: also where nothing is above
/// it, the process may have died behind a truncation and before the sync of it.
Status PartitionLog::note_unsynced(Offset recovery_point) {
  folder_dirty_ = true;
  cut_unsynced_ = true;
  if (appended_end_ == synced_end_ && segments_.back().base < recovery_point) return {};
  const size_t first = segment_of(std::max<Offset>(recovery_point - 1, 0)).value_or(0);
  for (size_t i = first; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    RETURN_IF_FAILED(ensure_open(segment));
    unsynced_files_.push_back(segment.log);
    uint64_t from = 0;
    if (i == first && recovery_point > segment.base) {
      Reading how{.may_wait = true, .cold = {}, .failure = {}};
      const auto entry = floor_entry(segment, recovery_point - 1, how);
      if (how.failure) return *how.failure;
      if (entry) from = entry->position;
    }
    if (segment.size > from) unchecked_.push_back({segment.log, from, segment.size});
    if (i + 1 == segments_.size()) continue;
    RETURN_IF_FAILED(ensure_indexes_open(segment));
    unsynced_files_.push_back(segment.offset_index);
    unsynced_files_.push_back(segment.time_index);
  }
  if (segments_.front().base < recovery_point) return {};
  parent_dirty_ = true;
  ASSIGN_OR_RETURN(io::FileRef identity,
                   disk().open(path_in(folder_, log::partition_metadata_name), io::OpenMode::read));
  unsynced_files_.push_back(std::move(identity));
  return {};
}

/// Snapshots of producers that no commit took yet: one that was being written goes.
Status PartitionLog::note_snapshots(Offset recovery_point) {
  std::vector<Offset> whole;
  for (const Offset snapshot : snapshots_) {
    if (snapshot >= recovery_point && snapshot <= appended_end_) {
      ASSIGN_OR_RETURN(const auto entries, read_snapshot(snapshot));
      if (!entries) continue;
      ASSIGN_OR_RETURN(io::FileRef file,
                       open_segment_file(snapshot, log::FileKind::producer_snapshot, io::OpenMode::write));
      unsynced_files_.push_back(std::move(file));
    }
    whole.push_back(snapshot);
  }
  snapshots_ = std::move(whole);
  return {};
}

/// The leader epoch of the batch that holds an offset; no_epoch without one.
Epoch PartitionLog::stored_epoch(Offset offset) {
  Reading how{.may_wait = true, .cold = {}, .failure = {}};
  Place place;
  std::array<std::byte, wire::batch_header_bytes> header;
  if (locate(offset, place, how) != Found::yes || place.base_offset > offset) return no_epoch;
  const auto got = disk().read(*segments_[place.segment].log, place.position, header);
  return got.ok() && *got == header.size() ? load_big_endian<int32_t>(header.data() + wire::batch_log_overhead)
                                           : no_epoch;
}

/// Epochs are written down with commits. Above the recovery point their file may lack some, or have those of a history
/// that was cut away; then the batches that no commit took are looked through.
Status PartitionLog::complete_epochs(Offset from, Epoch last) {
  const std::vector<log::EpochStart> before = epochs_.entries();
  bool sound = last <= epochs_.latest();
  for (size_t i = before.size(); i-- > 0 && sound && before[i].start >= from && before[i].start > log_start_;) {
    const Epoch below = i > 0 ? before[i - 1].epoch : no_epoch;
    sound = stored_epoch(before[i].start) == before[i].epoch && stored_epoch(before[i].start - 1) == below;
  }
  if (sound) return {};
  const bool doubted = doubt_epochs(from);
  for (size_t i = segment_of(from).value_or(0); i < segments_.size() && last > epochs_.latest(); ++i) {
    RETURN_IF_FAILED(walk_headers(i, [this, last](const wire::BatchView& batch) {
      if (batch.leader_epoch() > epochs_.latest()) epochs_.assign(batch.leader_epoch(), batch.base_offset());
      return epochs_.latest() < last;
    }));
  }
  epochs_.truncate_from_start(log_start_);
  epoch_written_ = epochs_written(before, doubted);
  epochs_dirty_ = epochs_dirty_ || before != epochs_.entries();
  return {};
}

Status PartitionLog::check(io::Disk& disk, const std::vector<Unchecked>& unchecked) {
  for (const Unchecked& part : unchecked) {
    BatchScan scan(disk, *part.file, part.from, part.to);
    while (true) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
      if (step == BatchScan::Step::end) break;
      if (step == BatchScan::Step::batch) continue;
      return Failure{FailureKind::io,
                     fmt::format("{} is damaged at {} ({}), where it was written before the last process died: the "
                                 "next start recovers it",
                                 part.file->path(), scan.position(), wire::name_of(scan.fault()))};
    }
  }
  return {};
}

bool PartitionLog::take_stable(Offset end) {
  if (end > appended_end_) return false;
  stable_end_ = std::max(stable_end_, end);
  return true;
}

void PartitionLog::settle_soon() {
  if (unsettled() && !offline()) join_commit();
}

}  // namespace moldau::store
