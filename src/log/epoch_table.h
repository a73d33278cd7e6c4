// EpochTable: which leader epoch starts at which offset of one log (KIP-101, KIP-320). Epochs and start offsets both
// ascend strictly. Mutated by the log when it appends, truncates or moves its start; asked by replicas that look for
// the point where two logs part. Text form: leader-epoch-checkpoint (log/checkpoint.h).
#pragma once

#include <vector>

#include "base/ids.h"

namespace moldau::log {

struct EpochStart {
  Epoch epoch = no_epoch;
  Offset start = 0;

  bool operator==(const EpochStart&) const = default;
};

struct EpochEnd {
  Epoch epoch = no_epoch;
  Offset end = no_offset;

  bool operator==(const EpochEnd&) const = default;
};

class EpochTable {
 public:
  EpochTable() = default;
  /// From a checkpoint's entries in their order, each assigned as it would be live (so nonsense sorts itself out).
  explicit EpochTable(const std::vector<EpochStart>& entries);

  /// Notes that `epoch` starts at `start`. Entries that contradict it (later offsets or epochs) go: the newest
  /// knowledge wins, as in Kafka. Returns whether anything changed. Negative epochs and offsets change nothing.
  bool assign(Epoch epoch, Offset start);
  /// Forgets epochs that start at or after `end`. Returns whether anything changed.
  bool truncate_from_end(Offset end);
  /// Forgets epochs that ended before `start`; the one that covers it starts there now. Returns whether anything
  /// changed.
  bool truncate_from_start(Offset start);
  /// Forgets all. Returns whether anything changed.
  bool clear();

  /// no_epoch when there is none.
  Epoch latest() const { return entries_.empty() ? no_epoch : entries_.back().epoch; }
  /// The epoch of the record at `offset`; no_epoch when it lies before the first entry.
  Epoch epoch_of(Offset offset) const;
  /// The largest epoch <= `epoch` and the offset where the next one starts (`log_end` for the latest). As Kafka: an
  /// epoch older than all is answered with itself and the first start; one that is newer than all, with nothing.
  EpochEnd end_of(Epoch epoch, Offset log_end) const;

  const std::vector<EpochStart>& entries() const { return entries_; }

 private:
  std::vector<EpochStart> entries_;
};

}  // namespace moldau::log
