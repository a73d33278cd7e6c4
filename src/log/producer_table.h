// What a partition remembers of its idempotent and transactional producers: for each producer id its epoch, its last
// five batches and the transaction it has open. Consulted before every append of a batch with a producer id, updated
// after it, rebuilt from snapshot and log at start. Pure and deterministic: entries come out in ascending order of
// producer id.
//
// Transitions of an entry:
//   (none)      --append/replay of a batch-->        known, with one batch
//   known       --batch, same epoch-->               known, batches shift (the fifth oldest is dropped)
//   known       --batch or marker, other epoch-->    known, older batches forgotten
//   known       --transactional batch-->             known, transaction open at its base offset (unless one is)
//   known       --marker-->                          known, transaction closed
//   known       --expire, evict (no open transaction)--> (none)
//   (none)      --refused-->                         (none), and only the refused batch may come first
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "wire/batch.h"

namespace moldau::log {

/// Batches remembered per producer: a client has at most five requests in flight.
inline constexpr size_t producer_batches_max = 5;
/// Producers remembered per partition by default; beyond it the longest unused one without a transaction is forgotten.
inline constexpr size_t producers_max_default = 1000;
/// producer.id.expiration.ms: 1 day.
inline constexpr int64_t producer_expiration_ms_default = 86'400'000;

/// One remembered batch.
struct ProducerBatch {
  int32_t last_sequence = wire::no_sequence;
  Offset last_offset = no_offset;
  int32_t offset_delta = 0;  ///< last offset minus first
  WallMillis timestamp = no_timestamp;

  int32_t first_sequence() const noexcept { return wire::subtract_sequence(last_sequence, offset_delta); }
  Offset first_offset() const noexcept { return last_offset - offset_delta; }
  bool operator==(const ProducerBatch&) const = default;
};

/// One producer's state, as a snapshot carries it (with the newest batch only).
struct ProducerEntry {
  ProducerId producer_id = no_producer_id;
  int16_t epoch = wire::no_producer_epoch;
  int32_t coordinator_epoch = -1;
  WallMillis last_timestamp = no_timestamp;
  /// First offset of the open transaction; no_offset if none is open.
  Offset transaction_first_offset = no_offset;
  uint8_t batch_count = 0;
  std::array<ProducerBatch, producer_batches_max> batches;  ///< oldest first
  /// First sequence of this epoch that is known to be in the log, with all between it and the newest; no_sequence if
  /// none is.
  int32_t known_from_sequence = wire::no_sequence;

  const ProducerBatch* newest() const noexcept { return batch_count == 0 ? nullptr : &batches[batch_count - 1U]; }
  const ProducerBatch* oldest() const noexcept { return batch_count == 0 ? nullptr : &batches[0]; }
};

/// A batch with a producer id, as appended or about to be.
struct ProducerAppend {
  ProducerId producer_id = no_producer_id;
  int16_t epoch = wire::no_producer_epoch;
  int32_t base_sequence = wire::no_sequence;
  int32_t last_sequence = wire::no_sequence;
  Offset base_offset = no_offset;
  Offset last_offset = no_offset;
  WallMillis max_timestamp = no_timestamp;
  bool transactional = false;
};

/// A transaction that a marker has closed on this partition.
struct CompletedTransaction {
  ProducerId producer_id = no_producer_id;
  Offset first_offset = no_offset;
  Offset last_offset = no_offset;  ///< of the marker
  bool aborted = false;
  bool operator==(const CompletedTransaction&) const = default;
};

/// A transaction marker: the content of a control batch.
struct TransactionMarker {
  ProducerId producer_id = no_producer_id;
  int16_t epoch = wire::no_producer_epoch;
  bool aborted = false;
  int32_t coordinator_epoch = -1;
  Offset offset = no_offset;
  WallMillis timestamp = no_timestamp;
};

/// The answer to "may this batch be appended?".
enum class ProducerVerdict : uint8_t {
  append,                 ///< yes
  duplicate,              ///< it is in the log already: answer success with the original offset
  out_of_order_sequence,  ///< OUT_OF_ORDER_SEQUENCE_NUMBER (45)
  duplicate_sequence,     ///< DUPLICATE_SEQUENCE_NUMBER (46): in the log, but longer ago than is remembered
  invalid_epoch,          ///< INVALID_PRODUCER_EPOCH (47)
  invalid_transaction,    ///< INVALID_TXN_STATE (48): not transactional while the producer's transaction is open
};

struct ProducerCheck {
  ProducerVerdict verdict = ProducerVerdict::append;
  ProducerBatch original;  ///< of a duplicate: what was appended then
};

class ProducerTable {
 public:
  explicit ProducerTable(size_t producers_max = producers_max_default) : producers_max_(producers_max) {}

