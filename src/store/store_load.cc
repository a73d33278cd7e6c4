// StoreImpl, loading the logs of its directories at start: what checkpoints say, what each folder is, recovery of a
// directory as a whole. docs/design/recovery.md
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "store/journal/pool_work.h"
#include "store/names_anew.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr uint64_t identity_bytes_max = 64 << 10;
constexpr uint64_t checkpoint_bytes_max = 64u << 20;
constexpr std::string_view remote_index_cache = "remote-log-index-cache";

/// Syncs of some logs that were recovered, or are closed.
struct RecoverySync final : PoolWork {
  RecoverySync(io::Disk& on, const LogDirectory& in) : disk(on), directory(in) {}

  io::Disk& disk;
  const LogDirectory& directory;
  std::vector<PartitionLog::RecoveredSync> syncs;
  Status outcome;

 private:
  void work() override { outcome = sync_all(); }

  Status sync_all() {
    for (const PartitionLog::RecoveredSync& sync : syncs) {
      for (const io::FileRef& file : sync.files) RETURN_IF_FAILED(disk.sync_now(*file));
      if (!sync.folder.empty()) RETURN_IF_FAILED(directory.sync_folder(sync.folder));
    }
    return {};
  }
};

}  // namespace

/// Whether the folder was used last in this run of the machine, and nothing failed in it. If not, nobody is to think so
/// before its logs are recovered.
Status StoreImpl::read_boot(DataFolder& folder) {
  io::Disk& disk = core_.surface.disk;
  const auto before = io::read_file(disk, folder.boot_path(), identity_bytes_max);
  if (!before.ok()) return before.failure().kind == FailureKind::not_found ? Status() : Status(before.failure());
  folder.trusted = !core_.options.boot_id.empty() && as_text(*before) == core_.options.boot_id;
  return folder.trusted ? Status() : disk.remove(folder.boot_path());
}

/// The logs of a folder are recovered.
Status StoreImpl::note_boot(DataFolder& folder) {
  if (core_.options.boot_id.empty() || folder.trusted) return {};
  return folder.trust_from_now(core_.surface.disk, core_.options.boot_id);
}

Status StoreImpl::sync_recovered(LogDirectory& directory) {
  std::vector<PartitionLog::RecoveredSync> syncs;
  for (PartitionLog* log : directory.logs()) {
    auto sync = log->take_recovered_sync();
    if (!sync.empty()) syncs.push_back(std::move(sync));
  }
  return sync_side_by_side(directory, std::move(syncs));
}

/// Each alone would wait for its own turn of the device.
Status StoreImpl::sync_side_by_side(const LogDirectory& directory, std::vector<PartitionLog::RecoveredSync> syncs) {
  std::vector<std::shared_ptr<RecoverySync>> jobs;
  size_t next = 0;
  bool parent = false;
  for (PartitionLog::RecoveredSync& sync : syncs) {
    if (jobs.size() < static_cast<size_t>(core_.options.syncs_in_flight_max)) {
      jobs.push_back(std::make_shared<RecoverySync>(core_.surface.disk, directory));
    }
    parent = parent || sync.parent;
    jobs[next++ % jobs.size()]->syncs.push_back(std::move(sync));
  }
  if (jobs.size() > 1) {
    for (const auto& job : jobs) core_.surface.executor.offload_sync([job] { job->run(); }, [] {});
  }
  Status outcome;
  for (const auto& job : jobs) {
    job->finish();
    if (outcome.ok()) outcome = job->outcome;
  }
  RETURN_IF_FAILED(outcome);
  return parent ? directory.sync_folder(directory.path()) : Status();
}

/// A start or a stop has files to write. What it needs of the reserve is taken back later.
void StoreImpl::make_room(LogDirectory& directory) {
  const auto space = core_.surface.disk.space(directory.path());
  if (!space.ok() || space->usable_bytes >= core_.options.reserve_bytes) return;
  (void)directory.folder().reserve.lend(core_.surface.disk);
  directory.want_reserve();
}

Status StoreImpl::mark_running(LogDirectory& directory) {
  DataFolder& folder = directory.folder();
  if (!folder.marked_running) folder.marked_running = revoke_marker(directory);
  return *folder.marked_running;
}

