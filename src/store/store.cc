// StoreImpl, the folders: identifying and formatting them, creating and removing logs, closing.
#include "store/store.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "log/journal.h"
#include "store/journal/journal_files.h"
#include "store/journal/pool_work.h"
#include "store/names_anew.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr uint64_t identity_bytes_max = 64 << 10;
constexpr int64_t journal_left_delay_ms = 60'000;
/// A shard's part of a bound is not less than this.
constexpr int syncs_in_flight_min = 4;
constexpr uint64_t journal_file_bytes_min = 8u << 20;

Failure about(const std::string& path, Failure failure) {
  failure.message = path + ": " + failure.message;
  return failure;
}

/// Writes a small new file and syncs it; its name is not durable yet.
Status write_small(io::Disk& disk, const std::string& path, std::string_view text) {
  ASSIGN_OR_RETURN(const io::FileRef file, disk.open(path, io::OpenMode::create));
  RETURN_IF_FAILED(disk.truncate(*file, 0));
  const std::span<const std::byte> pieces[] = {as_bytes(text)};
  RETURN_IF_FAILED(disk.write(*file, 0, pieces));
  return disk.sync_now(*file);
}

std::vector<std::unique_ptr<DataFolder>> make_folders(const StoreOptions& options, size_t shards) {
  std::vector<std::string> paths = options.log_directories;
  const std::string& own = options.metadata_directory;
  if (!own.empty() && std::find(paths.begin(), paths.end(), own) == paths.end()) paths.push_back(own);
  std::vector<std::unique_ptr<DataFolder>> folders;
  for (const std::string& path : paths)
    folders.push_back(std::make_unique<DataFolder>(folders.size(), path, shards, options.reserve_bytes));
  return folders;
}

/// The settings of compaction are those of all shards together.
CleanerOptions part_of(CleanerOptions options, size_t shards) {
  options.threads = static_cast<int>((static_cast<size_t>(std::max(options.threads, 0)) + shards - 1) / shards);
  options.dedupe_buffer_bytes /= shards;
  options.io_buffer_bytes /= shards;
  options.io_bytes_per_second_max /= static_cast<double>(shards);
  return options;
}

/// So is the rate of the scrubber.
ScrubOptions part_of(ScrubOptions options, size_t shards) {
  if (options.bytes_per_second > 0) {
    options.bytes_per_second = std::max<int64_t>(options.bytes_per_second / static_cast<int64_t>(shards), 1);
  }
  return options;
}

/// What one of `shards` may take of the bounds of the store: home, which does everything as long as it can, a half, the
/// others the other half together.
StoreOptions part_of(StoreOptions options, size_t shards, size_t index) {
  if (shards == 1) return options;
  const size_t parts = index == 0 ? 2 : 2 * (shards - 1);
  options.tail_bytes_max /= parts;
  options.space_ahead_bytes_max /= parts;
  options.unflushed_bytes_max /= parts;
  options.syncs_in_flight_max = std::max(options.syncs_in_flight_max / static_cast<int>(parts), syncs_in_flight_min);
  const uint64_t blocks = options.journal.file_bytes / parts / log::journal_block_bytes;
  const uint64_t least = std::min(options.journal.file_bytes, journal_file_bytes_min);
  options.journal.file_bytes = std::max(blocks * log::journal_block_bytes, least);
  options.cleaner = part_of(options.cleaner, shards);
  options.scrub = part_of(options.scrub, shards);
  return options;
}

