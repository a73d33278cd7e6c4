// PartitionLog, opening: which files there are, what they hold after an unclean stop (rules: log/recovery), the state
// beside the batches: leader epochs, producers. Everything here blocks; it runs before the log serves, or when it is
// cut.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/endian.h"
#include "base/trace.h"
#include "log/checkpoint.h"
#include "log/damage_marks.h"
#include "log/identity.h"
#include "log/producer_snapshot.h"
#include "store/names_anew.h"
#include "store/partition_log.h"
#include "store/partition_log_load.h"

namespace moldau::store {
namespace {

constexpr uint64_t small_file_bytes_max = 64u << 20;
constexpr size_t header_walk_bytes = 64 << 10;

}  // namespace

Status PartitionLog::create_folder_files(const std::string& identity_path, const std::string& identity) {
  ASSIGN_OR_RETURN(io::FileRef file, disk().open(identity_path, io::OpenMode::create));
  RETURN_IF_FAILED(disk().truncate(*file, 0));
  const std::span<const std::byte> pieces[] = {as_bytes(identity)};
  RETURN_IF_FAILED(disk().write(*file, 0, pieces));
  unsynced_files_.push_back(std::move(file));
  parent_dirty_ = true;
  RETURN_IF_FAILED(begin_empty(0));
  close_first_files();
  return {};
}

Status PartitionLog::begin_empty(Offset base) {
  RETURN_IF_FAILED(add_segment(base));
  tail_ = log::new_segment_tail(base, wall());
  planned_ = tail_;
  active_ready_ = true;
  log_start_ = next_offset_ = appended_end_ = stable_end_ = synced_end_ = durable_first_base_ = base;
  producers_loaded_ = true;
  folder_dirty_ = true;
  changed_ = true;
  return {};
}

Status PartitionLog::load(const LoadFacts& facts) {
  if (facts.inventory != nullptr) {
    take_files(facts.inventory->files);
  } else {
    RETURN_IF_FAILED(list_files());
  }
  if (!marked_segments_.empty()) RETURN_IF_FAILED(load_marks(std::exchange(marked_segments_, {})));
  checkpointed_recovery_point_ = facts.recovery_point.value_or(0);
  if (segments_.empty()) {
    if (!facts.clean) RETURN_IF_FAILED(name_segments_anew());
    forget_snapshots(0);  // what they tell of is gone, and nobody would ever look whether they are whole
    return begin_empty(facts.log_start);
  }
  log_start_ = std::max(facts.log_start, segments_.front().base);
  Recovered found;
  found.first = segments_.size();
  bool as_found = false;
  if (facts.trusted && !facts.clean) {
    ASSIGN_OR_RETURN(as_found, open_trusted(facts, found));
    doubted_ = !as_found;
    if (doubted_ && facts.leave_doubted) return {};
  }
  if (!as_found) {
    found = {};
    found.first = segments_.size();
    RETURN_IF_FAILED(load_doubtful(facts, found));
  }
  durable_first_base_ = segments_.front().base;
  RETURN_IF_FAILED(repair_index_sizes());
  RETURN_IF_FAILED(load_epochs(found, facts.inventory));
  if (as_found) RETURN_IF_FAILED(complete_epochs(checkpointed_recovery_point_, found.last_epoch));
  clean_producers_ = facts.clean;
  const Offset scanned_from = found.first < segments_.size() ? found.from : appended_end_;
  if (facts.clean || as_found) {
    RETURN_IF_FAILED(remove_stray_snapshots(appended_end_));
  } else {
    // Of what lies before the first segment nothing else tells.
    const Offset sound = std::max(checkpointed_recovery_point_, segments_.front().base);
    RETURN_IF_FAILED(check_last_snapshot(sound));
    RETURN_IF_FAILED(remove_stray_snapshots(sound));
  }
  // What was appended since the checkpoint was appended by a process of ours; without one, all of it.
  if (as_found && facts.transaction_free_below != 0) return {};
  return check_transactional(facts.transaction_free_below.value_or(0), scanned_from);
}

/// By the rules of recovery, unless the log was closed in order.
Status PartitionLog::load_doubtful(const LoadFacts& facts, Recovered& found) {
  if (!facts.clean) RETURN_IF_FAILED(name_segments_anew());  // note_recovered() has their folder synced
  if (facts.clean && open_clean(facts)) return {};
  // A log that was closed in order but is in no checkpoint: only its active segment can be in doubt.
  LoadFacts doubtful = facts;
  if (facts.clean) doubtful.recovery_point = segments_.back().base;
  return recover(doubtful, found);
}

/// Finds segments and snapshots, removes what is on its way out, finishes swaps that a crash interrupted.
Status PartitionLog::list_files() {
  ASSIGN_OR_RETURN(auto entries, disk().list(folder_));
  ASSIGN_OR_RETURN(const bool swapped, settle_swaps(entries));
  if (swapped) {
    ASSIGN_OR_RETURN(entries, disk().list(folder_));
  }
  for (io::DirectoryEntry& entry : entries) {
    RETURN_IF_FAILED(take_name_back(disk(), folder_, entry.name));
    if (const auto marked = log::parse_damage_marks_name(entry.name)) marked_segments_.push_back(*marked);
  }
  take_files(files_of(entries));
  for (const io::DirectoryEntry& entry : entries) {
    if (!is_orphan(entry)) continue;
    trace(TraceLevel::warn, "log={} file={} state=removed reason=\"an index without a segment\"", folder_, entry.name);
    RETURN_IF_FAILED(disk().remove(path_in(folder_, entry.name)));
  }
  return {};
}

/// Names of which the recovery point does not say that they are durable; sync_recovered() has them written. (A segment
/// that holds something below the point was synced, and its folder too. Indexes and snapshots are made anew without
/// their names.)
Status PartitionLog::name_segments_anew() {
  for (const Segment& segment : segments_) {
    if (segment.base < checkpointed_recovery_point_) continue;
    RETURN_IF_FAILED(name_anew(disk(), path_of(segment.base, log::FileKind::log)));
  }
  if (!segments_.empty() && segments_.front().base < checkpointed_recovery_point_) return {};
  RETURN_IF_FAILED(name_anew(disk(), path_in(folder_, log::partition_metadata_name)));
  return name_folder_anew();
}

Status PartitionLog::name_folder_anew() {
  RETURN_IF_FAILED(name_anew(disk(), folder_));
  return directory_->sync_folder(directory_->path());
}

/// Finishes or undoes the compaction, ours or Kafka's, that a stop cut short, and removes what is on its way out: true
/// when names have changed. As Kafka's LogLoader: as long as a file is named .cleaned, the swap of its segment and of
/// those above has not begun, and their .swap files go; those that are left are finished.
Result<bool> PartitionLog::settle_swaps(std::vector<io::DirectoryEntry>& entries) {
  Offset cleaned_from = INT64_MAX;
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    if (name && !entry.is_directory && name->state == log::FileState::cleaned) {
      cleaned_from = std::min(cleaned_from, name->base);
    }
  }
  const auto remove_where = [&](auto&& which) -> Result<bool> {
    bool removed = false;
    for (const io::DirectoryEntry& entry : entries) {
      const auto name = log::parse_segment_file_name(entry.name);
      if (!name || entry.is_directory || !which(*name)) continue;
      RETURN_IF_FAILED(disk().remove(path_in(folder_, entry.name)));
      removed = true;
    }
    return removed;
  };
  ASSIGN_OR_RETURN(const bool undone, remove_where([&](const log::SegmentFileName& name) {
                     return name.state == log::FileState::swap && name.base >= cleaned_from;
                   }));
  // Before the .cleaned files go, which say that these are not to be finished.
  if (undone) RETURN_IF_FAILED(directory_->sync_folder(folder_));
  ASSIGN_OR_RETURN(const bool dropped, remove_where([](const log::SegmentFileName& name) {
                     return name.state == log::FileState::deleted || name.state == log::FileState::cleaned;
                   }));
  std::vector<Offset> swaps;
  bool others = false;
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    if (!name || entry.is_directory || name->state != log::FileState::swap || name->base >= cleaned_from) continue;
    if (name->kind == log::FileKind::log) swaps.push_back(name->base);
    others = true;
  }
  if (others) {
    std::erase_if(entries, [&](const io::DirectoryEntry& entry) {
      const auto name = log::parse_segment_file_name(entry.name);
      return name && name->state == log::FileState::swap && (entry.is_directory || name->base >= cleaned_from);
    });
    RETURN_IF_FAILED(finish_swaps(swaps, entries));
  }
  return undone || dropped || others;
}

