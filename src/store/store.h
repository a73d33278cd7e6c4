// Store: all logs of a node, in one or more log directories, with Kafka's files around them: meta.properties, the lock
// file, checkpoints, the clean-shutdown marker. Opens and recovers, creates, deletes, checkpoints, closes.
//
// Store itself is called on the thread of the home shard alone. Each log belongs to one shard (StoreShard), at first to
// home; what is done with a log is done on the thread of its shard. docs/design/shards.md
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "io/surface.h"
#include "store/cleaner_options.h"
#include "store/log.h"
#include "store/move_options.h"
#include "store/scrub_options.h"
#include "store/store_counts.h"
#include "store/store_shard.h"

namespace moldau::store {

/// What meta.properties says of one log directory (version 1).
struct FolderIdentity {
  std::string cluster_id;
  NodeId node_id = no_node;
  Uuid directory_id;
};

/// Planted bugs, which the tests and the simulator must find. A broker always runs with none.
enum class Mutant : unsigned char {
  none,
  ack_before_sync,              ///< reports bytes as stable when they are only written
  index_trusted_after_crash,    ///< does not rebuild indexes after an unclean stop
  torn_tail_accepted,           ///< does not verify checksums in recovery
  no_directory_sync,            ///< never syncs a folder
  damage_cut_anywhere,          ///< recovery cuts at damage also below the recovery point
  checkpoint_before_data,       ///< writes the appended end as the recovery point
  refused_state_kept,           ///< keeps producer state of batches that were refused
  sync_tried_again,             ///< tries a sync that failed once more, and takes that one's word
  scrub_blind,                  ///< the scrubber does not look at checksums
  // Of the journal.
  journal_ack_before_sync,      ///< a round of the journal counts when it is written
  journal_settled_before_sync,  ///< files of the journal are used again before segments are synced
  journal_cut_not_closed,       ///< no closing entry before a truncation
  journal_removal_not_closed,   ///< none of a removal
  journal_leave_not_closed,     ///< none when a log goes to another shard
  journal_retired_before_sync,  ///< a start and a stop void the journal before its logs are synced
  journal_start_ahead,          ///< a log start is written down that lies above what is synced
  // Of the broker's produce path and connections.
  duplicate_out_of_order,    ///< a batch that is sent again is answered as out of order
  first_sequence_unchecked,  ///< a producer may begin at any sequence in a log that never held a record
  old_epoch_accepted,        ///< a batch of a producer epoch that is over is appended
  answers_out_of_order,      ///< answers are sent as they are ready, not in the order of the requests
  answer_bytes_reused,       ///< the bytes of an answer are used for the next one before they are sent
  // Of the group coordinator (group::Mutant).
  commit_before_durable,
  generation_kept_after_load,
  fencing_skipped,
  tombstone_ignored_at_load,
  owner_before_revoked,
  load_ends_early,
  sessions_forgotten_at_load,
  expiry_in_a_rebalance,
};

/// The journal of commit rounds: docs/design/journal.md.
struct JournalSettings {
  bool enable = false;
  uint64_t file_bytes = 64ull << 20;
  size_t files_max = 4;  ///< of each log directory: with file_bytes, what a start has to replay at most
  /// A file is settled after this, full or not: what a start finds in it after a quiet while is little.
  int64_t seal_after_ms = 5'000;
  /// The first file is made when so many commits would have used it.
  uint64_t after_commits = 32;
};

/// What the metadata knows of a partition.
struct KnownPartition {
  Uuid topic_id;
  Epoch leader_epoch = 0;
};

struct StoreOptions {
  std::vector<std::string> log_directories;
  /// metadata.log.dir: where the metadata log lives, one of log_directories or a folder that holds nothing else. Empty:
  /// the first log directory.
  std::string metadata_directory{};
  /// Gives the configuration of a topic's logs; asked at open and create.
  std::function<LogConfig(const std::string& topic)> config_of;
  /// The directory id that the metadata names for a partition of this node (which may be one that stands for none);
  /// nothing where it knows no such partition. Asked while logs are loaded. Without: no folder is judged by it.
  std::function<std::optional<Uuid>(const TopicPartitionId&)> directory_of{};
  /// The same by the name of the topic, where the metadata knows such a partition of this node: for folders that do not
  /// say, or whose topic is no more. Without: no folder is judged by it.
  std::function<std::optional<KnownPartition>(const std::string& topic, PartitionIndex)> known_partition{};
  /// Bytes of recent batches kept in memory for tail reads, over all logs of the store.
  size_t tail_bytes_max = 8u << 20;
  int64_t checkpoint_interval_ms = 60'000;                ///< log.flush.offset.checkpoint.interval.ms
  int64_t high_watermark_checkpoint_interval_ms = 5'000;  ///< replica.high.watermark.checkpoint.interval.ms
  int64_t log_start_checkpoint_interval_ms = 60'000;
  int64_t retention_check_interval_ms = 300'000;  ///< log.retention.check.interval.ms
  int64_t producer_expiration_check_interval_ms = 600'000;
  size_t producers_per_log_max = log::producers_max_default;
  /// Bytes that may be reserved beyond the ends of segment files, over all logs of the store.
  uint64_t space_ahead_bytes_max = 1ull << 30;
  /// Page-cache mode: bytes of one log directory that may wait for a sync before background flushing begins.
  uint64_t unflushed_bytes_max = 256ull << 20;
  /// Logs of one directory that are synced at the same time: the file system takes what is under way together into one
  /// journal commit.
  int syncs_in_flight_max = 32;
  CleanerOptions cleaner{};
  MoverOptions mover{};
  ScrubOptions scrub{};
  /// What the machine calls the time since it came up. A start in the time of the last one knows that the page cache
  /// has all that was written: no more was lost than a process. Empty: not known.
  std::string boot_id{};
  /// Logs that such a start took as they were may wait so long for their syncs: who reads and writes comes first.
  int64_t settle_found_after_ms = 1000;
  JournalSettings journal{};
  /// Room that each log directory keeps back for what keeps the node alive when its disk is full; 0: none.
  uint64_t reserve_bytes = 8u << 20;
  Mutant mutant = Mutant::none;
};

/// Faults of a data folder at start; app/ turns them into exit codes (2: locked, foreign or corrupt meta.properties;
/// 3: not writable or failing).
struct OpenedFolder {
  FolderIdentity identity;
  bool fresh = false;                  ///< the folder was empty and was formatted now
  bool clean_stop = false;             ///< .kafka_cleanshutdown was there
  int64_t previous_broker_epoch = -1;  ///< from .kafka_cleanshutdown; -1 if unknown
};

/// Hears of logs that are recovered while the node serves: on the home shard's thread, in turns of their own.
class RecoveryListener {
 public:
  /// A log is home's from here on, as one that load_logs() loaded.
  virtual void log_recovered(Log& log) = 0;
  /// No more come from some log directory: all are here, or it failed.
  virtual void recovery_ended() = 0;

