// Record batch v2 as bytes: BatchView reads the 61-byte header in place, the patchers write the few fields that a
// broker may change. Whoever appends, stores, replicates, serves or compacts batches goes through here; nothing is
// copied. The records inside: wire/batch_records.h. Making batches: wire/batch_builder.h. Format: docs of Kafka's
// message format, magic 2.
//
//   0 base offset i64 | 8 length i32 (of what follows it) | 12 partition leader epoch i32 | 16 magic i8 | 17 crc u32
//   21 attributes i16 | 23 last offset delta i32 | 27 base timestamp i64 | 35 max timestamp i64 | 43 producer id i64
//   51 producer epoch i16 | 53 base sequence i32 | 57 record count i32 | 61 records
//
// The crc (CRC-32C) covers 21 to the end, so base offset and leader epoch are patched without touching it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "base/endian.h"
#include "base/ids.h"
#include "base/time.h"
#include "compress/compress.h"

namespace moldau::wire {

/// Bytes of a v2 batch header: the smallest batch (one whose records compaction has all removed).
inline constexpr size_t batch_header_bytes = 61;
/// Base offset and length: what the length field does not count.
inline constexpr size_t batch_log_overhead = 12;
/// The smallest value of the length field in any format (a magic 0 message without key and value).
inline constexpr int32_t batch_length_min_any_magic = 14;

/// No sequence number: the batch is not of an idempotent producer.
inline constexpr int32_t no_sequence = -1;
inline constexpr int16_t no_producer_epoch = -1;

enum class TimestampType : uint8_t { create_time = 0, log_append_time = 1 };

/// Why bytes are not a batch.
enum class BatchFault : uint8_t {
  none,
  incomplete,  ///< the bytes end before the batch does: its length or magic cannot be read, or it is longer than what
               ///< is there
  bad_length,  ///< the length field is below what its format needs, or negative
  old_magic,   ///< a message set of magic 0 or 1
  unknown_magic,  ///< a magic below 0 or above 2
  bad_crc,        ///< the checksum does not match
};

/// Short lower-case name of `fault`, for diagnostics.
const char* name_of(BatchFault fault) noexcept;

class BatchView;
using BatchResult = std::expected<BatchView, BatchFault>;

/// A v2 batch within borrowed bytes. All accessors read the header in place; none can go out of bounds.
class BatchView {
 public:
  /// The batch at the front of `bytes` (more may follow it). Checks length and magic, not the crc.
  static BatchResult parse(std::span<const std::byte> bytes) noexcept;
  /// As parse(), and checks the crc.
  static BatchResult parse_checked(std::span<const std::byte> bytes) noexcept;

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  size_t size() const noexcept { return bytes_.size(); }
  /// What follows the header: the records, compressed if codec() says so.
  std::span<const std::byte> payload() const noexcept { return bytes_.subspan(batch_header_bytes); }

  Offset base_offset() const noexcept { return load<int64_t>(0); }
  Epoch leader_epoch() const noexcept { return load<int32_t>(12); }
  uint32_t crc() const noexcept { return load<uint32_t>(17); }
  int16_t attributes() const noexcept { return load<int16_t>(21); }
  int32_t last_offset_delta() const noexcept { return load<int32_t>(23); }
  /// Wraps for a hostile delta or offset, as any sum of untrusted numbers here.
  Offset last_offset() const noexcept { return wrapping_add(base_offset(), last_offset_delta()); }
  Offset next_offset() const noexcept { return wrapping_add(last_offset(), 1); }
  WallMillis base_timestamp() const noexcept { return load<int64_t>(27); }
  WallMillis max_timestamp() const noexcept { return load<int64_t>(35); }
  ProducerId producer_id() const noexcept { return load<int64_t>(43); }
  int16_t producer_epoch() const noexcept { return load<int16_t>(51); }
  int32_t base_sequence() const noexcept { return load<int32_t>(53); }
  /// base_sequence plus last_offset_delta, around 2^31; no_sequence if there is none.
  int32_t last_sequence() const noexcept;
  int32_t record_count() const noexcept { return load<int32_t>(57); }

