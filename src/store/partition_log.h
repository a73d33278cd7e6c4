// PartitionLog: the Log of one partition folder. Internal to store/; its parts:
//   partition_log.cc           state, append, the turn's write, refusal
//   partition_log_segments.cc  rolling, retention, truncation, closing
//   partition_log_read.cc      locating offsets, reading
//   partition_log_time.cc      lookups by timestamp
//   partition_log_load.cc      opening: recovery, epochs, producer state
//   partition_log_inventory.cc what is in its folder: from a listing, or as a stop in order wrote it down
//   partition_log_inventory.cc what is in its folder: from a listing, for the inventory of a stop, for the next start
//   partition_log_clean.cc     what the cleaner needs: which segments there are, putting a cleaned one in their place
//   partition_log_move.cc      what the mover needs: holding still, taking another folder
//   partition_log_scrub.cc     what the scrubber needs: segments to look at, marks of damage
//   partition_log_shard.cc     going from shard to shard
//   partition_log_commit.cc    commits, by its own syncs or by rounds of the journal; log starts; replay
//
// Costs. append: no syscall, no copy, no allocation per record; per batch a place in a queue. A turn's write: one
// pwritev for all that is queued (two when a segment is rolled), and one pwrite each for the two indexes per 32 index
// entries. A commit: its share of a round of the journal, or one fdatasync in the pool. A read near the end: none. A
// read of old bytes: one or two preads to locate, and the caller's sendfile.
//
// Writing and its failure: queue_ holds what append() took; planned_ is the tail as it will be when all of it is
// written; tail_, segments_ and appended_end_ change only after a successful write. A write that found no room is cut
// away again, and planned_, next_offset_ and the producer table go back to what is on disk.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log/compaction.h"
#include "log/epoch_table.h"
#include "log/index.h"
#include "log/inventory.h"
#include "log/move.h"
#include "log/producer_table.h"
#include "log/recovery.h"
#include "log/segment_name.h"
#include "log/space_ahead.h"
#include "log/tail.h"
#include "store/batch_scan.h"
#include "store/commit_queue.h"
#include "store/directory.h"
#include "store/log.h"
#include "store/tail_cache.h"

namespace moldau::store {

enum class Held : unsigned char;  // store/journal/journal_replay.h

/// What the log directory's checkpoints say of a log at start.
struct LoadFacts {
  bool clean = false;                    ///< stopped in order: files are as they should be
  bool trusted = false;                  ///< a process died, and nothing else: files are as they were written
  bool leave_doubted = false;            ///< if that proves wrong, nothing is done: see doubted()
  std::optional<Offset> recovery_point;  ///< nothing when no checkpoint has it
  Offset log_start = 0;
  /// No transactional batch lies below; nothing when no checkpoint says so.
  std::optional<Offset> transaction_free_below;
  /// What is in its folder, as a stop in order wrote it down; null: it is to be listed.
  const log::LogInventory* inventory = nullptr;
};

/// Work on the names of a partition folder, in the pool. The loop can call it off, or wait for it: afterwards it
/// touches nothing.
class NameStep {
 public:
  explicit NameStep(std::function<Status(io::Disk&)> work) : work_(std::move(work)) {}

  void run(io::Disk& disk) {
    int expected = waiting;
    if (!state_.compare_exchange_strong(expected, running)) return;
    outcome_ = work_(disk);
    state_.store(over);
    state_.notify_all();
  }
  /// True when it never ran, and never will; else it is over.
  bool cancel() {
    int expected = waiting;
    if (state_.compare_exchange_strong(expected, over)) return true;
    state_.wait(running);
    return false;
  }
  /// Of a step that is over and was not called off.
  const Status& outcome() const { return outcome_; }

