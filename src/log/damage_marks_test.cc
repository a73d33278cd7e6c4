// Damage marks: their names, their text, and what is none.
#include "log/damage_marks.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "log/segment_name.h"

namespace moldau::log {
namespace {

TEST(damage_marks, names_are_passed_by_as_segments) {
  EXPECT_EQ(damage_marks_name(42), "00000000000000000042.log.damaged");
  EXPECT_EQ(parse_damage_marks_name("00000000000000000042.log.damaged"), 42);
  EXPECT_FALSE(parse_segment_file_name("00000000000000000042.log.damaged").has_value());
  for (const char* name : {"00000000000000000042.log", "00000000000000000042.index.damaged", "x.log.damaged",
                           "00000000000000000042.log.deleted.damaged", ".damaged", ""}) {
    EXPECT_FALSE(parse_damage_marks_name(name).has_value()) << name;
  }
}

TEST(damage_marks, are_read_as_they_were_written) {
  const DamageMarks marks{1'000, {{10, 90, 5, 7, "bad_crc"}, {90, 1'000, 8, 7, "two\nlines"}}};
  const std::string text = print_damage_marks(marks);
  EXPECT_EQ(text, "0\n1000\n2\n10 90 5 7 bad_crc\n90 1000 8 7 two?lines\n");
  const auto read = parse_damage_marks(text);
  ASSERT_TRUE(read.ok()) << read.failure().message;
  EXPECT_EQ(read->segment_bytes, 1'000U);
  ASSERT_EQ(read->ranges.size(), 2U);
  EXPECT_EQ(read->ranges[0].from, 10U);
  EXPECT_EQ(read->ranges[0].to, 90U);
  EXPECT_EQ(read->ranges[0].first, 5);
  EXPECT_EQ(read->ranges[0].last, 7);
  EXPECT_EQ(read->ranges[0].reason, "bad_crc");
  EXPECT_EQ(read->ranges[1].reason, "two?lines");
}

TEST(damage_marks, what_is_none_is_refused) {
  for (const char* text :
       {"", "0", "0\n", "0\n10\n", "1\n10\n0\n", "0\n10\n1\n", "0\n10\n1\n0 5 0 0", "0\n10\n1\n5 5 0 0 x\n",
        "0\n10\n1\n5 11 0 0 x\n", "0\n10\n1\n0 5 -1 0 x\n", "0\n10\n1\n0 5 9 3 x\n", "0\n10\n2\n0 5 0 0 x\n4 6 1 1 x\n",
        "0\n10\n0\nmore\n", "0\n10\n99999\n", "0\nx\n0\n", "0\n10\n1\n0 5 0 x\n", "0\n10 \n0\n"}) {
    EXPECT_FALSE(parse_damage_marks(text).ok()) << text;
  }
  // Any bytes: no crash, and what is accepted is sound.
  Prng prng(1);
  const std::string good = print_damage_marks({1'000, {{10, 90, 5, 7, "bad_crc"}}});
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (uint64_t flips = 1 + prng.below(3); flips > 0; --flips) {
      text[prng.below(text.size())] = static_cast<char>(prng.below(256));
    }
    const auto read = parse_damage_marks(text);
    if (!read.ok()) continue;
    for (const DamagedBytes& range : read->ranges) EXPECT_LE(range.to, read->segment_bytes);
  }
}

}  // namespace
}  // namespace moldau::log
