// Durations, numbers, names, encodings.
#include "cli/text.h"

#include <gtest/gtest.h>

#include <array>

namespace moldau::cli {
namespace {

TEST(Text, Durations) {
  EXPECT_EQ(parse_duration("3ms"), milliseconds(3));
  EXPECT_EQ(parse_duration("1m3ms"), seconds(60) + milliseconds(3));
  EXPECT_EQ(parse_duration("1h30m"), seconds(5400));
  EXPECT_EQ(parse_duration("-48h"), seconds(-48 * 3600));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_duration("1hr"), seconds(3600));
  EXPECT_EQ(parse_duration("2d"), seconds(2 * 86400));
  EXPECT_EQ(parse_duration("250us"), microseconds(250));
  EXPECT_EQ(parse_duration("0"), Duration{});
  for (const char* wrong : {"", "-", "5", "s", "5x", "1h30", "h1", "1..5s", "99999999999h", "5 s"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(Text, IntegersAreWholeNumbers) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("+12"), 12);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const char* wrong : {"", "-", "+", "1x", "9223372036854775808", " 1", "1.0"})
    EXPECT_FALSE(parse_integer(wrong)) << wrong;
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("tpoic", "topic"), 1U);  // neighbours swapped
}

TEST(Text, NearestNameIsNearOrNone) {
  constexpr std::array<std::string_view, 4> names{"create", "delete", "describe", "list"};
  EXPECT_EQ(nearest("craete", names), "create");
  EXPECT_EQ(nearest("desc", names), "describe");
  EXPECT_EQ(nearest("xyzzy", names), "");
}

TEST(Text, Wrapped) {
  std::string_view rest = "[%F]}x";
  EXPECT_EQ(take_wrapped(rest), "%F");
  EXPECT_EQ(rest, "}x");
  rest = "### [%F] ###}";
  EXPECT_EQ(take_wrapped(rest), " [%F] ");
  rest = "{{a}b}}";
  EXPECT_EQ(take_wrapped(rest), "a}b");
  rest = "[open";
  EXPECT_FALSE(take_wrapped(rest));
}

TEST(Text, Base64AndHexRoundTrip) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(from_base64(base64(bytes, true)), bytes);
    EXPECT_EQ(from_hex(hex(bytes)), bytes);
    bytes += static_cast<char>(i);
  }
  EXPECT_EQ(base64("a", true), "YQ==");
  EXPECT_EQ(base64("ab", false), "YWI");
  for (const char* wrong : {"YQ", "YQ=a", "Y===", "Y?==", "YQ==YQ=="}) EXPECT_FALSE(from_base64(wrong)) << wrong;
  for (const char* wrong : {"a", "0g"}) EXPECT_FALSE(from_hex(wrong)) << wrong;
}

TEST(Text, JsonStrings) {
  std::string out;
  append_json_string(out, "a\"b\\c\n\t\x01 \xC3\xA9 \xFF \xED\xA0\x80");
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\t\\u0001 \xC3\xA9 \\ufffd \\ufffd\\ufffd\\ufffd\"");
}

TEST(Text, BracesNestAndEscape) {
  std::string_view rest = " %k{hex}=%v %} }tail";
  EXPECT_EQ(take_braced(rest), " %k{hex}=%v %} ");
  EXPECT_EQ(rest, "tail");
  rest = "%k{";
  EXPECT_FALSE(take_braced(rest));
}

}  // namespace
}  // namespace moldau::cli