 private:
  enum : int { waiting, running, over };
  std::function<Status(io::Disk&)> work_;
  std::atomic<int> state_{waiting};
  Status outcome_ = Failure{FailureKind::closed, "called off"};
};

class MoveSwap;

/// A segment that the cleaner reads.
struct CleanerSource {
  io::FileRef log;
  uint64_t size = 0;
  int64_t modified_wall_ms = 0;
  bool damaged = false;  ///< it has bytes that hold no batch
};

/// A segment that the scrubber reads.
struct ScrubSource {
  Offset base = 0;
  Offset limit = 0;  ///< base of the next
  uint64_t size = 0;
  uint64_t cuts = 0;  ///< PartitionLog::cuts() then
  io::FileRef log;
};

/// A segment that the cleaner made of others: its files are written and synced, named `.cleaned`.
struct CleanedSegment {
  Offset base = 0;
  uint64_t size = 0;
  WallMillis max_timestamp = no_timestamp;
  int64_t modified_wall_ms = 0;
  uint32_t offset_entries = 0;
  uint32_t time_entries = 0;
  bool has_transactions = false;
  io::FileRef log;
  io::FileRef offset_index;
  io::FileRef time_index;
};

class PartitionLog final : public Log, public CommitMember, public std::enable_shared_from_this<PartitionLog> {
 public:
  /// Asks its shard to write checkpoints; set by the store.
  struct Checkpointer {
    virtual Status write_recovery_points(LogDirectory& directory) = 0;
    /// cleaner-offset-checkpoint, at once.
    virtual Status write_clean_ends(LogDirectory& directory) = 0;
    virtual void write_log_starts(LogDirectory& directory, io::Completion<Status> done) = 0;
    /// At once.
    virtual Status write_log_starts_now(LogDirectory& directory) = 0;
    /// Segments were synced: recovery points may be written down.
    virtual void segments_synced(LogDirectory& directory) = 0;

   protected:
    ~Checkpointer() = default;
  };

  PartitionLog(StoreCore& core, LogDirectory& directory, const TopicPartitionId& id, std::string topic,
               std::string folder, const LogConfig& config);
  PartitionLog(const PartitionLog&) = delete;
  PartitionLog& operator=(const PartitionLog&) = delete;
  ~PartitionLog() override;

  // Log.
  const TopicPartitionId& id() const override { return id_; }
  const std::string& topic() const override { return topic_; }
  const std::string& folder() const override { return folder_; }
  void set_listener(LogListener* listener) override { listener_ = listener; }
  void configure(const LogConfig& config) override;
  const LogConfig& config() const override { return config_; }
  Offset log_start() const override { return log_start_; }
  Offset next_offset() const override { return next_offset_; }
  Offset appended_end() const override { return appended_end_; }
  Offset stable_end() const override { return stable_end_; }
  uint64_t size_bytes() const override;
  bool offline() const override { return lost_ || data_folder_->offline.load(std::memory_order_relaxed); }
  bool ever_held_records() const override { return next_offset_ > 0; }
  const log::ProducerTable& producers() override;
  std::optional<Offset> first_open_transaction() override;
  bool holds_transactional_data() const override { return transactional_; }
  Result<std::vector<Appended>> append(std::vector<BatchToAppend> batches, Epoch leader_epoch) override;
  Status append_as_follower(Bytes batches) override;
  ReadResult read(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadError& error) override;
  Result<TimestampOffset> find_by_timestamp(WallMillis timestamp, Offset up_to,
                                            std::vector<io::FileSlice>* cold) override;
  Result<TimestampOffset> find_max_timestamp(Offset up_to, std::vector<io::FileSlice>* cold) override;
  Epoch epoch_of(Offset offset) const override { return epochs_.epoch_of(offset); }
  EpochEnd end_of_epoch(Epoch epoch) const override;
  Epoch latest_epoch() const override { return epochs_.latest(); }
  Status begin_epoch(Epoch epoch) override;
  Status truncate_to(Offset offset) override;
  Status restart_at(Offset offset) override;
  Status advance_log_start(Offset offset) override;
  void delete_records(Offset offset, io::Completion<Status> done) override;
  Status apply_retention(WallMillis now, Offset up_to) override;
  Status roll() override;
  void flush() override;
  const std::vector<DamagedRange>& damaged() const override { return damaged_; }

  // CommitMember.
  void start_commit(io::Callback done) override;
  uint64_t round_bytes() const override;
  void join_round(JournalRound& round) override;
  void end_round(const Status& outcome) override;

  // For the store.

  /// Fills the folder of a new log, whose name is not durable yet: its identity file and an empty first segment at 0.
  Status create_folder_files(const std::string& identity_path, const std::string& identity);
  /// Opens the files that are there, recovering them if need be. Blocking.
  Status load(const LoadFacts& facts);
  /// True when load() found files that are not what `trusted` said: its log was recovered as after a power cut, or,
  /// with `leave_doubted`, was not opened, and is of no use.
  bool doubted() const { return doubted_; }

