// The index files of a segment as bytes: offset index, time index, index of aborted transactions. Kafka's formats,
// big-endian, offsets relative to the segment's base, no checksum: an index is a hint that must be checked against the
// log it points into. Called by store/ (files, lookups) and log/recovery (rebuilding).
//
// Offset index entry: the LAST offset of a batch, and the position where that batch starts. It is made for the batch
// being appended when more than index.interval.bytes came since the last one, so a reader that looks for offset o takes
// the largest entry <= o and walks on from there. Time index entry: the largest timestamp so far, and the last offset
// of the first batch that has it; strictly ascending.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ids.h"
#include "base/time.h"

namespace moldau::log {

inline constexpr size_t offset_entry_bytes = 8;
inline constexpr size_t time_entry_bytes = 12;
inline constexpr size_t aborted_transaction_bytes = 34;

/// Largest distance of an offset from its segment's base.
inline constexpr int64_t relative_offset_max = INT32_MAX;

struct OffsetEntry {
  Offset offset = 0;      ///< last offset of the batch
  uint32_t position = 0;  ///< where the batch starts in the .log file

  bool operator==(const OffsetEntry&) const = default;
};

struct TimeEntry {
  WallMillis timestamp = no_timestamp;
  Offset offset = 0;  ///< last offset of the first batch with that timestamp as its largest

  bool operator==(const TimeEntry&) const = default;
};

/// REQUIRES: 0 <= entry.offset - base <= relative_offset_max; room for the entry's bytes.
void put_entry(std::byte* out, Offset base, const OffsetEntry& entry);
void put_entry(std::byte* out, Offset base, const TimeEntry& entry);

/// Reads entry number `slot`. REQUIRES: it lies within `bytes`.
OffsetEntry offset_entry_at(std::span<const std::byte> bytes, Offset base, size_t slot);
TimeEntry time_entry_at(std::span<const std::byte> bytes, Offset base, size_t slot);

/// The number of the last entry whose offset is <= `offset`; nothing when the first is larger or there is none.
std::optional<size_t> floor_by_offset(std::span<const std::byte> offset_index, Offset base, Offset offset);
/// The number of the last entry whose timestamp is <= `timestamp`.
std::optional<size_t> floor_by_timestamp(std::span<const std::byte> time_index, Offset base, WallMillis timestamp);
/// As floor_by_offset, in a time index (its offsets ascend too).
std::optional<size_t> floor_of_time_by_offset(std::span<const std::byte> time_index, Offset base, Offset offset);

/// Entries to keep when the segment is cut at `offset`: those strictly below it, as Kafka's truncateTo.
size_t entries_below(std::span<const std::byte> offset_index, Offset base, Offset offset);
size_t time_entries_below(std::span<const std::byte> time_index, Offset base, Offset offset);

/// True when the bytes are whole entries that ascend and point into a log of `log_bytes` (a Kafka index that was not
/// trimmed ends in zeros and fails this).
bool offset_index_plausible(std::span<const std::byte> bytes, Offset base, uint64_t log_bytes);
bool time_index_plausible(std::span<const std::byte> bytes, Offset base);

/// One aborted transaction (.txnindex, version 0).
struct AbortedTransaction {
  ProducerId producer_id = no_producer_id;
  Offset first_offset = 0;
  Offset last_offset = 0;
  Offset last_stable_offset = 0;

  bool operator==(const AbortedTransaction&) const = default;
};

/// Reads entry number `slot`; nothing when its version is not 0. REQUIRES: it lies within `bytes`.
std::optional<AbortedTransaction> aborted_transaction_at(std::span<const std::byte> bytes, size_t slot);
void put_entry(std::byte* out, const AbortedTransaction& entry);

}  // namespace moldau::log