/// The segments that .swap files replace go, the .swap files take their names: Kafka's second and third pass. Without
/// the log's file, the others are what a swap left that is over.
Status PartitionLog::finish_swaps(const std::vector<Offset>& swaps, const std::vector<io::DirectoryEntry>& entries) {
  Offset replaced_from = INT64_MAX;
  Offset replaced_to = INT64_MIN;
  for (const Offset base : swaps) {
    ASSIGN_OR_RETURN(const io::FileRef file,
                     disk().open(path_of(base, log::FileKind::log, log::FileState::swap), io::OpenMode::read));
    ASSIGN_OR_RETURN(const uint64_t size, disk().size(*file));
    Offset next = base;
    BatchScan scan(disk(), *file, 0, size);
    while (true) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
      if (step != BatchScan::Step::batch) break;
      next = scan.batch().next_offset();
    }
    replaced_from = std::min(replaced_from, base);
    replaced_to = std::max(replaced_to, next);
  }
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    if (!name || name->state != log::FileState::normal || name->base < replaced_from || name->base >= replaced_to)
      continue;
    RETURN_IF_FAILED(disk().remove(path_in(folder_, entry.name)));
  }
  // Were the new name to survive a power cut and an old segment's too, their offsets would overlap.
  RETURN_IF_FAILED(directory_->sync_folder(folder_));
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    if (!name || name->state != log::FileState::swap) continue;
    RETURN_IF_FAILED(disk().rename(path_in(folder_, entry.name), path_of(name->base, name->kind)));
  }
  trace(TraceLevel::info, "log={} swapped_segments={}", folder_, swaps.size());
  return directory_->sync_folder(folder_);
}