std::vector<std::unique_ptr<StoreShardImpl>> make_shards(StoreHome& home, std::span<const io::Surface> surfaces,
                                                         const StoreOptions& options,
                                                         const std::vector<std::unique_ptr<DataFolder>>& folders) {
  ASSERT(!surfaces.empty());
  std::vector<std::unique_ptr<StoreShardImpl>> shards;
  for (const io::Surface& surface : surfaces) {
    const size_t index = shards.size();
    shards.push_back(
        std::make_unique<StoreShardImpl>(home, surface, part_of(options, surfaces.size(), index), index, folders));
  }
  return shards;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(std::span<const io::Surface> surfaces, StoreOptions options,
                                           const std::string& cluster_id, NodeId node_id) {
  auto store = std::make_unique<StoreImpl>(surfaces, std::move(options));
  RETURN_IF_FAILED(store->open_folders(cluster_id, node_id));
  return std::unique_ptr<Store>(std::move(store));
}

StoreImpl::StoreImpl(std::span<const io::Surface> surfaces, StoreOptions options)
    : folders_(make_folders(options, surfaces.size())),
      shards_(make_shards(*this, surfaces, options, folders_)),
      home_(*shards_.front()),
      core_(home_.core()),
      log_directory_count_(options.log_directories.size()),
      found_(folders_.size()),
      lanes_(folders_.size()),
      mover_(core_, static_cast<MoverHost&>(*this)) {
  if (const std::string& own = options.metadata_directory; !own.empty()) {
    while (folders_[metadata_index_]->path != own) ++metadata_index_;
  }
  for (size_t i = 0; i < shards_.size(); ++i) {
    StoreCore& core = shards_[i]->core();
    lives_.emplace_back(core.alive);
    core.tell_offline = [this, i](DataFolder& folder, const Failure& why) {
      at_home(i, [this, &folder, why] { folder_failed(folder, why); });
    };
    to_shard_.push_back(i == 0 ? nullptr
                               : std::make_unique<io::Outbox>(core_.surface.executor, core.surface.executor.mailbox()));
    to_home_.push_back(i == 0 ? nullptr
                              : std::make_unique<io::Outbox>(core.surface.executor, core_.surface.executor.mailbox()));
  }
}

/// No other shard's thread runs, or it has stopped.
StoreImpl::~StoreImpl() {
  for (const auto& look : looks_) {
    if (look != nullptr) look->cancel();
  }
  mover_.stop();
  stop_lanes();
  for (const auto& shard : shards_) shard->end_work();
  end_lanes();
  for (auto& [id, log] : logs_) log->retire();
  for (const auto& shard : shards_) shard->core().alive.reset();
  logs_.clear();
}

void StoreImpl::at_shard(size_t index, std::move_only_function<void(StoreShardImpl&)> call) {
  to_shard_[index]->post([&shard = *shards_[index], life = lives_[index], call = std::move(call)]() mutable {
    if (!life.expired()) call(shard);
  });
}

void StoreImpl::at_home(size_t from, io::Callback call) {
  if (from == 0) return call();
  to_home_[from]->post([life = lives_.front(), call = std::move(call)]() mutable {
    if (!life.expired()) call();
  });
}

/// Every shard's logs hear of it.
void StoreImpl::folder_failed(DataFolder& folder, const Failure& why) {
  core_.directories[folder.index]->went_offline(why);
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(
        i, [index = folder.index, why](StoreShardImpl& shard) { shard.core().directories[index]->went_offline(why); });
  }
}

Status StoreImpl::ensure_folder(const std::string& path) {
  const auto there = core_.surface.disk.stat(path);
  if (there.ok()) {
    if (there->is_directory) return {};
    return Failure{FailureKind::invalid_argument, path + " is not a folder"};
  }
  if (there.failure().kind != FailureKind::not_found) return there.failure();
  const std::string parent = io::parent_of(path);
  if (parent != path) RETURN_IF_FAILED(ensure_folder(parent));
  RETURN_IF_FAILED(core_.surface.disk.make_dir(path));
  return core_.surface.disk.sync_dir(parent);
}

bool StoreImpl::settled() const {
  return std::none_of(folders_.begin(), folders_.end(),
                      [](const auto& folder) { return folder->found_unsynced && !folder->offline; });
}

