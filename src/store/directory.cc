#include "store/directory.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "log/segment_name.h"
#include "store/directory_journal.h"
#include "store/flag_guard.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

/// A full disk is asked again this often.
constexpr int64_t full_probe_interval_ms = 100;
/// The run of the machine in which the folder was used last, as long as nothing failed in it. Kafka passes it by.
constexpr std::string_view boot_name = ".moldau-boot";
constexpr uint64_t boot_bytes_max = 4096;
/// The reserve is first taken this long after something was written: a start has better things to do.
constexpr int64_t reserve_after_ms = 1000;

}  // namespace

std::string path_in(const std::string& folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path += folder;
  path += '/';
  path += name;
  return path;
}

DataFolder::DataFolder(size_t number, std::string where, size_t shards, uint64_t reserve_bytes)
    : index(number),
      path(std::move(where)),
      reserve(path_in(path, reserve_name), reserve_bytes),
      recovery_points(std::make_shared<CheckpointFile>(path_in(path, log::recovery_point_checkpoint_name), shards)),
      log_starts(std::make_shared<CheckpointFile>(path_in(path, log::log_start_checkpoint_name), shards)),
      high_watermarks(std::make_shared<CheckpointFile>(path_in(path, log::high_watermark_checkpoint_name), shards)),
      transaction_free(std::make_shared<CheckpointFile>(path_in(path, transaction_free_checkpoint_name), shards)),
      clean_ends(std::make_shared<CheckpointFile>(path_in(path, cleaner_checkpoint_name), shards)) {}

std::string DataFolder::boot_path() const {
  return path_in(path, boot_name);
}

Status DataFolder::write_boot(io::Disk& disk, std::string_view boot_id) {
  ASSIGN_OR_RETURN(const io::FileRef file, disk.open(boot_path(), io::OpenMode::create));
  RETURN_IF_FAILED(disk.truncate(*file, 0));
  const std::span<const std::byte> text = as_bytes(boot_id);
  return disk.write(*file, 0, std::span(&text, 1));
}

Status DataFolder::trust_from_now(io::Disk& disk, std::string_view boot_id) {
  const FlagGuard held(boot_guard_);
  if (distrusted_) return {};
  if (cuts_ == 0) return write_boot(disk, boot_id);
  boot_id_aside_ = boot_id;
  return {};
}

void DataFolder::distrust(io::Disk& disk) {
  const FlagGuard held(boot_guard_);
  distrusted_ = true;
  boot_id_aside_.clear();
  (void)disk.remove(boot_path());
}

void DataFolder::doubt(io::Disk& disk) {
  const FlagGuard held(boot_guard_);
  boot_id_aside_.clear();
  (void)disk.remove(boot_path());
}

Status DataFolder::begin_cut(io::Disk& disk) {
  const FlagGuard held(boot_guard_);
  if (cuts_++ > 0) return {};
  const auto text = io::read_file(disk, boot_path(), boot_bytes_max);
  if (text.ok()) boot_id_aside_ = as_text(*text);
  const Status removed = disk.remove(boot_path());
  return removed.ok() || removed.failure().kind == FailureKind::not_found ? Status() : removed;
}

void DataFolder::end_cut(io::Disk& disk) {
  const FlagGuard held(boot_guard_);
  if (--cuts_ > 0 || boot_id_aside_.empty()) return;
  (void)write_boot(disk, boot_id_aside_);  // without it the next start takes longer
  boot_id_aside_.clear();
}

LogDirectory::LogDirectory(StoreCore& core, DataFolder& folder)
    : core_(core),
      folder_(folder),
      commits_(std::make_shared<CommitQueue>(core.surface.clock, core.options.syncs_in_flight_max, core.syncs,
                                             [&core] { core.kick_at_turn_end(); })) {}

LogDirectory::~LogDirectory() = default;

void LogDirectory::set_journal(std::unique_ptr<DirectoryJournal> journal) {
  journal_ = std::move(journal);
  commits_->use_journal(&journal_->writer(), core_.options.journal.after_commits);
}

void LogDirectory::attach(PartitionLog* log) {
  logs_.push_back(log);
  folder_.logs.fetch_add(1, std::memory_order_relaxed);
}

void LogDirectory::detach(PartitionLog* log) {
  if (std::erase(logs_, log) > 0) folder_.logs.fetch_sub(1, std::memory_order_relaxed);
}

void LogDirectory::fail(const Failure& why) {
  if (!folder_.offline.exchange(true)) {
    folder_.distrust(core_.surface.disk);
    trace(TraceLevel::error, "log_directory={} state=offline reason=\"{}\"", path(), why.message);
    core_.tell_offline(folder_, why);
  }
  went_offline(why);
}

void LogDirectory::went_offline(const Failure& why) {
  if (std::exchange(told_offline_, true)) return;
  commits_->use_journal(nullptr, 0);
  commits_->clear();
  core_.surface.executor.defer([this, why, alive = std::weak_ptr(core_.alive)] {
    if (alive.expired()) return;
    std::vector<std::shared_ptr<PartitionLog>> logs;
    for (PartitionLog* log : logs_) logs.push_back(log->shared_from_this());
    for (const auto& log : logs) log->went_offline(why);
  });
}