  // partition_log_trusted.cc, for a log that was loaded as it was found.

  /// What the journal of the last run holds of it is stable up to `end`. False when the log does not go that far.
  bool take_stable(Offset end);
  /// True until its files are synced, in a commit of its own.
  bool unsettled() const { return synced_end_ < found_end_ && !retired_; }
  /// Before the shards have it: its commit is due, for what nobody made stable yet.
  void settle_soon();
  /// What recovery found, and has yet to be synced before the log serves: all of a directory side by side.
  struct RecoveredSync {
    std::vector<io::FileRef> files;
    std::string folder;   ///< its names; empty: they are durable
    bool parent = false;  ///< the folder's own name
    bool empty() const { return files.empty() && folder.empty(); }
  };
  RecoveredSync take_recovered_sync() { return std::exchange(recovered_sync_, {}); }
  /// The same at once. Blocking.
  Status sync_recovered();
  /// Gives the folder its name anew: nothing says that it is durable. Before it serves. Blocking.
  Status name_folder_anew();
  /// For a stop in order: writes everything. What is returned is to be synced, and then end_close() called. Blocking.
  Result<RecoveredSync> begin_close();
  void end_close();
  /// Of a log that was closed: what the next start would find; nothing when it is more than files as they should be.
  /// Blocking.
  Result<std::optional<log::LogInventory>> take_inventory() const;
  /// Writes what is queued: once per turn.
  void write_queued();
  /// The directory failed.
  void went_offline(const Failure& why);
  /// The log is being removed: nothing more is written or reported.
  void retire();
  /// Everything below was synced in the segments themselves: what the recovery-point checkpoint says.
  Offset recovery_point() const;
  /// What the log-start checkpoint may say. Never above what is synced: recovery empties a log that ends below its log
  /// start, before the journal gives back what is missing.
  Offset durable_log_start() const;
  /// Its line in the log-start checkpoint, if it is to have one.
  std::optional<Offset> log_start_line() const {
    return is_metadata() || durable_log_start() <= durable_first_base_ ? std::nullopt
                                                                       : std::optional(durable_log_start());
  }
  /// True when only a log-start checkpoint has its start survive a crash.
  bool has_start_to_write() const { return log_start_ > durable_first_base_; }
  bool retired() const { return retired_; }
  /// What the checkpoint on disk said last; kept so that truncation can lower it first.
  void note_checkpointed(Offset recovery_point) { checkpointed_recovery_point_ = recovery_point; }
  Offset transaction_free_below() const { return transactional_ ? 0 : appended_end_; }
  void expire_producers(WallMillis now);
  /// Gives back what an idle log does not need: now and then.
  void trim_memory();
  LogDirectory& directory() { return *directory_; }
  /// To be asked for on any shard that has it, and at home.
  const DataFolder& data_folder() const { return *data_folder_; }
  bool is_metadata() const { return id_.topic_id == metadata_topic_id; }
  /// On a full disk it may use the reserve.
  bool essential() const { return is_essential(topic_); }
  const log::EpochTable& epochs() const { return epochs_; }
  PartitionIndex partition() const { return id_.partition; }
  /// Base of the oldest segment that a crash might leave: deleted ones come back as long as their folder is not synced.
  Offset durable_first_base() const { return durable_first_base_; }

  // partition_log_commit.cc, for the journal.

  /// Files that are to be synced for all that is appended to be durable in them.
  struct SyncPart {
    std::vector<io::FileRef> files;
    Offset end = 0;
    uint64_t generation = 0;
  };
  /// True while its files are being synced: a second sync would not hear of the failure of the first.
  bool busy() const { return running_ != nullptr || being_synced_; }
  /// From here to end_sync() commits of its own wait; rounds go on. REQUIRES: !busy().
  Result<SyncPart> begin_sync();
  void end_sync(const SyncPart& part, bool synced);
  /// If the journal holds anything of it: makes the segments tell everything themselves, and says so in the journal.
  /// Then they may be changed in other ways than by appending. Blocking. FailureKind::no_space when the journal has no
  /// room to say so.
  Status close_in_journal(log::JournalKind kind, Offset at);
  /// What the log has at the offset of this batch.
  Result<Held> holds_batch(const wire::BatchView& batch);
  /// Writes this batch over the one there that has another leader epoch, durably. REQUIRES: holds_batch() says so.
  /// Blocking.
  Status write_over(const wire::BatchView& batch);
  /// Appends what a round of the journal has. Blocking.
  Status append_replayed(Bytes batches);
  /// Makes durable what was appended so, if anything was. Blocking.
  Status end_replay();
  /// What the checkpoint said at start, or since.
  Offset checkpointed_recovery_point() const { return checkpointed_recovery_point_; }

