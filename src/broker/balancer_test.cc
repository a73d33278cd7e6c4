// What the balancer decides, in scenarios: partitions with loads, a model of what shards then measure.
#include "broker/balancer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"

namespace moldau::broker {
namespace {

constexpr Ppm percent = all_of_it / 100;

TopicPartitionId id_of(int32_t partition) {
  return {Uuid::of(1, 1), partition};
}

/// Shards that are as busy as their partitions make them, but never more than wholly.
class Model {
 public:
  Model(size_t shards, Ppm fill) : balancer_(fill), fixed_(shards), shards_(shards) {}

  void add(Ppm load, size_t shard = 0) {
    loads_.push_back(load);
    owners_.push_back(shard);
  }
  Ppm demand(size_t shard) const {
    Ppm sum = fixed_[shard];
    for (size_t p = 0; p < loads_.size(); ++p) sum += owners_[p] == shard ? loads_[p] : 0;
    return sum;
  }
  Ppm highest() const {
    Ppm most = 0;
    for (size_t i = 0; i < shards_; ++i) most = std::max(most, demand(i));
    return most;
  }
  size_t used() const {
    size_t count = 0;
    for (size_t i = 0; i < shards_; ++i) count += demand(i) > 0 ? 1 : 0;
    return count;
  }
  /// One interval; how many partitions moved.
  size_t step(Ppm spare = all_of_it) {
    std::vector<ShardWork> work(shards_);
    for (size_t p = 0; p < loads_.size(); ++p) {
      if (loads_[p] == 0) continue;
      ShardWork& one = work[owners_[p]];
      one.work += static_cast<uint64_t>(loads_[p]);
      one.movable.push_back({id_of(static_cast<int32_t>(p)), static_cast<uint64_t>(loads_[p])});
    }
    for (size_t i = 0; i < shards_; ++i) {
      work[i].busy = std::min(demand(i), all_of_it);
      std::sort(work[i].movable.begin(), work[i].movable.end(),
                [](const auto& a, const auto& b) { return a.work != b.work ? a.work > b.work : a.id < b.id; });
      work[i].movable.resize(std::min(work[i].movable.size(), Balancer::listed_max));
    }
    last_ = balancer_.step(work, spare);
    EXPECT_LE(last_.size(), Balancer::moves_max);
    for (const Balancer::Move& move : last_) {
      const auto p = static_cast<size_t>(move.id.partition);
      EXPECT_EQ(owners_[p], move.from);
      EXPECT_NE(move.from, move.to);
      owners_[p] = move.to;
    }
    return last_.size();
  }
  size_t run(int steps, Ppm spare = all_of_it) {
    size_t moves = 0;
    for (int i = 0; i < steps; ++i) moves += step(spare);
    return moves;
  }

  std::vector<Ppm>& loads() { return loads_; }
  size_t owner(size_t partition) const { return owners_[partition]; }
  std::vector<Ppm>& fixed() { return fixed_; }
  const std::vector<Balancer::Move>& last() const { return last_; }

