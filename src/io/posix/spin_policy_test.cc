// When a loop polls: what it learns from gaps between events.
#include "io/posix/spin_policy.h"

#include <gtest/gtest.h>

namespace moldau::io::posix {
namespace {

/// Runs `waits` waits whose gaps are taken in turn from `gaps`; the time polled.
Duration run(SpinPolicy& policy, std::initializer_list<int64_t> gaps_us, int waits) {
  Duration polled;
  auto gap = gaps_us.begin();
  for (int i = 0; i < waits; ++i) {
    const Duration window = policy.next();
    const Duration came = microseconds(*gap);
    policy.polled(came, came <= window);
    polled = polled + std::min(came, window);
    if (++gap == gaps_us.end()) gap = gaps_us.begin();
  }
  return polled;
}

TEST(SpinPolicy, AnswersThatComeSoonAreWaitedFor) {
  SpinPolicy policy(microseconds(40), false);
  run(policy, {25}, 2000);
  EXPECT_GE(policy.window(), microseconds(25));
  EXPECT_LE(policy.window(), microseconds(40));
}

TEST(SpinPolicy, EventsFarApartAreNotPolledFor) {
  SpinPolicy policy(microseconds(40), false);
  const Duration polled = run(policy, {900}, 10'000);
  EXPECT_EQ(policy.window(), Duration{});
  EXPECT_LE(polled, microseconds(2 * 10'000)) << "only the samples";
}

TEST(SpinPolicy, WhatComesSoonHalfOfTheTimeIsNotWorthThePolling) {
  SpinPolicy policy(microseconds(40), false);
  run(policy, {38, 900, 900}, 5'000);
  EXPECT_EQ(policy.window(), Duration{});
}

TEST(SpinPolicy, AShortWindowCatchesWhatComesAtOnce) {
  SpinPolicy policy(microseconds(40), false);
  run(policy, {3, 3, 900}, 5'000);
  EXPECT_EQ(policy.window(), microseconds(5));
}

TEST(SpinPolicy, ItLearnsAnew) {
  SpinPolicy policy(microseconds(40), false);
  run(policy, {10}, 3'000);
  EXPECT_GE(policy.window(), microseconds(10));
  run(policy, {500}, 3'000);
  EXPECT_EQ(policy.window(), Duration{});
  run(policy, {10}, 3'000);
  EXPECT_GE(policy.window(), microseconds(10));
}

TEST(SpinPolicy, AlwaysAndNever) {
  SpinPolicy always(milliseconds(2), true);
  run(always, {100'000}, 100);
  EXPECT_EQ(always.next(), milliseconds(2));
  SpinPolicy never(Duration{}, false);
  EXPECT_EQ(run(never, {1}, 100), Duration{});
}

}  // namespace
}  // namespace moldau::io::posix