/// After a stop in order the recovery point is the end, and no segment is read. False when that cannot be.
bool PartitionLog::open_clean(const LoadFacts& facts) {
  const Segment& last = segments_.back();
  if (!facts.recovery_point || *facts.recovery_point < last.base) return false;
  if ((last.size == 0) != (*facts.recovery_point == last.base)) return false;
  if (facts.log_start > *facts.recovery_point) return false;
  next_offset_ = appended_end_ = stable_end_ = synced_end_ = *facts.recovery_point;
  remember(appended_end_, last.base, last.size);
  return true;
}

/// What the first append needs to know of the active segment of a log that was closed in order: two small reads.
Status PartitionLog::ensure_active_ready() {
  if (active_ready_) return {};
  Segment& segment = active();
  tail_ = log::new_segment_tail(segment.base, wall());
  tail_.size = segment.size;
  tail_.offset_entries = segment.offset_entries;
  tail_.time_entries = segment.time_entries;
  if (segment.time_entries > 0) {
    ASSIGN_OR_RETURN(const auto entry, time_entry(segment, segment.time_entries - 1));
    if (entry) {
      tail_.max_timestamp = tail_.last_time_entry = entry->timestamp;
      tail_.max_timestamp_offset = entry->offset;
    }
  }
  if (segment.size > 0) {
    RETURN_IF_FAILED(ensure_open(segment));
    std::array<std::byte, wire::batch_header_bytes> header;
    ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.log, 0, header));
    if (got == header.size()) tail_.first_timestamp = load_big_endian<int64_t>(header.data() + 35);
  }
  planned_ = tail_;
  active_ready_ = true;
  return {};
}

Status PartitionLog::recover(const LoadFacts& facts, Recovered& found) {
  const Offset recovery_point = facts.recovery_point.value_or(0);
  // A segment that begins at the recovery point says nothing about the one before: its last index entries are written
  // when it is rolled and synced with the first commit after that.
  found.first = segment_of(std::max<Offset>(recovery_point - 1, 0)).value_or(0);
  found.from = found.expected = segments_[found.first].base;
  const uint64_t before = size_bytes();
  for (size_t i = found.first; i < segments_.size() && !found.cut; ++i) {
    const bool above = found.expected >= recovery_point;
    if (above && i > found.first && segments_[i].base != found.expected &&
        (!config_.cleanup_compact || !found.sealed)) {
      // The end of the segment before was lost at a batch's end: what follows the gap was never stable. (In a compacted
      // log the gap may be compaction's, but not behind a segment whose indexes were never ended.)
      RETURN_IF_FAILED(set_aside_from(i, "offsets are missing before this segment"));
      RETURN_IF_FAILED(directory_->sync_folder(folder_));
      RETURN_IF_FAILED(ensure_active_ready());
      break;
    }
    RETURN_IF_FAILED(recover_segment(i, facts, found));
  }
  if (found.expected < log_start_) {
    // As Kafka: records below the log start are gone, so a log that ends there is empty and goes on at its start.
    trace(TraceLevel::warn, "log={} end={} log_start={} state=emptied", folder_, found.expected, log_start_);
    for (const Segment& segment : segments_) RETURN_IF_FAILED(delete_segment_files(segment));
    segments_.clear();
    holes_.clear();
    RETURN_IF_FAILED(add_segment(log_start_));
    RETURN_IF_FAILED(directory_->sync_folder(folder_));
    tail_ = planned_ = log::new_segment_tail(log_start_, wall());
    found.from = found.expected = log_start_;
    found.first = 0;
  }
  found.first = std::min(found.first, segments_.size() - 1);
  next_offset_ = appended_end_ = found.expected;
  changed_ = true;
  RETURN_IF_FAILED(note_recovered(found.first));
  stable_end_ = synced_end_ = appended_end_;
  remember(appended_end_, active().base, active().size);
  trace(TraceLevel::info, "log={} recovered_from={} end={} segments={} bytes_cut={}", folder_,
        segments_[found.first].base, appended_end_, segments_.size() - found.first,
        before - std::min(before, size_bytes()));
  return {};
}

