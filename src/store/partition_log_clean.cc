// PartitionLog, for the cleaner: which segments there are, and putting a cleaned segment in the place of others.
//
// The swap, each step durable before the next (names of the new segment / of those it replaces):
//
//   .cleaned / normal    written and synced; a start removes the .cleaned files: nothing happened
//   .swap    / normal    stage_cleaned(); a start finishes: removes what is replaced, gives the new ones their names
//   .swap    / .deleted  install_cleaned(), first half; likewise
//   normal   / .deleted  install_cleaned(), second half; a start removes the .deleted files
//
// Readers see the new segment from install_cleaned() on, through the files that are open; who holds pieces of the old
// ones keeps reading those.
#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "base/endian.h"
#include "base/trace.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

/// The log first: a name without it counts for nothing.
constexpr std::array segment_kinds = {log::FileKind::log, log::FileKind::offset_index, log::FileKind::time_index,
                                      log::FileKind::transaction_index};

using Names = std::vector<std::pair<std::string, std::string>>;

Status rename_all(io::Disk& disk, const Names& names) {
  for (const auto& [from, to] : names) {
    const Status renamed = disk.rename(from, to);
    if (!renamed.ok() && renamed.failure().kind != FailureKind::not_found) return renamed;
  }
  return {};
}

}  // namespace

log::CompactionPolicy PartitionLog::compaction_policy() const {
  return {config_.min_cleanable_dirty_ratio, config_.min_compaction_lag_ms, config_.max_compaction_lag_ms,
          config_.segment_bytes, config_.segment_index_bytes};
}

WallMillis PartitionLog::first_timestamp(Segment& segment) {
  if (segment.first_timestamp != timestamp_unread) return segment.first_timestamp;
  if (segment.size < wire::batch_header_bytes || !ensure_open(segment).ok()) return no_timestamp;
  std::array<std::byte, wire::batch_header_bytes> header;
  const auto got = disk().read(*segment.log, 0, header);
  if (!got.ok() || *got < header.size()) return no_timestamp;
  return segment.first_timestamp = load_big_endian<int64_t>(header.data() + 35);
}

std::vector<log::CompactionSegment> PartitionLog::compaction_segments(const log::CompactionPolicy& policy) {
  std::vector<log::CompactionSegment> facts;
  facts.reserve(segments_.size());
  for (size_t i = 0; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    const bool inactive = i + 1 < segments_.size();
    log::CompactionSegment fact;
    fact.base = segment.base;
    fact.size = segment.size;
    fact.offset_index_bytes = uint64_t{segment.offset_entries} * log::offset_entry_bytes;
    fact.time_index_bytes = uint64_t{segment.time_entries} * log::time_entry_bytes;
    if (inactive && policy.min_lag_ms > 0) fact.largest_timestamp = largest_timestamp(segment);
    if (inactive && policy.max_lag_ms != INT64_MAX) fact.first_timestamp = first_timestamp(segment);
    facts.push_back(fact);
  }
  return facts;
}

Result<CleanerSource> PartitionLog::open_for_cleaning(Offset base) {
  const auto at = segment_of(base);
  if (!at || segments_[*at].base != base) return Failure{FailureKind::unavailable, "a segment is gone"};
  Segment& segment = segments_[*at];
  RETURN_IF_FAILED(ensure_open(segment));
  const bool damaged =
      std::any_of(holes_.begin(), holes_.end(), [base](const Hole& hole) { return hole.segment == base; });
  return CleanerSource{segment.log, segment.size, segment.modified_wall_ms, damaged};
}

Result<io::FileRef> PartitionLog::create_cleaned(Offset base, log::FileKind kind) {
  ASSIGN_OR_RETURN(io::FileRef file, disk().open(cleaned_path(base, kind), io::OpenMode::create));
  RETURN_IF_FAILED(disk().truncate(*file, 0));
  return file;
}

Status PartitionLog::remove_cleaned(io::Disk& disk, const LogDirectory& directory, const std::string& folder,
                                    Offset base) {
  const auto remove = [&](log::FileKind kind) -> Status {
    for (const auto state : {log::FileState::swap, log::FileState::cleaned}) {
      const Status removed = disk.remove(path_in(folder, log::segment_file_name(base, kind, state)));
      if (!removed.ok() && removed.failure().kind != FailureKind::not_found) return removed;
    }
    return {};
  };
  // The log last: an index named `.swap` alone is what an installed segment leaves, and a start gives it its name.
  for (const auto kind : segment_kinds) {
    if (kind != log::FileKind::log) RETURN_IF_FAILED(remove(kind));
  }
  RETURN_IF_FAILED(directory.sync_folder(folder));
  RETURN_IF_FAILED(remove(log::FileKind::log));
  return directory.sync_folder(folder);
}