  // partition_log_shard.cc, for its shard.

  // From any thread: whether this shard has it, and whether none has.
  bool here(const StoreCore& core) const { return owner_.load(std::memory_order_acquire) == &core; }
  bool given_up() const { return owner_.load(std::memory_order_acquire) == nullptr; }
  /// While it is set, no compaction begins, and one that runs ends.
  void set_leaving(bool leaving) { leaving_ = leaving; }
  bool leaving() const { return leaving_; }
  /// True when nothing is under way that this shard's thread would have to hear of.
  bool at_rest() const;
  /// Closes it in this shard's journal and detaches it; then it is nobody's. REQUIRES: at_rest(). Blocking, where the
  /// journal holds entries of it. A failure: it stays.
  Status leave();
  /// Becomes a shard's.
  void join(StoreCore& core, Checkpointer& checkpointer);
  /// Gives back what it has of its shard; it is nobody's.
  void detach();
  /// Its shard ends: nothing that is under way may touch it from there.
  void abandon();
  /// The high watermark that it had when it left, or when its shard ended; nothing: its shard knows.
  void note_high_watermark(std::optional<Offset> high_watermark) { noted_high_watermark_ = high_watermark; }
  std::optional<Offset> noted_high_watermark() const { return noted_high_watermark_; }
  /// That shard's journal holds entries of it, to be closed once its folder is removed.
  void set_entries_left(size_t shard) { entries_left_ = shard; }
  std::optional<size_t> entries_left() const { return entries_left_; }

  // partition_log_clean.cc, for the cleaner.

  /// The settings of its compaction.
  log::CompactionPolicy compaction_policy() const;
  /// True when there may be anything to compact at all; cheap.
  bool may_compact() const {
    return config_.cleanup_compact && segments_.size() > 1 && !offline() && !retired_ && !being_moved_ && !leaving_;
  }
  /// All segments, the active one last.
  std::vector<log::CompactionSegment> compaction_segments(const log::CompactionPolicy& policy);
  /// Up to where it was compacted, as cleaner-offset-checkpoint has it.
  std::optional<Offset> clean_end() const { return clean_end_; }
  void set_clean_end(std::optional<Offset> end) { clean_end_ = end; }
  /// Grows whenever records are cut away: what was read before counts for nothing then.
  uint64_t cuts() const { return generation_; }
  /// While it is set, retention deletes nothing.
  void set_being_cleaned(bool cleaned) { being_cleaned_ = cleaned; }
  Result<CleanerSource> open_for_cleaning(Offset base);
  Result<io::FileRef> create_cleaned(Offset base, log::FileKind kind);
  std::string cleaned_path(Offset base, log::FileKind kind) const {
    return path_of(base, kind, log::FileState::cleaned);
  }
  std::string transaction_index_path(Offset base) const { return path_of(base, log::FileKind::transaction_index); }
  /// Gives the files of a cleaned segment the names under which a start finishes the swap: to be run in the pool. It is
  /// undone when the log is cut meanwhile.
  std::shared_ptr<NameStep> stage_cleaned(const CleanedSegment& made);
  /// Puts the staged segment in the place of `replaced` (bases and sizes): at once for readers; the step gives the
  /// files their names, and is to be run in the pool and followed by installed(). Nothing when these segments are not
  /// there any more.
  std::shared_ptr<NameStep> install_cleaned(const CleanedSegment& made,
                                            std::span<const std::pair<Offset, uint64_t>> replaced);
  /// The step of install_cleaned() is over.
  void installed();
  /// The staged segment is not to be installed; its files are the caller's to remove.
  void unstage() { naming_.reset(); }
  /// Removes what stage_cleaned() or a round that ended early left behind. Blocking.
  static Status remove_cleaned(io::Disk& disk, const LogDirectory& directory, const std::string& folder, Offset base);

  // partition_log_scrub.cc, for the scrubber.

