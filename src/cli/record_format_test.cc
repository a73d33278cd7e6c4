// Formats of records on their way out.
#include "cli/record_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/time_format.h"
#include "cli/unpack.h"

namespace moldau::cli {
namespace {

const std::vector<HeaderText> two_headers{{"h1", "v1"}, {"h2", std::nullopt}};

RecordText sample() {
  RecordText record;
  record.topic = "foo";
  record.key = "key";
  record.value = "value";
  record.headers = two_headers;
  record.partition = 3;
  record.offset = 258;
  record.leader_epoch = 7;
  record.timestamp = 1'644'827'400'123;  // 2022-02-14T08:30:00.123Z, a Monday
  record.producer_id = 11;
  record.producer_epoch = 2;
  record.attributes = 4 | 0x08 | 0x10;
  record.log_start_offset = 1;
  record.last_stable_offset = 300;
  record.high_watermark = 400;
  return record;
}

std::string formatted(std::string_view format) {
  auto compiled = RecordFormat::compile(format);
  EXPECT_TRUE(compiled.ok()) << format;
  std::string out;
  if (compiled.ok()) compiled->append(out, sample());
  return out;
}

TEST(RecordFormat, Verbs) {
  EXPECT_EQ(formatted("%t %k %v\\n"), "foo key value\n");
  EXPECT_EQ(formatted("%T %K %V %H"), "3 3 5 2");
  EXPECT_EQ(formatted("%p %o %e %d %x %y"), "3 258 7 1644827400123 11 2");
  EXPECT_EQ(formatted("%[ %| %]"), "1 300 400");
  EXPECT_EQ(formatted("%% %{ %} \\t\\r\\\\\\x41"), "% { } \t\r\\A");
  EXPECT_EQ(formatted("plain"), "plain");
}

TEST(RecordFormat, Numbers) {
  EXPECT_EQ(formatted("%o{ascii} %o{number} %o{hex}"), "258 258 102");
  EXPECT_EQ(formatted("%o{hex64} %o{hex32} %o{hex16} %o{hex8} %o{hex4}"), "0000000000000102 00000102 0102 02 2");
  EXPECT_EQ(formatted("%o{big64}"), std::string("\0\0\0\0\0\0\x01\x02", 8));
  EXPECT_EQ(formatted("%o{big32}"), std::string("\0\0\x01\x02", 4));
  EXPECT_EQ(formatted("%o{big16}%o{big8}%o{byte}%o{little8}"), "\x01\x02\x02\x02\x02");
  EXPECT_EQ(formatted("%o{little16}"), "\x02\x01");
  EXPECT_EQ(formatted("%o{little32}"), std::string("\x02\x01\0\0", 4));
  EXPECT_EQ(formatted("%o{little64}"), std::string("\x02\x01\0\0\0\0\0\0", 8));
  EXPECT_EQ(formatted("%o{bool} %p{bool}"), "true true");
}

TEST(RecordFormat, TextForms) {
  EXPECT_EQ(formatted("%t{hex} %k{base64} %k{base64raw} %t{base64} %v{}"), "666f6f a2V5 a2V5 Zm9v value");
  EXPECT_EQ(formatted("%v{unpack[>ccs$]}"), "value");
  EXPECT_EQ(formatted("%k{unpack#B<h#}"), "10731077");
}

TEST(RecordFormat, Times) {
  EXPECT_EQ(formatted("%d{go[2006-01-02T15:04:05.000Z07:00]}"), "2022-02-14T08:30:00.123Z");
  EXPECT_EQ(formatted("%d{go##Mon Jan _2 3:04PM MST 06##}"), "Mon Feb 14 8:30AM UTC 22");
  EXPECT_EQ(formatted("%d{strftime[%F %T]}"), "2022-02-14 08:30:00");
  EXPECT_EQ(formatted("%d{strftime### [%F] ###}"), " [2022-02-14] ");
  EXPECT_EQ(formatted("%d{strftime[%s%%]}"), "1644827400%");
  EXPECT_EQ(formatted("%d{hex64}"), "0000017ef75a57bb");
}

TEST(RecordFormat, GoLayouts) {
  const auto go = [](std::string_view layout) {
    std::string out;
    append_go_time(out, layout, 1'644'827'400'120);
    return out;
  };
  EXPECT_EQ(go("January 2, 2006 at 15:04:05.999999 -0700"), "February 14, 2022 at 08:30:00.12 +0000");
  EXPECT_EQ(go("Monday 02/1 03:4:5pm 002 -07:00 Z0700"), "Monday 14/2 08:30:0am 045 +00:00 Z");
  EXPECT_EQ(go(""), "");
  std::string early;
  append_go_time(early, "2006-01-02T15:04:05.000", -1);
  EXPECT_EQ(early, "1969-12-31T23:59:59.999");
}

TEST(RecordFormat, Headers) {
  EXPECT_EQ(formatted("%h{ %k=%v{hex} }"), " h1=7631  h2= ");
  EXPECT_EQ(formatted("%H %h{%k %v }"), "2 h1 v1 h2  ");
  EXPECT_EQ(formatted("%h{%K{big8}%k%{%V%}}"), "\x02h1{2}\x02h2{0}");
}

TEST(RecordFormat, Attributes) {
  EXPECT_EQ(formatted("%a{compression} %a{compression;number} %a{compression;hex8}"), "zstd 4 04");
  EXPECT_EQ(
      formatted(
          "%a{timestamp-type} %a{transactional-bit} %a{control-bit} %a{transactional-bit;bool} %a{control-bit;bool}"),
      "1 1 0 true false");
}

TEST(RecordFormat, CountsRecords) {
  auto compiled = RecordFormat::compile("%i,");
  ASSERT_TRUE(compiled.ok());
  std::string out;
  for (int i = 0; i < 3; ++i) compiled->append(out, sample());
  EXPECT_EQ(out, "1,2,3,");
}

TEST(RecordFormat, KnowsWhatItUses) {
  EXPECT_TRUE(RecordFormat::compile("%h{%k}")->uses_headers());
  EXPECT_TRUE(RecordFormat::compile("%H")->uses_headers());
  EXPECT_FALSE(RecordFormat::compile("%k %o")->uses_headers());
  EXPECT_FALSE(RecordFormat::compile("%p %o")->uses_content());
}

TEST(RecordFormat, WhatIsNoFormat) {
  for (const char* wrong : {"%",
                            "%q",
                            "%k{",
                            "%k{nothing}",
                            "%o{5}",
                            "%o{",
                            "%a",
                            "%a{x}",
                            "%a{compression;x}",
                            "%h",
                            "%h{%t}",
                            "%h{%k",
                            "%h{%h{%k}}",
                            "\\q",
                            "\\x4",
                            "\\",
                            "%d{go}",
                            "%d{go[x}",
                            "%d{strftime[x]y}",
                            "%d{other}",
                            "%v{unpack[z]}",
                            "%v{unpack[sb]}",
                            "%v{unpack}"}) {
    EXPECT_FALSE(RecordFormat::compile(wrong).ok()) << wrong;
  }
}

TEST(Unpack, SaysWhatIsMissingOrLeft) {
  const auto unpacked = [](std::string_view layout, std::string_view bytes) {
    std::string out;
    append_unpacked(out, layout, bytes);
    return out;
  };
  EXPECT_EQ(unpacked("b", "\xFF"), "-1");
  EXPECT_EQ(unpacked("B", "\xFF"), "255");
  EXPECT_EQ(unpacked(">hxH", std::string_view("\xFF\xFE\x01\x02", 4)), "-2258");
  EXPECT_EQ(unpacked("<iI", std::string_view("\x01\0\0\0\x02\0\0\0", 8)), "12");
  EXPECT_EQ(unpacked(">q", std::string_view("\0\0\0\0\0\0\x01\0", 8)), "256");
  EXPECT_EQ(unpacked(">Q$", std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8)), "18446744073709551615");
  EXPECT_EQ(unpacked("is$", std::string_view("\x05\0\0\0rest", 8)), "5rest");
  EXPECT_EQ(unpacked(">I", "ab"), "%!I(2 of 4 bytes)");
  EXPECT_EQ(unpacked("c.", "a"), "a%!c(no byte left)");
  EXPECT_EQ(unpacked("b$", "aXYZ"), "97%!$(3 bytes left)");
}

TEST(RecordJson, IsWhatRpkPrints) {
  std::string out;
  append_record_json(out, sample(), true, false);
  EXPECT_EQ(out,
            "{\n  \"topic\": \"foo\",\n  \"key\": \"key\",\n  \"value\": \"value\",\n  \"headers\": [\n    {\n      "
            "\"key\": \"h1\",\n"
            "      \"value\": \"v1\"\n    },\n    {\n      \"key\": \"h2\",\n      \"value\": \"\"\n    }\n  ],\n"
            "  \"timestamp\": 1644827400123,\n  \"partition\": 3,\n  \"offset\": 258\n}");
  RecordText bare = sample();
  bare.key.reset();
  bare.value.reset();
  bare.headers = {};
  out.clear();
  append_record_json(out, bare, false, false);
  EXPECT_EQ(out, R"({"topic":"foo","timestamp":1644827400123,"partition":3,"offset":258})");
  out.clear();
  RecordText empty = bare;
  empty.value = "";
  append_record_json(out, empty, false, false);
  EXPECT_EQ(out, R"({"topic":"foo","value":"","timestamp":1644827400123,"partition":3,"offset":258})");
  out.clear();
  append_record_json(out, sample(), false, true);
  EXPECT_EQ(out.substr(0, 43), R"({"topic":"foo","key":"key","value_size":5,")");
}

}  // namespace
}  // namespace moldau::cli
