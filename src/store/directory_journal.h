// DirectoryJournal: the journal of one log directory, as its logs use it: the writer of rounds, and what makes segments
// durable behind it. Commit rounds go through CommitQueue; here is what happens to a file of the journal that is full
// or was in use for a while: the segments of its members are synced in the pool, log starts that stand in it alone are
// written down, and then it is settled. Acknowledgements never wait for that: as long as files settle, others take
// rounds, and without one logs sync themselves. Internal to store/; the design: docs/design/journal.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/surface.h"
#include "store/journal/journal_writer.h"
#include "store/store.h"

namespace moldau::store {

class LogDirectory;
class PartitionLog;
struct StoreCore;

/// What the journal of a directory asks the store for.
class JournalStore {
 public:
  virtual std::shared_ptr<PartitionLog> find_log(const TopicPartitionId& id) = 0;
  /// Writes the log starts of a directory down; `done` hears when they survive a crash.
  virtual void write_log_starts(LogDirectory& directory, io::Completion<Status> done) = 0;
  /// Segments were synced: recovery points may be written down.
  virtual void segments_synced(LogDirectory& directory) = 0;

 protected:
  ~JournalStore() = default;
};

class DirectoryJournal final : public JournalHost {
 public:
  DirectoryJournal(StoreCore& core, LogDirectory& directory, JournalStore& store);
  DirectoryJournal(const DirectoryJournal&) = delete;
  DirectoryJournal& operator=(const DirectoryJournal&) = delete;
  ~DirectoryJournal();

  /// REQUIRES: what was there is replayed and retired. Blocking.
  Status open() { return writer_.open(); }
  JournalWriter& writer() { return writer_; }
  const JournalWriter& writer() const { return writer_; }
  /// Makes what is appended to these logs durable in their own files, in the pool. `done` comes in a later turn.
  void sync(const std::vector<std::shared_ptr<PartitionLog>>& logs, io::Completion<Status> done);
  /// The syncs that are under way are over afterwards. Their outcome. Blocking.
  Status finish_syncs();
  /// Before a partition's segments are changed in other ways than by appending: writes an entry that closes what the
  /// journal holds of it. REQUIRES: the segments tell everything themselves. Blocking.
  Status close_partition(log::JournalKind kind, const TopicPartitionId& id, Offset at);
  /// Waits for what is under way; nothing is written afterwards. Blocking.
  Status close();
  /// Files that are being settled.
  size_t settling() const { return settling_; }
  uint64_t settled_files() const { return settled_files_; }
  const Histogram& settle_times() const { return settle_times_; }

  // JournalHost.
  void file_begun() override;
  void checkpoint(uint64_t generation, std::vector<TopicPartitionId> members) override;
  void journal_failed(const Failure& why) override;

 private:
  struct SyncJob;
  struct Syncing;
  using Members = std::shared_ptr<const std::vector<TopicPartitionId>>;

  void sync_some(const std::shared_ptr<Syncing>& all);
  void sync_over(Syncing& all, SyncJob& job, Status outcome, const std::shared_ptr<Syncing>& rest = nullptr);
  void settle_synced(uint64_t generation, const Members& members, Instant began);
  void settled(uint64_t generation, Instant began);
  void seal_when_due();

  StoreCore& core_;
  LogDirectory& directory_;
  JournalStore& store_;
  JournalWriter writer_;
  std::vector<std::weak_ptr<SyncJob>> jobs_;  // of sync(), under way
  size_t settling_ = 0;
  uint64_t settled_files_ = 0;
  Histogram settle_times_;
  io::TimerId seal_timer_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace moldau::store
