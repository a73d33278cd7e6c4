// StoreImpl: the Store. Internal; its parts: store.cc (folders, creating, removing, closing), store_load.cc (loading),
// store_recovery.cc (recovery while the node serves), store_background.cc (checkpoints), store_moves.cc (moves between
// log directories, and what a start makes of what is left of them), store_journal.cc (the journals of the log
// directories), store_identity.cc (whose a folder is), store_inventory.cc (what a stop in order tells the next
// start).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/outbox.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "log/inventory.h"
#include "log/segment_name.h"
#include "store/data_folder.h"
#include "store/directory.h"
#include "store/journal/journal_replay.h"
#include "store/journal/pool_work.h"
#include "store/mover.h"
#include "store/partition_log.h"
#include "store/recovery_lane.h"
#include "store/store.h"
#include "store/store_shard_impl.h"

namespace moldau::store {

/// What a clean-shutdown marker holds once its folder is in use again: it counts for nothing then.
inline constexpr std::string_view revoked_marker = "running: not a clean stop\n";
/// What file systems put there.
inline constexpr std::string_view lost_and_found = "lost+found";

class StoreImpl final : public Store, public StoreHome, public MoverHost, public RecoveryHost {
 public:
  StoreImpl(std::span<const io::Surface> surfaces, StoreOptions options);
  ~StoreImpl() override;

  Status open_folders(const std::string& cluster_id, NodeId node_id);

  const std::vector<OpenedFolder>& folders() const override { return opened_; }
  const OpenedFolder& metadata_folder() const override { return folders_[metadata_index_]->opened; }
  size_t shards() const override { return shards_.size(); }
  StoreShard& shard(size_t index) override { return *shards_[index]; }
  using Store::load_logs;
  Status load_logs(RecoveryListener* behind) override;
  bool recovering(const TopicPartitionId& id) const override { return recovering_.contains(id); }
  std::vector<TopicPartitionId> recovering_logs() const override;
  bool settled() const override;
  Result<Log*> open_metadata_log(const LogConfig& config) override;
  Log* find(const TopicPartitionId& id) override;
  std::vector<Log*> logs() override { return home_.logs(); }
  bool holds(const TopicPartitionId& id) const override { return logs_.contains(id); }
  Result<Log*> create(const TopicPartitionId& id, const std::string& topic, int directory) override;
  Status remove(const TopicPartitionId& id) override;
  Offset checkpointed_high_watermark(const TopicPartitionId& id) const override;
  Offset lost_end(const std::string& topic, PartitionIndex partition) const override;
  void start_background() override;
  Status close(int64_t broker_epoch) override;

  // Moves (store_moves.cc).
  Status move(const TopicPartitionId& id, size_t directory) override;
  void drop_move(const TopicPartitionId& id) override { mover_.drop(id); }
  std::vector<MoveInfo> moves() const override { return mover_.moves(); }
  MoveCounts move_counts() const override { return mover_.counts(); }
  void configure_mover(const MoverOptions& options) override;
  void set_move_listener(MoveListener* listener) override { mover_.set_listener(listener); }
  using Store::directory_of;
  std::optional<size_t> directory_of(const TopicPartitionId& id) const override;
  bool directory_offline(size_t directory) const override { return folders_[directory]->offline; }

  // MoverHost.
  std::vector<CheckpointJob> checkpoints_now(LogDirectory& directory) override { return home_.all_now(directory); }
  void moved_away(LogDirectory& from, const PartitionLog& log, const std::string& deleted_folder,
                  bool durable) override;
  Status remove_folder(LogDirectory& directory, const std::string& topic, PartitionIndex partition,
                       const std::string& folder) override;
  size_t index_of(const LogDirectory& directory) const override { return directory.folder().index; }
  size_t log_directories() const override { return log_directory_count_; }

  // StoreHome.
  void at_home(size_t from, io::Callback call) override;
  std::shared_ptr<PartitionLog> find_at_home(const TopicPartitionId& id) override;
  bool stays_home(const TopicPartitionId& id) const override;
  const ReplayCounts& replayed() const override { return replayed_; }