/// False when the index files as they were found say that the segment went on behind `tail`, or that it was not ended
/// in order: its last time entry is then missing. (Rolling and compaction write it, and sync it before the next segment
/// counts.)
Result<bool> PartitionLog::was_sealed(Segment& segment, const log::SegmentTail& tail, Offset last) {
  const auto known = [](uint32_t entries) { return entries != UINT32_MAX; };
  if (tail.size == 0 || !known(segment.offset_entries) || !known(segment.time_entries)) return true;
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  if (segment.time_entries == 0) return tail.max_timestamp < 0;
  ASSIGN_OR_RETURN(const auto time, time_entry(segment, segment.time_entries - 1));
  if (!time || time->timestamp != tail.max_timestamp || time->offset > last) return false;
  if (segment.offset_entries == 0) return true;
  std::array<std::byte, log::offset_entry_bytes> bytes;
  ASSIGN_OR_RETURN(const size_t got,
                   disk().read(*segment.offset_index, (segment.offset_entries - 1) * log::offset_entry_bytes, bytes));
  return got == bytes.size() && log::offset_entry_at(bytes, segment.base, 0).offset <= last;
}

/// Recovery in the pool is not to keep a store from closing.
Status PartitionLog::may_go_on() const {
  const bool stopping = core_->stopping != nullptr && core_->stopping->load(std::memory_order_relaxed);
  return stopping ? Status(Failure{FailureKind::closed, folder_ + ": not recovered yet"}) : Status();
}

Status PartitionLog::recover_segment(size_t index, const LoadFacts& facts, Recovered& found) {
  const Offset recovery_point = facts.recovery_point.value_or(0);
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  const Offset limit = index + 1 < segments_.size() ? segments_[index + 1].base : INT64_MAX;
  const Offset never_cut_below = core_->mutant(Mutant::damage_cut_anywhere) ? 0 : recovery_point;
  log::SegmentRecovery rules(segment.base, found.expected, found.last_epoch, never_cut_below, limit,
                             config_.cleanup_compact, config_.index_interval_bytes, wall());
  uint64_t durable_bytes = 0;
  BatchScan scan(disk(), *segment.log, 0, segment.size, !core_->mutant(Mutant::torn_tail_accepted));
  while (true) {
    ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
    if (step == BatchScan::Step::end) break;
    RETURN_IF_FAILED(may_go_on());
    const char* why = "offsets or epochs do not ascend";
    if (step == BatchScan::Step::batch) {
      const wire::BatchView& batch = scan.batch();
      if (rules.accept(scanned(batch, scan.position()))) {
        if (batch.next_offset() <= recovery_point) durable_bytes = scan.position() + batch.size();
        if (batch.is_transactional() || (batch.is_control() && !is_metadata())) transactional_ = true;
        if (found.epochs.empty() || found.epochs.back().epoch < batch.leader_epoch()) {
          found.epochs.push_back({batch.leader_epoch(), batch.base_offset()});
        }
        continue;
      }
    } else {
      why = wire::name_of(scan.fault());
    }
    ASSIGN_OR_RETURN(const auto resume, scan.search([&](const log::ScannedBatch& b) { return rules.could_resume(b); }));
    if (rules.damage(scan.position(), segment.size, resume, why) == log::SegmentRecovery::Verdict::cut) {
      if (resume) scan.seek(resume->position);
      RETURN_IF_FAILED(cut_segment(index, rules, scan, why));
      found.cut = true;
      break;
    }
    if (!resume) break;
    scan.seek(resume->position);
  }
  RETURN_IF_FAILED(write_again(index, durable_bytes));
  add_holes(segment.base, rules.damaged());
  found.expected = rules.expected();
  found.last_epoch = rules.last_epoch();
  ASSIGN_OR_RETURN(found.sealed, was_sealed(segment, rules.tail(), rules.expected() - 1));
  if (core_->mutant(Mutant::index_trusted_after_crash) && segment.offset_entries != UINT32_MAX) {
    const auto bytes_since = rules.tail().bytes_since_entry;
    active_ready_ = false;
    RETURN_IF_FAILED(ensure_active_ready());
    tail_.bytes_since_entry = planned_.bytes_since_entry = bytes_since;
    return {};
  }
  return write_rebuilt(index, rules, false);
}

