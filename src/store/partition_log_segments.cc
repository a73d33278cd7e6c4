// PartitionLog, the life of its segments: files, rolling, retention, truncation, closing.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "log/checkpoint.h"
#include "log/producer_snapshot.h"
#include "log/retention.h"
#include "store/move_swap.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

Status write_at(io::Disk& disk, io::File& file, uint64_t position, std::span<const std::byte> bytes) {
  const std::span<const std::byte> pieces[] = {bytes};
  return disk.write(file, position, pieces);
}

}  // namespace

Result<io::FileRef> PartitionLog::open_segment_file(Offset base, log::FileKind kind, io::OpenMode mode) const {
  auto opened = disk().open(path_of(base, kind), mode);
  if (opened.ok() || opened.failure().kind != FailureKind::not_found || swap_ == nullptr) return opened;
  // The folder has its last name already, and the loop has not heard of it.
  return disk().open(path_in(swap_->deleted_folder, log::segment_file_name(base, kind)), mode);
}

Status PartitionLog::ensure_open(Segment& segment) {
  if (segment.log != nullptr) return {};
  if (first_files_closed_) return open_first_files();
  ASSIGN_OR_RETURN(segment.log, open_segment_file(segment.base, log::FileKind::log, io::OpenMode::write));
  return {};
}

Status PartitionLog::ensure_indexes_open(Segment& segment) {
  if (segment.offset_index == nullptr) {
    ASSIGN_OR_RETURN(segment.offset_index,
                     open_segment_file(segment.base, log::FileKind::offset_index, io::OpenMode::create));
  }
  if (segment.time_index == nullptr) {
    ASSIGN_OR_RETURN(segment.time_index,
                     open_segment_file(segment.base, log::FileKind::time_index, io::OpenMode::create));
  }
  return {};
}

/// Of a log that was just made. Most wait long for their first batch, thousands of them, and four open files take more
/// memory than the rest of a log. Until then it is as it was made: whatever changes it opens its active segment first.
void PartitionLog::close_first_files() {
  std::vector<io::FileRef>().swap(unsynced_files_);
  Segment& first = active();
  first.log.reset();
  first.offset_index.reset();
  first.time_index.reset();
  first_files_closed_ = true;
}

/// They are synced by its first commit as if they had been open all the time (docs/design/io.md, Files and
/// descriptors).
Status PartitionLog::open_first_files() {
  if (!first_files_closed_) return {};
  Segment& first = active();
  ASSIGN_OR_RETURN(io::FileRef identity,
                   disk().open(path_in(folder_, log::partition_metadata_name), io::OpenMode::write));
  ASSIGN_OR_RETURN(io::FileRef log, open_segment_file(first.base, log::FileKind::log, io::OpenMode::write));
  RETURN_IF_FAILED(ensure_indexes_open(first));
  first.log = std::move(log);
  for (const io::FileRef& file : {identity, first.log, first.offset_index, first.time_index}) {
    unsynced_files_.push_back(file);
  }
  first_files_closed_ = false;
  return {};
}

/// Appends the gathered entries to the index files of the active segment: two writes.
Status PartitionLog::write_pending_entries() {
  Segment& segment = active();
  if (pending_offset_entries_.empty() && pending_time_entries_.empty()) return {};
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  // Times first: recovery begins at an offset entry, and counts on the time entries before it (resume_point).
  if (!pending_time_entries_.empty()) {
    RETURN_IF_FAILED(
        write_at(disk(), *segment.time_index, segment.time_entries * log::time_entry_bytes, pending_time_entries_));
    segment.time_entries += static_cast<uint32_t>(pending_time_entries_.size() / log::time_entry_bytes);
    std::vector<std::byte>().swap(pending_time_entries_);
  }
  if (!pending_offset_entries_.empty()) {
    RETURN_IF_FAILED(write_at(disk(), *segment.offset_index, segment.offset_entries * log::offset_entry_bytes,
                              pending_offset_entries_));
    segment.offset_entries += static_cast<uint32_t>(pending_offset_entries_.size() / log::offset_entry_bytes);
    std::vector<std::byte>().swap(pending_offset_entries_);
  }
  return {};
}

/// The time index of a segment that becomes inactive ends with its largest timestamp.
Status PartitionLog::write_final_time_entry() {
  if (const auto entry = tail_.final_time_entry()) {
    std::array<std::byte, log::time_entry_bytes> bytes;
    log::put_entry(bytes.data(), tail_.base, *entry);
    pending_time_entries_.insert(pending_time_entries_.end(), bytes.begin(), bytes.end());
  }
  return write_pending_entries();
}

