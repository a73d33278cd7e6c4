#include "log/key_map.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "base/endian.h"

namespace moldau::log {
namespace {

constexpr uint64_t memory_max = INT32_MAX;
constexpr size_t slots_min = 16;
constexpr size_t first_slots_min = 4096;
constexpr int growth_bits = 3;

struct SipState {
  uint64_t v0;
  uint64_t v1;
  uint64_t v2;
  uint64_t v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  uint64_t finish() noexcept {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

uint64_t load_word(const std::byte* at) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

KeyHash hash_key(std::span<const std::byte> key, const HashSecret& secret) noexcept {
  SipState state{0x736F6D6570736575ULL ^ secret.first, 0x646F72616E646F6DULL ^ secret.second ^ 0xEE,
                 0x6C7967656E657261ULL ^ secret.first, 0x7465646279746573ULL ^ secret.second};
  const std::byte* at = key.data();
  size_t left = key.size();
  for (; left >= 8; at += 8, left -= 8) state.take(load_word(at));
  uint64_t last = static_cast<uint64_t>(key.size()) << 56;
  for (size_t i = 0; i < left; ++i) last |= static_cast<uint64_t>(at[i]) << (8 * i);
  state.take(last);
  state.v2 ^= 0xEE;
  KeyHash hash;
  hash.first = state.finish();
  state.v1 ^= 0xDD;
  hash.second = state.finish();
  return hash;
}

KeyMapSize KeyMap::size_for(uint64_t bytes, double load_factor, uint64_t offsets) {
  const auto slots_max = static_cast<size_t>(std::min(bytes, memory_max) / slot_bytes);
  const double load = std::clamp(load_factor, 0.0, 1.0);
  KeyMapSize size;
  size.keys_max = static_cast<size_t>(static_cast<double>(slots_max) * load);
  // A table with a slot to spare: a search must meet a free one.
  const double wanted =
      std::ceil(static_cast<double>(std::min<uint64_t>(size.keys_max, offsets)) / std::max(load, 0.1));
  size.slots = std::min(std::max(slots_max, slots_min), std::max(slots_min, static_cast<size_t>(wanted) + 1));
  size.keys_max = std::min(size.keys_max, std::max(slots_max, slots_min) - 1);
  return size;
}

KeyMap::KeyMap(const KeyMapSize& size) : slots_max_(size.slots), keys_max_(size.keys_max) {
  ASSERT(size.slots >= slots_min && size.slots <= UINT32_MAX);
  while (slots_max_ >> (growth_bits * (growths_left_ + 1)) >= first_slots_min) ++growths_left_;
  slots_.resize(slots_max_ >> (growth_bits * growths_left_));
}

size_t KeyMap::place_of(const KeyHash& hash) const noexcept {
  size_t at = slot_of(hash);
  while (slots_[at].offset_plus_one != 0 && slots_[at].hash != hash) {
    if (++at == slots_.size()) at = 0;
  }
  return at;
}

void KeyMap::grow() noexcept {
  --growths_left_;
  decltype(slots_) old(slots_max_ >> (growth_bits * growths_left_));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.offset_plus_one != 0) slots_[place_of(slot.hash)] = slot;
  }
}

bool KeyMap::put(const KeyHash& hash, Offset offset) noexcept {
  if (full()) return false;
  size_t at = place_of(hash);
  if (slots_[at].offset_plus_one == 0) {
    if (growths_left_ > 0 && size_ >= slots_.size() / 4 * 3) {
      grow();
      at = place_of(hash);
    }
    // The caller said how many offsets there are; a log that has more than that lied, and one slot stays free.
    if (size_ + 1 >= slots_.size()) return false;
    ++size_;
  }
  slots_[at] = {hash, static_cast<uint64_t>(offset) + 1};
  return true;
}

std::optional<Offset> KeyMap::find(const KeyHash& hash) const noexcept {
  const Slot& slot = slots_[place_of(hash)];
  if (slot.offset_plus_one == 0) return std::nullopt;
  return static_cast<Offset>(slot.offset_plus_one - 1);
}

}  // namespace moldau::log
