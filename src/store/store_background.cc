// StoreImpl, what happens from time to time: checkpoints, retention, producer expiry.
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

/// Logs whose retention is looked at in one turn.
constexpr size_t retention_per_turn = 128;

std::string sorted_text(std::vector<log::PartitionOffset> entries) {
  std::sort(entries.begin(), entries.end(), [](const log::PartitionOffset& a, const log::PartitionOffset& b) {
    return std::pair(std::string_view(a.topic), a.partition) < std::pair(std::string_view(b.topic), b.partition);
  });
  return log::print_offset_checkpoint(entries);
}

uint64_t hash_of(const std::vector<log::PartitionOffset>& entries) {
  uint64_t hash = entries.size();
  for (const log::PartitionOffset& entry : entries) {
    const uint64_t one = std::hash<std::string_view>()(entry.topic) ^ static_cast<uint64_t>(entry.partition);
    hash = (hash ^ one) * 0x9E3779B97F4A7C15ULL;
    hash = (hash ^ static_cast<uint64_t>(entry.offset)) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

/// `with_arriving`: also those that are about to be moved here, which the checkpoints must have before they are.
std::vector<PartitionLog*> StoreImpl::ordered(const LogDirectory& directory, bool with_arriving) const {
  std::vector<PartitionLog*> logs = directory.logs();
  if (with_arriving) logs.insert(logs.end(), directory.arriving().begin(), directory.arriving().end());
  std::sort(logs.begin(), logs.end(), [](const PartitionLog* a, const PartitionLog* b) {
    return std::pair(std::string_view(a->topic()), a->partition()) <
           std::pair(std::string_view(b->topic()), b->partition());
  });
  return logs;
}

std::string StoreImpl::recovery_point_text(const LogDirectory& directory) {
  std::vector<log::PartitionOffset> entries;
  for (PartitionLog* log : ordered(directory, true)) {
    entries.push_back({log->topic(), log->partition(), log->recovery_point()});
    log->note_checkpointed(log->recovery_point());
  }
  return log::print_offset_checkpoint(entries);
}

std::string StoreImpl::log_start_text(const LogDirectory& directory) const {
  std::vector<log::PartitionOffset> entries;
  for (const PartitionLog* log : ordered(directory, true)) {
    if (!log->is_metadata() && log->durable_log_start() > log->durable_first_base()) {
      entries.push_back({log->topic(), log->partition(), log->durable_log_start()});
    }
  }
  return log::print_offset_checkpoint(entries);
}

/// In no order, since many partitions take long to sort: whoever prints them sorts them.
std::vector<log::PartitionOffset> StoreImpl::high_watermarks(const LogDirectory& directory) const {
  std::vector<log::PartitionOffset> entries;
  for (const auto* const logs : {&directory.logs(), &directory.arriving()}) {
    for (const PartitionLog* log : *logs) {
      if (log->is_metadata()) continue;
      const Offset high_watermark = high_watermark_ ? high_watermark_(*log) : log->commit_end();
      entries.push_back({log->topic(), log->partition(), std::max<Offset>(high_watermark, 0)});
    }
  }
  return entries;
}

std::string StoreImpl::high_watermark_text(const LogDirectory& directory) const {
  return sorted_text(high_watermarks(directory));
}

std::string StoreImpl::transaction_free_text(const LogDirectory& directory) const {
  std::vector<log::PartitionOffset> entries;
  for (const PartitionLog* log : ordered(directory, true)) {
    if (!log->is_metadata()) entries.push_back({log->topic(), log->partition(), log->transaction_free_below()});
  }
  return log::print_offset_checkpoint(entries);
}

std::string StoreImpl::clean_end_text(const LogDirectory& directory) const {
  std::vector<log::PartitionOffset> entries;
  for (const PartitionLog* log : ordered(directory, true)) {
    if (log->clean_end()) entries.push_back({log->topic(), log->partition(), *log->clean_end()});
  }
  return log::print_offset_checkpoint(entries);
}

/// A checkpoint that finds no room waits for the next time; any other failure is the directory's.
bool StoreImpl::offline_or_fail(LogDirectory& directory, const Status& outcome) {
  if (outcome.ok()) return false;
  if (outcome.failure().kind != FailureKind::no_space) directory.fail(outcome.failure());
  return true;
}

Status StoreImpl::write_recovery_points(LogDirectory& directory) {
  Files& files = files_[index_of(directory)];
  const uint64_t version = files.recovery_points->next_version();
  return files.recovery_points->write(core_.surface.disk, version, recovery_point_text(directory));
}

Status StoreImpl::write_clean_ends(LogDirectory& directory) {
  CheckpointFile& file = *files_[index_of(directory)].clean_ends;
  return file.write(core_.surface.disk, file.next_version(), clean_end_text(directory));
}

Offset StoreImpl::high_watermark_of(const PartitionLog& log) {
  return high_watermark_ ? high_watermark_(log) : log.commit_end();
}

CheckpointJob StoreImpl::recovery_points_now(LogDirectory& directory) {
  const auto file = files_[index_of(directory)].recovery_points;
  return [file, version = file->next_version(), text = recovery_point_text(directory)](io::Disk& disk) {
    return file->write(disk, version, text);
  };
}

CheckpointJob StoreImpl::clean_ends_now(LogDirectory& directory) {
  const auto file = files_[index_of(directory)].clean_ends;
  return [file, version = file->next_version(), text = clean_end_text(directory)](io::Disk& disk) {
    return file->write(disk, version, text);
  };
}

void StoreImpl::configure_cleaner(const CleanerOptions& options) {
  core_.options.cleaner = options;
  cleaner_.configure(options);
}

/// Writes all checkpoints now, blocking: at close, and before the name of a removed log is used again.
Status StoreImpl::write_checkpoints(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  io::Disk& disk = core_.surface.disk;
  Files& files = files_[index];
  const auto write = [&](CheckpointFile& file, const std::string& text) {
    return file.write(disk, file.next_version(), text);
  };
  RETURN_IF_FAILED(write(*files.recovery_points, recovery_point_text(directory)));
  RETURN_IF_FAILED(write(*files.log_starts, log_start_text(directory)));
  RETURN_IF_FAILED(write(*files.high_watermarks, high_watermark_text(directory)));
  RETURN_IF_FAILED(write(*files.transaction_free, transaction_free_text(directory)));
  // A folder in which nothing was ever compacted does not need the file.
  if (const std::string text = clean_end_text(directory); files.clean_ends->worth_writing(text)) {
    RETURN_IF_FAILED(write(*files.clean_ends, text));
  }
  directory.stale_names.clear();
  return {};
}

/// Gathers in the loop, writes in the pool.
void StoreImpl::checkpoint(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  if (directory.offline()) return;
  struct Job {
    std::shared_ptr<CheckpointFile> file;
    uint64_t version;
    std::string text;
  };
  auto jobs = std::make_shared<std::vector<Job>>();
  const auto add = [&](const std::shared_ptr<CheckpointFile>& file, std::string text) {
    jobs->push_back({file, file->next_version(), std::move(text)});
  };
  add(files_[index].recovery_points, recovery_point_text(directory));
  add(files_[index].transaction_free, transaction_free_text(directory));
  auto outcome = std::make_shared<Status>();
  core_.surface.executor.offload(
      [jobs, outcome, gate = core_.gate, &disk = core_.surface.disk] {
        gate->run([&] {
          for (const Job& job : *jobs) {
            *outcome = job.file->write(disk, job.version, job.text);
            if (!outcome->ok()) return;
          }
        });
      },
      [this, outcome, index, alive = std::weak_ptr(core_.alive)] {
        if (!alive.expired()) offline_or_fail(*core_.directories[index], *outcome);
      });
}

void StoreImpl::write_log_starts(LogDirectory& directory, io::Completion<Status> done) {
  const size_t index = index_of(directory);
  files_[index].log_starts_wait.push_back(std::move(done));
  if (!files_[index].log_starts_running) start_log_starts(index);
}

/// One write at a time; whoever asks meanwhile rides on the next.
void StoreImpl::start_log_starts(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  Files& files = files_[index];
  files.log_starts_running = true;
  auto riders = std::make_shared<std::vector<io::Completion<Status>>>(std::exchange(files.log_starts_wait, {}));
  auto outcome = std::make_shared<Status>(Failure{FailureKind::closed, "the store is closing"});
  core_.surface.executor.offload_sync(
      [file = files.log_starts, version = files.log_starts->next_version(), text = log_start_text(directory), outcome,
       gate = core_.gate,
       &disk = core_.surface.disk] { gate->run([&] { *outcome = file->write(disk, version, text); }); },
      [this, riders, outcome, index, alive = std::weak_ptr(core_.alive)] {
        if (alive.expired()) return;
        Files& mine = files_[index];
        mine.log_starts_running = false;
        if (outcome->ok() || outcome->failure().kind != FailureKind::closed) {
          offline_or_fail(*core_.directories[index], *outcome);
        }
        if (!mine.log_starts_wait.empty()) start_log_starts(index);
        for (auto& rider : *riders) rider(*outcome);
      });
}

void StoreImpl::every(int64_t interval_ms, void (StoreImpl::*work)()) {
  if (interval_ms <= 0 || core_.closed) return;
  const uint64_t key = ++next_timer_;
  const Instant due = core_.surface.clock.now() + milliseconds(interval_ms);
  timers_[key] = core_.surface.timers.start(due, [this, key, interval_ms, work, alive = std::weak_ptr(core_.alive)] {
    if (alive.expired()) return;
    timers_.erase(key);
    (this->*work)();
    every(interval_ms, work);
  });
}

void StoreImpl::start_background() {
  const StoreOptions& options = core_.options;
  every(options.checkpoint_interval_ms, &StoreImpl::checkpoint_tick);
  every(options.high_watermark_checkpoint_interval_ms, &StoreImpl::high_watermark_tick);
  every(options.log_start_checkpoint_interval_ms, &StoreImpl::log_start_tick);
  every(options.retention_check_interval_ms, &StoreImpl::retention_tick);
  every(options.producer_expiration_check_interval_ms, &StoreImpl::expiry_tick);
  cleaner_.start(options.cleaner);
  scrub_.start(options.scrub);
  mover_.configure(options.mover);
  resume_moves();
}

void StoreImpl::checkpoint_tick() {
  for (size_t i = 0; i < core_.directories.size(); ++i) {
    for (PartitionLog* log : core_.directories[i]->logs()) log->trim_memory();
    checkpoint(i);
  }
}

/// Often, so it costs the loop no more than looking, and the disk nothing while nothing changes.
void StoreImpl::high_watermark_tick() {
  for (size_t i = 0; i < log_directory_count_; ++i) {
    LogDirectory& directory = *core_.directories[i];
    if (directory.offline()) continue;
    std::vector<log::PartitionOffset> entries = high_watermarks(directory);
    const uint64_t hash = hash_of(entries);
    if (std::exchange(files_[i].high_watermarks_hash, hash) == hash) continue;
    auto outcome = std::make_shared<Status>();
    core_.surface.executor.offload(
        [file = files_[i].high_watermarks, version = files_[i].high_watermarks->next_version(),
         entries = std::move(entries), outcome, gate = core_.gate, &disk = core_.surface.disk]() mutable {
          const std::string text = sorted_text(std::move(entries));
          gate->run([&] { *outcome = file->write(disk, version, text); });
        },
        [this, outcome, i, alive = std::weak_ptr(core_.alive)] {
          if (alive.expired() || !offline_or_fail(*core_.directories[i], *outcome)) return;
          files_[i].high_watermarks_hash = 0;  // found no room: the next time
        });
  }
}

void StoreImpl::log_start_tick() {
  for (size_t i = 0; i < core_.directories.size(); ++i) {
    if (!core_.directories[i]->offline() && !files_[i].log_starts_running) start_log_starts(i);
  }
}

void StoreImpl::retention_tick() {
  std::vector<std::weak_ptr<PartitionLog>> all;
  for (const auto& directory : core_.directories) {
    for (PartitionLog* log : ordered(*directory)) {
      if (!log->is_metadata()) all.push_back(log->weak_from_this());
    }
  }
  retain_some(std::move(all));
}

void StoreImpl::retain_some(std::vector<std::weak_ptr<PartitionLog>> rest) {
  const WallMillis now = core_.surface.clock.wall();
  for (size_t i = 0; i < retention_per_turn && !rest.empty(); ++i) {
    const auto log = rest.back().lock();
    rest.pop_back();
    if (!log || log->offline()) continue;
    const Offset up_to = high_watermark_ ? high_watermark_(*log) : log->commit_end();
    const Status done = log->apply_retention(now, up_to);
    if (!done.ok())
      trace(TraceLevel::warn, "log={} retention=failed reason=\"{}\"", log->folder(), done.failure().message);
  }
  if (rest.empty()) return;
  core_.surface.executor.defer([this, rest = std::move(rest), alive = std::weak_ptr(core_.alive)]() mutable {
    if (!alive.expired()) retain_some(std::move(rest));
  });
}

void StoreImpl::expiry_tick() {
  for (const auto& directory : core_.directories) {
    for (PartitionLog* log : directory->logs()) log->expire_producers(core_.surface.clock.wall());
  }
}

}  // namespace moldau::store