/// Removes the clean-shutdown marker, durably: were it to come back after a crash, its folder would pass for a clean
/// one.
Status StoreImpl::revoke_marker(LogDirectory& directory) {
  if (!directory.folder().opened.fresh) make_room(directory);
  RETURN_IF_FAILED(read_boot(directory.folder()));
  io::Disk& disk = core_.surface.disk;
  const std::string marker = path_in(directory.path(), log::clean_shutdown_name);
  // Revoked by its content first: where the sync of the folder fails, the name may be gone for this kernel and still be
  // on disk.
  const auto file = disk.open(marker, io::OpenMode::write);
  if (file.ok()) {
    const std::span<const std::byte> text = as_bytes(revoked_marker);
    RETURN_IF_FAILED(disk.write(**file, 0, std::span(&text, 1)));
    RETURN_IF_FAILED(disk.sync_now(**file));
    RETURN_IF_FAILED(disk.remove(marker));
  } else if (file.failure().kind != FailureKind::not_found) {
    return file.failure();
  }
  return directory.sync_folder(directory.path());
}

Result<StoreImpl::Offsets> StoreImpl::read_offsets(const std::string& path) const {
  Offsets offsets;
  const auto bytes = io::read_file(core_.surface.disk, path, checkpoint_bytes_max);
  if (!bytes.ok()) {
    if (bytes.failure().kind == FailureKind::not_found) return offsets;
    if (!to_be_made_again(bytes.failure())) return bytes.failure();
  }
  const auto entries = bytes.ok() ? log::parse_offset_checkpoint(as_text(*bytes)) : bytes.failure();
  if (!entries.ok()) {
    // A checkpoint that cannot be read is as none; recovery then scans more.
    trace(TraceLevel::warn, "file={} state=ignored reason=\"{}\"", path, entries.failure().message);
    return offsets;
  }
  for (const log::PartitionOffset& entry : *entries) offsets[{entry.topic, entry.partition}] = entry.offset;
  return offsets;
}

/// Nothing else says which records were removed at the front of a segment: without this file they would be back. As
/// Kafka, a file that is there and cannot be read takes its directory offline.
Result<StoreImpl::Offsets> StoreImpl::read_log_starts(const std::string& path) const {
  Offsets offsets;
  const auto bytes = io::read_file(core_.surface.disk, path, checkpoint_bytes_max);
  if (!bytes.ok() && bytes.failure().kind == FailureKind::not_found) return offsets;
  const auto entries = bytes.ok() ? log::parse_offset_checkpoint(as_text(*bytes)) : bytes.failure();
  if (!entries.ok()) {
    return Failure{FailureKind::io, fmt::format("{} cannot be read, and says which records were deleted: {}", path,
                                                entries.failure().message)};
  }
  for (const log::PartitionOffset& entry : *entries) offsets[{entry.topic, entry.partition}] = entry.offset;
  return offsets;
}

Status StoreImpl::read_checkpoints(size_t index) {
  Found& found = found_[index];
  if (std::exchange(found.read, true)) return {};
  const DataFolder& folder = *folders_[index];
  ASSIGN_OR_RETURN(found.recovery_points, read_offsets(folder.recovery_points->path()));
  ASSIGN_OR_RETURN(found.log_starts, read_log_starts(folder.log_starts->path()));
  ASSIGN_OR_RETURN(found.high_watermarks, read_offsets(folder.high_watermarks->path()));
  ASSIGN_OR_RETURN(found.transaction_free, read_offsets(folder.transaction_free->path()));
  ASSIGN_OR_RETURN(found.clean_ends, read_offsets(folder.clean_ends->path()));
  if (!found.clean_ends.empty()) folder.clean_ends->keep();
  return {};
}

Status StoreImpl::load_logs(RecoveryListener* behind) {
  size_t offline = 0;
  Status first_failure;
  recovery_listener_ = behind;
  std::vector<std::optional<Survey>> surveys(log_directory_count_);
  if (behind != nullptr) surveys = survey_all();
  for (size_t i = 0; i < log_directory_count_; ++i) {
    const Status loaded = surveys[i] ? recover_behind(i, std::move(*surveys[i])) : recover_directory(i);
    if (loaded.ok()) continue;
    // What is wrong with the content of a folder ends the start; a failing disk takes its directory offline.
    const FailureKind kind = loaded.failure().kind;
    if (kind == FailureKind::foreign || kind == FailureKind::corrupt || kind == FailureKind::unsupported) return loaded;
    core_.directories[i]->fail(loaded.failure());
    if (first_failure.ok()) first_failure = loaded;
    ++offline;
  }
  RETURN_IF_FAILED(settle_leftovers());
  for (size_t i = 0; i < core_.directories.size(); ++i) {
    const Found& found = found_[i];
    std::unordered_set<std::string> present;
    for (const PartitionLog* log : core_.directories[i]->logs()) {
      present.insert(log::partition_folder_name(log->topic(), log->partition()));
    }
    each_recovering(
        i, [&](const LogToRecover& log) { present.insert(log::partition_folder_name(log.topic, log.id.partition)); });
    for (const Offsets* offsets : {&found.recovery_points, &found.log_starts, &found.high_watermarks,
                                   &found.transaction_free, &found.clean_ends}) {
      for (const auto& [key, offset] : *offsets) {
        const std::string name = log::partition_folder_name(key.first, key.second);
        if (present.contains(name)) continue;
        folders_[i]->stale_names.insert(name);
        if (offsets == &found.log_starts || core_.directories[i]->offline()) continue;
        Offset& end = lost_ends_[name];
        end = std::max(end, offset);
      }
    }
  }
  loaded_ = true;
  found_.clear();
  found_.resize(core_.directories.size());
  for (const auto& folder : folders_) {
    if (folder->found_unsynced && !folder->recovering && !folder->offline) settle_found(folder->index);
  }
  // Whoever writes a checkpoint from here on has the lines of all.
  if (shards_.size() > 1) {
    for (const auto& directory : core_.directories) (void)home_.all_now(*directory);
  }
  if (offline == log_directory_count_) return first_failure;
  start_lanes();
  return {};
}

