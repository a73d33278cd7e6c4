// The checkpoints: StoreShardImpl, what each shard puts into them and when it writes them itself; StoreImpl, what home
// writes from time to time, when all shards have put what they have.
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "store/journal/journal_files.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

/// Recovery points follow the settling of the journal, but not more often than this.
constexpr int64_t recovery_points_interval_ms = 1000;
/// What found no room is tried again.
constexpr int64_t full_retry_ms = 1000;

uint64_t hash_of(const CheckpointFile::Lines& entries) {
  uint64_t hash = entries.size();
  for (const log::PartitionOffset& entry : entries) {
    const uint64_t one = std::hash<std::string_view>()(entry.topic) ^ static_cast<uint64_t>(entry.partition);
    hash = (hash ^ one) * 0x9E3779B97F4A7C15ULL;
    hash = (hash ^ static_cast<uint64_t>(entry.offset)) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

CheckpointJob job_of(std::shared_ptr<CheckpointFile> file, uint64_t version) {
  return [file = std::move(file), version](io::Disk& disk) { return file->write(disk, version); };
}

/// Calls visit(log) for the logs of a directory, and for those that are about to be moved there: the checkpoints must
/// have them before they are.
template <typename Visit>
void each_log(const LogDirectory& directory, Visit visit) {
  for (PartitionLog* log : directory.logs()) visit(*log);
  for (PartitionLog* log : directory.arriving()) visit(*log);
}

}  // namespace

// ----------------------------------------------------------------------------------------------------------------
// a shard's lines, in no order: whoever prints them sorts them

CheckpointFile::Lines StoreShardImpl::recovery_point_lines(LogDirectory& directory) {
  CheckpointFile::Lines lines;
  each_log(directory, [&](PartitionLog& log) {
    lines.push_back({log.topic(), log.partition(), log.recovery_point()});
    log.note_checkpointed(log.recovery_point());
  });
  return lines;
}

CheckpointFile::Lines StoreShardImpl::log_start_lines(const LogDirectory& directory) const {
  CheckpointFile::Lines lines;
  each_log(directory, [&](const PartitionLog& log) {
    if (const auto line = log.log_start_line()) lines.push_back({log.topic(), log.partition(), *line});
  });
  return lines;
}

CheckpointFile::Lines StoreShardImpl::high_watermark_lines(const LogDirectory& directory) const {
  CheckpointFile::Lines lines;
  each_log(directory, [&](const PartitionLog& log) {
    if (log.is_metadata()) return;
    lines.push_back({log.topic(), log.partition(), std::max<Offset>(high_watermark_of(log), 0)});
  });
  return lines;
}

CheckpointFile::Lines StoreShardImpl::transaction_free_lines(const LogDirectory& directory) const {
  CheckpointFile::Lines lines;
  each_log(directory, [&](const PartitionLog& log) {
    if (!log.is_metadata()) lines.push_back({log.topic(), log.partition(), log.transaction_free_below()});
  });
  return lines;
}

CheckpointFile::Lines StoreShardImpl::clean_end_lines(const LogDirectory& directory) const {
  CheckpointFile::Lines lines;
  each_log(directory, [&](const PartitionLog& log) {
    if (log.clean_end()) lines.push_back({log.topic(), log.partition(), *log.clean_end()});
  });
  return lines;
}

/// A log leaves: until the shard that it goes to has put its lines, they stand by themselves.
void StoreShardImpl::keep_lines(const PartitionLog& log, Offset high_watermark) {
  const DataFolder& folder = log.data_folder();
  const CheckpointFile::Key key(log.topic(), log.partition());
  folder.recovery_points->depart(index(), key, log.recovery_point());
  folder.log_starts->depart(index(), key, log.log_start_line());
  folder.high_watermarks->depart(index(), key, high_watermark);
  folder.transaction_free->depart(index(), key, log.transaction_free_below());
  folder.clean_ends->depart(index(), key, log.clean_end());
}

uint64_t StoreShardImpl::put_recovery_points(LogDirectory& directory) {
  return directory.folder().recovery_points->put(index(), recovery_point_lines(directory));
}

uint64_t StoreShardImpl::put_log_starts(LogDirectory& directory) {
  return directory.folder().log_starts->put(index(), log_start_lines(directory));
}

uint64_t StoreShardImpl::put_transaction_free(LogDirectory& directory) {
  return directory.folder().transaction_free->put(index(), transaction_free_lines(directory));
}

uint64_t StoreShardImpl::put_high_watermarks(LogDirectory& directory) {
  CheckpointFile::Lines lines = high_watermark_lines(directory);
  checkpoints_of(directory).high_watermarks_hash = hash_of(lines);
  return directory.folder().high_watermarks->put(index(), std::move(lines));
}

/// Often, so it costs the loop no more than looking, and the disk nothing while nothing changes.
void StoreShardImpl::put_high_watermarks_if_changed(LogDirectory& directory) {
  if (directory.offline()) return;
  CheckpointFile::Lines lines = high_watermark_lines(directory);
  const uint64_t hash = hash_of(lines);
  if (std::exchange(checkpoints_of(directory).high_watermarks_hash, hash) == hash) return;
  (void)directory.folder().high_watermarks->put(index(), std::move(lines));
  directory.folder().high_watermarks_changed = true;
}

std::vector<CheckpointJob> StoreShardImpl::all_now(LogDirectory& directory) {
  const DataFolder& folder = directory.folder();
  std::vector<CheckpointJob> jobs;
  jobs.push_back(job_of(folder.recovery_points, put_recovery_points(directory)));
  jobs.push_back(job_of(folder.log_starts, put_log_starts(directory)));
  jobs.push_back(job_of(folder.high_watermarks, put_high_watermarks(directory)));
  jobs.push_back(job_of(folder.transaction_free, put_transaction_free(directory)));
  // A folder in which nothing was ever compacted does not need the file.
  CheckpointFile::Lines clean_ends = clean_end_lines(directory);
  if (folder.clean_ends->worth_writing(!clean_ends.empty())) {
    jobs.push_back(job_of(folder.clean_ends, folder.clean_ends->put(index(), std::move(clean_ends))));
  }
  return jobs;
}

// ----------------------------------------------------------------------------------------------------------------
// written by the shard itself

bool StoreShardImpl::offline_or_fail(LogDirectory& directory, const Status& outcome) {
  if (outcome.ok()) return false;
  if (outcome.failure().kind != FailureKind::no_space) directory.fail(outcome.failure());
  return true;
}

Status StoreShardImpl::write_recovery_points(LogDirectory& directory) {
  return directory.folder().recovery_points->write(core_.surface.disk, put_recovery_points(directory));
}

Status StoreShardImpl::write_clean_ends(LogDirectory& directory) {
  return clean_ends_now(directory)(core_.surface.disk);
}

Status StoreShardImpl::write_log_starts_now(LogDirectory& directory) {
  return directory.folder().log_starts->write(core_.surface.disk, put_log_starts(directory));
}

Offset StoreShardImpl::high_watermark_of(const PartitionLog& log) const {
  if (const auto noted = log.noted_high_watermark()) return *noted;
  return high_watermark_ ? high_watermark_(log) : log.commit_end();
}

CheckpointJob StoreShardImpl::recovery_points_now(LogDirectory& directory) {
  return job_of(directory.folder().recovery_points, put_recovery_points(directory));
}

CheckpointJob StoreShardImpl::clean_ends_now(LogDirectory& directory) {
  const auto& file = directory.folder().clean_ends;
  return job_of(file, file->put(index(), clean_end_lines(directory)));
}

/// Gathers in the loop, writes in the pool.
void StoreShardImpl::checkpoint(LogDirectory& directory) {
  if (directory.offline()) return;
  auto jobs = std::make_shared<std::vector<CheckpointJob>>();
  jobs->push_back(job_of(directory.folder().recovery_points, put_recovery_points(directory)));
  jobs->push_back(job_of(directory.folder().transaction_free, put_transaction_free(directory)));
  auto outcome = std::make_shared<Status>();
  core_.surface.executor.offload(
      [jobs, outcome, gate = core_.gate, &disk = core_.surface.disk] {
        gate->run([&] {
          for (const CheckpointJob& write : *jobs) {
            *outcome = write(disk);
            if (!outcome->ok()) return;
          }
        });
      },
      [outcome, &directory, alive = std::weak_ptr(core_.alive)] {
        if (!alive.expired()) offline_or_fail(directory, *outcome);
      });
}

void StoreShardImpl::segments_synced(LogDirectory& directory) {
  Checkpoints& mine = checkpoints_of(directory);
  if (mine.recovery_points_wait) return;
  const Instant now = core_.surface.clock.now();
  const Instant due = mine.recovery_points_due;
  if (now >= due) {
    mine.recovery_points_due = now + milliseconds(recovery_points_interval_ms);
    return checkpoint(directory);
  }
  mine.recovery_points_wait = true;
  core_.surface.timers.start(due, [this, &directory, alive = std::weak_ptr(core_.alive)] {
    if (alive.expired() || core_.closed) return;
    checkpoints_of(directory).recovery_points_wait = false;
    segments_synced(directory);
  });
}

void StoreShardImpl::write_log_starts(LogDirectory& directory, io::Completion<Status> done) {
  Checkpoints& mine = checkpoints_of(directory);
  mine.log_starts_wait.push_back(std::move(done));
  if (!mine.log_starts_running) start_log_starts(directory);
}

/// One write at a time; whoever asks meanwhile rides on the next.
void StoreShardImpl::start_log_starts(LogDirectory& directory) {
  Checkpoints& mine = checkpoints_of(directory);
  mine.log_starts_running = true;
  auto riders = std::make_shared<std::vector<io::Completion<Status>>>(std::exchange(mine.log_starts_wait, {}));
  auto outcome = std::make_shared<Status>(Failure{FailureKind::closed, "the store is closing"});
  core_.surface.executor.offload_sync(
      [write = job_of(directory.folder().log_starts, put_log_starts(directory)), outcome, gate = core_.gate,
       &reserve = directory.folder().reserve, &disk = core_.surface.disk] {
        gate->run([&] { *outcome = with_reserve(reserve, disk, [&] { return write(disk); }); });
      },
      [this, riders, outcome, &directory, alive = std::weak_ptr(core_.alive)] {
        if (alive.expired()) return;
        Checkpoints& now = checkpoints_of(directory);
        now.log_starts_running = false;
        directory.want_reserve();
        if (outcome->ok() || outcome->failure().kind != FailureKind::closed) offline_or_fail(directory, *outcome);
        if (!now.log_starts_wait.empty()) start_log_starts(directory);
        for (auto& rider : *riders) rider(*outcome);
      });
}

bool StoreShardImpl::log_starts_running(const LogDirectory& directory) {
  return checkpoints_of(directory).log_starts_running;
}

// ----------------------------------------------------------------------------------------------------------------
// home, from time to time

/// Writes all checkpoints now, blocking: at close, and before the name of a removed log is used again.
Status StoreImpl::write_checkpoints(LogDirectory& directory) {
  for (const CheckpointJob& write : home_.all_now(directory)) RETURN_IF_FAILED(write(core_.surface.disk));
  directory.folder().stale_names.clear();
  return {};
}

/// Has each shard put its lines; `then` when all have, here.
void StoreImpl::gather(std::function<void(StoreShardImpl&)> put, io::Callback then) {
  if (shards_.size() == 1) return then();
  struct Gathering {
    size_t left = 0;
    io::Callback then;
  };
  auto gathering = std::make_shared<Gathering>(Gathering{shards_.size() - 1, std::move(then)});
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(i, [this, put, gathering](StoreShardImpl& shard) {
      put(shard);
      at_home(shard.index(), [gathering] {
        if (--gathering->left == 0) gathering->then();
      });
    });
  }
}