std::shared_ptr<NameStep> PartitionLog::stage_cleaned(const CleanedSegment& made) {
  ASSERT(naming_ == nullptr);
  Names names;
  for (const auto kind : segment_kinds) {
    if (kind == log::FileKind::transaction_index && !made.has_transactions) continue;
    names.emplace_back(cleaned_path(made.base, kind), path_of(made.base, kind, log::FileState::swap));
  }
  staged_only_ = true;
  naming_base_ = made.base;
  naming_ = std::make_shared<NameStep>(
      [names = std::move(names), folder = folder_, &directory = *directory_](io::Disk& disk) -> Status {
        for (const auto& [from, to] : names) RETURN_IF_FAILED(disk.rename(from, to));
        return directory.sync_folder(folder);
      });
  return naming_;
}

std::shared_ptr<NameStep> PartitionLog::install_cleaned(const CleanedSegment& made,
                                                        std::span<const std::pair<Offset, uint64_t>> replaced) {
  const auto first = segment_of(made.base);
  if (!first || *first + replaced.size() >= segments_.size()) return nullptr;
  for (size_t i = 0; i < replaced.size(); ++i) {
    const Segment& segment = segments_[*first + i];
    if (segment.base != replaced[i].first || segment.size != replaced[i].second) return nullptr;
  }
  Names retired_names;
  for (const auto& [base, size] : replaced) {
    for (const auto kind : segment_kinds) {
      retired_names.emplace_back(path_of(base, kind), path_of(base, kind, log::FileState::deleted));
    }
    if (base == made.base || !std::binary_search(snapshots_.begin(), snapshots_.end(), base)) continue;
    retired_names.emplace_back(path_of(base, log::FileKind::producer_snapshot),
                               path_of(base, log::FileKind::producer_snapshot, log::FileState::deleted));
    std::erase(snapshots_, base);
  }
  Names final_names;
  for (const auto kind : segment_kinds) {
    final_names.emplace_back(path_of(made.base, kind, log::FileState::swap), path_of(made.base, kind));
  }

  Segment segment;
  segment.base = made.base;
  segment.size = made.size;
  segment.max_timestamp = made.max_timestamp;
  segment.modified_wall_ms = made.modified_wall_ms;
  segment.offset_entries = made.offset_entries;
  segment.time_entries = made.time_entries;
  segment.examined = true;
  segment.log = made.log;
  segment.offset_index = made.offset_index;
  segment.time_index = made.time_index;
  const auto at = segments_.begin() + static_cast<std::ptrdiff_t>(*first);
  *at = std::move(segment);
  segments_.erase(at + 1, at + static_cast<std::ptrdiff_t>(replaced.size()));
  const Offset end = segments_[*first + 1].base;
  for (Mark& mark : marks_) {
    if (mark.segment >= made.base && mark.segment < end) mark = {};
  }
  core_->forget_windows(this);
  // What is gone is not to be read from memory either.
  if (!recent_.empty() && recent_.entries().front().base < end) recent_.clear();
  changed_ = true;

  replaced_paths_.clear();
  for (const auto& name : retired_names) replaced_paths_.push_back(name.second);
  staged_only_ = false;
  naming_base_ = made.base;
  naming_ = std::make_shared<NameStep>([retired_names = std::move(retired_names), final_names = std::move(final_names),
                                        folder = folder_, &directory = *directory_](io::Disk& disk) -> Status {
    const Status retired = rename_all(disk, retired_names);
    if (!retired.ok()) {
      if (retired.failure().kind != FailureKind::no_space) return retired;
      for (const auto& [from, to] : retired_names) {  // a removal needs no room
        const Status removed = disk.remove(from);
        if (!removed.ok() && removed.failure().kind != FailureKind::not_found) return removed;
      }
    }
    RETURN_IF_FAILED(directory.sync_folder(folder));
    RETURN_IF_FAILED(rename_all(disk, final_names));
    return directory.sync_folder(folder);
  });
  return naming_;
}

void PartitionLog::installed() {
  if (naming_ == nullptr || staged_only_) return;
  const Status outcome = naming_->outcome();
  naming_.reset();
  if (retired_ || offline()) return;
  if (!outcome.ok()) {
    (void)fail_directory(Failure{FailureKind::io, outcome.failure().message, outcome.failure().os_errno});
    return;
  }
  for (std::string& path : replaced_paths_) core_->remove_later(std::move(path), config_.file_delete_delay_ms);
  replaced_paths_.clear();
}

/// Before the log is cut or closed: no swap is under way afterwards. Blocking.
void PartitionLog::settle_cleaning() {
  if (naming_ == nullptr) return;
  const std::shared_ptr<NameStep> step = naming_;
  if (staged_only_) {
    (void)step->cancel();
    naming_.reset();
    // Durably: after a crash a start would put the segment in the place of what is there by then.
    const Status undone = remove_cleaned(disk(), *directory_, folder_, naming_base_);
    if (!undone.ok()) (void)fail_directory(undone.failure());
    return;
  }
  step->run(disk());
  (void)step->cancel();
  installed();
}

}  // namespace moldau::store