/// As a process left it that died, if nothing else did; else by the rules of recovery.
Status StoreImpl::recover_directory(size_t index) {
  DataFolder& folder = *folders_[index];
  RETURN_IF_FAILED(load_directory(index));
  if (folder.trusted && !folder.opened.clean_stop) {
    ASSIGN_OR_RETURN(const bool taken, take_journal(index));
    if (taken) return {};
    trace(TraceLevel::warn, "log_directory={} state=doubted", folder.path);
    folder.doubt(core_.surface.disk);
    folder.trusted = false;
    forget_logs(index);
    RETURN_IF_FAILED(load_directory(index));
  }
  RETURN_IF_FAILED(replay_journal(index));
  if (found_[index].looked_through) {
    // Whoever believes what this process leaves takes logs without a line for logs that it made.
    const uint64_t lines = home_.put_transaction_free(*core_.directories[index]);
    RETURN_IF_FAILED(folder.transaction_free->write(core_.surface.disk, lines));
  }
  return note_boot(folder);
}

/// They are to be loaded once more.
void StoreImpl::forget_logs(size_t index) {
  for (PartitionLog* log : StoreShardImpl::ordered(*core_.directories[index])) {
    if (log->is_metadata()) continue;
    const auto found = logs_.find(log->id());
    const std::shared_ptr<PartitionLog> keep = found->second;
    keep->retire();
    folders_in_use_.erase(log::partition_folder_name(keep->topic(), keep->partition()));
    logs_.erase(found);
  }
  std::erase_if(leftovers_, [index](const Leftover& leftover) { return leftover.directory == index; });
}

Status StoreImpl::load_directory(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  RETURN_IF_FAILED(mark_running(directory));
  RETURN_IF_FAILED(read_checkpoints(index));
  const auto look = look_at(directory.folder());
  RETURN_IF_FAILED(look->entries);
  auto inventory = look->open_inventory();
  for (size_t i = 0; i < look->entries->size(); ++i) {
    io::DirectoryEntry& entry = (*look->entries)[i];
    if (entry.is_directory) RETURN_IF_FAILED(take_name_back(core_.surface.disk, directory.path(), entry.name));
    if (!is_partition_folder(entry)) continue;
    const auto name = log::parse_folder_name(entry.name);
    const std::string folder = path_in(directory.path(), entry.name);
    if (!name) {
      return Failure{
          FailureKind::foreign,
          fmt::format("{} is not named as a partition is (topic-partition): it does not belong here", folder)};
    }
    if (name->topic == log::metadata_topic_name) continue;
    switch (name->kind) {
      case log::FolderKind::partition: {
        const auto known = look->as_known[i] ? inventory->find(entry.name) : std::nullopt;
        RETURN_IF_FAILED(known ? load_known(index, *name, folder, *known) : load_partition(index, *name, folder));
        break;
      }
      case log::FolderKind::future:
        RETURN_IF_FAILED(note_leftover(index, *name, folder));
        break;
      case log::FolderKind::deleted:
      case log::FolderKind::stray:
        take_other_folder(index, *name, folder);
        break;
    }
  }
  return sync_recovered(directory);
}

bool StoreImpl::is_partition_folder(const io::DirectoryEntry& entry) {
  return entry.is_directory && entry.name != lost_and_found && entry.name != remote_index_cache &&
         entry.name != log::journal_folder_name && entry.name != log::settled_journal_folder_name;
}