 private:
  Balancer balancer_;
  std::vector<Ppm> loads_;
  std::vector<size_t> owners_;
  std::vector<Ppm> fixed_;  // what is not the partitions', by shard
  std::vector<Balancer::Move> last_;
  size_t shards_;
};

TEST(Balancer, WhoHasNothingToDoMovesNothing) {
  for (const Ppm fill : {Ppm{0}, 50 * percent}) {
    Model model(4, fill);
    for (size_t i = 0; i < 40; ++i) model.add(0, i % 4);
    EXPECT_EQ(model.run(200), 0U);
  }
}

TEST(Balancer, ASmallLoadStaysOnOneShard) {
  Model model(4, 50 * percent);
  for (int i = 0; i < 20; ++i) model.add(3 * percent);
  EXPECT_EQ(model.run(200), 0U);
  EXPECT_EQ(model.used(), 1U);
}

TEST(Balancer, AnEvenLoadStaysWhereItIs) {
  for (const Ppm fill : {Ppm{0}, 50 * percent}) {
    Model model(4, fill);
    for (size_t i = 0; i < 40; ++i) model.add(9 * percent, i % 4);
    EXPECT_EQ(model.run(200), 0U);
  }
}

TEST(Balancer, ACrowdedShardGivesWhatIsTooMuchAfterSomeIntervals) {
  Model model(2, 50 * percent);
  for (int i = 0; i < 8; ++i) model.add(10 * percent);
  EXPECT_EQ(model.step(), 0U);
  EXPECT_EQ(model.step(), 0U);
  EXPECT_EQ(model.step(), 3U);
  EXPECT_EQ(model.demand(0), 50 * percent);
  EXPECT_EQ(model.demand(1), 30 * percent);
  EXPECT_EQ(model.run(200), 0U);
}

TEST(Balancer, AHotPartitionLeavesTheOthersOrTheyIt) {
  Model model(2, 50 * percent);
  model.add(50 * percent);
  for (int i = 0; i < 4; ++i) model.add(10 * percent);
  model.run(20);
  EXPECT_EQ(model.highest(), 50 * percent);
  EXPECT_EQ(model.run(200), 0U);
}

TEST(Balancer, APartitionThatIsMoreThanAShardStaysAlone) {
  Model model(4, 50 * percent);
  model.add(130 * percent);
  EXPECT_EQ(model.run(100), 0U);  // on no shard would it be better off
  for (int i = 0; i < 5; ++i) model.add(6 * percent);
  EXPECT_GT(model.run(100), 0U);
  EXPECT_EQ(model.owner(0), 0U);
  EXPECT_EQ(model.demand(0), 130 * percent);
  EXPECT_EQ(model.used(), 2U);
  EXPECT_EQ(model.run(100), 0U);
}

TEST(Balancer, AGiantDoesNotKeepOthersFromBeingHelped) {
  Model model(3, 50 * percent);
  model.add(100 * percent, 0);
  for (int i = 0; i < 9; ++i) model.add(10 * percent, 1);
  model.run(20);
  EXPECT_EQ(model.demand(0), 100 * percent);
  EXPECT_LE(model.demand(1), 60 * percent);
  EXPECT_GE(model.demand(2), 30 * percent);
}

TEST(Balancer, AsManyShardsAreUsedAsTheLoadNeeds) {
  Model model(16, 50 * percent);
  for (int i = 0; i < 100; ++i) model.add(3 * percent);  // three shards' worth
  model.run(60);
  EXPECT_LE(model.highest(), 75 * percent);
  EXPECT_GE(model.used(), 5U);
  EXPECT_LE(model.used(), 12U);
  EXPECT_EQ(model.run(100), 0U);
}

TEST(Balancer, ManySmallPartitionsComeApartInBoundedSteps) {
  Model model(8, 50 * percent);
  for (int i = 0; i < 2000; ++i) model.add(percent / 5);  // four shards' worth
  model.run(100);
  EXPECT_LE(model.highest(), 85 * percent);
}

TEST(Balancer, WithoutIdleProcessorsNothingIsSpread) {
  Model model(2, 50 * percent);
  for (int i = 0; i < 10; ++i) model.add(10 * percent);
  EXPECT_EQ(model.run(100, 20 * percent), 0U);
  EXPECT_GT(model.run(3, 30 * percent), 0U);
}

TEST(Balancer, AMomentIsNotEnough) {
  Model model(2, 50 * percent);
  for (int i = 0; i < 10; ++i) model.add(0);
  for (int round = 0; round < 50; ++round) {  // two intervals of three are crowded
    std::fill(model.loads().begin(), model.loads().end(), round % 3 == 0 ? 3 * percent : 9 * percent);
    EXPECT_EQ(model.step(), 0U);
  }
}

TEST(Balancer, LoadsThatSwingDoNotMakePartitionsSwing) {
  Prng prng(7);
  Model model(4, 50 * percent);
  for (int i = 0; i < 40; ++i) model.add(6 * percent);
  model.run(20);
  size_t moves = 0;
  for (int round = 0; round < 600; ++round) {  // ten minutes
    for (Ppm& load : model.loads()) load = prng.between(3, 9) * percent;
    moves += model.step();
  }
  EXPECT_LE(moves, 40U);
}

TEST(Balancer, WhoMovedRestsAndStaysForAWhile) {
  Model model(2, 50 * percent);
  for (int i = 0; i < 8; ++i) model.add(10 * percent);
  model.run(3);
  // What moved becomes hot, and what stayed idle: it may not come back at once.
  std::vector<size_t> moved;
  for (size_t p = 0; p < 8; ++p) {
    if (model.owner(p) == 1) moved.push_back(p);
    model.loads()[p] = model.owner(p) == 1 ? 24 * percent : 0;
  }
  EXPECT_EQ(model.run(Balancer::stay_steps - 1), 0U);
  EXPECT_GT(model.run(Balancer::crowded_steps + 2), 0U);
  EXPECT_LE(model.highest(), 50 * percent);
}

TEST(Balancer, WhenThereIsLittleToDoItGathersOnOneShard) {
  Model model(4, 50 * percent);
  for (int i = 0; i < 30; ++i) model.add(6 * percent);
  model.run(30);
  EXPECT_GE(model.used(), 3U);
  std::fill(model.loads().begin(), model.loads().end(), percent / 2);
  EXPECT_EQ(model.run(Balancer::quiet_steps - 1), 0U);
  model.run(Balancer::stay_steps + 1);
  EXPECT_EQ(model.used(), 1U);
  EXPECT_EQ(model.run(200), 0U);
}

TEST(Balancer, WhatIsSpreadOnPurposeIsNotGathered) {
  Model model(4, 0);
  for (size_t i = 0; i < 8; ++i) model.add(percent, i % 4);
  EXPECT_EQ(model.run(200), 0U);
  // And comes apart at a smaller load.
  for (Ppm& load : model.loads()) load = 0;
  for (int i = 0; i < 6; ++i) model.add(5 * percent);
  EXPECT_GT(model.run(5), 0U);
  EXPECT_LE(model.highest(), 15 * percent);
}

TEST(Balancer, ABusyHomeGivesItsPartitionsAway) {
  Model model(2, 50 * percent);
  model.fixed()[0] = 60 * percent;  // groups
  for (int i = 0; i < 4; ++i) model.add(5 * percent);
  model.run(60);
  EXPECT_LE(model.demand(0), 70 * percent);
  EXPECT_GE(model.demand(1), 10 * percent);
  EXPECT_EQ(model.run(100), 0U);
}

TEST(Balancer, TheSameLoadsGiveTheSameMoves) {
  std::vector<std::vector<Balancer::Move>> runs[2];
  for (auto& run : runs) {
    Prng prng(3);
    Model model(5, 30 * percent);
    for (int i = 0; i < 60; ++i) model.add(0, static_cast<size_t>(i % 5));
    for (int round = 0; round < 300; ++round) {
      if (round % 40 == 0) {
        for (Ppm& load : model.loads()) load = prng.between(0, 9) * percent;
      }
      model.step();
      run.push_back(model.last());
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Room, TheFirstShardIsFilledFirst) {
  const std::vector<size_t> counts{9, 0, 3};
  EXPECT_EQ(shard_with_room({}, counts, 50 * percent), 0U);
  EXPECT_EQ(shard_with_room(std::vector<Ppm>{49 * percent, 0, 0}, counts, 50 * percent), 0U);
  EXPECT_EQ(shard_with_room(std::vector<Ppm>{51 * percent, 40 * percent, 0}, counts, 50 * percent), 1U);
  EXPECT_EQ(shard_with_room(std::vector<Ppm>{80 * percent, 90 * percent, 60 * percent}, counts, 50 * percent), 2U);
}

TEST(Room, AmongEquallyBusyOnesTheOneWithTheFewest) {
  const std::vector<size_t> counts{2, 1, 1};
  EXPECT_EQ(shard_with_room({}, counts, 0), 1U);
  EXPECT_EQ(shard_with_room(std::vector<Ppm>{0, 9 * percent, 5 * percent}, counts, 0), 1U);
  EXPECT_EQ(shard_with_room(std::vector<Ppm>{5 * percent, 19 * percent, 15 * percent}, counts, 0), 0U);
}

}  // namespace
}  // namespace moldau::broker
