// How moves between log directories are set, what they tell of themselves, and who hears of them. Part of store.h.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "io/executor.h"

namespace moldau::store {

struct MoverOptions {
  int threads = 0;  ///< num.replica.alter.log.dirs.threads: moves that copy at the same time; 0: one per log directory
  int64_t io_bytes_per_second_max = INT64_MAX;  ///< replica.alter.log.dirs.io.max.bytes.per.second, of all together
  uint64_t slice_bytes = 2u << 20;              ///< ours: copied in one job of the pool
  uint64_t sync_bytes = 32u << 20;              ///< ours: copied between two syncs
  uint64_t swap_bytes_max = 4u << 20;           ///< ours: copied while appends wait

  bool operator==(const MoverOptions&) const = default;
};

/// A log that is being moved.
struct MoveInfo {
  TopicPartitionId id;
  std::string topic;
  size_t directory = 0;     ///< where to, among the log directories
  uint64_t size_bytes = 0;  ///< of batches that the copy has
  Offset end = 0;           ///< below it the copy is complete
};

struct MoveCounts {
  uint64_t begun = 0;
  uint64_t finished = 0;
  uint64_t dropped = 0;  ///< by request, or with the topic
  uint64_t failed = 0;
  uint64_t bytes = 0;  ///< copied
};

/// Hears of moves, in turns of the loop, never from inside a call of Store.
class MoveListener {
 public:
  /// A copy has caught up. `go` says whether it may take the log's place, once whoever keeps account of where logs are
  /// knows; a failure ends the move.
  virtual void move_ready(const TopicPartitionId& id, size_t directory, io::Completion<Status> go) = 0;
  /// A move is over; `moved`: the log is in its new directory, else where it was.
  virtual void move_ended(const TopicPartitionId& id, bool moved) = 0;

 protected:
  ~MoveListener() = default;
};

}  // namespace moldau::store