std::vector<std::byte> PartitionLog::encode_producers() {
  const std::vector<log::ProducerEntry> entries = producers().entries();
  return log::encode_producer_snapshot(entries);
}

Status PartitionLog::write_snapshot(Offset offset, std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(io::FileRef file, open_segment_file(offset, log::FileKind::producer_snapshot, io::OpenMode::create));
  RETURN_IF_FAILED(disk().truncate(*file, 0));
  RETURN_IF_FAILED(write_at(disk(), *file, 0, bytes));
  unsynced_files_.push_back(std::move(file));
  folder_dirty_ = true;
  const auto at = std::lower_bound(snapshots_.begin(), snapshots_.end(), offset);
  if (at == snapshots_.end() || *at != offset) snapshots_.insert(at, offset);
  return {};
}

/// Makes the files of an empty segment; the caller sets tail_ and planned_.
Status PartitionLog::add_segment(Offset base) {
  Segment segment;
  segment.base = base;
  segment.modified_wall_ms = wall();
  segment.examined = true;
  segment.max_timestamp = no_timestamp;
  // Files left from a segment of this base that was cut away are emptied.
  for (const auto& [kind, file] :
       {std::pair{log::FileKind::log, &segment.log}, std::pair{log::FileKind::offset_index, &segment.offset_index},
        std::pair{log::FileKind::time_index, &segment.time_index}}) {
    ASSIGN_OR_RETURN(*file, open_segment_file(base, kind, io::OpenMode::create));
    ASSIGN_OR_RETURN(const uint64_t size, disk().size(**file));
    if (size > 0) RETURN_IF_FAILED(disk().truncate(**file, 0));
    unsynced_files_.push_back(*file);
  }
  folder_dirty_ = true;
  segments_.push_back(std::move(segment));
  return {};
}

/// Ends the active segment and begins one at `base`. The old files, the snapshot and the folder are synced by the next
/// commit, before anything in the new segment is reported stable.
Status PartitionLog::roll_to(Offset base, std::span<const std::byte> snapshot) {
  Segment& old = active();
  RETURN_IF_FAILED(ensure_open(old));
  RETURN_IF_FAILED(write_final_time_entry());
  RETURN_IF_FAILED(ensure_indexes_open(old));
  if (space_ahead_.reserved_beyond(tail_.size) > 0) {
    RETURN_IF_FAILED(disk().truncate(*old.log, tail_.size));
    core_->reserved_bytes -= std::min(core_->reserved_bytes, space_ahead_.reserved_beyond(tail_.size));
    space_ahead_.trimmed();
  }
  RETURN_IF_FAILED(write_snapshot(base, snapshot));
  const io::FileRef old_log = old.log;
  const io::FileRef old_offset_index = old.offset_index;
  const io::FileRef old_time_index = old.time_index;
  RETURN_IF_FAILED(add_segment(base));  // `old` may have moved

  Segment& ended = segments_[segments_.size() - 2];
  ended.max_timestamp = tail_.max_timestamp;
  ended.offset_index.reset();
  ended.time_index.reset();
  unsynced_files_.push_back(old_log);
  unsynced_files_.push_back(old_offset_index);
  unsynced_files_.push_back(old_time_index);
  tail_ = log::new_segment_tail(base, wall());
  remember(base, base, 0);
  changed_ = true;
  return {};
}

Status PartitionLog::roll() {
  settle_move();
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  write_queued();
  RETURN_IF_FAILED(ensure_active_ready());
  if (tail_.size == 0) return {};
  (void)producers();
  const Status rolled = roll_to(next_offset_, encode_producers());
  planned_ = tail_;
  if (!rolled.ok() && rolled.failure().kind != FailureKind::no_space) return fail_directory(rolled.failure());
  if (rolled.ok()) join_commit();
  return rolled;
}

// --------------------------------------------------------------------------------------------------------------
// retention

/// Renames a segment's files, the log first: a crash in between leaves index files without a log, which loading
/// removes.
Status PartitionLog::delete_segment_files(const Segment& segment) {
  for (const auto kind : {log::FileKind::log, log::FileKind::offset_index, log::FileKind::time_index,
                          log::FileKind::transaction_index, log::FileKind::producer_snapshot}) {
    if (kind == log::FileKind::producer_snapshot &&
        !std::binary_search(snapshots_.begin(), snapshots_.end(), segment.base)) {
      continue;
    }
    const std::string deleted = path_of(segment.base, kind, log::FileState::deleted);
    const Status renamed = disk().rename(path_of(segment.base, kind), deleted);
    if (!renamed.ok() && renamed.failure().kind != FailureKind::not_found) return renamed;
    if (renamed.ok()) core_->remove_later(deleted, config_.file_delete_delay_ms);
  }
  if (std::any_of(holes_.begin(), holes_.end(), [&](const Hole& hole) { return hole.segment == segment.base; })) {
    core_->remove_later(damage_marks_path(segment.base), 0);
  }
  std::erase(snapshots_, segment.base);
  folder_dirty_ = true;
  return {};
}