  // RecoveryHost (store_recovery.cc).
  void log_recovered(const LogToRecover& which, std::shared_ptr<PartitionLog> log) override;
  void lane_failed(size_t directory, const Failure& why) override;
  void lane_over(size_t directory) override;

  void configure_cleaner(const CleanerOptions& options) override;
  void configure_scrub(const ScrubOptions& options) override;

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
    bool looked_through = false;  ///< batches of which no checkpoint said whether they are transactional
  };
  /// What is in a log directory whose logs may be recovered while the node serves.
  struct Survey {
    std::vector<LogToRecover> logs;
    std::vector<std::pair<log::FolderName, std::string>> others;  ///< folders that are nobody's any more
  };
  // store.cc
  size_t logs_in(size_t index) const;
  Status open_folder(DataFolder& folder, std::optional<log::MetaProperties>& meta);
  Status format_folder(const DataFolder& folder, log::MetaProperties meta);
  void make_room(LogDirectory& directory);
  // store_load.cc
  Status mark_running(LogDirectory& directory);
  Status revoke_marker(LogDirectory& directory);
  Status read_checkpoints(size_t index);
  Result<Offsets> read_offsets(const std::string& path) const;
  Result<Offsets> read_log_starts(const std::string& path) const;
  Status recover_directory(size_t index);
  void forget_logs(size_t index);
  Status load_directory(size_t index);
  Status load_partition(size_t index, const log::FolderName& name, const std::string& folder, bool doubtful = false);
  Status load_known(size_t index, const log::FolderName& name, const std::string& folder,
                    const log::LogInventory& inventory);
  Status load_as(size_t index, const log::FolderName& name, const std::string& folder, Uuid topic_id, bool doubtful,
                 const KnownPartition* remembered = nullptr, const log::LogInventory* inventory = nullptr);
  Status load_one(size_t index, PartitionLog& log, PartitionIndex partition, bool doubtful,
                  const log::LogInventory* inventory);
  LoadFacts facts_of(size_t index, const PartitionKey& key) const;
  static bool is_partition_folder(const io::DirectoryEntry& entry);
  void take_other_folder(size_t index, const log::FolderName& name, const std::string& folder);
  Status check_metadata_place();
  Status ensure_folder(const std::string& path);
  void bring_all_home();
  Status close_directory(size_t index, int64_t broker_epoch);
  Status close_logs(LogDirectory& directory);
  /// Runs `call` on another shard's thread, in a later turn, unless that has stopped by then.
  void at_shard(size_t index, std::move_only_function<void(StoreShardImpl&)> call);
  void folder_failed(DataFolder& folder, const Failure& why);

  // store_inventory.cc
  void write_inventory(LogDirectory& directory, int64_t broker_epoch);
  /// A log directory as a start finds it, and which of its folders are as the inventory says.
  struct FolderLook final : PoolWork {
    FolderLook(io::Disk& on, const DataFolder& folder);
    std::optional<log::Inventory> open_inventory() const;

    io::Disk& disk;
    const std::string path;
    const bool clean_stop;
    const int64_t broker_epoch;
    Result<std::vector<io::DirectoryEntry>> entries = std::vector<io::DirectoryEntry>();
    std::vector<bool> as_known;  ///< of each entry
    std::string text;            ///< of the inventory; empty: there is none

   private:
    void work() override;
    bool is_as_known(const log::LogInventory& known, const io::DirectoryEntry& entry) const;
  };
  void begin_looks();
  std::shared_ptr<FolderLook> look_at(const DataFolder& folder);
  // store_recovery.cc
  std::vector<std::optional<Survey>> survey_all();
  Result<std::optional<Survey>> survey_one(size_t index, bool identities, std::set<std::string>& names,
                                           std::unordered_set<TopicPartitionId>& ids);
  Status recover_behind(size_t index, Survey survey);
  void hold_lines(size_t index);
  void start_lanes();
  void stop_lanes();
  void end_lanes();
  void forget_recovering(size_t index);
  template <typename Visit>
  void each_recovering(size_t index, Visit visit) const {
    if (lanes_[index] != nullptr) lanes_[index]->for_each_left(visit);
  }