void StoreImpl::start_background() {
  const StoreOptions& options = core_.options;
  home_.every(options.checkpoint_interval_ms, [this] { checkpoint_tick(); });
  home_.every(options.high_watermark_checkpoint_interval_ms, [this] { high_watermark_tick(); });
  home_.every(options.log_start_checkpoint_interval_ms, [this] { log_start_tick(); });
  home_.start_background();
  for (size_t i = 1; i < shards_.size(); ++i) {
    at_shard(i, [](StoreShardImpl& shard) { shard.start_background(); });
  }
  mover_.configure(options.mover);
  resume_moves();
}

/// Every log of the directory is here, and synced: that is written down, and then the journal of the last run counts
/// for nothing.
void StoreImpl::found_settled(size_t index) {
  if (core_.directories[index]->offline()) return;
  auto put = [index](StoreShardImpl& shard) {
    (void)shard.put_recovery_points(*shard.core().directories[index]);
    (void)shard.put_log_starts(*shard.core().directories[index]);
    (void)shard.put_transaction_free(*shard.core().directories[index]);
  };
  gather(put, [this, index] {
    LogDirectory& directory = *core_.directories[index];
    DataFolder& folder = directory.folder();
    std::vector<CheckpointJob> jobs{job_of(folder.recovery_points, home_.put_recovery_points(directory)),
                                    job_of(folder.log_starts, home_.put_log_starts(directory))};
    if (folder.recovering && !core_.options.boot_id.empty()) {
      // Whoever believes what this process leaves takes logs without a line there for logs that it made.
      jobs.push_back(job_of(folder.transaction_free, home_.put_transaction_free(directory)));
      jobs.push_back(
          [&folder, boot_id = core_.options.boot_id](io::Disk& disk) { return folder.trust_from_now(disk, boot_id); });
    }
    auto outcome = std::make_shared<Status>();
    core_.surface.executor.offload(
        [jobs, outcome, gate = core_.gate, &disk = core_.surface.disk, &folder] {
          gate->run([&] {
            for (const CheckpointJob& write : jobs) {
              if (outcome->ok()) *outcome = write(disk);
            }
            if (outcome->ok() && folder.journal_left) *outcome = retire_journals(disk, folder.path);
          });
        },
        [this, index, outcome, alive = std::weak_ptr(core_.alive)] {
          if (!alive.expired()) journal_gone(index, *outcome);
        });
  });
}