Status StoreImpl::open_folders(const std::string& cluster_id, NodeId node_id) {
  if (log_directory_count_ == 0) return Failure{FailureKind::invalid_argument, "no log directory is given"};
  std::vector<std::optional<log::MetaProperties>> metas(folders_.size());
  std::string cluster = cluster_id;
  for (size_t i = 0; i < folders_.size(); ++i) {
    DataFolder& folder = *folders_[i];
    RETURN_IF_FAILED(open_folder(folder, metas[i]));
    if (!metas[i]) continue;
    const log::MetaProperties& meta = *metas[i];
    if (cluster.empty()) cluster = *meta.cluster_id;
    if (*meta.cluster_id != cluster) {
      return Failure{FailureKind::foreign,
                     fmt::format("{} belongs to cluster {}, not to {}", folder.path, *meta.cluster_id, cluster)};
    }
    if (*meta.node_id != node_id) {
      return Failure{FailureKind::foreign,
                     fmt::format("{} belongs to node {}, not to {}", folder.path, *meta.node_id, node_id)};
    }
    for (size_t j = 0; j < i; ++j) {
      if (meta.directory_id && metas[j] && metas[j]->directory_id == meta.directory_id) {
        return Failure{FailureKind::corrupt,
                       fmt::format("{} and {} have the same directory.id", folders_[j]->path, folder.path)};
      }
    }
  }
  if (cluster.empty()) {
    // As Kafka's random ids: none begins with '-', which a command line would take for an option.
    do {
      cluster = core_.surface.entropy.uuid().to_string();
    } while (cluster.front() == '-');
  }
  for (size_t i = 0; i < folders_.size(); ++i) {
    DataFolder& folder = *folders_[i];
    folder.opened.fresh = !metas[i];
    log::MetaProperties meta = metas[i].value_or(log::MetaProperties{1, cluster, node_id, std::nullopt});
    if (!meta.directory_id) {
      do {
        meta.directory_id = core_.surface.entropy.uuid();
      } while (log::directory_id_reserved(*meta.directory_id) || meta.directory_id->to_string().front() == '-');
      RETURN_IF_FAILED(format_folder(folder, meta));
    }
    folder.opened.identity = {*meta.cluster_id, *meta.node_id, *meta.directory_id};
    if (i < log_directory_count_) opened_.push_back(folder.opened);
  }
  return {};
}

/// Locks a log directory and reads what it says of itself; `meta` stays empty for a fresh one.
Status StoreImpl::open_folder(DataFolder& folder, std::optional<log::MetaProperties>& meta) {
  io::Disk& disk = core_.surface.disk;
  const std::string& path = folder.path;
  RETURN_IF_FAILED(ensure_folder(path));
  auto lock = disk.lock(path_in(path, log::lock_name));
  if (!lock.ok() && lock.failure().kind == FailureKind::locked) {
    return Failure{FailureKind::locked, "the data folder " + path + " is in use: another process holds its lock"};
  }
  if (!lock.ok()) return std::move(lock).failure();
  folder.lock = std::move(lock).value();

  const auto text = io::read_file(disk, path_in(path, log::meta_properties_name), identity_bytes_max);
  if (!text.ok() && text.failure().kind != FailureKind::not_found) return text.failure();
  if (!text.ok()) {
    ASSIGN_OR_RETURN(const auto entries, disk.list(path));
    for (const io::DirectoryEntry& entry : entries) {
      // What a first start leaves when it is cut short, and what file systems put there.
      if (entry.name == log::lock_name || entry.name == lost_and_found || entry.name.ends_with(".tmp")) continue;
      return Failure{FailureKind::foreign,
                     fmt::format("{} holds {} but no meta.properties: it is no data folder", path, entry.name)};
    }
    return {};
  }
  auto parsed = log::parse_meta_properties(as_text(*text));
  if (!parsed.ok()) return about(path_in(path, log::meta_properties_name), std::move(parsed).failure());
  if (parsed->version == 0) {
    return Failure{FailureKind::unsupported, path + " was formatted by a Kafka that used ZooKeeper"};
  }
  if (parsed->directory_id && log::directory_id_reserved(*parsed->directory_id)) {
    return Failure{FailureKind::corrupt, path + " has a reserved directory.id"};
  }
  meta = std::move(parsed).value();
  const std::string marker = path_in(path, log::clean_shutdown_name);
  const auto clean = io::read_file(disk, marker, identity_bytes_max);
  const bool revoked = clean.ok() && as_text(*clean).starts_with(revoked_marker);
  folder.opened.clean_stop = !revoked && (clean.ok() || clean.failure().kind == FailureKind::corrupt);
  if (clean.ok()) folder.opened.previous_broker_epoch = log::parse_clean_shutdown(as_text(*clean));
  return {};
}

Status StoreImpl::format_folder(const DataFolder& folder, log::MetaProperties meta) {
  const std::string text = log::print_meta_properties(meta, core_.surface.clock.wall());
  return io::replace_file(core_.surface.disk, path_in(folder.path, log::meta_properties_name), as_bytes(text));
}

