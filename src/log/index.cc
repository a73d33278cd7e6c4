#include "log/index.h"

#include "base/assert.h"
#include "base/endian.h"

namespace moldau::log {
namespace {

/// The last slot of [0, count) for which key(slot) <= wanted; the keys ascend.
template <typename Key>
std::optional<size_t> floor_slot(size_t count, int64_t wanted, Key&& key) {
  size_t low = 0;
  size_t high = count;  // invariant: keys below low are <= wanted, keys from high on are > wanted
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (key(middle) <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  return low - 1;
}

int32_t relative(Offset base, Offset offset) {
  ASSERT(offset >= base && offset - base <= relative_offset_max);
  return static_cast<int32_t>(offset - base);
}

Offset absolute(Offset base, int32_t delta) {
  // Hostile deltas may be negative: the sum is checked by the plausibility tests, here it only must not overflow.
  return static_cast<Offset>(static_cast<uint64_t>(base) + static_cast<uint64_t>(static_cast<int64_t>(delta)));
}

}  // namespace

void put_entry(std::byte* out, Offset base, const OffsetEntry& entry) {
  store_big_endian<int32_t>(out, relative(base, entry.offset));
  store_big_endian<uint32_t>(out + 4, entry.position);
}

void put_entry(std::byte* out, Offset base, const TimeEntry& entry) {
  store_big_endian<int64_t>(out, entry.timestamp);
  store_big_endian<int32_t>(out + 8, relative(base, entry.offset));
}

OffsetEntry offset_entry_at(std::span<const std::byte> bytes, Offset base, size_t slot) {
  ASSERT(slot < bytes.size() / offset_entry_bytes);
  const std::byte* at = bytes.data() + slot * offset_entry_bytes;
  return {absolute(base, load_big_endian<int32_t>(at)), load_big_endian<uint32_t>(at + 4)};
}

TimeEntry time_entry_at(std::span<const std::byte> bytes, Offset base, size_t slot) {
  ASSERT(slot < bytes.size() / time_entry_bytes);
  const std::byte* at = bytes.data() + slot * time_entry_bytes;
  return {load_big_endian<int64_t>(at), absolute(base, load_big_endian<int32_t>(at + 8))};
}

std::optional<size_t> floor_by_offset(std::span<const std::byte> offset_index, Offset base, Offset offset) {
  return floor_slot(offset_index.size() / offset_entry_bytes, offset,
                    [&](size_t slot) { return offset_entry_at(offset_index, base, slot).offset; });
}

std::optional<size_t> floor_by_timestamp(std::span<const std::byte> time_index, Offset base, WallMillis timestamp) {
  return floor_slot(time_index.size() / time_entry_bytes, timestamp,
                    [&](size_t slot) { return time_entry_at(time_index, base, slot).timestamp; });
}

std::optional<size_t> floor_of_time_by_offset(std::span<const std::byte> time_index, Offset base, Offset offset) {
  return floor_slot(time_index.size() / time_entry_bytes, offset,
                    [&](size_t slot) { return time_entry_at(time_index, base, slot).offset; });
}

size_t entries_below(std::span<const std::byte> offset_index, Offset base, Offset offset) {
  const auto slot = floor_by_offset(offset_index, base, offset - 1);
  return slot ? *slot + 1 : 0;
}

size_t time_entries_below(std::span<const std::byte> time_index, Offset base, Offset offset) {
  const auto slot = floor_of_time_by_offset(time_index, base, offset - 1);
  return slot ? *slot + 1 : 0;
}

bool offset_index_plausible(std::span<const std::byte> bytes, Offset base, uint64_t log_bytes) {
  if (bytes.size() % offset_entry_bytes != 0) return false;
  OffsetEntry previous;
  for (size_t slot = 0; slot < bytes.size() / offset_entry_bytes; ++slot) {
    const OffsetEntry entry = offset_entry_at(bytes, base, slot);
    if (entry.offset < base || entry.position >= log_bytes) return false;
    if (slot > 0 && (entry.offset <= previous.offset || entry.position <= previous.position)) return false;
    previous = entry;
  }
  return true;
}

bool time_index_plausible(std::span<const std::byte> bytes, Offset base) {
  if (bytes.size() % time_entry_bytes != 0) return false;
  TimeEntry previous;
  for (size_t slot = 0; slot < bytes.size() / time_entry_bytes; ++slot) {
    const TimeEntry entry = time_entry_at(bytes, base, slot);
    if (entry.offset < base || entry.timestamp < 0) return false;
    if (slot > 0 && (entry.timestamp <= previous.timestamp || entry.offset < previous.offset)) return false;
    previous = entry;
  }
  return true;
}

std::optional<AbortedTransaction> aborted_transaction_at(std::span<const std::byte> bytes, size_t slot) {
  ASSERT(slot < bytes.size() / aborted_transaction_bytes);
  const std::byte* at = bytes.data() + slot * aborted_transaction_bytes;
  if (load_big_endian<int16_t>(at) != 0) return std::nullopt;
  return AbortedTransaction{load_big_endian<int64_t>(at + 2), load_big_endian<int64_t>(at + 10),
                            load_big_endian<int64_t>(at + 18), load_big_endian<int64_t>(at + 26)};
}

void put_entry(std::byte* out, const AbortedTransaction& entry) {
  store_big_endian<int16_t>(out, 0);
  store_big_endian<int64_t>(out + 2, entry.producer_id);
  store_big_endian<int64_t>(out + 10, entry.first_offset);
  store_big_endian<int64_t>(out + 18, entry.last_offset);
  store_big_endian<int64_t>(out + 26, entry.last_stable_offset);
}

}  // namespace moldau::log