  /// The first segment at or behind `from` that is not written any more and lies below the recovery point.
  std::optional<ScrubSource> open_for_scrub(Offset from);
  /// Takes what was found damaged in a segment: how many ranges were not known before; nothing when the segment is
  /// another one now.
  std::optional<size_t> take_scrubbed(const ScrubSource& source, const std::vector<log::DamagedBytes>& found);
  std::string damage_marks_path(Offset base) const;

  // partition_log_move.cc, for the mover.

  /// While it is set, no compaction begins.
  void set_being_moved(bool moved) { being_moved_ = moved; }
  bool being_moved() const { return being_moved_; }
  /// True when no compaction of it is under way.
  bool uncleaned() const { return !being_cleaned_ && naming_ == nullptr; }
  /// All segments as they are written, the active one last.
  std::vector<log::MoveSegment> move_segments() const;
  /// True while a segment has the files that it had then.
  bool has_files_of(const log::MoveSegment& then) const;
  /// Writes nothing more, until release(): what is appended waits in the queue, and no commit begins. Reads go on.
  Status hold();
  bool held() const { return held_; }
  /// True when no commit is under way or waits, and no other sync of its files.
  bool still() const { return !busy() && !committing(); }
  /// Goes on. A swap is over or was never begun.
  void release();
  /// Which swap is under way. REQUIRES: held, still.
  void set_swap(std::shared_ptr<MoveSwap> swap) { swap_ = std::move(swap); }
  const std::shared_ptr<MoveSwap>& swap() const { return swap_; }
  /// The swap is over, or will never run: takes its folder if it arrived, fails the directory that failed, and
  /// releases.
  void end_swap();
  /// Before the log is cut, removed or closed: it is not held afterwards. A swap that runs is waited for. Blocking.
  void settle_move();

  void set_checkpointer(Checkpointer* checkpointer) { checkpointer_ = checkpointer; }

 private:
  static constexpr WallMillis timestamp_unread = INT64_MIN;

  struct Segment {
    Offset base = 0;
    uint64_t size = 0;
    WallMillis max_timestamp = timestamp_unread;  ///< of inactive segments; read when asked for
    int64_t modified_wall_ms = 0;
    uint32_t offset_entries = 0;  ///< whole entries in the files
    uint32_t time_entries = 0;
    uint32_t index_version = 0;                     ///< grows when its indexes are made anew
    WallMillis first_timestamp = timestamp_unread;  ///< of its first batch; read when asked for
    bool examined = false;                          ///< scanned in this process: its index and damage are known
    io::FileRef log;
    io::FileRef offset_index;
    io::FileRef time_index;
  };
  /// Bytes of a segment that hold no batches, and the offsets missing with them.
  struct Hole {
    Offset segment = 0;
    log::DamagedBytes bytes;
  };
  /// A known place: the batch at `position` is the first with an offset >= `offset`.
  struct Mark {
    Offset offset = no_offset;
    Offset segment = 0;
    uint64_t position = 0;
  };
  struct QueuedBatch {
    Bytes bytes;
    log::TailBatch facts;
    bool roll_before = false;
    std::vector<std::byte> snapshot;  ///< producers as of this batch, if it begins a segment
  };
  struct ProducerUndo {
    Offset batch = 0;
    ProducerId producer_id = no_producer_id;
    std::optional<log::ProducerEntry> before;
  };
  struct Queue {
    std::vector<QueuedBatch> batches;
    std::vector<ProducerUndo> undo;
  };
  /// What was appended since the last commit, for a round of the journal: by reference.
  struct ForRound {
    std::vector<Bytes> batches;
    uint64_t bytes = 0;
    Offset from = 0;  ///< the log's end before them
  };
  /// What a commit under way makes stable.
  struct Committing {
    Offset end = 0;
    uint64_t bytes = 0;  ///< accounted as unflushed
    uint64_t generation = 0;
  };
  struct Place {
    size_t segment = 0;
    uint64_t position = 0;
    uint64_t batch_bytes = 0;
    Offset base_offset = 0;
    Offset indexed_last = no_offset;  ///< what the index says is the last offset of the batch at `position`
  };
  struct Stored {
    Place place;
    std::vector<std::byte> bytes;
  };
  enum class Found : unsigned char { yes, past_end, cold, damaged, failed };
  /// How a lookup reads: at once from memory (noting what was cold), or waiting for the disk.
  struct Reading {
    bool may_wait = false;
    std::optional<io::FileSlice> cold;
    std::optional<Failure> failure;
    bool unreadable = false;  ///< the failure is of a read: a bad block perhaps
  };
  /// What was found cold last, and how many times in a row.
  struct ColdAgain {
    const io::File* file = nullptr;
    uint64_t offset = 0;
    int times = 0;
  };
  struct CommitJob;