/// Writes the bytes from `from` on once more, as they are. After a sync that failed, what it should have written may be
/// clean in memory and nowhere else: the process then died, and only a write makes the next sync take it (Rebello et
/// al., "Can Applications Recover from fsync Failures?", ATC 2020).
Status PartitionLog::write_again(size_t index, uint64_t from) {
  Segment& segment = segments_[index];
  std::vector<std::byte> chunk(
      static_cast<size_t>(std::min<uint64_t>(scan_buffer_bytes, segment.size - std::min(from, segment.size))));
  while (from < segment.size) {
    const auto wanted =
        std::span(chunk).first(static_cast<size_t>(std::min<uint64_t>(chunk.size(), segment.size - from)));
    ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.log, from, wanted));
    if (got == 0) break;
    const std::span<const std::byte> piece = wanted.first(got);
    RETURN_IF_FAILED(disk().write(*segment.log, from, std::span(&piece, 1)));
    from += got;
  }
  return {};
}

/// Cuts a segment at its damage, and the segments behind it; where valid batches follow, all that is cut off is kept in
/// a file of its own first. `scan` stands at the first of them. The order is such that a crash in between leaves the
/// damage to be found again: names behind it go durably before it is cut away itself.
Status PartitionLog::cut_segment(size_t index, const log::SegmentRecovery& rules, BatchScan& scan, const char* why) {
  Segment& segment = segments_[index];
  const uint64_t position = rules.valid_bytes();
  if (rules.keep_aside()) {
    Offset last = rules.expected();
    while (true) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
      if (step != BatchScan::Step::batch) break;
      last = std::max(last, scan.batch().last_offset());
    }
    const std::string kept = log::kept_aside_name(segment.base, position);
    ASSIGN_OR_RETURN(const io::FileRef copy, disk().open(path_in(folder_, kept), io::OpenMode::create));
    std::vector<std::byte> chunk(scan_buffer_bytes);
    for (uint64_t at = position; at < segment.size;) {
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(chunk.size(), segment.size - at));
      ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.log, at, std::span(chunk).first(wanted)));
      if (got == 0) break;
      const std::span<const std::byte> pieces[] = {std::span(chunk).first(got)};
      RETURN_IF_FAILED(disk().write(*copy, at - position, pieces));
      at += got;
    }
    RETURN_IF_FAILED(disk().sync_now(*copy));
    damaged_.push_back({rules.expected(), last, kept, why});
  }
  RETURN_IF_FAILED(set_aside_from(index + 1, "the segment before was cut"));
  RETURN_IF_FAILED(directory_->sync_folder(folder_));
  trace(TraceLevel::warn, "log={} segment={} cut_at={} offset={} bytes={} kept_aside={} reason=\"{}\"", folder_,
        segment.base, position, rules.expected(), segment.size - position, rules.keep_aside(), why);
  RETURN_IF_FAILED(disk().truncate(*segment.log, position));
  segment.size = position;
  return {};
}

/// Segments from `index` on follow what was cut: those that hold anything are renamed, so that neither we nor Kafka
/// take them for segments any more.
Status PartitionLog::set_aside_from(size_t index, const char* why) {
  if (index >= segments_.size()) return {};
  for (size_t i = index; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.size > 0) {
      const std::string kept = log::kept_aside_name(segment.base, 0);
      RETURN_IF_FAILED(disk().rename(path_of(segment.base, log::FileKind::log), path_in(folder_, kept)));
      const Offset next = i + 1 < segments_.size() ? segments_[i + 1].base : segment.base + 1;
      damaged_.push_back({segment.base, next - 1, kept, why});
      trace(TraceLevel::warn, "log={} segment={} state=set_aside bytes={} reason=\"{}\"", folder_, segment.base,
            segment.size, why);
    }
    RETURN_IF_FAILED(delete_segment_files(segment));
  }
  segments_.resize(index);
  active_ready_ = false;
  return {};
}

/// Writes a segment's indexes as recovery rebuilt them, and takes over its arithmetic if it is the active one.
/// `durable`: by replacing the files whole, for a segment whose index nobody rebuilds after the next crash.
Status PartitionLog::write_rebuilt(size_t index, log::SegmentRecovery& rules, bool durable) {
  Segment& segment = segments_[index];
  const bool is_active = index + 1 == segments_.size();
  log::SegmentTail tail = rules.tail();
  if (!is_active) {
    if (const auto entry = tail.final_time_entry()) rules.time_index().push_back(*entry);
  }
  const log::SegmentTail& kept = rules.began();
  std::vector<std::byte> offsets(rules.offset_index().size() * log::offset_entry_bytes);
  std::vector<std::byte> times(rules.time_index().size() * log::time_entry_bytes);
  for (size_t i = 0; i < rules.offset_index().size(); ++i) {
    log::put_entry(offsets.data() + i * log::offset_entry_bytes, segment.base, rules.offset_index()[i]);
  }
  for (size_t i = 0; i < rules.time_index().size(); ++i) {
    log::put_entry(times.data() + i * log::time_entry_bytes, segment.base, rules.time_index()[i]);
  }
  const uint64_t offsets_at = kept.offset_entries * log::offset_entry_bytes;
  const uint64_t times_at = kept.time_entries * log::time_entry_bytes;
  for (const auto& [kind, bytes, at, file] :
       {std::tuple{log::FileKind::offset_index, &offsets, offsets_at, &segment.offset_index},
        std::tuple{log::FileKind::time_index, &times, times_at, &segment.time_index}}) {
    file->reset();
    if (durable && !is_active) {
      RETURN_IF_FAILED(io::replace_file(disk(), path_of(segment.base, kind), *bytes));
      continue;
    }
    ASSIGN_OR_RETURN(*file, open_segment_file(segment.base, kind, io::OpenMode::create));
    RETURN_IF_FAILED(disk().truncate(**file, at));
    const std::span<const std::byte> pieces[] = {*bytes};
    if (!bytes->empty()) RETURN_IF_FAILED(disk().write(**file, at, pieces));
  }
  segment.offset_entries = kept.offset_entries + static_cast<uint32_t>(rules.offset_index().size());
  segment.time_entries = kept.time_entries + static_cast<uint32_t>(rules.time_index().size());
  ++segment.index_version;
  core_->forget_windows(this);
  if (is_active) {
    pending_offset_entries_.clear();
    pending_time_entries_.clear();
  }
  take_rebuilt(index, rules, tail);
  return {};
}

