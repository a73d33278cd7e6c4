// LogDirectory and StoreCore: what the logs of one shard share, in one directory and in all: the commit queue, room on
// the disk, the in-memory tail, the turn's list of logs to write. What a directory has once is DataFolder. Internal to
// store/; all of it belongs to one shard's thread.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "io/surface.h"
#include "store/commit_queue.h"
#include "store/data_folder.h"
#include "store/store.h"
#include "store/tail_cache.h"

namespace moldau::store {

class DirectoryJournal;
class PartitionLog;
struct StoreCore;

/// Whether a file that can be made again has to be: its content is damaged, or lies in a block that cannot be read. A
/// disk that fails altogether shows that at the next write, which takes its directory offline.
inline bool to_be_made_again(const Failure& why) {
  return why.kind == FailureKind::corrupt || (why.kind == FailureKind::io && why.os_errno == EIO);
}

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

/// What one shard has of a log directory. Once offline it stays so: nothing in it is written or synced any more.
class LogDirectory {
 public:
  LogDirectory(StoreCore& core, DataFolder& folder);
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;
  ~LogDirectory();

  DataFolder& folder() const { return folder_; }
  const std::string& path() const { return folder_.path; }
  bool offline() const { return folder_.offline.load(std::memory_order_relaxed); }
  /// A write failed, or a sync: tells all logs of the directory, in a later turn, and the other shards. Loud; only the
  /// first failure counts.
  void fail(const Failure& why);
  /// The part of this shard: also when another one met the failure.
  void went_offline(const Failure& why);
  /// The disk is full: appends are refused for a moment, then one is let through to see.
  void note_full();
  void note_room() { full_ = false; }
  /// But of essential logs, which are always let through.
  bool refuses_appends() const;
  /// Something was written, or the reserve was lent: it is taken some while later, in the pool.
  void want_reserve();

  /// Syncs a folder (unless a planted bug forbids it).
  Status sync_folder(const std::string& path) const;

  CommitQueue& commits() { return *commits_; }
  /// The journal of its logs' commits; null: they sync their own files.
  DirectoryJournal* journal() const { return journal_.get(); }
  void set_journal(std::unique_ptr<DirectoryJournal> journal);
  void attach(PartitionLog* log);
  void detach(PartitionLog* log);
  const std::vector<PartitionLog*>& logs() const { return logs_; }
  /// Logs that are about to be moved here: the checkpoints have them already.
  void attach_arriving(PartitionLog* log) { arriving_.push_back(log); }
  void detach_arriving(PartitionLog* log) { std::erase(arriving_, log); }
  const std::vector<PartitionLog*>& arriving() const { return arriving_; }

  /// Page-cache mode: bytes written and not yet synced. Beyond half the bound all its logs are flushed.
  void add_unflushed(uint64_t bytes);
  uint64_t unflushed_bytes() const { return unflushed_; }
  void subtract_unflushed(uint64_t bytes) { unflushed_ -= std::min(unflushed_, bytes); }

 private:
  StoreCore& core_;
  DataFolder& folder_;
  void take_reserve();

  bool told_offline_ = false;
  bool full_ = false;
  bool reserve_asked_ = false;
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

/// What the logs of one shard share.
struct StoreCore {
  StoreCore(io::Surface outer, StoreOptions given, size_t number)
      : shard(number), surface(outer), options(std::move(given)), tail(options.tail_bytes_max) {}
  ~StoreCore();

  const size_t shard;
  io::Surface surface;
  StoreOptions options;  ///< with this shard's part of what is a bound of the store
  TailCache tail;
  std::shared_ptr<JobGate> gate = std::make_shared<JobGate>();
  uint64_t reserved_bytes = 0;  ///< space ahead, over all logs
  SyncCounts syncs;             ///< but for unflushed_bytes, which the directories know
  std::vector<PendingRemoval> removals;
  std::vector<std::unique_ptr<IndexWindow>> windows;  ///< made when an old segment is read first
  size_t next_window = 0;
  bool closed = false;
  /// While it is set, recovery of a log here ends early (FailureKind::closed). Null: never.
  const std::atomic<bool>* stopping = nullptr;
  /// Tells the other shards that a directory failed.
  std::function<void(DataFolder&, const Failure&)> tell_offline;

  bool mutant(Mutant which) const { return options.mutant == which; }
  /// Writes what is queued for `log` at the end of this turn, then starts syncs.
  void write_at_turn_end(std::shared_ptr<PartitionLog> log);
  /// Starts waiting syncs at the end of this turn.
  void kick_at_turn_end();
  /// Removes a file, or a folder with all in it, after a delay, in the pool.
  void remove_later(std::string path, int64_t delay_ms, bool folder = false);
  /// Does what another core was to remove.
  void take_removals(StoreCore& other);
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
