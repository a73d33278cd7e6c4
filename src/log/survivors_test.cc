// Survivors: what was wanted is found; what is not covered is always looked at; places are those of batches that begin
// at or below what is sought.
#include "log/survivors.h"

#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"

namespace moldau::log {
namespace {

TEST(survivors, finds_what_was_wanted_and_looks_at_all_that_is_not_covered) {
  Survivors survivors(100, 300);
  for (const Offset offset : {99, 100, 170, 171, 299, 300}) survivors.want(offset);
  const std::pair<Offset, Offset> cases[] = {{0, 0},     {99, 99},   {100, 100}, {101, 170},
                                             {171, 171}, {172, 299}, {300, 300}, {1000, 1000}};
  for (const auto& [from, found] : cases) {
    EXPECT_EQ(survivors.next(from), found) << from;
  }
  survivors.end_at(200);
  EXPECT_EQ(survivors.next(172), 200) << "what lies beyond stays, whatever was wanted";
  EXPECT_EQ(survivors.next(250), 250);
  Survivors nothing(5, 5);
  nothing.want(5);
  EXPECT_EQ(nothing.next(5), 5);
}

TEST(survivors, a_long_stretch_is_looked_at_coarsely) {
  const Offset to = Offset{1} << 40;
  Survivors survivors(0, to);
  Prng prng(3);
  std::set<Offset> wanted;
  for (int i = 0; i < 1000; ++i) wanted.insert(static_cast<Offset>(prng.below(static_cast<uint64_t>(to))));
  for (const Offset offset : wanted) survivors.want(offset);
  for (int i = 0; i < 10'000; ++i) {
    const auto from = static_cast<Offset>(prng.below(static_cast<uint64_t>(to)));
    const auto after = wanted.lower_bound(from);
    const Offset next = survivors.next(from);
    EXPECT_GE(next, from);
    EXPECT_LE(next, after == wanted.end() ? to : *after) << "passed by something wanted";
  }
}

TEST(survivors, places_are_of_the_same_segment_and_ahead) {
  Survivors survivors(0, 1000);
  survivors.batch_at(0, 0, 0);
  survivors.batch_at(10, 0, 20'000);
  survivors.batch_at(11, 0, 20'001);  // too near to be noted
  survivors.batch_at(20, 0, 40'000);
  survivors.batch_at(30, 30, 0);
  const auto place = [&](Offset offset, Offset segment, uint64_t position) {
    const auto found = survivors.place_before(offset, segment, position);
    return found ? std::pair(found->base, found->position) : std::pair(Offset{-1}, uint64_t{0});
  };
  const std::pair none(Offset{-1}, uint64_t{0});
  EXPECT_EQ(place(15, 0, 0), std::pair(Offset{10}, uint64_t{20'000}));
  EXPECT_EQ(place(20, 0, 0), std::pair(Offset{20}, uint64_t{40'000}));
  EXPECT_EQ(place(15, 0, 20'000), none) << "not ahead";
  EXPECT_EQ(place(35, 0, 0), none) << "another segment";
  EXPECT_EQ(place(9, 0, 0), none);
}

TEST(survivors, many_places_are_thinned_out_and_stay_true) {
  Survivors survivors(0, INT64_MAX);
  constexpr uint64_t batch_bytes = 20'000;
  const auto count = static_cast<Offset>(3 * Survivors::notes_max);
  for (Offset i = 0; i < count; ++i) survivors.batch_at(i * 10, 0, static_cast<uint64_t>(i) * batch_bytes);
  for (Offset offset = 7; offset < count * 10; offset += 9973) {
    const auto found = survivors.place_before(offset, 0, 0);
    if (offset < 100) continue;
    ASSERT_TRUE(found) << offset;
    EXPECT_LE(found->base, offset);
    EXPECT_EQ(found->position, static_cast<uint64_t>(found->base / 10) * batch_bytes);
    EXPECT_LT(offset - found->base, 100) << "thinned out too much";
  }
}

}  // namespace
}  // namespace moldau::log
