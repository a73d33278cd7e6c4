// Cleaner: compacts the logs of a store whose cleanup.policy has "compact". Shell: what is due, which records stay and
// what batches look like is log/compaction's; files are read and written in the pool, slice by slice; segments are
// swapped by PartitionLog (partition_log_clean.cc).
//
// Each worker (log.cleaner.threads of them) is a coroutine:
//
//   idle      --a log is due-->                       mapping
//   mapping   --dirty part read, or map full-->       copying a group of segments
//   copying   --group read-->                         sealing: index files, syncs
//   sealing   -->                                     staged (.swap) --> installed --> copying the next group, or done
//   any       --topic changed, cut, deleted, failed--> idle, what was written is removed
//
// Costs. The loop: a few microseconds a slice, a switch of the segment list a group, and per look at what is due a few
// comparisons per compacted log that has more than one segment. Nothing here waits for the disk in the loop but the
// opening of files, and the first header of a dirty segment where max.compaction.lag.ms is set. The pool: at most
// `threads` jobs at once, each of io_buffer_bytes/threads and a batch, so that others get their turn; syncs that
// acknowledgements wait for have threads of their own. Memory, per worker: the key map (dedupe_buffer_bytes / threads
// at most, fewer for a short dirty part), Survivors, the scan's buffer of 128 KiB or one batch, what is to be written,
// one unfolded batch, the index entries of one segment; all of it is given back when the worker goes idle.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/task.h"
#include "log/compaction.h"
#include "store/checkpoint_file.h"
#include "store/cleaner_options.h"
#include "store/directory.h"
#include "store/partition_log.h"

namespace moldau::store {

/// What the cleaner needs of the store.
class CleanerHost {
 public:
  virtual Offset high_watermark_of(const PartitionLog& log) const = 0;
  virtual CheckpointJob recovery_points_now(LogDirectory& directory) = 0;
  virtual CheckpointJob clean_ends_now(LogDirectory& directory) = 0;

 protected:
  ~CleanerHost() = default;
};

class Cleaner {
 public:
  Cleaner(StoreCore& core, CleanerHost& host) : core_(core), host_(host) {}
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;
  ~Cleaner() { stop(); }

  /// Begins to look for logs to compact.
  void start(const CleanerOptions& options);
  /// Takes new settings: at once where nothing runs, else with the next round (the io bound with the next slice).
  void configure(const CleanerOptions& options);
  /// Ends all rounds where they are; jobs in the pool go on and touch nothing of the loop's. For close.
  void stop();

  CleanerCounts counts() const;

 private:
  struct Round;
  /// A log that was chosen, and what for.
  struct Choice {
    std::shared_ptr<PartitionLog> log;
    log::CompactionPlan plan;
  };
  struct Worker {
    io::Callback wake;
    int buffer_utilization_percent = 0;  // of its last round
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
    int64_t clean_time_secs = 0;
    int64_t compaction_delay_secs = 0;
  };
  /// What is known of a log that could not be compacted: it is passed by until the next start.
  struct Uncleanable {
    std::weak_ptr<PartitionLog> log;
    std::string reason;
  };

  int threads() const { return options_.enable ? std::max(options_.threads, 1) : 0; }
  void spawn_workers();
  io::Task<void> work(size_t index);
  io::Task<void> rest(size_t index, int64_t ms);
  std::optional<Choice> choose(size_t index);
  std::optional<log::CompactionPlan> plan_of(PartitionLog& log, const log::CompactionPolicy& policy) const;
  io::Task<void> clean(size_t index, Choice choice);
  io::Task<Status> run(std::shared_ptr<Round> round);
  io::Task<Status> build_map(std::shared_ptr<Round> round);
  io::Task<Status> clean_group(std::shared_ptr<Round> round, log::SegmentGroup group);
  io::Task<Status> copy_segment(std::shared_ptr<Round> round, size_t index);
  io::Task<Status> swap(std::shared_ptr<Round> round, log::SegmentGroup group);
  io::Task<Status> in_pool(std::shared_ptr<Round> round, std::function<Status(io::Disk&)> job);
  io::Task<Status> slice(std::shared_ptr<Round> round, Status (Round::*step)(io::Disk&));
  Status may_go_on(const Round& round) const;
  void finish(size_t index, Round& round, const Status& outcome);

  StoreCore& core_;
  CleanerHost& host_;
  CleanerOptions options_;
  bool started_ = false;
  std::vector<Worker> workers_;
  std::map<TopicPartitionId, std::weak_ptr<PartitionLog>> in_progress_;
  std::map<TopicPartitionId, Uncleanable> uncleanable_;
  CleanerCounts totals_;
  Instant last_run_;
  Instant io_free_at_;  // when the io bound lets the next slice begin
  io::TaskGroup tasks_;
};

}  // namespace moldau::store