/// Removes the first `count` segments. REQUIRES: one remains.
Status PartitionLog::drop_segments(size_t count) {
  ASSERT(count < segments_.size());
  for (size_t i = 0; i < count; ++i) RETURN_IF_FAILED(delete_segment_files(segments_[i]));
  const Offset start = segments_[count].base;
  std::erase_if(holes_, [&](const Hole& hole) { return hole.segment < start; });
  std::erase_if(damaged_, [&](const DamagedRange& range) { return range.kept_in.empty() && range.last < start; });
  for (Mark& mark : marks_) {
    if (mark.segment < start) mark = {};
  }
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
  changed_ = true;
  note_log_start(start);
  return {};
}

void PartitionLog::note_log_start(Offset offset) {
  if (offset <= log_start_) return;
  log_start_ = offset;
  changed_ = true;
  if (epochs_.truncate_from_start(offset)) epochs_dirty_ = true;
  if (listener_ != nullptr) listener_->on_log_start(offset);
}

WallMillis PartitionLog::largest_timestamp(Segment& segment) {
  if (&segment == &active() && active_ready_) {
    return tail_.max_timestamp >= 0 ? tail_.max_timestamp : segment.modified_wall_ms;
  }
  if (segment.max_timestamp == timestamp_unread) {
    segment.max_timestamp = no_timestamp;
    if (segment.time_entries > 0) {
      const auto entry = time_entry(segment, segment.time_entries - 1);
      if (entry.ok() && *entry) segment.max_timestamp = (*entry)->timestamp;
    }
  }
  return segment.max_timestamp >= 0 ? segment.max_timestamp : segment.modified_wall_ms;
}

Status PartitionLog::apply_retention(WallMillis now, Offset up_to) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (being_cleaned_ || held_) return {};  // the next time
  const log::RetentionPolicy policy{config_.cleanup_delete, config_.retention_bytes, config_.retention_ms};
  std::vector<log::RetentionSegment> facts;
  facts.reserve(segments_.size());
  // Timestamps are read only as far as they can matter: behind the first young segment none is deleted by age.
  bool young = policy.retention_ms < 0 || !policy.delete_old;
  for (Segment& segment : segments_) {
    const WallMillis largest = young ? now : largest_timestamp(segment);
    facts.push_back({segment.base, segment.size, largest});
    young = young || (largest >= 0 && now - largest <= policy.retention_ms) || largest > now;
  }
  const log::RetentionPlan plan =
      log::plan_retention(facts, policy, log_start_, appended_end_, std::min(up_to, appended_end_), now);
  if (plan.count() == 0) return {};
  trace(TraceLevel::info, "log={} segments_deleted={} by_log_start={} by_size={} by_age={}", folder_, plan.count(),
        plan.by_log_start, plan.by_size, plan.by_age);
  if (plan.count() == segments_.size()) {
    RETURN_IF_FAILED(roll());
    if (plan.count() >= segments_.size()) return {};  // what was queued is in the last segment now
  }
  const Status dropped = drop_segments(plan.count());
  if (!dropped.ok()) return fail_directory(dropped.failure());
  join_commit();
  return {};
}

Status PartitionLog::advance_log_start(Offset offset) {
  if (offset > appended_end_ || offset < 0) {
    return Failure{FailureKind::invalid_argument, fmt::format("log start {} of {} is beyond its end", offset, folder_)};
  }
  note_log_start(offset);
  return {};
}

// -------------------------------------------------------------------------------------------------------------
// truncation

void PartitionLog::forget_snapshots(Offset from) {
  for (const Offset offset : snapshots_) {
    if (offset >= from) (void)disk().remove(path_of(offset, log::FileKind::producer_snapshot));
  }
  std::erase_if(snapshots_, [from](Offset offset) { return offset >= from; });
}