  // partition_log.cc
  log::SegmentLimits limits() const;
  Segment& active() { return segments_.back(); }
  void queue_batch(Bytes bytes, const wire::BatchView& view, Epoch epoch);
  void schedule_write();
  Status write_part(std::span<QueuedBatch> group);
  Status write_group(std::span<QueuedBatch> group);
  void took(QueuedBatch& batch);
  void reserve_space(uint64_t bytes);
  Status check_room(size_t batches) const;
  /// Tells the producer table of a batch that its producer will send again.
  void note_refused(std::span<const std::byte> bytes);
  void refuse(Offset first_lost, std::span<const QueuedBatch> lost, std::vector<ProducerUndo>& undo,
              const Failure& why);
  void restore_producers(Offset first_lost, std::vector<ProducerUndo>& undo);
  void join_commit();
  void after_write();
  void remember(Offset offset, Offset segment, uint64_t position);
  Status ensure_active_ready();
  io::Disk& disk() const { return core_->surface.disk; }
  WallMillis wall() const { return core_->surface.clock.wall(); }
  Failure fail_directory(Failure why);
  std::string path_of(Offset base, log::FileKind kind, log::FileState state = log::FileState::normal) const;

  // partition_log_segments.cc
  Result<io::FileRef> open_segment_file(Offset base, log::FileKind kind, io::OpenMode mode) const;
  Status ensure_open(Segment& segment);
  Status ensure_indexes_open(Segment& segment);
  void close_first_files();
  Status open_first_files();
  Status write_pending_entries();
  Status write_final_time_entry();
  Status roll_to(Offset base, std::span<const std::byte> snapshot);
  Status add_segment(Offset base);
  Status write_snapshot(Offset offset, std::span<const std::byte> bytes);
  std::vector<std::byte> encode_producers();
  Status delete_segment_files(const Segment& segment);
  Status drop_segments(size_t count);
  WallMillis largest_timestamp(Segment& segment);
  Status cut_active(Offset offset);
  void forget_snapshots(Offset from);
  void after_cut(Offset end);
  void note_log_start(Offset offset);
  void start_flush_timer();
  bool closed_already() const;
  Status write_for_close();

  // partition_log_commit.cc
  bool journaled() const { return directory_->journal() != nullptr && !config_.write_caching && !is_metadata(); }
  void hold_for_round(const Bytes& batch);
  void cancel_commit();
  Result<SyncPart> sync_part();
  Status wait_for_syncs();
  Status take_back_commit();
  Committing committing_now() const { return {appended_end_, accounted_bytes_, generation_}; }
  void committed(const Committing& what);
  void write_start_down(Offset offset, io::Completion<Status> done);
  void sync_and_write_start_down(io::Completion<Status> done);

  // partition_log_clean.cc
  void settle_cleaning();
  WallMillis first_timestamp(Segment& segment);

  // partition_log_move.cc
  void take_folder(const MoveSwap& swap);
  void drop_swap();

  // partition_log_scrub.cc
  Status load_marks(const std::vector<Offset>& bases);

  // partition_log_read.cc
  bool fetch(const io::FileRef& file, uint64_t at, std::span<std::byte> into, Reading& how);
  bool read_tail(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadResult& result);
  std::optional<size_t> segment_of(Offset offset) const;
  std::optional<log::OffsetEntry> floor_entry(Segment& segment, Offset offset, Reading& how);
  std::optional<log::OffsetEntry> search_window(const Segment& segment, Offset offset) const;
  Found locate(Offset offset, Place& place, Reading& how);
  Result<std::optional<Stored>> stored(const wire::BatchView& batch);
  Found locate_in(size_t index, Offset offset, Place& place, Reading& how);
  std::optional<Place> marked(Offset offset) const;
  uint64_t written_size(size_t index) const { return segments_[index].size; }
  Offset end_of_segment(size_t index) const;
  ReadResult read_file_part(const Place& place, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadError& error);
  Status examine(size_t index);
  bool cannot_be_read(const io::FileSlice& slice);
  ReadResult read_around_damage(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadError& error);
  void add_holes(Offset segment, const std::vector<log::DamagedBytes>& found);
  uint64_t skip_hole(Offset segment, uint64_t position) const;