/// A new metadata log beside one that is there already would lose every topic.
Status StoreImpl::check_metadata_place() {
  const std::string name = log::partition_folder_name(std::string(log::metadata_topic_name), 0);
  const std::string wanted = path_in(core_.directories[metadata_index_]->path(), name);
  if (core_.surface.disk.stat(wanted).ok()) return {};
  for (const auto& directory : core_.directories) {
    const std::string other = path_in(directory->path(), name);
    if (other == wanted || !core_.surface.disk.stat(other).ok()) continue;
    return Failure{FailureKind::foreign,
                   fmt::format("{} holds the metadata log, and metadata.log.dir is {}: move {}", directory->path(),
                               core_.directories[metadata_index_]->path(), name)};
  }
  return {};
}

Result<Log*> StoreImpl::open_metadata_log(const LogConfig& config) {
  const TopicPartitionId id{metadata_topic_id, 0};
  if (Log* open = find(id)) return open;
  LogDirectory& directory = *core_.directories[metadata_index_];
  RETURN_IF_FAILED(check_metadata_place());
  begin_looks();
  RETURN_IF_FAILED(mark_running(directory));
  RETURN_IF_FAILED(read_checkpoints(metadata_index_));
  LogConfig strict = config;
  strict.write_caching = false;
  const std::string topic(log::metadata_topic_name);
  const std::string folder = path_in(directory.path(), log::partition_folder_name(topic, 0));
  if (!core_.surface.disk.stat(folder).ok()) {
    ASSIGN_OR_RETURN([[maybe_unused]] const bool found, found_on_the_way(core_.surface.disk, folder));
  }
  RETURN_IF_FAILED(ensure_folder(folder));
  const std::string identity = path_in(folder, log::partition_metadata_name);
  const auto text = io::read_file(core_.surface.disk, identity, identity_bytes_max);
  if (!text.ok() && text.failure().kind != FailureKind::not_found) return text.failure();
  if (!text.ok()) {
    RETURN_IF_FAILED(
        io::replace_file(core_.surface.disk, identity, as_bytes(log::print_partition_metadata(metadata_topic_id))));
  }
  auto log = std::make_shared<PartitionLog>(core_, directory, id, topic, folder, strict);
  RETURN_IF_FAILED(load_one(metadata_index_, *log, 0, false, nullptr));
  RETURN_IF_FAILED(log->sync_recovered());
  Log* opened = log.get();
  logs_.emplace(id, std::move(log));
  return opened;
}

std::shared_ptr<PartitionLog> StoreImpl::find_at_home(const TopicPartitionId& id) {
  const auto found = logs_.find(id);
  return found == logs_.end() || !found->second->here(core_) ? nullptr : found->second;
}

Log* StoreImpl::find(const TopicPartitionId& id) {
  return find_at_home(id).get();
}

/// With those that are recovered yet.
size_t StoreImpl::logs_in(size_t index) const {
  return folders_[index]->logs + (lanes_[index] == nullptr ? 0 : lanes_[index]->left());
}