void StoreImpl::journal_gone(size_t index, const Status& outcome) {
  LogDirectory& directory = *core_.directories[index];
  if (directory.offline()) return;
  if (StoreShardImpl::offline_or_fail(directory, outcome)) {
    if (directory.offline()) return;
    const Instant later = core_.surface.clock.now() + milliseconds(full_retry_ms);
    core_.surface.timers.start(later, [this, index, alive = std::weak_ptr(core_.alive)] {
      if (!alive.expired() && !core_.closed) found_settled(index);
    });
    return;
  }
  trace(TraceLevel::info, "log_directory={} state=synced", directory.path());
  directory.folder().found_unsynced = false;
  directory.folder().recovering = false;
  if (!directory.folder().journal_left.exchange(false)) return;
  removed_early_.clear();
  if (!core_.options.journal.enable) return;
  const auto open = [index](StoreShardImpl& shard) {
    const Status opened = shard.open_journal(index);
    if (!opened.ok()) shard.core().directories[index]->fail(opened.failure());
  };
  open(home_);
  for (size_t i = 1; i < shards_.size(); ++i) at_shard(i, open);
}

void StoreImpl::checkpoint_tick() {
  for (const auto& directory : core_.directories) home_.trim_memory(*directory);
  auto put = [](StoreShardImpl& shard) {
    for (const auto& directory : shard.core().directories) {
      shard.trim_memory(*directory);
      if (directory->offline()) continue;
      (void)shard.put_recovery_points(*directory);
      (void)shard.put_transaction_free(*directory);
    }
  };
  gather(put, [this] {
    for (const auto& directory : core_.directories) home_.checkpoint(*directory);
  });
}