  // partition_log_time.cc
  Result<TimestampOffset> find_in_segment(size_t index, WallMillis timestamp, Offset up_to, Reading& how);
  Status find_max_in_segment(size_t index, Offset from, Offset up_to, TimestampOffset& best, Reading& how);
  Result<std::optional<log::TimeEntry>> time_entry(Segment& segment, size_t slot);
  Result<std::optional<log::TimeEntry>> time_entry(Segment& segment, size_t slot, Reading& how);
  Result<uint64_t> position_below(Segment& segment, Offset offset, Reading& how);
  Result<bool> ready_for_times(Offset up_to, std::vector<io::FileSlice>* cold);
  Result<bool> next_for_times(size_t index, BatchScan& scan, Reading& how);

  // partition_log_trusted.cc
  struct Recovered;
  struct ResumePoint;
  Result<std::optional<ResumePoint>> resume_point(Segment& segment, BatchScan& scan);
  /// Bytes of a segment that were not checked at start.
  struct Unchecked {
    io::FileRef file;
    uint64_t from = 0;
    uint64_t to = 0;
  };
  static Status check(io::Disk& disk, const std::vector<Unchecked>& unchecked);
  Result<bool> open_trusted(const LoadFacts& facts, Recovered& found);
  Result<bool> find_end(size_t index, const LoadFacts& facts, Recovered& found);
  Status note_unsynced(Offset recovery_point);
  Status note_snapshots(Offset recovery_point);
  Status complete_epochs(Offset from, Epoch last);
  Epoch stored_epoch(Offset offset);
  bool doubt_epochs(Offset from);
  Epoch epochs_written(const std::vector<log::EpochStart>& file, bool doubted) const;

  // partition_log_inventory.cc
  static log::FolderFiles files_of(const std::vector<io::DirectoryEntry>& entries);
  void take_files(const log::FolderFiles& files);
  bool is_orphan(const io::DirectoryEntry& entry) const;

  // partition_log_load.cc
  Status begin_empty(Offset base);
  Result<bool> read_epochs();
  Status load_doubtful(const LoadFacts& facts, Recovered& found);
  Status list_files();
  Status name_segments_anew();
  Result<bool> settle_swaps(std::vector<io::DirectoryEntry>& entries);
  Status finish_swaps(const std::vector<Offset>& swaps, const std::vector<io::DirectoryEntry>& entries);
  bool open_clean(const LoadFacts& facts);
  Status recover(const LoadFacts& facts, Recovered& found);
  Status may_go_on() const;
  Status recover_segment(size_t index, const LoadFacts& facts, Recovered& found);
  Status note_recovered(size_t first);
  Result<bool> was_sealed(Segment& segment, const log::SegmentTail& tail, Offset last);
  Status write_again(size_t index, uint64_t from);
  Status cut_segment(size_t index, const log::SegmentRecovery& rules, BatchScan& scan, const char* why);
  Status set_aside_from(size_t index, const char* why);
  Status write_rebuilt(size_t index, log::SegmentRecovery& rules, bool durable);
  void take_rebuilt(size_t index, const log::SegmentRecovery& rules, log::SegmentTail tail);
  Status repair_index_sizes();
  Status load_epochs(const Recovered& found, const log::LogInventory* inventory);
  Status rebuild_epochs();
  Status load_producers(Offset up_to, bool clean);
  Status replay_producers(Offset from, Offset up_to);
  Status write_snapshot_again(Offset offset);
  Status check_last_snapshot(Offset offset);
  Status remove_stray_snapshots(Offset sound);
  Result<std::optional<std::vector<log::ProducerEntry>>> read_snapshot(Offset offset);
  Status check_transactional(Offset from, Offset to);
  /// Calls visit(header as a batch view without records) for the batches of segment `index` from `position` on.
  Status walk_headers(size_t index, const std::function<bool(const wire::BatchView&)>& visit);

