// The parts of Kafka's scripts that need no broker: options, properties, Java's orders and numbers, lines, times.
#include <gtest/gtest.h>

#include "cli/kafka/config_options.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/group_service.h"
#include "cli/kafka/java.h"
#include "cli/kafka/line_reader.h"
#include "cli/kafka/options.h"
#include "cli/kafka/perf_stats.h"
#include "cli/kafka/tool.h"

namespace moldau::cli::kafka {
namespace {

constexpr Option table[] = {
    {"topic", Takes::value, "topic", "A topic"},
    {"group", Takes::value, "", "", ValueKind::text, "", true},
    {"list"},
    {"state", Takes::optional},
    {"count", Takes::value, "", "", ValueKind::int32, "7"},
};

Result<Options> parse(std::vector<std::string_view> words) {
  return Options::parse(table, words);
}

TEST(KafkaOptions, ValuesStandBehindOrWithAnEqualsSign) {
  const auto options = parse({"--topic", "--list", "--group=a", "-group", "b", "ignored"});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->value("topic"), "--list") << "an option that needs a value takes whatever comes";
  EXPECT_FALSE(options->has("list"));
  EXPECT_EQ(options->values("group").size(), 2U);
  EXPECT_TRUE(options->values_ok().ok());
}

TEST(KafkaOptions, OptionalValuesAreNotOptions) {
  const auto with = parse({"--state", "Empty", "--list"});
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(with->given("state"), "Empty");
  const auto without = parse({"--state", "--list"});
  ASSERT_TRUE(without.ok());
  EXPECT_TRUE(without->has("state"));
  EXPECT_FALSE(without->given("state").has_value());
  EXPECT_TRUE(without->has("list"));
}

TEST(KafkaOptions, FaultsHaveKafkasWords) {
  EXPECT_EQ(parse({"--wat"}).failure().message, "wat is not a recognized option");
  EXPECT_EQ(parse({"--topi", "x"}).failure().message, "topi is not a recognized option");
  EXPECT_EQ(parse({"--topic"}).failure().message, "Option topic requires an argument");
  EXPECT_EQ(parse({"--count", "x"})->values_ok().failure().message, "Cannot parse argument 'x' of option count");
  EXPECT_EQ(parse({"--count", "99999999999"})->values_ok().failure().message,
            "Cannot parse argument '99999999999' of option count");
  EXPECT_EQ(parse({"--topic", "a", "--topic", "b"})->values_ok().failure().message,
            "Found multiple arguments for option topic, but you asked for only one");
  EXPECT_EQ(parse({})->integer("count"), 7);
  EXPECT_EQ(missing_of(*parse({"--list"}), {"list", "topic"}), "Missing required argument \"[topic]\"");
  EXPECT_EQ(conflict_of(*parse({"--list", "--topic", "a"}), "topic", {"list"}),
            "Option \"[topic]\" can't be used with option \"[list]\"");
}

TEST(KafkaTools, AreFoundByTheNameOfTheProgram) {
  ASSERT_NE(find_tool("kafka-topics"), nullptr);
  EXPECT_EQ(find_tool("/usr/bin/kafka-topics.sh"), find_tool("kafka-topics"));
  EXPECT_EQ(find_tool("moldau"), nullptr);
  EXPECT_EQ(find_tool("kafka-topics.shx"), nullptr);
  for (const Tool& tool : tools()) {
    EXPECT_EQ(find_tool(tool.name), &tool);
    EXPECT_FALSE(tool.options.empty()) << tool.name;
    EXPECT_NE(help_of(tool.options).find("--help"), std::string::npos) << tool.name;
  }
}

TEST(KafkaJava, HashesAndOrders) {
  EXPECT_EQ(java_hash("hello"), 99162322);
  EXPECT_EQ(java_hash("t1", 0), 4606);
  std::vector<std::string> names{"q", "a.b", "t1", "t2"};
  std::ranges::sort(names);
  java_hash_order(names, [](const std::string& name) { return java_hash(name); });
  EXPECT_EQ(names, (std::vector<std::string>{"q", "a.b", "t1", "t2"}));
  EXPECT_EQ(java_buckets(12), 16U);
  EXPECT_EQ(java_buckets(13), 32U);
  EXPECT_EQ(java_buckets(1, 3), 4U);
}

TEST(KafkaJava, Doubles) {
  EXPECT_EQ(java_double(1024), "1024.0");
  EXPECT_EQ(java_double(1e8), "1.0E8");
  EXPECT_EQ(java_double(0.5), "0.5");
  EXPECT_EQ(java_double(12345678.5), "1.23456785E7");
  EXPECT_EQ(java_double(0), "0.0");
}

TEST(KafkaJava, PropertyFiles) {
  const Properties properties = parse_properties(
      "# comment\n! another\n\na=1\n  b : two words \nc 3\nlong=one,\\\n   "
      "two\nempty\nu=\\u00e9\\t|\nkey\\=x=y\r\nlast=1\\");
  EXPECT_EQ(properties.at("a"), "1");
  EXPECT_EQ(properties.at("b"), "two words ");
  EXPECT_EQ(properties.at("c"), "3");
  EXPECT_EQ(properties.at("long"), "one,two");
  EXPECT_EQ(properties.at("empty"), "");
  EXPECT_EQ(properties.at("u"), "\xC3\xA9\t|");
  EXPECT_EQ(properties.at("key=x"), "y");
  EXPECT_EQ(properties.at("last"), "1");
}

TEST(KafkaJava, TopicFilters) {
  EXPECT_TRUE(TopicFilter::parse("a.*,x")->allows("abc"));
  EXPECT_TRUE(TopicFilter::parse("\"a.*, x\"")->allows("x"));
  EXPECT_FALSE(TopicFilter::parse("a")->allows("ab"));
  EXPECT_EQ(TopicFilter::parse("a(").failure().message, "a( is an invalid regex.");
}

TEST(KafkaConnect, WhatIsNotServedIsRefused) {
  EXPECT_FALSE(session_options_of({{"security.protocol", "SASL_SSL"}}, "h:1", "x").ok());
  EXPECT_FALSE(session_options_of({{"request.timeout.ms", "soon"}}, "h:1", "x").ok());
  const auto options = session_options_of(
      {{"security.protocol", "PLAINTEXT"}, {"client.id", "me"}, {"bootstrap.servers", "a:1"}}, "", "x");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->client_id, "me");
  EXPECT_EQ(options->brokers.front().to_string(), "a:1");
  EXPECT_EQ(exception_of(wire::ErrorCode::unknown_topic_or_partition),
            "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this "
            "topic-partition.");
  EXPECT_EQ(exception_of(wire::ErrorCode::invalid_config, "why"),
            "org.apache.kafka.common.errors.InvalidConfigurationException: why");
}