 protected:
  ~RecoveryListener() = default;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Locks and identifies the log directories; formats fresh ones with `cluster_id` (made when empty) and `node_id`.
  /// Takes no log into memory yet. One StoreShard for each surface, home's first. Blocking: called before the loop
  /// serves.
  static Result<std::unique_ptr<Store>> open(std::span<const io::Surface> surfaces, StoreOptions options,
                                             const std::string& cluster_id, NodeId node_id);
  static Result<std::unique_ptr<Store>> open(io::Surface surface, StoreOptions options, const std::string& cluster_id,
                                             NodeId node_id) {
    return open(std::span(&surface, 1), std::move(options), cluster_id, node_id);
  }

  virtual size_t shards() const = 0;
  /// A shard's part of the store: to be asked for by its own thread as well, at any time.
  virtual StoreShard& shard(size_t index) = 0;

  /// The log directories, in the order of the options.
  virtual const std::vector<OpenedFolder>& folders() const = 0;
  /// The one of the metadata log: one of folders(), or one of its own.
  virtual const OpenedFolder& metadata_folder() const = 0;

  /// Recovers and opens every partition folder found (not `__cluster_metadata-0`, which open_metadata_log opens), and
  /// replays the journals of however many shards there were. All logs are home's afterwards. Blocking; the other shards
  /// have no log yet.
  Status load_logs() { return load_logs(nullptr); }
  /// With `behind`, logs that have to be scanned (the machine went down) may come later, one by one, the busiest first:
  /// until then they are recovering(), and nothing else knows them. It must outlive the store.
  virtual Status load_logs(RecoveryListener* behind) = 0;
  virtual bool recovering(const TopicPartitionId& id) const = 0;
  /// All of them, in order.
  virtual std::vector<TopicPartitionId> recovering_logs() const = 0;
  /// False while logs that load_logs() took as a process left them that died are not all synced: until then the journal
  /// of that process stands, and logs sync themselves.
  virtual bool settled() const = 0;
  /// Opens or creates the metadata log in the metadata directory. Always in sync mode. Fails (foreign) where there is
  /// none, and another log directory holds one.
  virtual Result<Log*> open_metadata_log(const LogConfig& config) = 0;

