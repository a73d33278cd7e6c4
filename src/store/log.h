// Log: one partition's commit log on a Disk: Kafka's segment files, written at the end of a turn, synced in commit
// rounds, read by offset. Shell: decisions (offsets, rolling, indexing, retention, recovery rules) are log/'s, effects
// are io::Disk's.
//
// Two ends (ARCHITECTURE.md, decision 5). Appended: written to the segment file. Stable: synced. append() only assigns
// offsets and queues; at the end of the turn all that is queued for this log is written by one call and the listener
// hears on_appended; then, unless the log is in page-cache mode, it joins the next commit round of its CommitQueue,
// after which the listener hears on_stable. A log never calls its listener from inside append().
//
// Invariants: log_start <= stable_end <= appended_end <= next_offset; offsets in files ascend without overlap; bytes
// below the stable end never change but by retention, compaction or explicit truncation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "io/surface.h"
#include "log/producer_table.h"

namespace moldau::store {

/// The configuration of one log, already resolved from topic and broker configs. Names and units are Kafka's.
struct LogConfig {
  int32_t segment_bytes = 1 << 30;
  int64_t segment_ms = 7LL * 24 * 3600 * 1000;
  int64_t segment_jitter_ms = 0;
  int32_t segment_index_bytes = 10 << 20;
  int32_t index_interval_bytes = 4096;
  int64_t retention_bytes = -1;
  int64_t retention_ms = 7LL * 24 * 3600 * 1000;
  int64_t file_delete_delay_ms = 60'000;
  int64_t flush_messages = INT64_MAX;  ///< only in page-cache mode
  int64_t flush_ms = INT64_MAX;        ///< only in page-cache mode
  int32_t producer_id_expiration_ms = 86'400'000;
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  int64_t delete_retention_ms = 86'400'000;
  double min_cleanable_dirty_ratio = 0.5;
  int64_t min_compaction_lag_ms = 0;
  int64_t max_compaction_lag_ms = INT64_MAX;
  bool preallocate = false;
  bool write_caching = false;  ///< page-cache mode: acknowledge before the sync, as Kafka does
};

/// Hears what happens to a log, from the shard's loop.
class LogListener {
 public:
  /// Everything below `end` is written to its segment file.
  virtual void on_appended(Offset end) = 0;
  /// Everything below `end` survives a power cut. In page-cache mode it comes after background flushes.
  virtual void on_stable(Offset end) = 0;
  /// No room for the queued batches from `first_lost` on: they were cut away again (the end is `first_lost`), and their
  /// producers are to be refused. The log serves on and takes appends when room returns.
  virtual void on_refused(Offset first_lost, const Failure& why) = 0;
  /// The log directory failed (a write or a sync): this log is offline for good in this process.
  virtual void on_offline(const Failure& why) = 0;
  /// Retention, DeleteRecords or truncation moved the start.
  virtual void on_log_start(Offset log_start) = 0;

 protected:
  ~LogListener() = default;
};

/// One admitted batch, to be appended: the bytes as they arrived (header fields still to be patched) and the facts that
/// log/admission found in them.
struct BatchToAppend {
  Bytes bytes;               ///< exactly one record batch v2, checked
  int32_t record_count = 0;  ///< records in it: the offsets it takes
  WallMillis max_timestamp = no_timestamp;
  Offset offset_of_max_timestamp_delta = 0;  ///< its record, relative to the base offset
};

/// Where an appended batch lies.
struct Appended {
  Offset base_offset = no_offset;
  Offset last_offset = no_offset;
  WallMillis log_append_time = no_timestamp;
};

/// A run of record bytes: in memory or in a file.
using Piece = std::variant<Bytes, io::FileSlice>;

/// What a read found. Pieces start at the batch that holds the wanted offset and may end inside a batch where
/// `bytes_max` cut it, but never beyond `up_to`.
struct ReadResult {
  std::vector<Piece> pieces;
  uint64_t size = 0;
  /// Set when the bytes are not in memory: bring this in (Disk::prefetch) and read again.
  std::optional<io::FileSlice> cold;
};

enum class ReadError : unsigned char { none, out_of_range, damaged, offline };

/// An offset found by time.
struct TimestampOffset {
  Offset offset = no_offset;
  WallMillis timestamp = no_timestamp;
  Epoch leader_epoch = no_epoch;
};

/// A range of offsets that recovery found damaged and does not serve, or cut off and kept aside.
struct DamagedRange {
  Offset first = 0;
  Offset last = 0;
  std::string kept_in;  ///< file that holds the bytes cut off; empty when they stay in place
  std::string reason;
};

class Log {
 public:
  virtual ~Log() = default;

  virtual const TopicPartitionId& id() const = 0;
  virtual const std::string& topic() const = 0;
  virtual const std::string& folder() const = 0;
  virtual void set_listener(LogListener* listener) = 0;
  virtual void configure(const LogConfig& config) = 0;
  virtual const LogConfig& config() const = 0;

