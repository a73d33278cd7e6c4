// Which way a commit round goes: through the journal, or by syncing each segment. Chosen by what both have cost so far
// on this disk. Pure; the store notes the times that its pool jobs took.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace moldau::log {

class JournalChoice {
 public:
  /// A round of `bytes` was written and synced in `took`.
  void note_round(uint64_t bytes, Duration took);
  /// `logs` segments were synced side by side, the last one `took` after the start of the first.
  void note_syncs(size_t logs, Duration took);

  /// True when `logs` logs with `bytes` to be made stable are cheaper by a round. Now and then it is the other way, so
  /// that neither cost is what it was long ago.
  bool through_journal(size_t logs, uint64_t bytes);

  /// What it would take, as far as is known.
  Duration cost_of_round(uint64_t bytes) const;
  Duration cost_of_syncs(size_t logs) const;

 private:
  // Measured on ext4 over a virtual disk, until there is something of this one (docs/design/journal.md).
  int64_t round_ns_ = 160'000;  // of a round without payload
  int64_t sync_ns_ = 220'000;   // a log, when several are synced
  uint64_t chosen_in_a_row_ = 0;
  bool last_ = false;
};

}  // namespace moldau::log
