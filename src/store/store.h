// Store: all logs of one shard, in one or more log directories, with Kafka's files around them: meta.properties, the
// lock file, checkpoints, the clean-shutdown marker. Opens and recovers, creates, deletes, checkpoints, closes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/ids.h"
#include "io/surface.h"
#include "store/cleaner_options.h"
#include "store/log.h"
#include "store/move_options.h"

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
  ack_before_sync,            ///< reports bytes as stable when they are only written
  index_trusted_after_crash,  ///< does not rebuild indexes after an unclean stop
  torn_tail_accepted,         ///< does not verify checksums in recovery
  no_directory_sync,          ///< never syncs a folder
  damage_cut_anywhere,        ///< recovery cuts at damage also below the recovery point
  checkpoint_before_data,     ///< writes the appended end as the recovery point
  refused_state_kept,         ///< keeps producer state of batches that were refused
  duplicate_out_of_order,     ///< the broker answers a batch that is sent again as out of order
  journal_ack_before_sync,      ///< a round of the journal counts when it is written
  journal_settled_before_sync,  ///< files of the journal are used again before segments are synced
  journal_cut_not_closed,       ///< no closing entry before a truncation
  journal_removal_not_closed,   ///< none of a removal
  journal_retired_before_sync,  ///< a start and a stop void the journal before its logs are synced
  journal_start_ahead,          ///< a log start is written down that lies above what is synced
  // Of the group coordinator (group::Mutant).
  commit_before_durable,
  generation_kept_after_load,
  fencing_skipped,
  tombstone_ignored_at_load,
  owner_before_revoked,
  load_ends_early,
  sessions_forgotten_at_load,
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
  /// Bytes of recent batches kept in memory for tail reads, over all logs of the store.
  size_t tail_bytes_max = 8u << 20;
  int64_t checkpoint_interval_ms = 60'000;  ///< log.flush.offset.checkpoint.interval.ms
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
  /// What the machine calls the time since it came up. A start in the time of the last one knows that the page cache
  /// has all that was written: no more was lost than a process. Empty: not known.
  std::string boot_id{};
  JournalSettings journal{};
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

/// What the syncs of logs did, for metrics.
struct SyncCounts {
  Histogram durations;           ///< of single syncs, from the turn that asked to the turn that heard
  uint64_t failed = 0;           ///< each took its directory offline
  uint64_t unflushed_bytes = 0;  ///< written, and not yet on stable storage
};

/// What the journals did, for metrics; over all log directories.
struct JournalStats {
  uint64_t rounds = 0;         ///< each one write and one sync
  uint64_t entries = 0;        ///< logs in them
  uint64_t payload_bytes = 0;
  uint64_t written_bytes = 0;  ///< payloads with heads and the zeros up to the next block
  uint64_t refused = 0;        ///< asked for when there was no room: logs synced themselves
  uint64_t settled_files = 0;  ///< files of the journal whose segments were synced
  size_t settling = 0;         ///< those under way
  size_t files = 0;
  uint64_t unsettled_bytes = 0;   ///< what a start would have to replay
  uint64_t replayed_rounds = 0;   ///< at this start
  uint64_t replayed_batches = 0;  ///< that were missing in segments
  uint64_t replayed_bytes = 0;
  uint64_t replay_missing = 0;  ///< partitions without a folder
};

class Store {
 public:
  virtual ~Store() = default;

  /// Locks and identifies the log directories; formats fresh ones with `cluster_id` (made when empty) and `node_id`.
  /// Takes no log into memory yet. Blocking: called before the loop serves.
  static Result<std::unique_ptr<Store>> open(io::Surface surface, StoreOptions options, const std::string& cluster_id,
                                             NodeId node_id);
  /// The log directories, in the order of the options.
  virtual const std::vector<OpenedFolder>& folders() const = 0;
  /// The one of the metadata log: one of folders(), or one of its own.
  virtual const OpenedFolder& metadata_folder() const = 0;

  /// Recovers and opens every partition folder found (not `__cluster_metadata-0`, which open_metadata_log opens).
  /// Blocking.
  virtual Status load_logs() = 0;
  /// Opens or creates the metadata log in the metadata directory. Always in sync mode. Fails (foreign) where there is
  /// none, and another log directory holds one.
  virtual Result<Log*> open_metadata_log(const LogConfig& config) = 0;

  virtual Log* find(const TopicPartitionId& id) = 0;
  virtual std::vector<Log*> logs() = 0;
  /// Creates a partition's folder and first segment. Folder, partition.metadata and first segment are made durable with
  /// the log's first commit, before anything in it is reported stable, so that creating many partitions does not wait
  /// for as many syncs; after a crash an empty folder may be gone or is completed by create(). Existing:
  /// FailureKind::already_exists. `directory` is the index of the log directory, or -1 for the one with the fewest
  /// logs.
  virtual Result<Log*> create(const TopicPartitionId& id, const std::string& topic, int directory = -1) = 0;
  /// Renames the folder to `<topic>-<partition>.<uuid>-delete` at once and removes it after file.delete.delay.ms. The
  /// Log object dies; responses that hold its segments finish.
  virtual Status remove(const TopicPartitionId& id) = 0;

  /// Moves a log to another log directory, in the background: it is written and read meanwhile, and remains the same
  /// Log. One that lies there, or is on its way there: nothing to do. On its way elsewhere: that move is dropped first.
  /// no_space, already_exists: the copy cannot be begun; unavailable: one of the directories is offline.
  virtual Status move(const TopicPartitionId& id, size_t directory) = 0;
  /// Ends a move, if there is one; one that is in its last step may be over then.
  virtual void drop_move(const TopicPartitionId& id) = 0;
  virtual std::vector<MoveInfo> moves() const = 0;
  virtual MoveCounts move_counts() const = 0;
  virtual void configure_mover(const MoverOptions& options) = 0;
  /// One; null: none. Without, a copy takes its log's place as soon as it can.
  virtual void set_move_listener(MoveListener* listener) = 0;
  /// The log directory where a log is, among folders(); nothing for the metadata log in a folder of its own.
  virtual std::optional<size_t> directory_of(const Log& log) const = 0;
  virtual bool directory_offline(size_t directory) const = 0;

  /// The high watermark that replication-offset-checkpoint held for a log at start; 0 if none.
  virtual Offset checkpointed_high_watermark(const TopicPartitionId& id) const = 0;
  /// Asked at each checkpoint for the high watermarks to write.
  virtual void set_high_watermark_source(std::function<Offset(const Log&)> source) = 0;

  /// Starts the periodic work: retention, checkpoints, producer expiry, deletions, compaction; and moves that the last
  /// stop cut short. REQUIRES: load_logs()
  /// done.
  virtual void start_background() = 0;
  /// Settings of compaction that may change at run time: from here on.
  virtual void configure_cleaner(const CleanerOptions& options) = 0;
  /// What compaction did and does, for metrics.
  virtual CleanerCounts cleaner_counts() const = 0;
  virtual SyncCounts sync_counts() const = 0;
  virtual JournalStats journal_stats() const = 0;
  /// Flushes and syncs everything, writes producer snapshots, checkpoints and .kafka_cleanshutdown (with
  /// `broker_epoch`), releases the lock. Blocking; nothing may be called afterwards.
  virtual Status close(int64_t broker_epoch) = 0;
};

}  // namespace moldau::store
