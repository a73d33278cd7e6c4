// The grammar of offsets, and where its ranges lie in a log.
#include "cli/offsets.h"

#include <gtest/gtest.h>

#include "cli/consume_plan.h"

namespace moldau::cli {
namespace {

using Kind = OffsetBound::Kind;

constexpr WallMillis now = 1'700'000'000'000;

struct Case {
  const char* text;
  OffsetBound from;
  OffsetBound until;
};

TEST(Offsets, Grammar) {
  const Case cases[] = {
      {"start", {Kind::start, 0}, {}},
      {"oldest", {Kind::start, 0}, {}},
      {"end", {Kind::end, 0}, {}},
      {"newest", {Kind::end, 0}, {}},
      {":end", {Kind::start, 0}, {Kind::end, 0}},
      {"+3", {Kind::start, 3}, {}},
      {"-3", {Kind::end, -3}, {}},
      {"47", {Kind::exact, 47}, {}},
      {"47:", {Kind::exact, 47}, {}},
      {":47", {Kind::start, 0}, {Kind::exact, 47}},
      {"5:10", {Kind::exact, 5}, {Kind::exact, 10}},
      {"5-10", {Kind::exact, 5}, {Kind::exact, 10}},
      {"5:end", {Kind::exact, 5}, {Kind::end, 0}},
      {"@1600000000000", {Kind::timestamp, 1'600'000'000'000}, {}},
      {"@1600000000", {Kind::timestamp, 1'600'000'000'000}, {}},
      {"@1600000000:", {Kind::timestamp, 1'600'000'000'000}, {}},
      {"@:1600000000", {Kind::start, 0}, {Kind::timestamp, 1'600'000'000'000}},
      {"@2022-02-14", {Kind::timestamp, 1'644'796'800'000}, {}},
      {"@2022-02-14:1h", {Kind::timestamp, 1'644'796'800'000}, {Kind::timestamp, 1'644'800'400'000}},
      {"@2022-02-14T08:30:00Z", {Kind::timestamp, 1'644'827'400'000}, {}},
      {"@2022-02-14T08:30:00.5Z", {Kind::timestamp, 1'644'827'400'500}, {}},
      {"@2022-02-14T08:30:00.123456Z:2022-02-14T09:30:00Z",
       {Kind::timestamp, 1'644'827'400'123},
       {Kind::timestamp, 1'644'831'000'000}},
      {"@-48h:-24h", {Kind::timestamp, now - 48 * 3'600'000}, {Kind::timestamp, now - 24 * 3'600'000}},
      {"@-1m:end", {Kind::timestamp, now - 60'000}, {Kind::end, 0}},
      {"@:-1hr", {Kind::start, 0}, {Kind::timestamp, now - 3'600'000}},
      {"@-1h30m", {Kind::timestamp, now - 5'400'000}, {}},
      {"@2024-02-29", {Kind::timestamp, 1'709'164'800'000}, {}},
      {"@1969-12-31", {Kind::timestamp, -86'400'000}, {}},
  };
  for (const Case& one : cases) {
    const auto range = parse_offset_range(one.text, now);
    ASSERT_TRUE(range.ok()) << one.text << ": " << range.failure().message;
    EXPECT_EQ(range->from, one.from) << one.text;
    EXPECT_EQ(range->until, one.until) << one.text;
  }
}

TEST(Offsets, WhatIsNoOffset) {
  for (const char* wrong : {"",
                            ":",
                            "x",
                            "5:3",
                            "5:5",
                            "5-3",
                            "+",
                            "-",
                            "+x",
                            "--3",
                            "end:5",
                            "5:x",
                            "@",
                            "@end",
                            "@:",
                            "@x",
                            "@2023-02-29",
                            "@2022-13-01",
                            "@2022-02-14T25:00:00Z",
                            "@2022-02-14T08:30:00",
                            "@-1h:-2h",
                            "@1600000000:1500000000",
                            "@-1h:x",
                            "@-1h:-30m:x",
                            "99999999999999999999",
                            "@:end:end"}) {
    const auto range = parse_offset_range(wrong, now);
    ASSERT_FALSE(range.ok()) << wrong;
    EXPECT_EQ(range.failure().kind, FailureKind::invalid_argument);
  }
}

OffsetRange range_of(const char* text) {
  const auto range = parse_offset_range(text, now);
  EXPECT_TRUE(range.ok()) << text;
  return *range;
}

TEST(ConsumePlan, PlacesRangesInALog) {
  const LogBounds log{10, 100, 40, 60};
  struct Expected {
    const char* text;
    Offset fetch_from;
    Offset from;
    std::optional<Offset> until;
  };
  const Expected cases[] = {
      {"start", 10, 10, std::nullopt}, {"end", 100, 100, std::nullopt},
      {"+5", 15, 15, std::nullopt},    {"+500", 100, 100, std::nullopt},
      {"-5", 95, 95, std::nullopt},    {"-500", 10, 10, std::nullopt},
      {"50", 50, 50, std::nullopt},    {"3", 10, 3, std::nullopt},
      {"500", 100, 500, std::nullopt}, {":end", 10, 10, 100},
      {"50:60", 50, 50, 60},           {"50:600", 50, 50, 100},
      {"@-2h:-1h", 40, 40, 60},        {"@-2h", 40, 40, std::nullopt},
  };
  for (const Expected& one : cases) {
    const auto planned = plan_partition(range_of(one.text), log);
    ASSERT_TRUE(planned) << one.text;
    EXPECT_EQ(planned->fetch_from, one.fetch_from) << one.text;
    EXPECT_EQ(planned->from, one.from) << one.text;
    EXPECT_EQ(planned->until, one.until) << one.text;
  }
}

TEST(ConsumePlan, LeavesOutWhatIsEmpty) {
  EXPECT_FALSE(plan_partition(range_of(":end"), {10, 10, {}, {}}));
  EXPECT_FALSE(plan_partition(range_of("3:8"), {10, 100, {}, {}}));
  EXPECT_FALSE(plan_partition(range_of("200:300"), {10, 100, {}, {}}));
  EXPECT_FALSE(plan_partition(range_of("@-2h:-1h"), {10, 100, {}, {}}));  // nothing is that young
  const auto open = plan_partition(range_of("start"), {10, 10, {}, {}});
  ASSERT_TRUE(open);
  EXPECT_EQ(open->fetch_from, 10);
}

TEST(ConsumePlan, ATimeBehindAllRecordsIsTheEnd) {
  const auto planned = plan_partition(range_of("@-1h"), {10, 100, {}, {}});
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->from, 100);
}

}  // namespace
}  // namespace moldau::cli
