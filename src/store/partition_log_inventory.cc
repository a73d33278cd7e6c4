// PartitionLog, what is in its folder: as a listing says, and as a stop in order writes it down for the next start
// (log/inventory.h).
#include <algorithm>

#include "log/checkpoint.h"
#include "log/damage_marks.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

constexpr uint64_t epochs_bytes_max = 1 << 20;

uint32_t whole_entries(uint64_t bytes, size_t entry_bytes) {
  if (bytes % entry_bytes != 0) return log::unknown_entries;
  return static_cast<uint32_t>(std::min<uint64_t>(bytes / entry_bytes, INT32_MAX));
}

std::optional<log::SegmentFileName> normal_name(const io::DirectoryEntry& entry) {
  const auto name = log::parse_segment_file_name(entry.name);
  return name && !entry.is_directory && name->state == log::FileState::normal ? name : std::nullopt;
}

}  // namespace

/// REQUIRES: entries in the order of their names.
log::FolderFiles PartitionLog::files_of(const std::vector<io::DirectoryEntry>& entries) {
  log::FolderFiles files;
  for (const io::DirectoryEntry& entry : entries) {  // bases ascend as names do
    const auto name = normal_name(entry);
    if (!name) continue;
    if (name->kind == log::FileKind::log) {
      files.segments.push_back({name->base, entry.size, entry.modified_wall_ms});
    } else if (name->kind == log::FileKind::producer_snapshot) {
      files.snapshots.push_back(name->base);
    }
  }
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = normal_name(entry);
    if (!name) continue;
    const auto at = std::lower_bound(files.segments.begin(), files.segments.end(), name->base,
                                     [](const log::SegmentFiles& segment, Offset base) { return segment.base < base; });
    if (at == files.segments.end() || at->base != name->base) continue;
    if (name->kind == log::FileKind::offset_index)
      at->offset_entries = whole_entries(entry.size, log::offset_entry_bytes);
    if (name->kind == log::FileKind::time_index) at->time_entries = whole_entries(entry.size, log::time_entry_bytes);
    if (name->kind == log::FileKind::transaction_index && entry.size > 0) files.transactional = true;
  }
  return files;
}

void PartitionLog::take_files(const log::FolderFiles& files) {
  segments_.reserve(files.segments.size());
  for (const log::SegmentFiles& file : files.segments) {
    Segment& segment = segments_.emplace_back();
    segment.base = file.base;
    segment.size = file.bytes;
    segment.modified_wall_ms = file.modified_wall_ms;
    segment.offset_entries = file.offset_entries;
    segment.time_entries = file.time_entries;
  }
  snapshots_ = files.snapshots;
  transactional_ = transactional_ || files.transactional;
}

/// An index without its segment.
bool PartitionLog::is_orphan(const io::DirectoryEntry& entry) const {
  const auto name = normal_name(entry);
  if (!name || name->kind == log::FileKind::log || name->kind == log::FileKind::producer_snapshot) return false;
  const auto at = segment_of(name->base);
  return !at || segments_[*at].base != name->base;
}

Result<std::optional<log::LogInventory>> PartitionLog::take_inventory() const {
  using Taken = std::optional<log::LogInventory>;
  log::LogInventory taken;
  taken.folder = log::partition_folder_name(topic_, id_.partition);
  taken.topic_id = id_.topic_id;
  // Before the listing: a later change shows.
  ASSIGN_OR_RETURN(const io::DirectoryEntry folder, disk().stat(folder_));
  taken.modified_wall_ms = folder.modified_wall_ms;
  ASSIGN_OR_RETURN(const auto entries, disk().list(folder_));
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    const bool settled = !name || (!entry.is_directory && name->state == log::FileState::normal && !is_orphan(entry));
    // What is on its way in or out, and marks of damage, are for a start that looks.
    if (!settled || entry.name.ends_with('~') || log::parse_damage_marks_name(entry.name)) return Taken();
  }
  taken.files = files_of(entries);
  if (taken.files.segments.empty()) return Taken();
  const auto has_epochs = std::any_of(entries.begin(), entries.end(), [](const io::DirectoryEntry& entry) {
    return entry.name == log::epoch_checkpoint_name;
  });
  if (!has_epochs && appended_end_ > log_start_) return Taken();  // a start makes them anew
  if (has_epochs) {
    ASSIGN_OR_RETURN(const auto bytes,
                     io::read_file(disk(), path_in(folder_, log::epoch_checkpoint_name), epochs_bytes_max));
    auto epochs = log::parse_epoch_checkpoint(as_text(bytes));
    if (!epochs.ok()) return Taken();
    taken.epochs = std::move(epochs).value();
  }
  return Taken(std::move(taken));
}

}  // namespace moldau::store