/// A segment is as `tail` says, by the rules that looked at it.
void PartitionLog::take_rebuilt(size_t index, const log::SegmentRecovery& rules, log::SegmentTail tail) {
  Segment& segment = segments_[index];
  segment.max_timestamp = tail.max_timestamp;
  segment.examined = rules.began().size == 0;
  if (index + 1 == segments_.size()) {
    tail.offset_entries = segment.offset_entries;
    tail.time_entries = segment.time_entries;
    tail.bytes_since_entry = std::min(tail.bytes_since_entry, segment.size);
    tail_ = tail;
    tail_.size = segment.size;
    planned_ = tail_;
    active_ready_ = true;
  }
}

/// All that was scanned must be stable before the log says so: after a process died, much of it may be in the page
/// cache only.
Status PartitionLog::note_recovered(size_t first) {
  RecoveredSync& sync = recovered_sync_;
  for (size_t i = first; i < segments_.size(); ++i) {
    RETURN_IF_FAILED(ensure_open(segments_[i]));
    sync.files.push_back(segments_[i].log);
    if (i + 1 == segments_.size()) continue;
    RETURN_IF_FAILED(ensure_indexes_open(segments_[i]));
    sync.files.push_back(segments_[i].offset_index);
    sync.files.push_back(segments_[i].time_index);
  }
  // Always: the process may have died behind a removal (a truncation) and before the sync of it. What is gone for this
  // kernel alone would be back after a power cut, in the way of what was written since. Where nothing has changed the
  // sync has nothing to write.
  sync.folder = folder_;
  if (segments_.front().base < checkpointed_recovery_point_) return {};
  auto identity = disk().open(path_in(folder_, log::partition_metadata_name), io::OpenMode::write);
  if (!identity.ok()) return identity.failure().kind == FailureKind::not_found ? Status() : Status(identity.failure());
  const std::string text = log::print_partition_metadata(id_.topic_id);
  const std::span<const std::byte> piece = as_bytes(text);
  RETURN_IF_FAILED(disk().write(**identity, 0, std::span(&piece, 1)));  // as write_again
  sync.files.push_back(std::move(identity).value());
  return {};
}

/// As write_again: its sync may have failed, and a later start does not look at it any more.
Status PartitionLog::write_snapshot_again(Offset offset) {
  const std::string path = path_of(offset, log::FileKind::producer_snapshot);
  ASSIGN_OR_RETURN(io::FileRef file, disk().open(path, io::OpenMode::write));
  ASSIGN_OR_RETURN(const uint64_t size, disk().size(*file));
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  ASSIGN_OR_RETURN(const size_t got, disk().read(*file, 0, bytes));
  const std::span<const std::byte> piece = std::span(bytes).first(got);
  RETURN_IF_FAILED(disk().write(*file, 0, std::span(&piece, 1)));
  recovered_sync_.files.push_back(std::move(file));
  return {};
}

Status PartitionLog::sync_recovered() {
  const RecoveredSync sync = take_recovered_sync();
  for (const io::FileRef& file : sync.files) RETURN_IF_FAILED(disk().sync_now(*file));
  return sync.folder.empty() ? Status() : directory_->sync_folder(sync.folder);
}

/// Index files that are missing or no whole number of entries: their segments are scanned.
Status PartitionLog::repair_index_sizes() {
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].offset_entries != UINT32_MAX && segments_[i].time_entries != UINT32_MAX) continue;
    if (!segments_[i].examined) RETURN_IF_FAILED(examine(i));
  }
  return {};
}