/// Cuts the active segment at the batch that holds `offset`, with its indexes, and recomputes the tail.
Status PartitionLog::cut_active(Offset offset) {
  Segment& segment = active();
  RETURN_IF_FAILED(ensure_open(segment));
  RETURN_IF_FAILED(write_pending_entries());
  Reading how{.may_wait = true, .cold = {}, .failure = {}};
  Place place;
  const Found found = locate_in(segments_.size() - 1, offset, place, how);
  if (found == Found::failed) return *how.failure;
  const uint64_t cut = found == Found::yes ? place.position : segment.size;
  RETURN_IF_FAILED(disk().truncate(*segment.log, cut));
  segment.size = cut;
  segment.examined = false;
  std::erase_if(holes_, [&](const Hole& hole) { return hole.segment == segment.base && hole.bytes.from >= cut; });
  // The rest of the segment is scanned again, which rebuilds both indexes and the tail.
  return examine(segments_.size() - 1);
}

Status PartitionLog::truncate_to(Offset offset) {
  settle_move();
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  write_queued();
  if (offset >= next_offset_) return {};
  if (offset < segments_.front().base) return restart_at(offset);
  settle_cleaning();
  RETURN_IF_FAILED(ensure_active_ready());
  if (!core_->mutant(Mutant::journal_cut_not_closed)) {
    RETURN_IF_FAILED(close_in_journal(log::JournalKind::truncated, offset));
  }
  trace(TraceLevel::info, "log={} truncated_to={} from={}", folder_, offset, next_offset_);
  // Recovery never cuts below the recovery point on disk, so that has to come down first.
  const Offset old_stable = stable_end_;
  const Offset old_synced = synced_end_;
  stable_end_ = std::min(stable_end_, offset);
  synced_end_ = std::min(synced_end_, offset);
  ++generation_;
  const CutUnderWay under_way(*data_folder_, disk());
  const auto cut = [&]() -> Status {
    RETURN_IF_FAILED(under_way.begun());
    if (checkpointed_recovery_point_ > offset && checkpointer_ != nullptr) {
      RETURN_IF_FAILED(checkpointer_->write_recovery_points(*directory_));
    }
    if (clean_end_.value_or(0) > offset && checkpointer_ != nullptr) {
      // What is appended next was never compacted.
      clean_end_ = offset;
      RETURN_IF_FAILED(checkpointer_->write_clean_ends(*directory_));
    }
    forget_snapshots(offset + 1);
    while (segments_.size() > 1 && segments_.back().base >= offset) {
      RETURN_IF_FAILED(delete_segment_files(segments_.back()));
      segments_.pop_back();
      pending_offset_entries_.clear();
      pending_time_entries_.clear();
    }
    // Snapshots and segments of the history that is gone must not come back beside what is appended next; and only a
    // last segment has its indexes rebuilt after a crash, so the others go before this one's are touched.
    RETURN_IF_FAILED(directory_->sync_folder(folder_));
    RETURN_IF_FAILED(cut_active(offset));
    RETURN_IF_FAILED(wait_for_syncs());
    return disk().sync_now(*active().log);
  };
  const Status outcome = cut();
  if (!outcome.ok()) {
    stable_end_ = std::min(old_stable, offset);
    synced_end_ = std::min(old_synced, offset);
    return fail_directory(outcome.failure());
  }
  after_cut(offset);
  const Status reloaded = load_producers(offset, false);
  if (!reloaded.ok()) return fail_directory(reloaded.failure());
  producers_loaded_ = true;
  join_commit();
  return {};
}

void PartitionLog::after_cut(Offset end) {
  appended_end_ = end;
  next_offset_ = end;
  stable_end_ = std::min(stable_end_, end);
  synced_end_ = std::min(synced_end_, end);
  found_end_ = std::min(found_end_, end);
  unchecked_.clear();
  cut_unsynced_ = true;
  for_round_.reset();
  ++generation_;
  recent_.clear();
  marks_ = {};
  core_->forget_windows(this);
  core_->reserved_bytes -= std::min(core_->reserved_bytes, space_ahead_.reserved_beyond(tail_.size));
  space_ahead_.trimmed();
  if (epochs_.truncate_from_end(end)) epochs_dirty_ = true;
  epoch_written_ = std::min(epoch_written_, epochs_.latest());
  planned_ = tail_;
  changed_ = true;
  std::erase_if(damaged_, [end](const DamagedRange& range) { return range.first >= end; });
  if (log_start_ > end) {
    log_start_ = end;
    if (listener_ != nullptr) listener_->on_log_start(end);
  }
}

