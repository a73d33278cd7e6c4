// Balancer: decides which partitions go from which shard of a node to which other one, by what they cost lately. Pure:
// it is shown what each shard did in an interval, and says what is to move; who measures and who moves: broker_load.cc.
// docs/design/shards.md
//
// Work on one shard is cheapest: requests for several partitions need no hop, and one thread sleeps and wakes instead
// of many. So shards are filled one after the other: the next one gets partitions when the ones before are crowded.
//
// States: even -> crowded, when a shard is busy, another one is much less so, and processors lie idle that could help
// -> even, when that is over. even -> quiet, when all that the shards do is little for one, and not on one -> even. In
// `crowded` and `quiet` loads are summed; what lasts for some intervals leads to moves, and then to a rest in which
// connections follow their partitions. A partition that moved stays for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/ids.h"

namespace moldau::broker {

/// Parts per million: of a shard's time, or of a processor's.
using Ppm = int64_t;
inline constexpr Ppm all_of_it = 1'000'000;

/// What one partition cost, by Work (partition.h).
struct PartitionWork {
  TopicPartitionId id;
  uint64_t work = 0;
};

/// What a shard did in an interval.
struct ShardWork {
  Ppm busy = 0;
  uint64_t work = 0;                   ///< of all its partitions
  std::vector<PartitionWork> movable;  ///< those that cost most and may move, the costliest first
};

/// The shard for a new partition or connection: the first one that has room below `fill`, else the least busy one (by
/// tenths), of which there are the fewest (`counts`) already.
size_t shard_with_room(std::span<const Ppm> busy, std::span<const size_t> counts, Ppm fill);

class Balancer {
 public:
  /// Partitions of one shard that are worth a look.
  static constexpr size_t listed_max = 128;
  static constexpr size_t moves_max = 128;    ///< of one step
  static constexpr int crowded_steps = 3;     ///< that it must last
  static constexpr int quiet_steps = 30;      ///< that it must last
  static constexpr int rest_steps = 3;        ///< after moves
  static constexpr uint64_t stay_steps = 30;  ///< of a partition that moved
  static constexpr Ppm gap_min = 200'000;     ///< between the busiest and the least busy shard, for a move
  static constexpr Ppm gain_min = 50'000;     ///< what must leave crowded shards
  static constexpr Ppm spare_min = 250'000;   ///< of a processor, idle

  struct Move {
    TopicPartitionId id;
    size_t from = 0;
    size_t to = 0;
    bool operator==(const Move&) const = default;
  };

  /// A shard is filled up to `fill` of its time before the next one is; 0: work is spread evenly whatever it costs.
  explicit Balancer(Ppm fill) : fill_(fill) {}

  /// What all shards did in the interval that ends, and how much of the machine's processors lay idle. What is to move
  /// now, in this order. Called once in each interval in which nothing moves.
  std::vector<Move> step(std::span<const ShardWork> shards, Ppm spare);

 private:
  enum class State : unsigned char { even, crowded, quiet };
  struct Sum {
    Ppm busy = 0;
    uint64_t work = 0;
    std::map<TopicPartitionId, uint64_t> partitions;
  };
  struct Load {
    TopicPartitionId id;
    Ppm load = 0;
  };

  State look(std::span<const ShardWork> shards, Ppm spare) const;
  Ppm crowded() const { return fill_ + gap_min; }
  std::vector<Move> spread();
  std::vector<Move> gather();
  std::vector<Load> loads_of(size_t shard) const;
  size_t target_for(size_t from, std::span<const Ppm> busy) const;

  const Ppm fill_;
  State state_ = State::even;
  std::vector<Sum> sums_;  // by shard, of the steps that the state lasts
  int steps_ = 0;          // that the state lasts
  int resting_ = 0;
  uint64_t now_ = 0;                            // steps so far
  std::map<TopicPartitionId, uint64_t> moved_;  // when each moved last, of those that have to stay
};

}  // namespace moldau::broker