Result<Log*> StoreImpl::create(const TopicPartitionId& id, const std::string& topic, int directory_index) {
  if (holds(id)) return Failure{FailureKind::already_exists, fmt::format("{}-{} exists", topic, id.partition)};
  LogDirectory* directory = nullptr;
  if (directory_index >= 0) {
    if (static_cast<size_t>(directory_index) >= log_directory_count_) {
      return Failure{FailureKind::invalid_argument, fmt::format("there is no log directory {}", directory_index)};
    }
    directory = core_.directories[static_cast<size_t>(directory_index)].get();
  } else {
    for (size_t i = 0; i < log_directory_count_; ++i) {
      const auto& candidate = core_.directories[i];
      if (candidate->offline()) continue;
      if (directory == nullptr || logs_in(i) < logs_in(index_of(*directory))) directory = candidate.get();
    }
  }
  if (directory == nullptr || directory->offline())
    return Failure{FailureKind::unavailable, "the log directory is offline"};
  RETURN_IF_FAILED(mark_running(*directory));
  if (folders_in_use_.contains(log::partition_folder_name(topic, id.partition))) {
    return Failure{FailureKind::already_exists, fmt::format("{}-{} exists with another topic id", topic, id.partition)};
  }

  io::Disk& disk = core_.surface.disk;
  const std::string name = log::partition_folder_name(topic, id.partition);
  if (closing_.contains(id) || removed_early_.contains(id))
    return Failure{FailureKind::unavailable, name + " was removed, and is in a journal yet"};
  RETURN_IF_FAILED(close_removed(*directory, id));
  if (directory->folder().stale_names.contains(name)) {
    const Status written = write_checkpoints(*directory);
    if (StoreShardImpl::offline_or_fail(*directory, written)) return written.failure();
  }
  const std::string folder = path_in(directory->path(), name);
  const auto with_room = [&, essential = is_essential(topic)](auto work) -> Status {
    return essential ? with_reserve(directory->folder().reserve, disk, work) : work();
  };
  RETURN_IF_FAILED(with_room([&] { return disk.make_dir(folder); }));
  const std::string identity = path_in(folder, log::partition_metadata_name);
  auto log = std::make_shared<PartitionLog>(core_, *directory, id, topic, folder, core_.options.config_of(topic));
  log->set_checkpointer(&home_);
  const std::string text = log::print_partition_metadata(id.topic_id);
  const Status made = with_room([&] { return log->create_folder_files(identity, text); });
  directory->want_reserve();
  if (!made.ok()) {
    log->retire();
    if (made.failure().kind == FailureKind::no_space) {
      (void)disk.remove_tree(folder);
    } else {
      directory->fail(made.failure());
    }
    return made.failure();
  }
  Log* created = log.get();
  folders_in_use_.insert(log::partition_folder_name(topic, id.partition));
  lost_ends_.erase(name);
  logs_.emplace(id, std::move(log));
  return created;
}

Status StoreImpl::remove(const TopicPartitionId& id) {
  const auto found = logs_.find(id);
  if (found == logs_.end()) return Failure{FailureKind::not_found, "there is no such log"};
  const std::shared_ptr<PartitionLog> log = found->second;
  if (!log->here(core_) && !log->given_up()) {
    return Failure{FailureKind::invalid_argument, "another shard has " + log->folder()};
  }
  mover_.drop(id);
  log->settle_move();
  LogDirectory& directory = *core_.directories[log->data_folder().index];
  if (directory.offline()) return Failure{FailureKind::unavailable, "the log directory is offline"};
  log->retire();
  logs_.erase(found);
  high_watermarks_.erase(id);
  const std::string name = log::partition_folder_name(log->topic(), id.partition);
  folders_in_use_.erase(name);
  directory.folder().stale_names.insert(name);
  for (CheckpointFile* file : directory.folder().files()) file->forget({log->topic(), id.partition});
  const Status removed = remove_folder(directory, log->topic(), id.partition, log->folder());
  if (!removed.ok()) {
    directory.fail(removed.failure());
    return removed;
  }
  close_removed_later(directory, *log);
  return {};
}

Status StoreImpl::remove_folder(LogDirectory& directory, const std::string& topic, PartitionIndex partition,
                                const std::string& folder) {
  const std::string name = log::deleted_folder_name(topic, partition, core_.surface.entropy.uuid());
  const std::string renamed = path_in(directory.path(), name);
  io::Disk& disk = core_.surface.disk;
  RETURN_IF_FAILED(with_reserve(directory.folder().reserve, disk, [&] { return disk.rename(folder, renamed); }));
  directory.want_reserve();
  RETURN_IF_FAILED(directory.sync_folder(directory.path()));
  int64_t delay_ms = core_.options.config_of(topic).file_delete_delay_ms;
  // As long as the folder is there, nobody misses what the journal of the last run holds of it.
  if (directory.folder().journal_left) delay_ms = std::max(delay_ms, journal_left_delay_ms);
  core_.remove_later(renamed, delay_ms, true);
  return {};
}

Offset StoreImpl::lost_end(const std::string& topic, PartitionIndex partition) const {
  const std::string name = log::partition_folder_name(topic, partition);
  const auto found = lost_ends_.find(name);
  return found == lost_ends_.end() || folders_in_use_.contains(name) ? 0 : found->second;
}

Offset StoreImpl::checkpointed_high_watermark(const TopicPartitionId& id) const {
  const auto found = high_watermarks_.find(id);
  return found == high_watermarks_.end() ? 0 : found->second;
}

void StoreImpl::configure_cleaner(const CleanerOptions& options) {
  const CleanerOptions part = part_of(options, shards_.size());
  home_.configure_cleaner(part);
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(i, [part](StoreShardImpl& shard) { shard.configure_cleaner(part); });
  }
}