Status PartitionLog::restart_at(Offset offset) {
  settle_move();
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (offset < 0) return Failure{FailureKind::invalid_argument, "a log starts at 0 or above"};
  write_queued();
  settle_cleaning();
  if (!core_->mutant(Mutant::journal_cut_not_closed)) {
    RETURN_IF_FAILED(close_in_journal(log::JournalKind::truncated, offset));
  }
  trace(TraceLevel::info, "log={} restarted_at={} from={}", folder_, offset, next_offset_);
  const CutUnderWay under_way(*data_folder_, disk());
  const auto restart = [&]() -> Status {
    RETURN_IF_FAILED(under_way.begun());
    RETURN_IF_FAILED(open_first_files());
    stable_end_ = std::min(stable_end_, offset);
    synced_end_ = std::min(synced_end_, offset);
    if (checkpointed_recovery_point_ > synced_end_ && checkpointer_ != nullptr) {
      RETURN_IF_FAILED(checkpointer_->write_recovery_points(*directory_));
    }
    if (clean_end_ && checkpointer_ != nullptr) {
      clean_end_ = offset;
      RETURN_IF_FAILED(checkpointer_->write_clean_ends(*directory_));
    }
    forget_snapshots(0);
    for (const Segment& segment : segments_) RETURN_IF_FAILED(delete_segment_files(segment));
    segments_.clear();
    pending_offset_entries_.clear();
    pending_time_entries_.clear();
    RETURN_IF_FAILED(add_segment(offset));
    return directory_->sync_folder(folder_);
  };
  const Status outcome = restart();
  if (!outcome.ok()) {
    if (segments_.empty()) segments_.push_back({});  // never empty; nothing reads it any more
    return fail_directory(outcome.failure());
  }
  tail_ = log::new_segment_tail(offset, wall());
  active_ready_ = true;
  holes_.clear();
  if (epochs_.clear()) epochs_dirty_ = true;
  epoch_written_ = no_epoch;
  producers_.clear();
  producers_loaded_ = true;
  after_cut(offset);
  stable_end_ = synced_end_ = offset;
  log_start_ = offset;
  durable_first_base_ = offset;
  if (listener_ != nullptr) listener_->on_log_start(offset);
  join_commit();
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// closing

Result<PartitionLog::RecoveredSync> PartitionLog::begin_close() {
  settle_move();
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  write_queued();
  settle_cleaning();
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (closed_already()) return RecoveredSync();
  const Status outcome = write_for_close();
  if (!outcome.ok()) return fail_directory(outcome.failure());
  return RecoveredSync{std::exchange(unsynced_files_, {}), folder_, std::exchange(parent_dirty_, false)};
}

/// Nothing was done since it was opened, or it is empty and its files are durable: a stop of thousands of such logs has
/// nothing to sync.
bool PartitionLog::closed_already() const {
  if (!unsynced_files_.empty() || epochs_dirty_ || folder_dirty_ || parent_dirty_ || running_) return false;
  const bool empty = segments_.size() == 1 && segments_.back().size == 0 && space_ahead_.reserved_beyond(0) == 0;
  return !changed_ || (empty && snapshots_.empty());
}

Status PartitionLog::write_for_close() {
  RETURN_IF_FAILED(take_back_commit());
  RETURN_IF_FAILED(check(disk(), std::exchange(unchecked_, {})));
  RETURN_IF_FAILED(ensure_active_ready());
  (void)producers();
  Segment& segment = active();
  RETURN_IF_FAILED(ensure_open(segment));
  RETURN_IF_FAILED(write_final_time_entry());
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  if (space_ahead_.reserved_beyond(tail_.size) > 0) RETURN_IF_FAILED(disk().truncate(*segment.log, tail_.size));
  // As Kafka: none for a log that never held anything.
  if (appended_end_ > 0) RETURN_IF_FAILED(write_snapshot(appended_end_, encode_producers()));
  for (const io::FileRef& file : {segment.log, segment.offset_index, segment.time_index}) {
    if (std::find(unsynced_files_.begin(), unsynced_files_.end(), file) == unsynced_files_.end()) {
      unsynced_files_.push_back(file);
    }
  }
  if (!std::exchange(epochs_dirty_, false)) return {};
  RETURN_IF_FAILED(io::replace_file(disk(), path_in(folder_, log::epoch_checkpoint_name),
                                    as_bytes(log::print_epoch_checkpoint(epochs_.entries()))));
  epoch_written_ = epochs_.latest();
  return {};
}

void PartitionLog::end_close() {
  stable_end_ = synced_end_ = appended_end_;
  durable_first_base_ = segments_.front().base;
}

}  // namespace moldau::store