  /// A log that is home's; null also for one that another shard has, or that is on its way.
  virtual Log* find(const TopicPartitionId& id) = 0;
  /// Those that are home's.
  virtual std::vector<Log*> logs() = 0;
  /// True for every log of the node, whichever shard has it.
  virtual bool holds(const TopicPartitionId& id) const = 0;
  /// Creates a partition's folder and first segment; the log is home's. Folder, partition.metadata and first segment
  /// are made durable with the log's first commit, before anything in it is reported stable, so that creating many
  /// partitions does not wait for as many syncs; after a crash an empty folder may be gone or is completed by create().
  /// Existing: FailureKind::already_exists. unavailable: the directory is offline, or a partition of this id was just
  /// removed by another shard, whose journal does not say so yet: to be tried again. `directory` is the index of the
  /// log directory, or -1 for the one with the fewest logs.
  virtual Result<Log*> create(const TopicPartitionId& id, const std::string& topic, int directory = -1) = 0;
  /// Renames the folder to `<topic>-<partition>.<uuid>-delete` at once and removes it after file.delete.delay.ms. The
  /// Log object dies; responses that hold its segments finish. A log of another shard has to be given up there first
  /// (StoreShard::retire, or leave): else invalid_argument.
  virtual Status remove(const TopicPartitionId& id) = 0;

  /// Moves a log to another log directory, in the background: it is written and read meanwhile, and remains the same
  /// Log. One that lies there, or is on its way there: nothing to do. On its way elsewhere: that move is dropped first.
  /// no_space, already_exists: the copy cannot be begun; unavailable: one of the directories is offline. The log has to
  /// be home's, else invalid_argument; it cannot leave before the move is over.
  virtual Status move(const TopicPartitionId& id, size_t directory) = 0;
  /// Ends a move, if there is one; one that is in its last step may be over then.
  virtual void drop_move(const TopicPartitionId& id) = 0;
  virtual std::vector<MoveInfo> moves() const = 0;
  virtual MoveCounts move_counts() const = 0;
  virtual void configure_mover(const MoverOptions& options) = 0;
  /// One; null: none. Without, a copy takes its log's place as soon as it can.
  virtual void set_move_listener(MoveListener* listener) = 0;
  /// The log directory where a log of the node is, among folders(), whichever shard has it; nothing for the metadata
  /// log in a folder of its own.
  virtual std::optional<size_t> directory_of(const TopicPartitionId& id) const = 0;
  std::optional<size_t> directory_of(const Log& log) const { return directory_of(log.id()); }
  virtual bool directory_offline(size_t directory) const = 0;

  /// The high watermark that replication-offset-checkpoint held for a log at start; 0 if none.
  virtual Offset checkpointed_high_watermark(const TopicPartitionId& id) const = 0;
  /// Where a partition ended by the checkpoints of this start, if it has no folder in any directory that was loaded:
  /// what was below is lost. 0: nothing is known of it, or it has its folder. Until it is created again.
  virtual Offset lost_end(const std::string& topic, PartitionIndex partition) const = 0;
  /// Of the home shard's logs: StoreShard's.
  void set_high_watermark_source(std::function<Offset(const Log&)> source) {
    shard(0).set_high_watermark_source(std::move(source));
  }

  /// Starts the periodic work of all shards: retention, checkpoints, producer expiry, deletions, compaction; and moves
  /// that the last stop cut short, whose logs are home's until then. REQUIRES: load_logs() done.
  virtual void start_background() = 0;
  /// Settings of compaction that may change at run time: from here on, in all shards.
  virtual void configure_cleaner(const CleanerOptions& options) = 0;
  /// Settings of the scrubber: from here on, in all shards.
  virtual void configure_scrub(const ScrubOptions& options) = 0;
  // Of the home shard.
  CleanerCounts cleaner_counts() { return shard(0).cleaner_counts(); }
  ScrubCounts scrub_counts() { return shard(0).scrub_counts(); }
  SyncCounts sync_counts() { return shard(0).sync_counts(); }
  JournalStats journal_stats() { return shard(0).journal_stats(); }
  /// Flushes and syncs everything, writes producer snapshots, checkpoints and .kafka_cleanshutdown (with
  /// `broker_epoch`), releases the lock. Blocking; nothing may be called afterwards. REQUIRES: the other shards were
  /// stopped (StoreShard::stop), or their threads have ended.
  virtual Status close(int64_t broker_epoch) = 0;
};

}  // namespace moldau::store