  /// Judges a client's batch that would be appended next. `log_held_records`: whether this log has ever held a record;
  /// in one that has not, an unknown producer must begin at sequence 0. REQUIRES: append.producer_id >= 0,
  /// base_sequence >= 0.
  ProducerCheck check(const ProducerAppend& append, bool log_held_records) const;
  /// A batch that check() let pass was refused for a reason that may pass (no space): the batches that an unknown
  /// producer sent behind it, in flight, are out of order until it has come again. Without this they would be taken as
  /// its first ones, and the refused one could never be appended. Not kept across a restart: there the connection
  /// breaks, and the producer sends again in order.
  void refused(const ProducerAppend& append);
  /// The batches that this producer appended last are gone again (refused): it is what it was `before` them, nothing if
  /// it was unknown. What refused() noted of others stays.
  void put_back(ProducerId producer_id, const std::optional<ProducerEntry>& before);
  /// Takes up a batch that has been appended (after check), or is replayed or replicated (then nothing is checked).
  void append(const ProducerAppend& append);
  /// Takes up a marker that has been appended or replayed. Returns the transaction that it closes, if one was open.
  std::optional<CompletedTransaction> append_marker(const TransactionMarker& marker);
  /// Takes up a batch of the log: nothing without producer id, a marker's, or a data batch's state. `batch` need not be
  /// trusted: an unreadable control batch changes nothing.
  std::optional<CompletedTransaction> replay(const wire::BatchView& batch);

  /// Forgets producers whose last append is `expiration_ms` or longer ago and who have no open transaction. Returns how
  /// many.
  size_t expire(WallMillis now, int64_t expiration_ms);
  void clear();
  /// Adds an entry from a snapshot, replacing one of the same producer.
  void load(const ProducerEntry& entry);

  size_t size() const noexcept { return entries_.size(); }
  const ProducerEntry* find(ProducerId producer_id) const;
  /// All entries, by ascending producer id: what a snapshot and DescribeProducers show.
  std::vector<ProducerEntry> entries() const;
  /// First offset of the oldest open transaction; nothing if none is open. The last stable offset cannot pass it.
  std::optional<Offset> first_open_transaction_offset() const;
  /// Oldest last timestamp among producers without a transaction; nothing if there is none. When to call expire() next.
  std::optional<WallMillis> oldest_idle_timestamp() const;

 private:
  struct Slot {
    ProducerEntry entry;
    std::list<ProducerId>::iterator use;
  };
  struct Awaited {  // the first batch of an unknown producer, refused
    int16_t epoch = wire::no_producer_epoch;
    int32_t base_sequence = wire::no_sequence;
    WallMillis timestamp = no_timestamp;
  };
  ProducerEntry& touch(ProducerId producer_id);
  ProducerVerdict check_unknown(const ProducerAppend& append, bool log_held_records) const;
  void evict();
  void set_transaction(ProducerEntry& entry, Offset first_offset);

  size_t producers_max_;
  std::unordered_map<ProducerId, Slot> entries_;
  std::list<ProducerId> uses_;  // least recently used first
  std::set<std::pair<Offset, ProducerId>> open_transactions_;
  std::unordered_map<ProducerId, Awaited> awaited_;
};

/// What the header of a batch with a producer id says of it.
ProducerAppend append_of(const wire::BatchView& batch);

/// Reads the marker in a control batch (its first record). Nothing if the batch holds no readable ABORT or COMMIT.
std::optional<TransactionMarker> read_marker(const wire::BatchView& batch);

}  // namespace moldau::log
