// RecoveryLane: the logs of one log directory that are opened while the node serves, the busiest first. Each is opened
// in the pool, on a surface of its own (off_loop.h), and is the host's then, whole. docs/design/recovery.md, "While the
// node serves"
//
// By the rules of recovery: it is given what the journal of the last run has of it, and synced. As a process left it
// that died (DataFolder::trusted): the journal says up to where it is stable, and the host has it synced later. Once a
// log is not as it was left, that one and those behind it are opened by the rules.
//
//   queued --open, replay (one at a time)--> opened --sync (several side by side)--> the host's
//   queued --open as found (several in one job)-------------------------------------> the host's
//   any --the directory fails, or the store ends--> given up: the next start recovers it
//
// Of the home shard's thread; nothing here waits for a disk.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/directory.h"
#include "store/journal/journal_replay.h"
#include "store/partition_log.h"

namespace moldau::store {

/// A log that is to be recovered.
struct LogToRecover {
  TopicPartitionId id;
  std::string topic;
  std::string folder;
  LoadFacts facts;
  std::optional<Offset> clean_end;       ///< of cleaner-offset-checkpoint
  std::optional<Offset> high_watermark;  ///< of replication-offset-checkpoint
  /// Records that lie beyond the recovery point, as far as checkpoints and the journal say: how busy it was lately.
  Offset beyond = 0;
};

class RecoveryHost {
 public:
  /// A log is recovered; it is nobody's, and is to join its shard.
  virtual void log_recovered(const LogToRecover& which, std::shared_ptr<PartitionLog> log) = 0;
  /// Logs could not be recovered: those that are left are given up.
  virtual void lane_failed(size_t directory, const Failure& why) = 0;
  /// The last one is the host's.
  virtual void lane_over(size_t directory) = 0;

 protected:
  ~RecoveryHost() = default;
};

class RecoveryLane {
 public:
  /// `core`: of the home shard. `removed`: partitions whose folders are on their way out.
  RecoveryLane(StoreCore& core, DataFolder& folder, RecoveryHost& host, std::vector<LogToRecover> logs,
               std::unordered_set<TopicPartitionId> removed);
  RecoveryLane(const RecoveryLane&) = delete;
  RecoveryLane& operator=(const RecoveryLane&) = delete;
  ~RecoveryLane();

  /// Begins. `with_journal`: the journal of the last run is there, and is replayed.
  void start(bool with_journal);
  /// What is under way ends soon, and comes to nothing. To be followed by end(), when no job of the pool runs any more.
  void stop() { stopping_->store(true, std::memory_order_relaxed); }
  /// Of the logs that are left nothing is held any more; they count as left.
  void end();

  /// Logs that are not the host's yet; none when they were given up.
  size_t left() const { return over_ ? 0 : queue_.size() + under_way_.size(); }
  template <typename Visit>
  void for_each_left(Visit visit) const {
    if (over_) return;
    for (const LogToRecover& log : queue_) visit(log);
    for (const auto& place : under_way_) visit(what_of(*place));
  }
  /// Some are the host's as they were found, and are to be synced.
  bool some_as_found() const { return some_as_found_; }
  /// What replay did by now.
  ReplayCounts replayed() const { return replayed_; }

 private:
  struct Place;
  struct Journal;

  static const LogToRecover& what_of(const Place& place);
  void order(const Journal& journal);
  std::unordered_set<TopicPartitionId> known() const;
  void next();
  void open_some(size_t count);
  void opened(const std::vector<std::shared_ptr<Place>>& places);
  void scanned(const std::shared_ptr<Place>& place);
  void synced(const std::shared_ptr<Place>& place);
  void fail(const Failure& why);

  StoreCore& core_;
  DataFolder& folder_;
  RecoveryHost& host_;
  std::vector<LogToRecover> queue_;  // the next one last
  std::unordered_set<TopicPartitionId> removed_;
  std::vector<std::shared_ptr<Place>> under_way_;  // with those that were given up while the pool had them
  std::shared_ptr<Journal> journal_;               // null before it is read
  ReplayCounts replayed_;
  size_t syncing_ = 0;                             // of those: open, and on the way to the disk
  bool scanning_ = false;
  bool over_ = false;
  bool some_as_found_ = false;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace moldau::store
