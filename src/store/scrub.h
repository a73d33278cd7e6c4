// Scrub: reads the segments that nothing else reads, and checks their batches: length, checksum, offsets that ascend.
// What it finds damaged is marked in the log (reads of these offsets are answered as damage, the rest serves on), told
// by topic, partition and offsets, and remembered in a file beside the segment (log/damage_marks.h), so that a restart
// need not find it again. Nothing is ever cut, moved or written over: the bytes stay for whoever can still use them.
//
// Which: of each log all segments but the active one, once their bytes are stable and below the recovery point. What
// lies above is recovery's.
//
// One walker, a coroutine, for each log directory:
//
//   resting  --interval over, or a round was cut short-->  walking: logs by name, segments by offset
//   walking  --a segment--> in the pool, slice by slice --whole--> marks, if there is damage
//   walking  --last log--> resting
//
// Costs. The pool: one job at a time, of slice_bytes. Between two it rests as long as bytes_per_second asks, and at
// least nine times as long as the job took: on a device that is busy it takes a tenth of what is there. The loop: a few
// microseconds a slice; sorting the logs once a round. Memory: the buffer of a scan, or one batch.
//
// Each shard has walkers of its own, for its own logs; one that leaves is left where it is, until the next round. Where
// a walker was is written down (scrub-position; of further shards scrub-position-N) once a minute of walking and after
// each round, so that restarts do not keep it from ever reaching the last log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/task.h"
#include "store/directory.h"
#include "store/partition_log.h"
#include "store/scrub_options.h"

namespace moldau::store {

class Scrub {
 public:
  explicit Scrub(StoreCore& core) : core_(core) {}
  Scrub(const Scrub&) = delete;
  Scrub& operator=(const Scrub&) = delete;
  ~Scrub() { stop(); }

  /// Begins to walk.
  void start(const ScrubOptions& options);
  /// Takes new settings, at once.
  void configure(const ScrubOptions& options);
  /// Ends where it is; a job in the pool goes on and touches nothing of the loop's. For close.
  void stop();

  const ScrubCounts& counts() const { return counts_; }

 private:
  /// Where a round stands: the next segment is the first of log `topic`-`partition` or later, at `base` or later.
  struct Position {
    int64_t round_wall_ms = 0;  ///< when the round began; 0: no round ever did
    bool walking = false;
    std::string topic;
    PartitionIndex partition = 0;
    Offset base = 0;
  };
  struct Walker {
    LogDirectory* directory = nullptr;
    std::string path;  ///< of the file that keeps the position
    Position position;
    Instant written;  ///< when the position was
    io::Callback wake;
  };
  struct Pass;

  static std::string print(const Position& position);
  static Position parse(std::string_view text);

  io::Task<void> work(size_t index);
  io::Task<void> walk(size_t index);
  io::Task<void> scrub_log(size_t index, std::shared_ptr<PartitionLog> log);
  io::Task<bool> scrub_segment(size_t index, std::shared_ptr<PartitionLog> log, ScrubSource source);
  io::Task<void> take(size_t index, std::shared_ptr<PartitionLog> log, ScrubSource source, std::shared_ptr<Pass> pass);
  io::Task<Status> in_pool(std::shared_ptr<Pass> pass, std::function<Status(io::Disk&)> job);
  io::Task<void> rest(size_t index, Duration duration);
  io::Task<void> write_position(size_t index);
  bool may_walk(size_t index) const;
  bool may_scrub(const PartitionLog& log) const;

  StoreCore& core_;
  ScrubOptions options_;
  ScrubCounts counts_;
  bool started_ = false;
  std::vector<std::unique_ptr<Walker>> walkers_;
  io::TaskGroup tasks_;
};

}  // namespace moldau::store