Status PartitionLog::walk_headers(size_t index, const std::function<bool(const wire::BatchView&)>& visit) {
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  std::vector<std::byte> buffer(header_walk_bytes);
  uint64_t buffer_at = 0;
  size_t buffer_size = 0;
  uint64_t position = skip_hole(segment.base, 0);
  while (position < segment.size) {
    if (position < buffer_at || position + wire::batch_header_bytes > buffer_at + buffer_size) {
      ASSIGN_OR_RETURN(buffer_size, disk().read(*segment.log, position, buffer));
      buffer_at = position;
      if (buffer_size < wire::batch_header_bytes) return {};
    }
    const auto header = std::span(buffer).subspan(static_cast<size_t>(position - buffer_at), wire::batch_header_bytes);
    const auto size = wire::batch_size(header);
    if (!size || *size < wire::batch_header_bytes || static_cast<int8_t>(header[16]) != 2) {
      if (segment.examined) return {};
      RETURN_IF_FAILED(examine(index));
      const uint64_t next = skip_hole(segment.base, position);
      if (next == position) return {};
      position = next;
      continue;
    }
    // The view is of a copy whose length field covers the header alone.
    std::array<std::byte, wire::batch_header_bytes> alone;
    std::copy(header.begin(), header.end(), alone.begin());
    store_big_endian<int32_t>(alone.data() + 8,
                              static_cast<int32_t>(wire::batch_header_bytes - wire::batch_log_overhead));
    const auto view = wire::BatchView::parse(alone);
    if (view && !visit(*view)) return {};
    position = skip_hole(segment.base, position + *size);
  }
  return {};
}

/// The epochs that their file has; true when it tells nothing.
Result<bool> PartitionLog::read_epochs() {
  const std::string path = path_in(folder_, log::epoch_checkpoint_name);
  const auto bytes = io::read_file(disk(), path, small_file_bytes_max);
  if (!bytes.ok()) {
    if (bytes.failure().kind != FailureKind::not_found && !to_be_made_again(bytes.failure())) return bytes.failure();
    return appended_end_ > log_start_;
  }
  const auto entries = log::parse_epoch_checkpoint(as_text(*bytes));
  if (entries.ok()) {
    epochs_ = log::EpochTable(*entries);
    return false;
  }
  trace(TraceLevel::warn, "log={} file={} state=rebuilt reason=\"{}\"", folder_, log::epoch_checkpoint_name,
        entries.failure().message);
  return true;
}

/// Where epochs begin at or above the recovery point the batches tell, not the file: it may have those of a history
/// that was cut away, until the commit that follows the cut. Whether it has any there.
bool PartitionLog::doubt_epochs(Offset from) {
  return epochs_.truncate_from_end(std::min(from, appended_end_));
}

/// The latest epoch that the file with these entries tells rightly.
Epoch PartitionLog::epochs_written(const std::vector<log::EpochStart>& file, bool doubted) const {
  if (file.empty() || (doubted && file != epochs_.entries())) return no_epoch;
  return std::min(file.back().epoch, epochs_.latest());
}

Status PartitionLog::load_epochs(const Recovered& found, const log::LogInventory* inventory) {
  bool rebuild = false;
  if (inventory != nullptr) {
    epochs_ = log::EpochTable(inventory->epochs);
  } else {
    ASSIGN_OR_RETURN(rebuild, read_epochs());
  }
  if (rebuild) RETURN_IF_FAILED(rebuild_epochs());
  const std::vector<log::EpochStart> before = epochs_.entries();
  const bool scanned = found.first < segments_.size();
  const bool doubted = scanned && doubt_epochs(std::max(found.from, checkpointed_recovery_point_));
  epochs_.truncate_from_start(log_start_);
  for (const log::EpochStart& entry : found.epochs) {
    if (entry.epoch > epochs_.latest()) epochs_.assign(entry.epoch, entry.start);
  }
  epoch_written_ = rebuild ? no_epoch : epochs_written(before, doubted);
  epochs_dirty_ = rebuild || before != epochs_.entries();
  changed_ = changed_ || epochs_dirty_;
  return {};
}

Status PartitionLog::rebuild_epochs() {
  epochs_.clear();
  for (size_t i = 0; i < segments_.size(); ++i) {
    RETURN_IF_FAILED(walk_headers(i, [this](const wire::BatchView& batch) {
      if (batch.leader_epoch() > epochs_.latest()) epochs_.assign(batch.leader_epoch(), batch.base_offset());
      return true;
    }));
  }
  return {};
}