  /// The codec; nothing for the unassigned numbers 5 to 7.
  std::optional<compress::Codec> codec() const noexcept { return compress::codec_of(attributes()); }
  TimestampType timestamp_type() const noexcept {
    return (attributes() & 0x08) != 0 ? TimestampType::log_append_time : TimestampType::create_time;
  }
  bool is_transactional() const noexcept { return (attributes() & 0x10) != 0; }
  bool is_control() const noexcept { return (attributes() & 0x20) != 0; }
  /// True when base_timestamp() holds the time after which the cleaner may drop the batch's tombstones.
  bool has_delete_horizon() const noexcept { return (attributes() & 0x40) != 0; }
  bool has_producer_id() const noexcept { return producer_id() > no_producer_id; }

  /// The checksum that the bytes have, and whether the header says the same.
  uint32_t computed_crc() const noexcept;
  bool crc_valid() const noexcept { return crc() == computed_crc(); }

  /// a + b modulo 2^64.
  static constexpr int64_t wrapping_add(int64_t a, int64_t b) noexcept {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }

 private:
  explicit BatchView(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  template <typename T>
  T load(size_t at) const noexcept {
    return load_big_endian<T>(bytes_.data() + at);
  }
  std::span<const std::byte> bytes_;  // at least batch_header_bytes
};

/// Size of the batch at the front of `bytes`, of any magic, from its first 17 bytes alone; or why it cannot be told. A
/// size may exceed `bytes`. For walking logs and blobs.
std::expected<size_t, BatchFault> batch_size(std::span<const std::byte> bytes) noexcept;

/// What for_each_batch walked over.
struct BatchWalk {
  size_t consumed = 0;                  ///< bytes of whole batches visited
  BatchFault fault = BatchFault::none;  ///< why it ended before the end; incomplete for a cut last batch
};

/// Calls visit(BatchView) -> bool (true to go on) for each whole batch of `blob`, crc unchecked, until the end, a fault
/// or a false.
template <typename Visit>
BatchWalk for_each_batch(std::span<const std::byte> blob, Visit&& visit) {
  BatchWalk walk;
  while (walk.consumed < blob.size()) {
    const BatchResult batch = BatchView::parse(blob.subspan(walk.consumed));
    if (!batch) {
      walk.fault = batch.error();
      break;
    }
    walk.consumed += batch->size();
    if (!visit(*batch)) break;
  }
  return walk;
}

/// Patches the base offset. The crc does not cover it. REQUIRES: a whole batch, as for all patchers.
inline void set_base_offset(std::span<std::byte> batch, Offset offset) noexcept {
  store_big_endian<int64_t>(batch.data(), offset);
}
/// Patches the partition leader epoch. The crc does not cover it.
inline void set_leader_epoch(std::span<std::byte> batch, Epoch epoch) noexcept {
  store_big_endian<int32_t>(batch.data() + 12, epoch);
}
/// Sets timestamp type and maximum timestamp, clears the unassigned attribute bits and recomputes the crc; does
/// nothing, bit for bit, when both are already so. As Kafka's DefaultRecordBatch.setMaxTimestamp.
void set_max_timestamp(std::span<std::byte> batch, TimestampType type, WallMillis max_timestamp) noexcept;

/// `sequence` + `increment` in the ring 0..2^31-1. REQUIRES: both >= 0.
constexpr int32_t add_sequence(int32_t sequence, int32_t increment) noexcept {
  return static_cast<int32_t>((static_cast<uint32_t>(sequence) + static_cast<uint32_t>(increment)) & 0x7FFFFFFFU);
}
/// `sequence` - `decrement` in the ring 0..2^31-1. REQUIRES: both >= 0.
constexpr int32_t subtract_sequence(int32_t sequence, int32_t decrement) noexcept {
  return static_cast<int32_t>((static_cast<uint32_t>(sequence) - static_cast<uint32_t>(decrement)) & 0x7FFFFFFFU);
}

}  // namespace moldau::wire