void StoreImpl::high_watermark_tick() {
  auto put = [count = log_directory_count_](StoreShardImpl& shard) {
    for (size_t i = 0; i < count; ++i) shard.put_high_watermarks_if_changed(*shard.core().directories[i]);
  };
  gather(put, [this, put] {
    put(home_);
    for (size_t i = 0; i < log_directory_count_; ++i) write_high_watermarks(*core_.directories[i]);
  });
}

void StoreImpl::write_high_watermarks(LogDirectory& directory) {
  DataFolder& folder = directory.folder();
  if (directory.offline() || !folder.high_watermarks_changed.exchange(false)) return;
  auto outcome = std::make_shared<Status>();
  core_.surface.executor.offload(
      [write = job_of(folder.high_watermarks, folder.high_watermarks->newest()), outcome, gate = core_.gate,
       &disk = core_.surface.disk] { gate->run([&] { *outcome = write(disk); }); },
      [outcome, &directory, alive = std::weak_ptr(core_.alive)] {
        if (alive.expired() || !StoreShardImpl::offline_or_fail(directory, *outcome)) return;
        directory.folder().high_watermarks_changed = true;  // found no room: the next time
      });
}

void StoreImpl::log_start_tick() {
  auto put = [](StoreShardImpl& shard) {
    for (const auto& directory : shard.core().directories) {
      if (!directory->offline()) (void)shard.put_log_starts(*directory);
    }
  };
  gather(put, [this] {
    for (const auto& directory : core_.directories) {
      if (!directory->offline() && !home_.log_starts_running(*directory)) home_.start_log_starts(*directory);
    }
  });
}

}  // namespace moldau::store
