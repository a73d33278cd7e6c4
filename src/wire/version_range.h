// VersionRange: an inclusive range of message versions; empty by default.
#pragma once

#include <cstdint>

namespace moldau::wire {

/// The last version of a range that also holds in every later one.
inline constexpr int16_t any_later = INT16_MAX;

/// Versions `first` to `last`, both included; empty when last < first.
struct VersionRange {
  int16_t first = 0;
  int16_t last = -1;

  constexpr bool operator==(const VersionRange&) const = default;
  constexpr bool contains(int16_t version) const { return version >= first && version <= last; }
  constexpr bool empty() const { return last < first; }
};

/// The range `first` and later.
constexpr VersionRange since(int16_t first) {
  return {first, any_later};
}

}  // namespace moldau::wire
