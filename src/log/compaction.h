// Compaction as arithmetic: which logs are due and how far, which segments become one, which records stay, what the
// batches that carry them look like afterwards. Pure; store/cleaner.cc reads, writes and swaps files accordingly.
// Rules are those of Kafka 4.3's LogCleanerManager, Cleaner and MemoryRecords.filterTo (KIP-58, KIP-98, KIP-354,
// KIP-534): whatever is kept, and the header it is kept under, is the same.
//
//   a round:  plan_compaction -> KeyMapBuilder over [first_dirty, first_uncleanable) until the map is full
//             -> group_segments of all segments below the end of the map -> BatchCleaner over each batch of a group,
//             but for those that Survivors knows to go as a whole
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "log/index.h"
#include "log/key_map.h"
#include "log/producer_table.h"
#include "log/survivors.h"
#include "wire/batch.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"

namespace moldau::log {

/// The settings of a topic that rule its compaction; Kafka's names and units.
struct CompactionPolicy {
  double min_cleanable_ratio = 0.5;
  int64_t min_lag_ms = 0;
  int64_t max_lag_ms = INT64_MAX;
  int64_t segment_bytes = 1 << 30;
  int64_t index_bytes = 10 << 20;
};

/// A segment of the log to compact.
struct CompactionSegment {
  Offset base = 0;
  uint64_t size = 0;
  uint64_t offset_index_bytes = 0;
  uint64_t time_index_bytes = 0;
  /// Of its records, or the time of its last change if they have none. Looked at only when min_lag_ms > 0.
  WallMillis largest_timestamp = no_timestamp;
  /// The largest of its first batch. Looked at only when max_lag_ms is finite.
  WallMillis first_timestamp = no_timestamp;
};

/// A log as the planner sees it.
struct CompactionLog {
  std::span<const CompactionSegment> segments;  ///< oldest first; the last is active
  Offset log_start = 0;
  Offset log_end = 0;
  Offset last_stable = 0;           ///< min of the high watermark and the first open transaction
  std::optional<Offset> clean_end;  ///< from cleaner-offset-checkpoint
};

/// What a round on this log would be.
struct CompactionPlan {
  Offset first_dirty = 0;
  Offset first_uncleanable = 0;    ///< the base of a segment
  bool clean_end_invalid = false;  ///< the checkpoint lies outside of the log: it is to be set to first_dirty
  int64_t delay_ms = 0;            ///< how long ago max_lag_ms asked for a round; 0: it does not
  uint64_t clean_bytes = 0;
  uint64_t cleanable_bytes = 0;

  uint64_t total_bytes() const { return clean_bytes + cleanable_bytes; }
  double ratio() const {
    return total_bytes() == 0 ? 0 : static_cast<double>(cleanable_bytes) / static_cast<double>(total_bytes());
  }
  /// True when a round is due.
  bool due(const CompactionPolicy& policy) const {
    if (total_bytes() == 0) return false;
    return (delay_ms > 0 && cleanable_bytes > 0) || ratio() > policy.min_cleanable_ratio;
  }
};

CompactionPlan plan_compaction(const CompactionLog& log, const CompactionPolicy& policy, WallMillis now);

/// Segments [first, last) of the list, which become one.
struct SegmentGroup {
  size_t first = 0;
  size_t last = 0;
};

/// Groups the segments that begin below `end` (the end of the key map), so that neither log nor index of what comes out
/// outgrows the limits, and its offsets stay within reach of its base.
std::vector<SegmentGroup> group_segments(std::span<const CompactionSegment> segments, const CompactionPolicy& policy,
                                         Offset end, Offset first_uncleanable);

/// Counters of one round.
struct CompactionCounts {
  uint64_t map_records = 0;  ///< read while the map was built
  uint64_t map_bytes = 0;
  uint64_t records_read = 0;  ///< looked at while records were chosen
  uint64_t bytes_read = 0;    ///< chosen from, those passed by included
  uint64_t records_written = 0;
  uint64_t bytes_written = 0;
  uint64_t keyless_records = 0;  ///< removed, for they have no key

  void add(const CompactionCounts& other);
};

/// Which transactions are under way at the batch that is looked at: knows aborted ones from the transaction index.
/// Fed with the batches of a log in their order.
class TransactionFilter {
 public:
  /// Transactions of the index of the segments that come next; the same one may come twice.
  void add_aborted(std::span<const AbortedTransaction> transactions);
  /// Takes a marker. True when it may go, as far as the data of its transaction is concerned: none was seen.
  bool on_control(const wire::BatchView& batch);
  /// Takes a data batch. True when its transaction was aborted.
  bool on_data(const wire::BatchView& batch);
  /// The aborted transactions whose data or markers stay, in the order of their markers: the new transaction index.
  /// Taken away by the call.
  std::vector<AbortedTransaction> take_retained() { return std::exchange(retained_, {}); }

 private:
  struct Ongoing {
    AbortedTransaction transaction;
    bool data_seen = false;
  };
  void begin_up_to(Offset offset);