  StoreCore* core_;          // of its shard
  LogDirectory* directory_;  // that shard's; a move changes it
  DataFolder* data_folder_;  // changes only while the log is home's
  /// Whose it is: what happens on another shard's thread asks before it touches anything else. Null: nobody's.
  std::atomic<const StoreCore*> owner_;
  bool attached_ = false;
  TopicPartitionId id_;
  std::string topic_;
  std::string folder_;
  LogListener* listener_ = nullptr;
  Checkpointer* checkpointer_ = nullptr;
  LogConfig config_;

  std::vector<Segment> segments_;  // by base offset; the last is active; never empty once loaded
  log::SegmentTail tail_;          // of the active segment, as written
  log::SegmentTail planned_;       // as it will be when the queue is written
  bool active_ready_ = false;      // tail_ is known (after a clean stop it is read at the first append)
  int64_t jitter_ms_ = 0;
  Offset log_start_ = 0;
  Offset next_offset_ = 0;
  Offset appended_end_ = 0;
  Offset stable_end_ = 0;  // by a round of the journal, or a sync
  Offset synced_end_ = 0;  // by a sync of the segments: they tell it without the journal
  Offset checkpointed_recovery_point_ = 0;
  Offset durable_first_base_ = 0;

  std::unique_ptr<Queue> queue_;
  bool write_scheduled_ = false;
  std::vector<std::byte> pending_offset_entries_;  // of the active segment, not yet in its files
  std::vector<std::byte> pending_time_entries_;
  RecentBatches recent_;
  std::array<Mark, 4> marks_;
  uint8_t next_mark_ = 0;
  log::SpaceAhead space_ahead_;

  log::EpochTable epochs_;
  log::ProducerTable producers_;
  bool producers_loaded_ = false;
  bool clean_producers_ = false;  // a missing snapshot means: no producers
  bool transactional_ = false;
  std::vector<Offset> snapshots_;  // ascending

  RecoveredSync recovered_sync_;
  // As a process left it that died: to be checked and synced by the first commit.
  std::vector<Unchecked> unchecked_;
  Offset found_end_ = 0;
  bool doubted_ = false;
  std::vector<DamagedRange> damaged_;
  std::vector<Hole> holes_;
  ColdAgain cold_again_;
  std::vector<Offset> marked_segments_;  // that have a file of damage marks, while it is opened

  // Commits.
  std::unique_ptr<ForRound> for_round_;
  Committing in_round_;
  bool being_synced_ = false;
  io::Callback commit_later_;  // when that is over
  // What is on disk behind the end, from before a cut, must go by a sync of the segment: a round does not see it.
  bool cut_unsynced_ = false;

  // What the next commit of its own must sync besides the active segment.
  std::vector<io::FileRef> unsynced_files_;
  bool first_files_closed_ = false;  // and besides these, those that it was made with
  std::shared_ptr<CommitJob> running_;
  bool folder_dirty_ = false;
  bool parent_dirty_ = false;
  bool epochs_dirty_ = false;
  bool epoch_begun_ = false;        // the latest has no batch yet, and is not to be written down
  Epoch epoch_written_ = no_epoch;  // the latest that the checkpoint of epochs has
  uint64_t unflushed_bytes_ = 0;
  uint64_t accounted_bytes_ = 0;  // of those, known to the directory
  uint64_t generation_ = 0;       // grows with each cut: a sync that began before says nothing about what came after
  bool changed_ = false;          // since it was opened: close() has something to do
  bool retired_ = false;
  bool leaving_ = false;
  size_t starts_under_way_ = 0;  // DeleteRecords that wait for their new start to be durable
  std::optional<Offset> noted_high_watermark_;
  std::optional<size_t> entries_left_;
  bool written_since_trim_ = false;
  io::TimerId flush_timer_ = 0;

  // Compaction.
  std::optional<Offset> clean_end_;
  bool being_cleaned_ = false;
  std::shared_ptr<NameStep> naming_;  // of a swap under way
  bool staged_only_ = false;          // it renames what no reader sees yet
  Offset naming_base_ = 0;
  std::vector<std::string> replaced_paths_;  // to be removed when it is over

  // A move to another log directory.
  bool being_moved_ = false;
  bool held_ = false;
  bool lost_ = false;                     // its directory failed; it stays offline, even if its copy arrived after that
  bool commit_wanted_ = false;            // when it is released
  std::vector<io::Callback> after_hold_;  // what waits for that
  std::shared_ptr<MoveSwap> swap_;
};

}  // namespace moldau::store