TEST(KafkaConfigs, BracketsGroupValues) {
  const auto configs = parse_added_configs("a=1,b=[x,y],c=,d = [k=v]");
  ASSERT_TRUE(configs.ok());
  const std::vector<std::pair<std::string, std::string>> expected{{"a", "1"}, {"b", "x,y"}, {"c", ""}, {"d", "k=v"}};
  EXPECT_EQ(*configs, expected);
  EXPECT_FALSE(parse_added_configs("a").ok());
  EXPECT_FALSE(parse_added_configs("a=1,,b=2").ok());
}

LineRecord read_line(const Properties& properties, std::string_view line) {
  auto reader = LineReader::make(properties);
  return *reader->read(line);
}

TEST(KafkaLineReader, HeadersKeyAndValue) {
  const LineRecord plain = read_line({}, "a\tb");
  EXPECT_FALSE(plain.key.has_value());
  EXPECT_EQ(plain.value, "a\tb");
  const Properties all{
      {"parse.key", "true"}, {"parse.headers", "true"}, {"null.marker", "NUL"}, {"key.separator", "|"}};
  const LineRecord record = read_line(all, "h1:x,h2:NUL\tkey|NUL");
  EXPECT_EQ(record.key, "key");
  EXPECT_FALSE(record.value.has_value());
  ASSERT_EQ(record.headers.size(), 2U);
  EXPECT_EQ(record.headers[0].second, "x");
  EXPECT_FALSE(record.headers[1].second.has_value());
}

TEST(KafkaLineReader, FaultsNameTheLine) {
  auto reader = LineReader::make({{"parse.key", "true"}});
  EXPECT_TRUE(reader->read("a\tb").ok());
  EXPECT_EQ(reader->read("nokey").failure().message, "No key separator found on line number 2: 'nokey'");
  auto lenient = LineReader::make({{"parse.key", "true"}, {"ignore.error", "true"}});
  EXPECT_EQ(lenient->read("nokey")->value, "nokey");
  EXPECT_FALSE(LineReader::make({{"parse.headers", "true"}, {"headers.separator", "\t"}}).ok());
}

TEST(KafkaGroups, TimesAndDurations) {
  EXPECT_EQ(*parse_datetime("1970-01-01T00:00:01.500"), 1500);
  EXPECT_EQ(*parse_datetime("2020-01-01T00:00:00.000"), 1577836800000);
  EXPECT_EQ(*parse_datetime("2020-01-01T02:00:00.000+02:00"), 1577836800000);
  EXPECT_EQ(*parse_datetime("2019-12-31T19:00-05"), 1577836800000);
  EXPECT_FALSE(parse_datetime("2020-01-01").ok());
  EXPECT_FALSE(parse_datetime("2020-01-01T").ok());
  EXPECT_EQ(*parse_iso_duration("PT1H"), 3600000);
  EXPECT_EQ(*parse_iso_duration("P1DT2H3M4.5S"), ((26 * 60 + 3) * 60 + 4) * 1000 + 500);
  EXPECT_EQ(*parse_iso_duration("-PT1S"), -1000);
  for (const char* wrong : {"1h", "P", "PT", "P1H", "PT1S2M", "PTxS", ""}) {
    EXPECT_FALSE(parse_iso_duration(wrong).ok()) << wrong;
  }
}

TEST(KafkaPerf, FiguresOfAWindowAndOfTheRun) {
  PerfStats stats(4, 1000);
  for (const int64_t latency : {10, 20, 30, 40}) stats.add(latency, 1 << 20);
  EXPECT_EQ(stats.window_line(3000),
            "4 records sent, 2.0 records/sec (2.00 MB/sec), 25.0 ms avg latency, 40.0 ms max latency.\n");
  EXPECT_EQ(
      stats.total_line(2000),
      "4 records sent, 4.000000 records/sec (4.00 MB/sec), 25.00 ms avg latency, 40.00 ms max latency, 30 ms 50th, "
      "40 ms 95th, 40 ms 99th, 40 ms 99.9th.\n");
  EXPECT_EQ(Throttle(100, 0).wait_ms(10, 40), 60);
  EXPECT_EQ(Throttle(100, 0).wait_ms(10, 400), 0);
  EXPECT_EQ(Throttle(-1, 0).wait_ms(1000, 0), 0);
}

}  // namespace
}  // namespace moldau::cli::kafka
