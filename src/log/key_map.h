// KeyMap: for each key of a stretch of a log, the offset of its newest record, in a fixed amount of memory. Compaction
// fills one from the dirty part of a log and asks it of every record it copies. Pure.
//
// A key is represented by 128 bits of SipHash-2-4 (Aumasson, Bernstein 2012) under a secret that is drawn for each
// cleaning, never by its bytes: an entry is 24 bytes whatever the keys are, the same as in Kafka's table (MD5 and an
// offset), so that log.cleaner.dedupe.buffer.size means the same number of keys. Two keys with one hash would make the
// older one's record vanish: with n keys that has a probability below n^2 / 2^129 (10^9 keys: 10^-21), and, the hash
// being keyed, nobody who chooses keys can do better than chance. MD5 has no key, and collisions for it can be made.
//
// Open addressing with linear probing: neighbours share cache lines, and nothing is ever removed. The table begins
// small and grows eightfold: a log has most often far fewer keys than offsets. A slot's place grows with the hash, so
// that growing is one walk through both tables, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/huge_pages.h"
#include "base/ids.h"

namespace moldau::log {

/// The secret of a cleaning: 128 random bits.
struct HashSecret {
  uint64_t first = 0;
  uint64_t second = 0;
};

struct KeyHash {
  uint64_t first = 0;
  uint64_t second = 0;

  bool operator==(const KeyHash&) const = default;
};

/// SipHash-2-4 of `key`, the 128-bit variant.
KeyHash hash_key(std::span<const std::byte> key, const HashSecret& secret) noexcept;

/// How large a KeyMap may become.
struct KeyMapSize {
  size_t slots = 0;     ///< while it grows to that it holds an eighth more
  size_t keys_max = 0;  ///< the table counts as full with so many
};

class KeyMap {
 public:
  static constexpr size_t slot_bytes = 24;

  /// The size for `bytes` of memory filled up to `load_factor` (log.cleaner.dedupe.buffer.size over the threads, and
  /// log.cleaner.io.buffer.load.factor): as many keys as Kafka's table takes. A stretch of a log with fewer than that
  /// many offsets (`offsets`) gets fewer slots. At most 2 GiB are used, as in Kafka.
  static KeyMapSize size_for(uint64_t bytes, double load_factor, uint64_t offsets);

  explicit KeyMap(const KeyMapSize& size);

  /// Notes that `offset` is the newest of the key. False, and nothing is noted, when the table is full: also for a key
  /// that is in it, as in Kafka.
  bool put(const KeyHash& hash, Offset offset) noexcept;
  /// The newest offset noted; nothing for a key that is not in the table.
  std::optional<Offset> find(const KeyHash& hash) const noexcept;
  /// Asks for the memory that put() and find() will look at.
  void prefetch(const KeyHash& hash) const noexcept { __builtin_prefetch(&slots_[slot_of(hash)]); }

  /// Calls `take` with the newest offset of each key, in no order that means anything.
  template <typename Take>
  void each_offset(Take&& take) const {
    for (const Slot& slot : slots_) {
      if (slot.offset_plus_one != 0) take(static_cast<Offset>(slot.offset_plus_one - 1));
    }
  }

  size_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ >= keys_max_; }
  /// How many there are by now.
  size_t slots() const noexcept { return slots_.size(); }
  size_t keys_max() const noexcept { return keys_max_; }

 private:
  struct Slot {
    KeyHash hash;
    uint64_t offset_plus_one = 0;  // 0: free
  };
  static_assert(sizeof(Slot) == slot_bytes);

  size_t slot_of(const KeyHash& hash) const noexcept {
    return static_cast<size_t>(((hash.first >> 32) * static_cast<uint64_t>(slots_.size())) >> 32);
  }

  /// Where the hash is, or the free slot where its search ends.
  size_t place_of(const KeyHash& hash) const noexcept;
  void grow() noexcept;

  std::vector<Slot, HugePageAllocator<Slot>> slots_;
  size_t slots_max_ = 0;
  int growths_left_ = 0;
  size_t keys_max_ = 0;
  size_t size_ = 0;
};

}  // namespace moldau::log