  virtual Offset log_start() const = 0;
  /// The offset the next record gets; queued batches included.
  virtual Offset next_offset() const = 0;
  virtual Offset appended_end() const = 0;
  virtual Offset stable_end() const = 0;
  /// The end that decides visibility and acknowledgement: stable, or appended in page-cache mode.
  Offset commit_end() const { return config().write_caching ? appended_end() : stable_end(); }
  virtual uint64_t size_bytes() const = 0;
  virtual bool offline() const = 0;
  /// True when any record was ever appended (an idempotent producer may then start at any sequence).
  virtual bool ever_held_records() const = 0;
  /// What the log remembers of idempotent and transactional producers, queued batches included: the leader checks a
  /// batch against it before append(), which then updates it; a refused append is taken out again. Loaded at the first
  /// call.
  virtual const log::ProducerTable& producers() = 0;
  /// The first offset of the earliest transaction that is still open in this log; nothing when there is none.
  virtual std::optional<Offset> first_open_transaction() = 0;
  /// True when the log holds transactional data or control batches of clients.
  virtual bool holds_transactional_data() const = 0;

  /// Assigns offsets (patching base offset and leader epoch into the bytes) and queues the batches for this turn's
  /// write. Refused (FailureKind::unavailable or no_space) when the log is offline or out of room; then nothing was
  /// queued.
  virtual Result<std::vector<Appended>> append(std::vector<BatchToAppend> batches, Epoch leader_epoch) = 0;
  /// Queues bytes that carry their offsets already (a follower's fetch, the metadata log): batches that ascend from
  /// next_offset() or above. A last batch that is cut off is dropped. FailureKind::corrupt, and nothing queued, when a
  /// checksum is wrong or offsets do not ascend.
  virtual Status append_as_follower(Bytes batches) = 0;

  /// Reads from the batch that holds `from`, below `up_to`, at most `bytes_max` bytes; the first batch whole even when
  /// it is larger, if `at_least_one`.
  virtual ReadResult read(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadError& error) = 0;

  /// The first record whose timestamp is >= `timestamp`, below `up_to`; offset no_offset when there is none. `up_to`
  /// bounds visibility. With `cold` (empty) it does not wait for the disk: what is not in memory is put in there, the
  /// answer counts for nothing, and the caller brings it in (Disk::prefetch) and asks again. Without, it waits. Damage
  /// is always waited for: the segment is examined, once.
  virtual Result<TimestampOffset> find_by_timestamp(WallMillis timestamp, Offset up_to,
                                                    std::vector<io::FileSlice>* cold = nullptr) = 0;
  /// The record with the largest timestamp (the first of equals). `cold` as above.
  virtual Result<TimestampOffset> find_max_timestamp(Offset up_to, std::vector<io::FileSlice>* cold = nullptr) = 0;

  /// Leader-epoch cache (KIP-101, KIP-320): the epoch of `offset`, and the end offset of `epoch` with the largest epoch
  /// <= it (no_epoch when the cache has none).
  virtual Epoch epoch_of(Offset offset) const = 0;
  struct EpochEnd {
    Epoch epoch = no_epoch;
    Offset end = no_offset;
  };
  virtual EpochEnd end_of_epoch(Epoch epoch) const = 0;
  virtual Epoch latest_epoch() const = 0;
  /// Notes that `epoch` starts at next_offset(). Durable before the first append of that epoch is acknowledged.
  virtual Status begin_epoch(Epoch epoch) = 0;

  /// Cuts everything from `offset` on (a follower that diverged, whose leader's log ends there). Nothing happens at or
  /// beyond the end. Blocks; rare.
  virtual Status truncate_to(Offset offset) = 0;
  /// Drops all records: the log is empty and goes on at `offset` (a follower beyond its leader's log; a snapshot
  /// loaded).
  virtual Status restart_at(Offset offset) = 0;
  /// Records below `offset` are gone: retention, or a follower told so by its leader. Written down at the next
  /// checkpoint.
  virtual Status advance_log_start(Offset offset) = 0;
  /// DeleteRecords: as advance_log_start(), and `done` is called once the new start survives a crash (Kafka writes it
  /// down once a minute and may resurrect records after a crash).
  virtual void delete_records(Offset offset, io::Completion<Status> done) = 0;
  /// Deletes segments that retention by time and size allows; what lies at or above `up_to` stays.
  virtual Status apply_retention(WallMillis now, Offset up_to) = 0;
  /// Rolls the active segment if it is not empty.
  virtual Status roll() = 0;
  /// Asks for a sync of all that is appended, also in page-cache mode; on_stable tells when it is done.
  virtual void flush() = 0;

  virtual const std::vector<DamagedRange>& damaged() const = 0;
};

}  // namespace moldau::store
