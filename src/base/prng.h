// Prng: a small, fast, seeded generator (splitmix64). The same seed gives the same sequence on every machine, which the
// simulator depends on. Not for secrets.
#pragma once

#include <cstdint>

#include "base/assert.h"

namespace moldau {

class Prng {
 public:
  explicit constexpr Prng(uint64_t seed) : state_(seed) {}

  constexpr uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// A number in [0, bound). REQUIRES: bound > 0.
  constexpr uint64_t below(uint64_t bound) {
    ASSERT(bound > 0);
    return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  /// A number in [low, high], both included. REQUIRES: low <= high.
  constexpr int64_t between(int64_t low, int64_t high) {
    const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + (width == 0 ? next() : below(width)));
  }
  /// True in `numerator` of `denominator` cases.
  constexpr bool chance(uint64_t numerator, uint64_t denominator) { return below(denominator) < numerator; }
  /// A generator of its own, for a part whose draws must not disturb the others'.
  constexpr Prng split() { return Prng(next()); }

 private:
  __extension__ using Wide = unsigned __int128;

  uint64_t state_;
};

}  // namespace moldau
