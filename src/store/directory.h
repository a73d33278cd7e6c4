// LogDirectory and StoreCore: what the logs of one directory and of one store share: offline state, room on the disk,
// the commit queue, the in-memory tail, the turn's list of logs to write. Internal to store/.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "io/surface.h"
#include "store/commit_queue.h"
#include "store/store.h"
#include "store/tail_cache.h"

namespace moldau::store {

class DirectoryJournal;
class PartitionLog;
struct StoreCore;

/// Jobs in the pool pass through here while they touch files; closing the store waits for those inside and keeps later
/// ones from running. The loop waits here once, at close.
class JobGate {
 public:
  /// Runs `job` unless the gate is closed; returns whether it ran.
  template <typename Job>
  bool run(Job&& job) {
    const bool open = (state_.fetch_add(1, std::memory_order_acq_rel) & closed) == 0;
    if (open) job();
    state_.fetch_sub(1, std::memory_order_acq_rel);
    state_.notify_all();
    return open;
  }
  void close() {
    uint32_t seen = state_.fetch_or(closed, std::memory_order_acq_rel) | closed;
    while (seen != closed) {
      state_.wait(seen, std::memory_order_acquire);
      seen = state_.load(std::memory_order_acquire);
    }
  }

 private:
  static constexpr uint32_t closed = 1U << 31;
  std::atomic<uint32_t> state_{0};  // jobs inside, and `closed`
};

/// One log directory. Once offline it stays so: nothing in it is written or synced any more.
class LogDirectory {
 public:
  LogDirectory(StoreCore& core, std::string path);
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;
  ~LogDirectory();

  const std::string& path() const { return path_; }
  bool offline() const { return offline_; }
  /// A write failed, or a sync: tells all logs of the directory, in a later turn. Loud; only the first failure counts.
  void fail(const Failure& why);
  /// The disk is full: appends are refused for a moment, then one is let through to see.
  void note_full();
  void note_room() { full_ = false; }
  bool refuses_appends();

  /// Syncs a folder (unless a planted bug forbids it).
  Status sync_folder(const std::string& path) const;

  CommitQueue& commits() { return *commits_; }
  /// The journal of its logs' commits; null: they sync their own files.
  DirectoryJournal* journal() const { return journal_.get(); }
  void set_journal(std::unique_ptr<DirectoryJournal> journal);
  void attach(PartitionLog* log) { logs_.push_back(log); }
  void detach(PartitionLog* log) { std::erase(logs_, log); }
  const std::vector<PartitionLog*>& logs() const { return logs_; }
  /// Logs that are about to be moved here: the checkpoints have them already.
  void attach_arriving(PartitionLog* log) { arriving_.push_back(log); }
  void detach_arriving(PartitionLog* log) { std::erase(arriving_, log); }
  const std::vector<PartitionLog*>& arriving() const { return arriving_; }

  /// Page-cache mode: bytes written and not yet synced. Beyond half the bound all its logs are flushed.
  void add_unflushed(uint64_t bytes);
  uint64_t unflushed_bytes() const { return unflushed_; }
  void subtract_unflushed(uint64_t bytes) { unflushed_ -= std::min(unflushed_, bytes); }

  OpenedFolder opened;
  std::unique_ptr<io::FolderLock> lock;
  /// Partition folders that are gone but may still be named in checkpoint files: before a folder of that name is made
  /// again, they have to be written anew, for what they say of the old log would be taken for the new one's.
  std::unordered_set<std::string> stale_names;
  /// The machine did not come up anew since the folder was used last: files are as they were written.
  bool same_boot = false;
  /// The clean-shutdown marker was removed durably: from here on an end without close() is an unclean stop.
  bool marked_running = false;

 private:
  StoreCore& core_;
  std::string path_;
  bool offline_ = false;
  bool full_ = false;
  Instant probe_at_;
  uint64_t unflushed_ = 0;
  std::shared_ptr<CommitQueue> commits_;
  std::unique_ptr<DirectoryJournal> journal_;
  std::vector<PartitionLog*> logs_;
  std::vector<PartitionLog*> arriving_;
};

inline constexpr size_t index_window_entries = 512;
inline constexpr size_t index_windows = 16;

/// A stretch of some segment's offset index, kept for readers that walk through old segments.
struct IndexWindow {
  const PartitionLog* log = nullptr;
  Offset segment = 0;
  size_t first_slot = 0;
  size_t count = 0;
  std::array<std::byte, index_window_entries * 8> bytes;
};

/// A file or folder that is to be removed later.
struct PendingRemoval {
  Instant due;
  std::string path;
  bool folder = false;
};

struct StoreCore {
  StoreCore(io::Surface outer, StoreOptions given)
      : surface(outer), options(std::move(given)), tail(options.tail_bytes_max) {}
  ~StoreCore();

  io::Surface surface;
  StoreOptions options;
  TailCache tail;
  std::shared_ptr<JobGate> gate = std::make_shared<JobGate>();
  uint64_t reserved_bytes = 0;  ///< space ahead, over all logs
  SyncCounts syncs;             ///< but for unflushed_bytes, which the directories know
  std::vector<PendingRemoval> removals;
  std::vector<std::unique_ptr<IndexWindow>> windows;  ///< made when an old segment is read first
  size_t next_window = 0;
  bool closed = false;

  bool mutant(Mutant which) const { return options.mutant == which; }
  /// Writes what is queued for `log` at the end of this turn, then starts syncs.
  void write_at_turn_end(std::shared_ptr<PartitionLog> log);
  /// Starts waiting syncs at the end of this turn.
  void kick_at_turn_end();
  /// Removes a file, or a folder with all in it, after a delay, in the pool.
  void remove_later(std::string path, int64_t delay_ms, bool folder = false);
  void forget_windows(const PartitionLog* log);

  std::vector<std::unique_ptr<LogDirectory>> directories;
  std::vector<std::span<const std::byte>> pieces;  ///< scratch of a gathered write
  /// Callbacks check this before they touch anything: it dies with the store.
  std::shared_ptr<int> alive = std::make_shared<int>(0);

 private:
  void at_turn_end();
  void arm_removals();
  void remove_due();
  io::TimerId removal_timer_ = 0;
  Instant removal_at_ = Instant::never();
  bool turn_end_queued_ = false;
  std::vector<std::shared_ptr<PartitionLog>> to_write_;
  std::vector<std::shared_ptr<PartitionLog>> writing_;
};

/// Joins a folder and a name.
std::string path_in(const std::string& folder, std::string_view name);

}  // namespace moldau::store