  std::multimap<Offset, AbortedTransaction> ahead_;  // by first offset
  std::map<ProducerId, Ongoing> aborted_;
  std::set<ProducerId> committed_;
  std::vector<AbortedTransaction> retained_;
};

/// A batch with its records in the clear: itself, or unfolded into memory of this object.
class UnfoldedBatch {
 public:
  /// The view lives as long as `batch` and until the next call. Fails (corrupt) for records that are not sound.
  Result<wire::BatchView> of(const wire::BatchView& batch);

 private:
  compress::Decompressor decompressor_;
  std::vector<std::byte> bytes_;
};

/// Fills a KeyMap with the records of the dirty part.
class KeyMapBuilder {
 public:
  /// For [first_dirty, round_end).
  KeyMapBuilder(const KeyMapSize& size, const HashSecret& secret, Offset first_dirty, Offset round_end)
      : map_(size),
        secret_(secret),
        first_dirty_(first_dirty),
        round_end_(round_end),
        survivors_(first_dirty, round_end) {}

  /// Takes the next batch, which is at `position` of the segment that begins at `segment`. True: the map is full, and
  /// what follows is for the next round.
  Result<bool> add(const wire::BatchView& batch, Offset segment, uint64_t position);
  /// The segment ends; the next begins at `next_base`.
  void segment_done(Offset next_base) { latest_ = next_base - 1; }

  TransactionFilter& transactions() { return transactions_; }
  const KeyMap& map() const { return map_; }
  const HashSecret& secret() const { return secret_; }
  /// The last offset that the map covers; -1 when nothing was added.
  Offset latest() const { return latest_; }
  const CompactionCounts& counts() const { return counts_; }
  /// Call once nothing more is added: where the dirty part has to be looked at again. Besides the newest record of each
  /// key these are the batches that are judged by more than their keys: markers, data of transactions, records without
  /// a key, and the batch that ends the round.
  Survivors take_survivors();

 private:
  struct Found {
    KeyHash hash;
    Offset offset;
  };
  Result<bool> add_records(const wire::BatchView& batch);

  KeyMap map_;
  HashSecret secret_;
  Offset first_dirty_;
  Offset round_end_;
  Offset latest_ = -1;
  TransactionFilter transactions_;
  UnfoldedBatch unfolded_;
  wire::RecordIterator records_;
  std::vector<Found> found_;
  Survivors survivors_;
  CompactionCounts counts_;
};

/// What became of a batch.
enum class BatchFate : unsigned char {
  dropped,
  kept,       ///< as it is
  rewritten,  ///< as other bytes, which may be a header without records
};

/// Chooses records.
class BatchCleaner {
 public:
  /// `map` and `transactions` outlive it. `now`: the time at which the round began. `round_end`: first_uncleanable; the
  /// batch that ends there stays, even empty, so that the end of the clean part is remembered.
  BatchCleaner(const KeyMap& map, const HashSecret& secret, Offset latest, TransactionFilter& transactions,
               WallMillis now, int64_t delete_retention_ms, Offset round_end)
      : map_(map),
        secret_(secret),
        latest_(latest),
        transactions_(transactions),
        now_(now),
        delete_retention_ms_(delete_retention_ms),
        round_end_(round_end) {}

  /// The producers of the log as they are now, by ascending id: the last batch of each stays, even empty, so that its
  /// sequence is remembered. These batches are wanted of `survivors`.
  void set_producers(std::vector<ProducerEntry> producers, Survivors& survivors);
  /// Counts bytes of batches that were not even looked at, since nothing of them stays.
  void passed_by(uint64_t bytes) { counts_.bytes_read += bytes; }

  /// Judges `batch`. `out`: what stands for it now (empty when dropped), valid until the next call. Fails (corrupt)
  /// when its records are not sound.
  Result<BatchFate> clean(const wire::BatchView& batch, std::span<const std::byte>& out);

  const CompactionCounts& counts() const { return counts_; }

 private:
  enum class Retention : unsigned char { drop, drop_if_empty, keep_empty };
  struct Judged {
    KeyHash hash;
    Offset offset = 0;
    bool has_key = false;
    bool has_value = false;
    bool keep = false;
  };
  bool is_last_of_producer(const wire::BatchView& batch) const;
  Status judge(const wire::BatchView& plain, bool discard, size_t& kept, bool& tombstones);
  bool keeps(const wire::BatchView& batch, const Judged& record);
  Result<std::span<const std::byte>> rebuild(const wire::BatchView& batch, const wire::BatchView& plain,
                                             std::optional<WallMillis> horizon);
  Result<std::span<const std::byte>> empty_header(const wire::BatchView& batch);

  const KeyMap& map_;
  HashSecret secret_;
  Offset latest_;
  TransactionFilter& transactions_;
  WallMillis now_;
  int64_t delete_retention_ms_;
  Offset round_end_;
  std::vector<ProducerEntry> producers_;
  UnfoldedBatch unfolded_;
  wire::RecordIterator records_;
  wire::BatchBuilder builder_;
  std::vector<Judged> judged_;
  CompactionCounts counts_;
};

}  // namespace moldau::log
