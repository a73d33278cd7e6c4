// PartitionLog, opening after a process died and the machine did not: where in a segment recovery begins; and the syncs
// of what recovery found. docs/design/recovery.md.
#include "store/partition_log_resume.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/endian.h"
#include "store/partition_log.h"

namespace moldau::store {

/// Indexes are never synced before their segment is full, so after a power cut they are worth nothing. When only the
/// process died they are as they were written, but for what Kafka may have done here meanwhile (it writes them ahead,
/// as zeros): so the entry that is used must name a sound batch, and the last entries must lie behind it.
Result<std::optional<PartitionLog::ResumePoint>> PartitionLog::resume_point(Segment& segment, Offset recovery_point) {
  using Point = std::optional<ResumePoint>;
  const auto known = [](uint32_t entries) { return entries != UINT32_MAX; };
  if (!known(segment.offset_entries) || !known(segment.time_entries) || segment.offset_entries == 0) return Point();
  RETURN_IF_FAILED(ensure_indexes_open(segment));
  std::vector<std::byte> offsets(segment.offset_entries * log::offset_entry_bytes);
  std::vector<std::byte> times(segment.time_entries * log::time_entry_bytes);
  ASSIGN_OR_RETURN(const size_t offsets_read, disk().read(*segment.offset_index, 0, offsets));
  ASSIGN_OR_RETURN(const size_t times_read, disk().read(*segment.time_index, 0, times));
  if (offsets_read != offsets.size() || times_read != times.size()) return Point();
  const auto slot = log::floor_by_offset(offsets, segment.base, recovery_point - 1);
  if (!slot) return Point();
  const log::OffsetEntry entry = log::offset_entry_at(offsets, segment.base, *slot);
  const log::OffsetEntry last = log::offset_entry_at(offsets, segment.base, segment.offset_entries - 1);
  const log::OffsetEntry first = log::offset_entry_at(offsets, segment.base, 0);
  const bool ascends = segment.offset_entries == 1 || first.offset < last.offset;
  if (entry.offset >= recovery_point || last.offset < entry.offset || last.position >= segment.size || !ascends) {
    return Point();
  }
  BatchScan scan(disk(), *segment.log, entry.position, segment.size);
  ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
  if (step != BatchScan::Step::batch || scan.batch().last_offset() != entry.offset) return Point();

  ResumePoint point;
  point.expected = entry.offset + 1;
  point.last_epoch = scan.batch().leader_epoch();
  log::SegmentTail& tail = point.tail;
  tail = log::new_segment_tail(segment.base, wall());
  tail.size = entry.position + scan.batch().size();
  tail.offset_entries = static_cast<uint32_t>(*slot + 1);
  tail.bytes_since_entry = scan.batch().size();
  if (const auto time = log::floor_of_time_by_offset(times, segment.base, entry.offset)) {
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
  const auto identity = disk().open(path_in(folder_, log::partition_metadata_name), io::OpenMode::read);
  if (identity.ok()) sync.files.push_back(*identity);
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

}  // namespace moldau::store