/// One that is nobody's any more.
void StoreImpl::take_other_folder(size_t index, const log::FolderName& name, const std::string& folder) {
  if (name.kind == log::FolderKind::stray) {
    trace(TraceLevel::warn, "folder={} state=left_alone", folder);
    return;
  }
  note_removed(index, name, folder);
  core_.remove_later(folder, core_.options.config_of(name.topic).file_delete_delay_ms, true);
}

Status StoreImpl::load_partition(size_t index, const log::FolderName& name, const std::string& folder, bool doubtful) {
  LogDirectory& directory = *core_.directories[index];
  ASSIGN_OR_RETURN(const std::optional<Uuid> topic_id, identity_in(folder));
  if (!topic_id) return load_unidentified(index, name, folder, doubtful);
  if (is_stray({*topic_id, name.partition}, name)) {
    note_removed(index, name, folder);
    return set_aside(directory, name, folder);
  }
  return load_as(index, name, folder, *topic_id, doubtful);
}

Status StoreImpl::load_known(size_t index, const log::FolderName& name, const std::string& folder,
                             const log::LogInventory& inventory) {
  if (is_stray({inventory.topic_id, name.partition}, name)) return load_partition(index, name, folder);
  return load_as(index, name, folder, inventory.topic_id, false, nullptr, &inventory);
}

Status StoreImpl::load_as(size_t index, const log::FolderName& name, const std::string& folder, Uuid topic_id,
                          bool doubtful, const KnownPartition* remembered, const log::LogInventory* inventory) {
  LogDirectory& directory = *core_.directories[index];
  const TopicPartitionId id{topic_id, name.partition};
  if (const auto other = logs_.find(id); other != logs_.end() && other->second->topic() != name.topic) {
    return Failure{FailureKind::corrupt,
                   fmt::format("{} and {} are the same partition", other->second->folder(), folder)};
  }
  LogConfig config = core_.options.config_of(name.topic);
  auto log = std::make_shared<PartitionLog>(core_, directory, id, name.topic, folder, config);
  RETURN_IF_FAILED(load_one(index, *log, name.partition, doubtful, inventory));
  if (remembered != nullptr) {
    ASSIGN_OR_RETURN(const bool same, identify(*log, *remembered));
    if (!same) return set_aside(directory, name, folder);
  }
  if (doubtful || logs_.contains(id)) RETURN_IF_FAILED(log->sync_recovered());
  const auto high_watermark = found_[index].high_watermarks.find(PartitionKey(name.topic, name.partition));
  if (high_watermark != found_[index].high_watermarks.end()) {
    high_watermarks_[id] = std::max(high_watermarks_[id], high_watermark->second);
  }
  if (logs_.contains(id)) return choose_copy(std::move(log));
  if (!folders_in_use_.insert(log::partition_folder_name(name.topic, name.partition)).second) {
    return Failure{FailureKind::corrupt, fmt::format("{} is there twice, with different topic ids", folder)};
  }
  logs_.emplace(id, std::move(log));
  return {};
}

/// What the checkpoints of a directory say of a log.
LoadFacts StoreImpl::facts_of(size_t index, const PartitionKey& key) const {
  const Found& found = found_[index];
  LoadFacts facts;
  facts.clean = folders_[index]->opened.clean_stop;
  facts.trusted = folders_[index]->trusted;
  if (const auto at = found.recovery_points.find(key); at != found.recovery_points.end()) {
    facts.recovery_point = at->second;
  }
  if (const auto at = found.log_starts.find(key); at != found.log_starts.end()) facts.log_start = at->second;
  if (const auto at = found.transaction_free.find(key); at != found.transaction_free.end()) {
    facts.transaction_free_below = at->second;
  }
  return facts;
}

/// `doubtful`: of its files nothing is known, whatever the checkpoints say.
Status StoreImpl::load_one(size_t index, PartitionLog& log, PartitionIndex partition, bool doubtful,
                           const log::LogInventory* inventory) {
  const PartitionKey key(log.topic(), partition);
  const Found& found = found_[index];
  LoadFacts facts = facts_of(index, key);
  facts.trusted = facts.trusted && !log.is_metadata();
  facts.inventory = inventory;
  if (doubtful) {
    facts.clean = facts.trusted = false;
    facts.recovery_point.reset();
  }
  if (const auto at = found.clean_ends.find(key); at != found.clean_ends.end()) log.set_clean_end(at->second);
  log.set_checkpointer(&home_);
  RETURN_IF_FAILED(log.load(facts));
  if (!facts.transaction_free_below && log.appended_end() > 0) found_[index].looked_through = true;
  return {};
}

}  // namespace moldau::store