void LogDirectory::note_full() {
  if (!full_) trace(TraceLevel::warn, "log_directory={} state=full", path());
  full_ = true;
  probe_at_ = core_.surface.clock.now() + milliseconds(full_probe_interval_ms);
}

bool LogDirectory::refuses_appends() const {
  return folder_.reserve.lent() || (full_ && core_.surface.clock.now() < probe_at_);
}

void LogDirectory::want_reserve() {
  if (!folder_.reserve.wanted() || offline() || std::exchange(reserve_asked_, true)) return;
  const int64_t after_ms = folder_.reserve.lent() ? full_probe_interval_ms : reserve_after_ms;
  const Instant due = core_.surface.clock.now() + milliseconds(after_ms);
  core_.surface.timers.start(due, [this, alive = std::weak_ptr(core_.alive)] {
    if (!alive.expired()) take_reserve();
  });
}

void LogDirectory::take_reserve() {
  auto take = [this, &disk = core_.surface.disk, gate = core_.gate] {
    gate->run([&] {
      if (!offline()) folder_.reserve.take(disk);
    });
  };
  core_.surface.executor.offload(std::move(take), [this, alive = std::weak_ptr(core_.alive)] {
    if (alive.expired()) return;
    reserve_asked_ = false;
    if (folder_.reserve.lent()) want_reserve();
  });
}

Status LogDirectory::sync_folder(const std::string& path) const {
  if (core_.mutant(Mutant::no_directory_sync)) return {};
  return core_.surface.disk.sync_dir(path);
}

void LogDirectory::add_unflushed(uint64_t bytes) {
  unflushed_ += bytes;
  if (unflushed_ < core_.options.unflushed_bytes_max / 2 || commits_->waiting() > 0) return;
  for (PartitionLog* log : logs_) {
    if (log->appended_end() > log->stable_end()) commits_->add(log->shared_from_this());
  }
}

void StoreCore::write_at_turn_end(std::shared_ptr<PartitionLog> log) {
  to_write_.push_back(std::move(log));
  kick_at_turn_end();
}

void StoreCore::kick_at_turn_end() {
  if (turn_end_queued_) return;
  turn_end_queued_ = true;
  surface.executor.at_turn_end([this, weak = std::weak_ptr(alive)] {
    if (!weak.expired()) at_turn_end();
  });
}

void StoreCore::at_turn_end() {
  turn_end_queued_ = false;
  writing_.swap(to_write_);
  for (const auto& log : writing_) log->write_queued();
  writing_.clear();
  for (const auto& directory : directories) directory->commits().kick();
}

StoreCore::~StoreCore() {
  if (removal_timer_ != 0) surface.timers.cancel(removal_timer_);
}

void StoreCore::remove_later(std::string path, int64_t delay_ms, bool folder) {
  removals.push_back({surface.clock.now() + milliseconds(delay_ms), std::move(path), folder});
  arm_removals();
}

void StoreCore::take_removals(StoreCore& other) {
  if (other.removals.empty()) return;
  for (PendingRemoval& removal : other.removals) removals.push_back(std::move(removal));
  other.removals.clear();
  arm_removals();
}

void StoreCore::arm_removals() {
  Instant earliest = Instant::never();
  for (const PendingRemoval& removal : removals) earliest = std::min(earliest, removal.due);
  if (earliest >= removal_at_ || closed) return;
  if (removal_timer_ != 0) surface.timers.cancel(removal_timer_);
  removal_at_ = earliest;
  removal_timer_ = surface.timers.start(earliest, [this, weak = std::weak_ptr(alive)] {
    if (!weak.expired()) remove_due();
  });
}

void StoreCore::remove_due() {
  removal_timer_ = 0;
  removal_at_ = Instant::never();
  const Instant now = surface.clock.now();
  std::vector<PendingRemoval> due;
  std::erase_if(removals, [&](PendingRemoval& removal) {
    if (removal.due > now) return false;
    due.push_back(std::move(removal));
    return true;
  });
  arm_removals();
  if (due.empty()) return;
  surface.executor.offload(
      [&disk = surface.disk, keep = gate, due = std::move(due)] {
        keep->run([&] {
          for (const PendingRemoval& removal : due) {
            const Status removed = removal.folder ? disk.remove_tree(removal.path) : disk.remove(removal.path);
            if (!removed.ok() && removed.failure().kind != FailureKind::not_found) {
              trace(TraceLevel::warn, "path={} state=not_removed reason=\"{}\"", removal.path,
                    removed.failure().message);
            }
          }
        });
      },
      [] {});
}

void StoreCore::forget_windows(const PartitionLog* log) {
  for (const auto& window : windows) {
    if (window->log == log) window->log = nullptr;
  }
}

}  // namespace moldau::store
