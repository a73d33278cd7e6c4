// StoreImpl: the Store. Internal; its parts: store.cc (folders, loading, creating, removing, closing),
// store_background.cc (checkpoints, retention, producer expiry), store_moves.cc (moves between log directories, and
// what a start makes of what is left of them), store_journal.cc (the journals of the log directories).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "log/checkpoint.h"
#include "log/identity.h"
#include "log/segment_name.h"
#include "store/checkpoint_file.h"
#include "store/cleaner.h"
#include "store/directory.h"
#include "store/directory_journal.h"
#include "store/journal/journal_replay.h"
#include "store/mover.h"
#include "store/partition_log.h"
#include "store/store.h"

namespace moldau::store {

/// Below these offsets no batch is transactional: ours, beside Kafka's checkpoints, which passes it by. Without an
/// entry a log is looked through at start (it may come from Kafka).
inline constexpr std::string_view transaction_free_checkpoint_name = "transaction-free-offset-checkpoint";
/// Up to where each log was compacted: Kafka's.
inline constexpr std::string_view cleaner_checkpoint_name = "cleaner-offset-checkpoint";

class StoreImpl final : public Store,
                        public PartitionLog::Checkpointer,
                        public CleanerHost,
                        public MoverHost,
                        public JournalStore {
 public:
  StoreImpl(io::Surface surface, StoreOptions options);
  ~StoreImpl() override;

  Status open_folders(const std::string& cluster_id, NodeId node_id);

  const std::vector<OpenedFolder>& folders() const override { return folders_; }
  const OpenedFolder& metadata_folder() const override { return core_.directories[metadata_index_]->opened; }
  Status load_logs() override;
  Result<Log*> open_metadata_log(const LogConfig& config) override;
  Log* find(const TopicPartitionId& id) override;
  std::vector<Log*> logs() override;
  Result<Log*> create(const TopicPartitionId& id, const std::string& topic, int directory) override;
  Status remove(const TopicPartitionId& id) override;
  Offset checkpointed_high_watermark(const TopicPartitionId& id) const override;
  void set_high_watermark_source(std::function<Offset(const Log&)> source) override {
    high_watermark_ = std::move(source);
  }
  void start_background() override;
  Status close(int64_t broker_epoch) override;

  // Moves (store_moves.cc).
  Status move(const TopicPartitionId& id, size_t directory) override;
  void drop_move(const TopicPartitionId& id) override { mover_.drop(id); }
  std::vector<MoveInfo> moves() const override { return mover_.moves(); }
  MoveCounts move_counts() const override { return mover_.counts(); }
  void configure_mover(const MoverOptions& options) override;
  void set_move_listener(MoveListener* listener) override { mover_.set_listener(listener); }
  std::optional<size_t> directory_of(const Log& log) const override;
  bool directory_offline(size_t directory) const override { return core_.directories[directory]->offline(); }

  // MoverHost.
  std::vector<CheckpointJob> checkpoints_now(LogDirectory& directory) override;
  void moved_away(LogDirectory& from, const PartitionLog& log, const std::string& deleted_folder,
                  bool durable) override;
  Status remove_folder(LogDirectory& directory, const std::string& topic, PartitionIndex partition,
                       const std::string& folder) override;
  size_t index_of(const LogDirectory& directory) const override;
  size_t log_directories() const override { return log_directory_count_; }

  // Checkpointer.
  Status write_recovery_points(LogDirectory& directory) override;
  Status write_clean_ends(LogDirectory& directory) override;
  void write_log_starts(LogDirectory& directory, io::Completion<Status> done) override;
  Status write_log_starts_now(LogDirectory& directory) override;

  // JournalStore (store_journal.cc).
  std::shared_ptr<PartitionLog> find_log(const TopicPartitionId& id) override;
  void segments_synced(LogDirectory& directory) override;
  JournalStats journal_stats() const override;

  // CleanerHost, and what it is asked from outside (store_background.cc).
  Offset high_watermark_of(const PartitionLog& log) override;
  CheckpointJob recovery_points_now(LogDirectory& directory) override;
  CheckpointJob clean_ends_now(LogDirectory& directory) override;
  void configure_cleaner(const CleanerOptions& options) override;
  CleanerCounts cleaner_counts() const override { return cleaner_.counts(); }
  SyncCounts sync_counts() const override {
    SyncCounts counts = core_.syncs;
    for (const auto& directory : core_.directories) counts.unflushed_bytes += directory->unflushed_bytes();
    return counts;
  }

 private:
  using PartitionKey = std::pair<std::string, PartitionIndex>;
  using Offsets = std::map<PartitionKey, Offset, std::less<>>;
  /// What the checkpoints of a directory held at start.
  struct Found {
    Offsets recovery_points;
    Offsets log_starts;
    Offsets high_watermarks;
    Offsets transaction_free;
    Offsets clean_ends;
    std::unordered_set<TopicPartitionId> removed;  ///< whose folders are on their way out
    bool read = false;
  };
  /// The checkpoint files of a directory, and who waits for one of them.
  struct Files {
    std::shared_ptr<CheckpointFile> recovery_points;
    std::shared_ptr<CheckpointFile> log_starts;
    std::shared_ptr<CheckpointFile> high_watermarks;
    std::shared_ptr<CheckpointFile> transaction_free;
    uint64_t high_watermarks_hash = 0;  // of what was last gathered
    bool log_starts_running = false;
    std::vector<io::Completion<Status>> log_starts_wait;
    std::shared_ptr<CheckpointFile> clean_ends;
    Instant recovery_points_due;  // when they may follow the journal again
  };

  // store.cc
  Status open_folder(LogDirectory& directory, std::optional<log::MetaProperties>& meta);
  Status format_folder(LogDirectory& directory, log::MetaProperties meta);
  Status mark_running(LogDirectory& directory);
  Status read_checkpoints(size_t index);
  Result<Offsets> read_offsets(const std::string& path) const;
  Status load_directory(size_t index);
  Status load_partition(size_t index, const log::FolderName& name, const std::string& folder, bool doubtful = false);
  Status discard_or_set_aside(LogDirectory& directory, const log::FolderName& name, const std::string& folder);
  Status load_one(size_t index, PartitionLog& log, PartitionIndex partition, bool doubtful = false);
  Status check_metadata_place();
  Status ensure_folder(const std::string& path);
  Status close_directory(size_t index, int64_t broker_epoch);

  // store_journal.cc
  Status replay_journal(size_t index);
  void note_removed(size_t index, const log::FolderName& name, const std::string& folder);
  Status close_removed(LogDirectory& directory, const TopicPartitionId& id);
  void close_removed_later(LogDirectory& directory, const TopicPartitionId& id);
  Status close_journal(LogDirectory& directory);

  // store_moves.cc
  /// A folder that a move left when it was cut short.
  struct Leftover {
    size_t directory = 0;
    log::FolderName name;
    std::string folder;
    TopicPartitionId id;
  };
  /// A move that is begun anew once the node serves.
  struct Unfinished {
    TopicPartitionId id;
    size_t directory = 0;
  };
  Status note_leftover(size_t index, const log::FolderName& name, const std::string& folder);
  Status settle_leftovers();
  Status settle_leftover(const Leftover& leftover);
  Status set_aside(LogDirectory& directory, const log::FolderName& name, const std::string& folder);
  Status note_boot(LogDirectory& directory);
  Status sync_recovered(LogDirectory& directory);
  Status choose_copy(std::shared_ptr<PartitionLog> second);
  std::optional<Uuid> named_directory(const TopicPartitionId& id) const;
  bool is_named(const LogDirectory& directory, const TopicPartitionId& id) const;
  void resume_moves();

  // store_background.cc
  std::string recovery_point_text(const LogDirectory& directory);
  std::string log_start_text(const LogDirectory& directory) const;
  std::vector<log::PartitionOffset> high_watermarks(const LogDirectory& directory) const;
  std::string high_watermark_text(const LogDirectory& directory) const;
  std::string transaction_free_text(const LogDirectory& directory) const;
  std::string clean_end_text(const LogDirectory& directory) const;
  std::vector<PartitionLog*> ordered(const LogDirectory& directory, bool with_arriving = false) const;
  void checkpoint(size_t index);
  Status write_checkpoints(size_t index);
  void start_log_starts(size_t index);
  void every(int64_t interval_ms, void (StoreImpl::*work)());
  void checkpoint_tick();
  void high_watermark_tick();
  void log_start_tick();
  void retention_tick();
  void expiry_tick();
  void retain_some(std::vector<std::weak_ptr<PartitionLog>> rest);
  bool offline_or_fail(LogDirectory& directory, const Status& outcome);

  StoreCore core_;
  size_t log_directory_count_ = 0;  // of core_.directories; one behind them holds the metadata log alone
  size_t metadata_index_ = 0;
  std::vector<OpenedFolder> folders_;
  std::vector<Found> found_;
  std::vector<Files> files_;
  std::unordered_map<TopicPartitionId, std::shared_ptr<PartitionLog>> logs_;
  std::unordered_set<std::string> folders_in_use_;      // names, over all directories
  std::map<TopicPartitionId, Offset> high_watermarks_;  // as checkpointed before this start
  std::function<Offset(const Log&)> high_watermark_;
  std::map<uint64_t, io::TimerId> timers_;
  uint64_t next_timer_ = 0;
  bool loaded_ = false;
  ReplayCounts replayed_;
  std::vector<Leftover> leftovers_;
  std::vector<Unfinished> unfinished_;
  Mover mover_{core_, static_cast<MoverHost&>(*this)};
  Cleaner cleaner_{core_, static_cast<CleanerHost&>(*this)};
};

}  // namespace moldau::store