void StoreImpl::configure_scrub(const ScrubOptions& options) {
  const ScrubOptions part = part_of(options, shards_.size());
  home_.configure_scrub(part);
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(i, [part](StoreShardImpl& shard) { shard.configure_scrub(part); });
  }
}

Status StoreImpl::close(int64_t broker_epoch) {
  mover_.stop();
  stop_lanes();
  home_.end_work();
  end_lanes();
  for (size_t i = 1; i < shards_.size(); ++i) shards_[i]->stop();
  // Before any directory is closed: a log may be in another one afterwards.
  for (const auto& [id, log] : logs_) log->settle_move();
  home_.close_journals();
  bring_all_home();
  Status first_failure;
  for (size_t i = 0; i < core_.directories.size(); ++i) {
    const Status closed = close_directory(i, broker_epoch);
    if (!closed.ok() && first_failure.ok()) first_failure = closed;
  }
  for (auto& [id, log] : logs_) log->retire();
  return first_failure;
}

/// The other shards have stopped: their logs are closed here.
void StoreImpl::bring_all_home() {
  if (shards_.size() == 1) return;
  for (const auto& [id, log] : logs_) {
    if (log->here(core_) || log->retired()) continue;
    const std::optional<Offset> high_watermark = log->noted_high_watermark();
    log->detach();
    log->join(core_, home_);
    log->note_high_watermark(high_watermark);
  }
  for (const auto& folder : folders_) {
    for (CheckpointFile* file : folder->files()) file->bring_home();
  }
}

Status StoreImpl::close_logs(LogDirectory& directory) {
  std::vector<PartitionLog::RecoveredSync> syncs;
  for (PartitionLog* log : StoreShardImpl::ordered(directory)) {
    ASSIGN_OR_RETURN(auto sync, log->begin_close());
    if (!sync.empty()) syncs.push_back(std::move(sync));
  }
  const Status synced = sync_side_by_side(directory, std::move(syncs));
  if (!synced.ok()) {
    directory.fail(synced.failure());
    return synced;
  }
  for (PartitionLog* log : directory.logs()) log->end_close();
  return {};
}

Status StoreImpl::close_directory(size_t index, int64_t broker_epoch) {
  LogDirectory& directory = *core_.directories[index];
  if (directory.offline()) return Failure{FailureKind::unavailable, directory.path() + " is offline"};
  make_room(directory);
  // Without all logs loaded, checkpoints would forget the others; a folder that was not touched is as clean as it was.
  if (!loaded_) {
    RETURN_IF_FAILED(close_logs(directory));
    directory.folder().lock.reset();
    return {};
  }
  if (lanes_[index] != nullptr && lanes_[index]->left() > 0) {
    // As Kafka: no stop in order before all is loaded. The next start recovers the rest, with the journal that stands.
    RETURN_IF_FAILED(close_logs(directory));
    hold_lines(index);
    RETURN_IF_FAILED(write_checkpoints(directory));
    directory.folder().lock.reset();
    return {};
  }
  io::Disk& disk = core_.surface.disk;
  const auto finish = [&]() -> Status {
    if (core_.mutant(Mutant::journal_retired_before_sync)) RETURN_IF_FAILED(retire_journals(disk, directory.path()));
    RETURN_IF_FAILED(close_logs(directory));
    RETURN_IF_FAILED(write_checkpoints(directory));
    // Now segments and checkpoints tell everything. With the journal's folder there, no Kafka starts here.
    RETURN_IF_FAILED(retire_journals(disk, directory.path()));
    write_inventory(directory, broker_epoch);
    directory.folder().distrust(disk);  // whoever has the folder next, its next start reads no journal
    RETURN_IF_FAILED(directory.sync_folder(directory.path()));
    RETURN_IF_FAILED(write_small(disk, path_in(directory.path(), log::clean_shutdown_name),
                                 log::print_clean_shutdown(broker_epoch)));
    const Status unlocked = disk.remove(path_in(directory.path(), log::lock_name));
    if (!unlocked.ok() && unlocked.failure().kind != FailureKind::not_found) return unlocked;
    return directory.sync_folder(directory.path());
  };
  const Status outcome = finish();
  directory.folder().lock.reset();
  return outcome;
}

}  // namespace moldau::store
