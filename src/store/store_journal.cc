// StoreImpl, the journals of its log directories: replay and retirement at start, retirement at a stop, closing what is
// removed. docs/design/journal.md
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/trace.h"
#include "store/directory_journal.h"
#include "store/journal/journal_files.h"
#include "store/journal/journal_replay.h"
#include "store/log_in_replay.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr uint64_t identity_bytes_max = 64 << 10;

/// The logs of one directory.
class DirectoryInReplay final : public ReplayTarget {
 public:
  DirectoryInReplay(const LogDirectory& directory, const std::unordered_set<TopicPartitionId>& removed)
      : removed_(removed) {
    for (PartitionLog* log : directory.logs()) logs_.emplace(log->id(), LogInReplay(*log));
  }
  ReplayedLog* find(const TopicPartitionId& id) override {
    const auto found = logs_.find(id);
    return found == logs_.end() ? nullptr : &found->second;
  }

  bool removed(const TopicPartitionId& id) const override { return removed_.contains(id); }

 private:
  std::unordered_map<TopicPartitionId, LogInReplay> logs_;
  const std::unordered_set<TopicPartitionId>& removed_;
};

}  // namespace

/// The journal may hold batches of a partition that was removed just before: its closing entry follows the removal.
void StoreImpl::note_removed(size_t index, const log::FolderName& name, const std::string& folder) {
  const auto text =
      io::read_file(core_.surface.disk, path_in(folder, log::partition_metadata_name), identity_bytes_max);
  const auto topic_id = text.ok() ? log::parse_partition_metadata(as_text(*text)) : text.failure();
  if (topic_id.ok()) found_[index].removed.insert({*topic_id, name.partition});
}

/// When the logs of a directory are recovered: they get back what only the journal has, and then tell it themselves.
Status StoreImpl::replay_journal(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  io::Disk& disk = core_.surface.disk;
  ASSIGN_OR_RETURN(const bool there, has_journal(disk, directory.path()));
  if (there) {
    DirectoryInReplay target(directory, found_[index].removed);
    ASSIGN_OR_RETURN(const ReplayCounts counts,
                     replay_journals(disk, directory.path(), directory.folder().opened.identity.directory_id, target));
    note_replayed(directory.folder(), counts);
    if (!core_.mutant(Mutant::journal_retired_before_sync)) {
      for (PartitionLog* log : StoreShardImpl::ordered(directory)) RETURN_IF_FAILED(log->end_replay());
      RETURN_IF_FAILED(home_.write_recovery_points(directory));
      RETURN_IF_FAILED(home_.write_log_starts_now(directory));
    }
  }
  RETURN_IF_FAILED(retire_journals(disk, directory.path()));
  return open_journals(index);
}

void StoreImpl::note_replayed(const DataFolder& folder, const ReplayCounts& counts) {
  trace(TraceLevel::info,
        "log_directory={} journal=replayed files={} rounds={} found={} mended={} appended={} bytes={}", folder.path,
        counts.files, counts.rounds, counts.batches_found, counts.batches_mended, counts.batches_appended,
        counts.bytes_appended);
  replayed_.rounds += counts.rounds;
  replayed_.batches_found += counts.batches_found;
  replayed_.batches_appended += counts.batches_appended;
  replayed_.bytes_appended += counts.bytes_appended;
  replayed_.partitions_missing += counts.partitions_missing;
}

Status StoreImpl::open_journals(size_t index) {
  if (!core_.options.journal.enable) return {};
  for (const auto& shard : shards_) RETURN_IF_FAILED(shard->open_journal(index));
  return {};
}

/// Logs were loaded as a process left them that died: the journal says up to where they are stable. It goes on to stand
/// until they are synced, and until then logs sync themselves. False when something does not fit.
Result<bool> StoreImpl::take_journal(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  DataFolder& folder = directory.folder();
  io::Disk& disk = core_.surface.disk;
  folder.found_unsynced = true;
  ASSIGN_OR_RETURN(const bool there, has_journal(disk, directory.path()));
  if (!there) {
    RETURN_IF_FAILED(retire_journals(disk, directory.path()));  // goes on with one that was cut short
    RETURN_IF_FAILED(open_journals(index));
    return true;
  }
  std::unordered_map<TopicPartitionId, PartitionLog*> logs;
  for (PartitionLog* log : directory.logs()) {
    if (log->doubted()) return false;
    logs.emplace(log->id(), log);
  }
  const auto plan = read_journal_heads(disk, directory.path(), folder.opened.identity.directory_id);
  if (!plan.ok()) return plan.failure().kind == FailureKind::corrupt ? Result<bool>(false) : plan.failure();
  for (const log::PartitionReplay& replay : *plan) {
    const auto found = logs.find(replay.id);
    if (found == logs.end()) {
      if (replay.batches.empty() || found_[index].removed.contains(replay.id)) continue;
      return false;  // which says what is missing
    }
    PartitionLog& log = *found->second;
    if (!replay.batches.empty() && !log.take_stable(replay.batches.back().entry.end)) return false;
    if (replay.log_start > log.appended_end()) return false;
    if (replay.log_start > log.log_start()) RETURN_IF_FAILED(log.advance_log_start(replay.log_start));
  }
  folder.journal_left = true;
  if (core_.mutant(Mutant::journal_retired_before_sync)) RETURN_IF_FAILED(retire_journals(disk, directory.path()));
  return true;
}

/// All shards have their logs: those of the directory are committed, and then the journal of the last run is retired.
void StoreImpl::settle_found(size_t index) {
  auto left = std::make_shared<size_t>(shards_.size());
  const auto one_over = [this, index, left] {
    if (--*left == 0) found_settled(index);
  };
  home_.settle_found(index, one_over);
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(i, [this, index, one_over](StoreShardImpl& shard) {
      shard.settle_found(index, [this, one_over, number = shard.index()] { at_home(number, one_over); });
    });
  }
}

/// What the journal holds of a log that is gone must not come back into another one of the same id.
Status StoreImpl::close_removed(LogDirectory& directory, const TopicPartitionId& id) {
  DirectoryJournal* const journal = directory.journal();
  if (journal == nullptr || core_.mutant(Mutant::journal_removal_not_closed)) return {};
  if (!journal->writer().holds(id) && !directory.commits().closing_waits(id)) return {};
  RETURN_IF_FAILED(journal->close_partition(log::JournalKind::deleted, id, 0));
  directory.commits().withdraw(id);
  return {};
}

/// The folder has its last name already, so there is no hurry: with the next round, or when there is room.
void StoreImpl::close_removed_later(LogDirectory& directory, const PartitionLog& log) {
  const TopicPartitionId id = log.id();
  if (directory.folder().journal_left) removed_early_.insert(id);
  if (const auto elsewhere = log.entries_left()) {
    closing_.insert(id);
    at_shard(*elsewhere, [this, id, index = index_of(directory)](StoreShardImpl& shard) {
      shard.close_removed(index, id,
                          [this, id, number = shard.index()] { at_home(number, [this, id] { closing_.erase(id); }); });
    });
    return;
  }
  DirectoryJournal* const journal = directory.journal();
  if (journal == nullptr || core_.mutant(Mutant::journal_removal_not_closed)) return;
  directory.commits().withdraw(id);
  if (journal->writer().holds(id)) directory.commits().add_entry(log::JournalKind::deleted, id, 0, nullptr);
}

}  // namespace moldau::store