  // store_identity.cc
  Result<std::optional<Uuid>> identity_in(const std::string& folder);
  bool is_stray(const TopicPartitionId& id, const log::FolderName& name) const;
  Status load_unidentified(size_t index, const log::FolderName& name, const std::string& folder, bool doubtful);
  Result<bool> identify(PartitionLog& log, const KnownPartition& remembered);
  Status discard_or_set_aside(LogDirectory& directory, const log::FolderName& name, const std::string& folder);

  // store_journal.cc
  Status replay_journal(size_t index);
  void note_replayed(const DataFolder& folder, const ReplayCounts& counts);
  Result<bool> take_journal(size_t index);
  Status open_journals(size_t index);
  void settle_found(size_t index);
  void found_settled(size_t index);
  void journal_gone(size_t index, const Status& outcome);
  void note_removed(size_t index, const log::FolderName& name, const std::string& folder);
  Status close_removed(LogDirectory& directory, const TopicPartitionId& id);
  void close_removed_later(LogDirectory& directory, const PartitionLog& log);

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
  Status read_boot(DataFolder& folder);
  Status note_boot(DataFolder& folder);
  Status sync_recovered(LogDirectory& directory);
  Status sync_side_by_side(const LogDirectory& directory, std::vector<PartitionLog::RecoveredSync> syncs);
  Status choose_copy(std::shared_ptr<PartitionLog> second);
  std::optional<Uuid> named_directory(const TopicPartitionId& id) const;
  bool is_named(const LogDirectory& directory, const TopicPartitionId& id) const;
  void resume_moves();

  // store_background.cc
  Status write_checkpoints(LogDirectory& directory);
  void write_high_watermarks(LogDirectory& directory);
  void gather(std::function<void(StoreShardImpl&)> put, io::Callback then);
  void checkpoint_tick();
  void high_watermark_tick();
  void log_start_tick();

  std::vector<std::unique_ptr<DataFolder>> folders_;
  std::vector<std::unique_ptr<StoreShardImpl>> shards_;
  StoreShardImpl& home_;                               // the first of them
  StoreCore& core_;                                    // of that one
  std::vector<std::weak_ptr<int>> lives_;              // of the shards' callbacks; never changed
  std::vector<std::unique_ptr<io::Outbox>> to_shard_;  // from home; null for home
  std::vector<std::unique_ptr<io::Outbox>> to_home_;   // each belongs to its shard's thread
  size_t log_directory_count_ = 0;                     // of folders_; one behind them holds the metadata log alone
  size_t metadata_index_ = 0;
  std::vector<OpenedFolder> opened_;
  std::vector<Found> found_;
  std::vector<std::shared_ptr<FolderLook>> looks_;                            // that the pool is at; null: none
  std::unordered_map<TopicPartitionId, std::shared_ptr<PartitionLog>> logs_;  // of all shards
  std::unordered_set<std::string> folders_in_use_;                            // names, over all directories
  std::map<TopicPartitionId, Offset> high_watermarks_;                        // as checkpointed before this start
  std::map<std::string, Offset> lost_ends_;  // of checkpoints whose folder is gone, by its name
  /// Removed partitions of which another shard's journal still has entries.
  std::unordered_set<TopicPartitionId> closing_;
  /// Removed while the journal of the last run stands, which may have entries of them.
  std::unordered_set<TopicPartitionId> removed_early_;
  bool loaded_ = false;
  ReplayCounts replayed_;
  RecoveryListener* recovery_listener_ = nullptr;
  std::vector<std::unique_ptr<RecoveryLane>> lanes_;         // by directory; null: its logs were loaded at once
  std::unordered_map<TopicPartitionId, size_t> recovering_;  // in which directory
  std::vector<Leftover> leftovers_;
  std::vector<Unfinished> unfinished_;
  Mover mover_;
};

}  // namespace moldau::store
