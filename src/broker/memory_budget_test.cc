// The budget of memory that shards share.
#include "broker/memory_budget.h"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using Level = MemoryShare::Level;
constexpr uint64_t mib = 1 << 20;

TEST(MemoryBudget, LevelsFollowWhatIsInUse) {
  MemoryBudget budget(64 * mib);
  MemoryShare share(budget);
  EXPECT_EQ(share.level(0), Level::plenty);
  EXPECT_EQ(share.level(64 * mib), Level::plenty);
  EXPECT_EQ(share.level(65 * mib), Level::scarce);
  EXPECT_EQ(share.level(72 * mib), Level::scarce);
  EXPECT_EQ(share.level(73 * mib), Level::exhausted);
  EXPECT_EQ(share.level(10 * mib), Level::plenty);
}

TEST(MemoryBudget, ShardsShareOneBudget) {
  MemoryBudget budget(64 * mib);
  MemoryShare one(budget);
  {
    MemoryShare two(budget);
    EXPECT_EQ(one.level(40 * mib), Level::plenty);
    EXPECT_EQ(two.level(30 * mib), Level::scarce);
    EXPECT_EQ(one.level(40 * mib), Level::scarce) << "what another one uses counts";
    EXPECT_EQ(two.level(1 * mib), Level::plenty);
    EXPECT_EQ(one.level(60 * mib), Level::plenty) << "one shard may have nearly all";
  }
  EXPECT_EQ(one.level(64 * mib), Level::plenty) << "a share that ends gives back";
  EXPECT_GE(budget.claimed(), 64 * mib);
}

TEST(MemoryBudget, WhatIsClaimedIsAtLeastWhatIsInUseAndLittleMore) {
  MemoryBudget budget(256 * mib);
  MemoryShare share(budget);
  for (uint64_t use = 0; use < 20 * mib; use += 77'777) {
    share.level(use);
    EXPECT_GE(budget.claimed(), use);
  }
  for (uint64_t use = 20 * mib; use > 77'777; use -= 77'777) {
    share.level(use);
    EXPECT_GE(budget.claimed(), use);
    EXPECT_LE(budget.claimed(), use + mib);
  }
}

}  // namespace
}  // namespace moldau::broker
