// StoreShardImpl: the StoreShard. Internal; its parts: store_shard.cc (logs come and go, retention, the end),
// store_background.cc (checkpoints).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/task.h"
#include "store/checkpoint_file.h"
#include "store/cleaner.h"
#include "store/directory.h"
#include "store/directory_journal.h"
#include "store/journal/journal_replay.h"
#include "store/partition_log.h"
#include "store/scrub.h"
#include "store/store_shard.h"

namespace moldau::store {

/// What a shard asks of the store; on the home shard's thread, but for at_home().
class StoreHome {
 public:
  /// Runs `call` on the home shard's thread: now if `from` is that one, else in a later turn.
  virtual void at_home(size_t from, io::Callback call) = 0;
  /// A log that is home's.
  virtual std::shared_ptr<PartitionLog> find_at_home(const TopicPartitionId& id) = 0;
  /// True while a log is being moved to another log directory, or is to be.
  virtual bool stays_home(const TopicPartitionId& id) const = 0;
  virtual const ReplayCounts& replayed() const = 0;

 protected:
  ~StoreHome() = default;
};

class StoreShardImpl final : public StoreShard,
                             public PartitionLog::Checkpointer,
                             public CleanerHost,
                             public JournalStore {
 public:
  /// `options`: with this shard's part of the bounds of the store.
  StoreShardImpl(StoreHome& home, io::Surface surface, StoreOptions options, size_t index,
                 const std::vector<std::unique_ptr<DataFolder>>& folders);
  ~StoreShardImpl();

  StoreCore& core() { return core_; }

  // StoreShard (store_shard.cc).
  size_t index() const noexcept override { return core_.shard; }
  std::vector<Log*> logs() override;
  void join(LogRef log) override;
  void leave(Log& log, io::Completion<Result<LogRef>> done) override;
  Result<LogRef> leave_at_once(Log& log) override;
  void retire(Log& log) override;
  void set_high_watermark_source(std::function<Offset(const Log&)> source) override {
    high_watermark_ = std::move(source);
  }
  void configure_cleaner(const CleanerOptions& options) override;
  CleanerCounts cleaner_counts() const override { return cleaner_.counts(); }
  void configure_scrub(const ScrubOptions& options) override;
  ScrubCounts scrub_counts() const override { return scrub_.counts(); }
  SyncCounts sync_counts() const override;
  JournalStats journal_stats() const override;
  void stop() override;

  // For Store.

  /// Opens a journal in a directory. Blocking. REQUIRES: those that were there are retired.
  Status open_journal(size_t directory);
  /// Has the logs of a directory committed that were loaded as a process left them; then `done`. Not when the
  /// directory fails meanwhile.
  void settle_found(size_t directory, io::Callback done);
  /// Retention, the expiry of producers, compaction, the scrubber.
  void start_background();
  /// Ends what begins by itself and what is in the pool. Blocking.
  void end_work();
  /// Waits for the rounds under way. Blocking.
  void close_journals();
  Status close_journal(LogDirectory& directory);
  bool stopped() const { return stopped_; }
  /// Says in the journal that a partition is removed, when there is room; then `done`.
  void close_removed(size_t directory, const TopicPartitionId& id, io::Callback done);

  // Checkpoints (store_background.cc).

  /// Puts the lines of the logs here into the files of a directory, for the next who writes them.
  uint64_t put_recovery_points(LogDirectory& directory);
  uint64_t put_log_starts(LogDirectory& directory);
  uint64_t put_high_watermarks(LogDirectory& directory);
  void put_high_watermarks_if_changed(LogDirectory& directory);
  uint64_t put_transaction_free(LogDirectory& directory);
  /// All of them, as they are to be written now.
  std::vector<CheckpointJob> all_now(LogDirectory& directory);
  /// Writes recovery points with what goes with them, in the pool, with the newest lines of this shard.
  void checkpoint(LogDirectory& directory);
  /// Writes log starts likewise; those who wait for it ride on it.
  void start_log_starts(LogDirectory& directory);
  bool log_starts_running(const LogDirectory& directory);
  /// A checkpoint that finds no room waits for the next time; any other failure is the directory's.
  static bool offline_or_fail(LogDirectory& directory, const Status& outcome);
  static void trim_memory(LogDirectory& directory);
  /// Calls `work` every so often, until the work of this shard ends.
  void every(int64_t interval_ms, std::function<void()> work);
  /// The logs here, by topic and partition.
  static std::vector<PartitionLog*> ordered(const LogDirectory& directory);

  // Checkpointer.
  Status write_recovery_points(LogDirectory& directory) override;
  Status write_clean_ends(LogDirectory& directory) override;
  void write_log_starts(LogDirectory& directory, io::Completion<Status> done) override;
  Status write_log_starts_now(LogDirectory& directory) override;

  // JournalStore.
  std::shared_ptr<PartitionLog> find_log(const TopicPartitionId& id) override;
  void segments_synced(LogDirectory& directory) override;

  // CleanerHost.
  Offset high_watermark_of(const PartitionLog& log) const override;
  CheckpointJob recovery_points_now(LogDirectory& directory) override;
  CheckpointJob clean_ends_now(LogDirectory& directory) override;

 private:
  /// Of this shard's checkpoints of one directory.
  struct Checkpoints {
    uint64_t high_watermarks_hash = 0;  // of what was last put
    bool log_starts_running = false;
    std::vector<io::Completion<Status>> log_starts_wait;
    Instant recovery_points_due;  // when they may follow the syncs of segments again
    bool recovery_points_wait = false;
  };

  Checkpoints& checkpoints_of(const LogDirectory& directory) { return checkpoints_[directory.folder().index]; }
  CheckpointFile::Lines recovery_point_lines(LogDirectory& directory);
  CheckpointFile::Lines log_start_lines(const LogDirectory& directory) const;
  CheckpointFile::Lines high_watermark_lines(const LogDirectory& directory) const;
  CheckpointFile::Lines transaction_free_lines(const LogDirectory& directory) const;
  CheckpointFile::Lines clean_end_lines(const LogDirectory& directory) const;

  // store_shard.cc
  io::Task<void> leave_when_at_rest(std::shared_ptr<PartitionLog> log, io::Completion<Result<LogRef>> done);
  io::Task<void> settle_logs(size_t directory, io::Callback done);
  Status may_leave(const PartitionLog& log) const;
  Result<LogRef> let_go(const std::shared_ptr<PartitionLog>& log);
  void keep_lines(const PartitionLog& log, Offset high_watermark);
  void retention_tick();
  void expiry_tick();
  void retain_some(std::vector<std::weak_ptr<PartitionLog>> rest);

  StoreHome& home_;
  StoreCore core_;
  std::vector<Checkpoints> checkpoints_;                      // by directory
  std::unordered_map<TopicPartitionId, PartitionLog*> logs_;  // but for the home shard, whose are in Store
  std::function<Offset(const Log&)> high_watermark_;
  std::map<uint64_t, io::TimerId> timers_;
  uint64_t next_timer_ = 0;
  bool stopped_ = false;
  Cleaner cleaner_{core_, static_cast<CleanerHost&>(*this)};
  Scrub scrub_{core_};
  io::TaskGroup leaving_;
};

}  // namespace moldau::store
