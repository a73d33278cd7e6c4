// Formats of records on their way in.
#include "cli/record_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/json_scan.h"
#include "cli/record_format.h"

namespace moldau::cli {
namespace {

/// All records of `text` in `format`, as "topic|key|value|partition|timestamp|h=v,"; the failure's message last, if
/// there is one.
std::vector<std::string> read_all(std::string_view format, std::string text, size_t piece = 3) {
  auto reader = RecordReader::compile(format);
  if (!reader.ok()) return {"format: " + reader.failure().message};
  InputBuffer input(text_source(std::move(text), piece));
  std::vector<std::string> all;
  InputRecord record;
  for (;;) {
    const Result<bool> more = reader->read(input, record);
    if (!more.ok()) all.push_back("failure: " + more.failure().message);
    if (!more.ok() || !*more) return all;
    std::string headers;
    for (const auto& [name, value] : record.headers) headers += name + "=" + value + ",";
    all.push_back(record.topic + "|" + record.key + "|" + record.value + "|" +
                  (record.partition ? std::to_string(*record.partition) : "") + "|" +
                  (record.timestamp ? std::to_string(*record.timestamp) : "") + "|" + headers);
  }
}

using Records = std::vector<std::string>;

TEST(RecordReader, Delimiters) {
  EXPECT_EQ(read_all("%v\\n", "a\nbc\n\nd\n"), (Records{"||a|||", "||bc|||", "|||||", "||d|||"}));
  EXPECT_EQ(read_all("%k %v\\n", "k1 v 1\nk2 v2\n"), (Records{"|k1|v 1|||", "|k2|v2|||"}));
  EXPECT_EQ(read_all("%t:%k=%v;", "foo:a=1;bar:b=2;"), (Records{"foo|a|1|||", "bar|b|2|||"}));
  EXPECT_EQ(read_all("%v", "all\nof it\n"), (Records{"||all\nof it\n|||"}));
  EXPECT_EQ(read_all("<%v>\\x0a", "<a>\n<b>\n"), (Records{"||a|||", "||b|||"}));
  EXPECT_EQ(read_all("%v\\n", ""), Records{});
}

TEST(RecordReader, TheLastDelimiterMayBeMissing) {
  EXPECT_EQ(read_all("%v\\n", "a\nb"), (Records{"||a|||", "||b|||"}));
  EXPECT_EQ(read_all("%k %v\\n", "k v"), (Records{"|k|v|||"}));
  EXPECT_EQ(read_all("%v{re[a*]}\\n", "aa\na"), (Records{"||aa|||", "||a|||"}));
}

TEST(RecordReader, ParagraphsKeyedByAField) {
  EXPECT_EQ(read_all("Package: %k\\n%v\\n\\n", "Package: a\nX: 1\nY: 2\n\nPackage: b\nX: 3\n\n"),
            (Records{"|a|X: 1\nY: 2|||", "|b|X: 3|||"}));
}

TEST(RecordReader, Sizes) {
  EXPECT_EQ(read_all("%T{4}%K{4}%V{4}%t%k%v", "toptkey0val1topukey2val3"),
            (Records{"topt|key0|val1|||", "topu|key2|val3|||"}));
  EXPECT_EQ(read_all("%K %k %V %v\\n", "3 a b 1 x\n0  2 yz\n"), (Records{"|a b|x|||", "||yz|||"}));
  EXPECT_EQ(read_all("%K{big16} foo %k", std::string("\0\x02 foo ab\0\x01 foo c", 17)), (Records{"|ab||||", "|c||||"}));
  EXPECT_EQ(read_all("%V{hex8}%v", "03abc02de"), (Records{"||abc|||", "||de|||"}));
  EXPECT_EQ(read_all("%V{little32}%v", std::string("\x02\0\0\0ab", 6)), (Records{"||ab|||"}));
  EXPECT_EQ(read_all("%V{byte}%v", "\x02xy"), (Records{"||xy|||"}));
  EXPECT_EQ(read_all("%V%v", "3abc"), (Records{"||abc|||"}));
}

TEST(RecordReader, Numbers) {
  EXPECT_EQ(read_all("%p %d %v\\n", "5 1700000000000 x\n"), (Records{"||x|5|1700000000000|"}));
  EXPECT_EQ(read_all("%p{bool}%v\\n", "truex\nfalsey\n"), (Records{"||x|1||", "||y|0||"}));
  EXPECT_EQ(read_all("%o %e %x %y %v\\n", "1 2 3 4 x\n"), (Records{"||x|||"}));
  EXPECT_EQ(read_all("%v %p", "a 1"), (Records{"||a|1||"}));
}

TEST(RecordReader, Encodings) {
  EXPECT_EQ(read_all("%k{hex} %v{base64}\\n", "6b3a dmFs\n"), (Records{"|k:|val|||"}));
  EXPECT_EQ(read_all("%V{4}%v{hex}", "61626364"), (Records{"||ab|||", "||cd|||"}));
  EXPECT_EQ(read_all("%v{hex}\\n", "6\n").back(), "failure: input record 1: \"6\" is not hex");
}

TEST(RecordReader, Json) {
  EXPECT_EQ(read_all("%v{json}", "{\"a\" : [1, 2 , \"x } y\"]}\n [ ]  7 \"s\\\"\" true\n"),
            (Records{"||{\"a\":[1,2,\"x } y\"]}|||", "||[]|||", "||7|||", "||\"s\\\"\"|||", "||true|||"}));
  EXPECT_EQ(read_all("%k %v{json}\\n", "k1 {\"a\": 1}\nk2 2\n"), (Records{"|k1|{\"a\":1}|||", "|k2|2|||"}));
  EXPECT_EQ(read_all("%v{json}", "{\"a\":}").back(), "failure: input record 1: \"{\\\"a\\\":}\" is not JSON");
  EXPECT_EQ(read_all("%v{json}", "{\"a\":1").back(), "failure: input record 1: the input ends within a record");
}

TEST(RecordReader, RegularExpressions) {
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
    EXPECT_EQ(read_all("%v{re#...?#}\\n", "abc\nde\n", piece), (Records{"||abc|||", "||de|||"})) << piece;
    EXPECT_EQ(read_all("%k{re[\\d*]}%v{re[\\s+]}", "12 \t3\n", piece).size(), 2U) << piece;
    EXPECT_EQ(read_all("%v{re#(?s).*?\\n\\n#}", "a\nb\n\nc\n\n", piece), (Records{"||a\nb\n\n|||", "||c\n\n|||"}))
        << piece;
  }
  EXPECT_EQ(read_all("%v{re[x+]}", "xxxy").back(),
            "failure: input record 2: \"y\" does not match the regular expression");
}

TEST(RecordReader, Headers) {
  EXPECT_EQ(read_all("%H{3}%h{ %k=%v }\\n", " a=1  b=2  c=3 \n"), (Records{"||||"
                                                                           "|a=1,b=2,c=3,"}));
  EXPECT_EQ(read_all("%k %v %H %h{%K{byte}%k%V{byte}%v}\\n",
                     "k v 2 \x01"
                     "a\x02"
                     "bc\x01"
                     "d\x00"
                     "\n"),
            (Records{"failure: input record 1: the input ends within a record"}));
  EXPECT_EQ(read_all("%k %v %H %h{%K{byte}%k%V{byte}%v}\\n", std::string("k v 2 \x01"
                                                                         "a\x02"
                                                                         "bc\x01"
                                                                         "d\0\n",
                                                                         14)),
            (Records{"|k|v|||a=bc,d=,"}));
}

TEST(RecordReader, InputThatDoesNotFit) {
  EXPECT_EQ(read_all("%k %v\\n", "k1 v1\nnone").back(), "failure: input record 2: the input ends within a record");
  EXPECT_EQ(read_all("a%v\\n", "ax\nbx\n").back(), "failure: input record 2: expected \"a\", found \"b\"");
  EXPECT_EQ(read_all("%V %v\\n", "x y\n").back(), "failure: input record 1: expected a number, found \"x\"");
  EXPECT_EQ(read_all("%V%v", "5abc").back(), "failure: input record 1: the input ends within a record");
  EXPECT_EQ(read_all("%V{big64}%v", std::string(8, '\xFF')).back(),
            "failure: input record 1: a text is longer than 128 MiB");
  EXPECT_EQ(read_all("%p %v\\n", "99999999999 x\n").back(), "failure: input record 1: 99999999999 is no partition");
  EXPECT_EQ(read_all("%H %h{%k %v }", "999999999 ").back(), "failure: input record 1: 999999999 headers are too many");
}

TEST(RecordReader, WhatIsNoFormat) {
  for (const char* wrong : {"",
                            "%",
                            "%q",
                            "%k%v\\n",
                            "%v%K",
                            "%K%K%k",
                            "%v{nothing}",
                            "%v{re[(]}",
                            "%v{re[x}",
                            "%V{4}%v{json}",
                            "%V{4}%v{re[x]}",
                            "%h{%k %v}",

                            "%H %h",
                            "%H %h{%t }",
                            "%V{0}%v",
                            "%V{-1}%v",
                            "%V{nothing}%v",
                            "%V{hex}%v",
                            "%p{3}",
                            "\\q",
                            "%k{"}) {
    EXPECT_FALSE(RecordReader::compile(wrong).ok()) << wrong;
  }
}

TEST(RecordReader, ReadsBackWhatTheFormatWrites) {
  // Sizes make any bytes safe: what one writes, the other reads.
  const char* format = "%T{big16}%t%K{big32}%k%V{big32}%v%H{byte}%h{%K{byte}%k%V{byte}%v}";
  std::string bytes;
  auto writer = RecordFormat::compile(format);
  ASSERT_TRUE(writer.ok());
  std::string odd;
  for (int i = 0; i < 256; ++i) odd += static_cast<char>(i);
  const std::string part = odd.substr(0, 200);
  const std::vector<HeaderText> headers{{"h", part}, {"", ""}};
  RecordText text;
  text.topic = "t";
  text.key = odd;
  text.value = "\n\n";
  text.headers = headers;
  for (int i = 0; i < 3; ++i) writer->append(bytes, text);
  auto reader = RecordReader::compile(format);
  ASSERT_TRUE(reader.ok());
  InputBuffer input(text_source(bytes, 7));
  InputRecord record;
  for (int i = 0; i < 3; ++i) {
    const Result<bool> more = reader->read(input, record);
    ASSERT_TRUE(more.ok() && *more);
    EXPECT_EQ(record.topic, "t");
    EXPECT_EQ(record.key, odd);
    EXPECT_EQ(record.value, "\n\n");
    ASSERT_EQ(record.headers.size(), 2U);
    EXPECT_EQ(record.headers[0].second, part);
  }
  EXPECT_FALSE(*reader->read(input, record));
}

TEST(JsonScan, FindsTheEnd) {
  JsonScan scan;
  EXPECT_EQ(scan.take("  {\"a\": \"}\\\"\""), 13U);
  EXPECT_EQ(scan.state(), JsonScan::State::structure);
  EXPECT_EQ(scan.take("}tail"), 1U);
  EXPECT_EQ(scan.state(), JsonScan::State::done);
  EXPECT_EQ(compact_json("{ \"a b\" : \" \\\" \" }"), "{\"a b\":\" \\\" \"}");
  EXPECT_FALSE(compact_json("{]"));
}

TEST(InputBuffer, PassesFailuresOn) {
  InputSource source;
  source.read = [](std::span<char>) -> Result<size_t> { return Failure{FailureKind::io, "broken"}; };
  source.ready = []() { return true; };
  InputBuffer input(std::move(source));
  auto reader = RecordReader::compile("%v\\n");
  InputRecord record;
  const Result<bool> more = reader->read(input, record);
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.failure().message, "broken");
}

}  // namespace
}  // namespace moldau::cli
