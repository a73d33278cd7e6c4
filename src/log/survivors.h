// Survivors: where the copying pass of compaction has to look. Built while the dirty part of a log is read for its key
// map; afterwards most of that part is known to hold nothing that stays, and need not be read again: with a tenth of
// the records keeping their keys to themselves, two thirds of the log. Pure.
//
// Two bounded notes: a bit for each offset that may stay (for each 2^n offsets of a long stretch), and the position of
// a batch every so many bytes (a note for each 16 KiB, then for each 32 KiB, ...). Both err on the side of looking. The
// positions are of batches whose checksum was right when they were noted, not those of an index file: what is passed by
// for a wrong position would be lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "log/key_map.h"

namespace moldau::log {

class Survivors {
 public:
  /// Covers the offsets [from, to). At most 1 MiB of bits and 1.5 MiB of positions.
  Survivors(Offset from, Offset to);

  /// A batch begins here; in the order of the log.
  void batch_at(Offset base, Offset segment, uint64_t position);
  /// What is at `offset` has to be looked at.
  void want(Offset offset);
  /// Wants the newest record of each key.
  void want_all(const KeyMap& map);
  /// From now on only offsets below `to` are covered: the map was full there.
  void end_at(Offset to) { to_ = std::clamp(to, from_, to_); }

  /// The first offset at or above `offset` that has to be looked at: one that was wanted, or that is not covered.
  Offset next(Offset offset) const;
  /// The last noted batch of `segment` that begins at or below `offset`, if it lies behind `position`.
  struct Place {
    Offset base = 0;
    uint64_t position = 0;
  };
  std::optional<Place> place_before(Offset offset, Offset segment, uint64_t position) const;

  static constexpr size_t bits_max = size_t{8} << 20;
  static constexpr size_t notes_max = size_t{1} << 16;

 private:
  struct Note {
    Offset base = 0;
    Offset segment = 0;
    uint64_t position = 0;
  };

  Offset from_;
  Offset to_;
  int shift_ = 0;
  std::vector<uint64_t> words_;
  std::vector<Note> notes_;
  uint64_t stride_bytes_ = 16 << 10;
};

}  // namespace moldau::log