/// Producer state as of `up_to`: the newest readable snapshot at or below it, and the batches since.
Status PartitionLog::load_producers(Offset up_to, bool clean) {
  producers_.clear();
  Offset covered = segments_.front().base;  // also below the log start, as far as batches are there
  bool found = false;
  for (size_t i = snapshots_.size(); i-- > 0 && !found;) {
    const Offset offset = snapshots_[i];
    if (offset > up_to) continue;
    ASSIGN_OR_RETURN(const auto entries, read_snapshot(offset));
    if (!entries) {
      snapshots_.erase(snapshots_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    for (const log::ProducerEntry& entry : *entries) producers_.load(entry);
    producers_.expire(wall(), config_.producer_id_expiration_ms);  // as Kafka: what is too old is not taken up
    covered = std::max(covered, offset);
    found = true;
  }
  if (!found && clean && snapshots_.empty()) return {};
  return replay_producers(covered, up_to);
}

Status PartitionLog::replay_producers(Offset from, Offset up_to) {
  if (from >= up_to) return {};
  for (size_t i = segment_of(from).value_or(0); i < segments_.size() && segments_[i].base < up_to; ++i) {
    Segment& segment = segments_[i];
    RETURN_IF_FAILED(ensure_open(segment));
    BatchScan scan(disk(), *segment.log, skip_hole(segment.base, 0), segment.size, false);
    while (true) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
      if (step == BatchScan::Step::end) break;
      if (step == BatchScan::Step::fault) {
        if (!segment.examined) RETURN_IF_FAILED(examine(i));
        const uint64_t next = skip_hole(segment.base, scan.position());
        if (next == scan.position()) break;
        scan.seek(next);
        continue;
      }
      if (scan.batch().base_offset() >= up_to) return {};
      if (scan.batch().base_offset() >= from) producers_.replay(scan.batch());
    }
  }
  return {};
}

/// Reads the producers of one snapshot; a file that is damaged is removed and gives nothing.
Result<std::optional<std::vector<log::ProducerEntry>>> PartitionLog::read_snapshot(Offset offset) {
  using Producers = std::optional<std::vector<log::ProducerEntry>>;
  const std::string path = path_of(offset, log::FileKind::producer_snapshot);
  const auto bytes = io::read_file(disk(), path, small_file_bytes_max);
  if (!bytes.ok() && bytes.failure().kind != FailureKind::not_found && !to_be_made_again(bytes.failure())) {
    return bytes.failure();
  }
  auto entries = bytes.ok() ? log::decode_producer_snapshot(*bytes) : bytes.failure();
  if (entries.ok()) return Producers(std::move(entries).value());
  trace(TraceLevel::warn, "log={} snapshot={} state=removed reason=\"{}\"", folder_, offset, entries.failure().message);
  (void)disk().remove(path);
  return Producers();
}

/// The last one that counts may never have been synced.
Status PartitionLog::check_last_snapshot(Offset offset) {
  if (offset > appended_end_ || !std::binary_search(snapshots_.begin(), snapshots_.end(), offset)) return {};
  ASSIGN_OR_RETURN(const auto entries, read_snapshot(offset));
  if (entries) return write_snapshot_again(offset);
  std::erase(snapshots_, offset);
  return directory_->sync_folder(folder_);
}

/// Kafka keeps snapshots at segment bases and the newest one; all others go, and those beyond the end. So do those
/// above `sound`: they may tell of batches that a power cut took, in whose place older ones are that were cut away
/// before.
Status PartitionLog::remove_stray_snapshots(Offset sound) {
  bool removed = false;
  sound = std::min(sound, appended_end_);
  Offset newest = no_offset;
  for (const Offset offset : snapshots_) {
    if (offset <= sound) newest = std::max(newest, offset);
  }
  std::vector<Offset> kept;
  for (const Offset offset : snapshots_) {
    const auto at = segment_of(offset);
    const bool is_base = at && segments_[*at].base == offset;
    if (offset <= sound && (is_base || offset == newest)) {
      kept.push_back(offset);
    } else {
      RETURN_IF_FAILED(disk().remove(path_of(offset, log::FileKind::producer_snapshot)));
      removed = true;
    }
  }
  snapshots_ = std::move(kept);
  // Durably: one that lies beyond the end tells of batches that are lost, and must not come back when others are there;
  // one that was torn must not come back below a recovery point, where nobody looks at it any more.
  return removed ? directory_->sync_folder(folder_) : Status();
}

/// Looks for transactional data in [from, to), which no process of ours has seen: a folder that Kafka filled.
Status PartitionLog::check_transactional(Offset from, Offset to) {
  if (is_metadata() || from >= to) return {};
  for (size_t i = segment_of(from).value_or(0); i < segments_.size() && !transactional_; ++i) {
    if (segments_[i].base >= to || end_of_segment(i) <= from) continue;
    RETURN_IF_FAILED(may_go_on());
    RETURN_IF_FAILED(walk_headers(i, [this](const wire::BatchView& batch) {
      transactional_ = transactional_ || batch.is_transactional() || batch.is_control();
      return !transactional_;
    }));
  }
  return {};
}

}  // namespace moldau::store
