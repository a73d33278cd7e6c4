// Hashes, regular expressions and the embedded consumer protocol against what Kafka's classes make of the same.
#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

#include "group/consumer/consumer_protocol.h"
#include "group/consumer/group_settings.h"
#include "group/consumer/regex.h"
#include "group/consumer/test_kit.h"
#include "group/consumer/topic_hashes.h"
#include "group/consumer/xxh3.h"

namespace moldau::group::consumer::test {
namespace {

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(MOLDAU_SOURCE_DIR "/test/group/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

int64_t hex(const std::string& text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return static_cast<int64_t>(value);
}

TEST(GroupHashes, AreKafkas) {
  int raw = 0;
  int topics = 0;
  int groups = 0;
  for (const std::string& line : lines_of("hashes.txt")) {
    const std::vector<std::string> words = split(line, ' ');
    if (words[0] == "raw") {
      ++raw;
      std::vector<std::byte> bytes(static_cast<size_t>(std::stoi(words[1])));
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(7 * i);
      EXPECT_EQ(static_cast<int64_t>(xxh3_64(bytes)), hex(words[2])) << line;
    } else if (words[0] == "topic") {
      ++topics;
      World world;
      const std::vector<std::string> racks = words[4] == "-" ? std::vector<std::string>() : split(words[4], '.');
      world.add_topic(words[1], *Uuid::parse(words[2]), std::stoi(words[3]), racks);
      EXPECT_EQ(hash_of(*world.image().topic(words[1]), world.image()), hex(words[5])) << line;
      EXPECT_EQ(TopicHashes().find(world.image(), words[1]), hex(words[5]));
      EXPECT_EQ(TopicHashes().find(world.image(), "absent"), std::nullopt);
    } else {
      ++groups;
      std::vector<int64_t> hashes;
      for (size_t i = 1; words[i] != "="; ++i) hashes.push_back(hex(words[i]));
      EXPECT_EQ(combined_hash(hashes), hex(words.back()));
    }
  }
  EXPECT_EQ(raw, 43);
  EXPECT_EQ(topics, 5);
  EXPECT_EQ(groups, 1);
  EXPECT_EQ(combined_hash({}), 0);
}

TEST(GroupRegexes, MeanWhatTheyMeanToKafka) {
  World world;
  for (const char* name : {"orders", "orders-eu", "orders.us_1", "Payments", "a", "ab", "abc", "x-1", "__internal"}) {
    world.add_topic(name, 1);
  }
  int seen = 0;
  for (const std::string& line : lines_of("regexes.txt")) {
    ++seen;
    const auto tab = line.find('\t');
    const std::string regex = line.substr(0, tab);
    const std::string answer = line.substr(tab + 1);
    const auto error = regex_error(regex);
    if (answer.starts_with("error ")) {
      EXPECT_EQ(error, answer.substr(6)) << regex;
      EXPECT_TRUE(resolve({{regex}}, world.image(), 5, [](std::string_view) { return true; })[regex].topics.empty());
      continue;
    }
    EXPECT_EQ(error, std::nullopt) << regex;
    std::vector<std::string> names = split(answer, ' ');
    names.erase(names.begin());
    const ResolvedRegexes found = resolve({{regex}}, world.image(), 5, [](std::string_view) { return true; });
    EXPECT_EQ(found.at(regex).topics, sorted_set(names)) << regex;
    EXPECT_EQ(found.at(regex).version, world.image().applied().offset);
    EXPECT_EQ(found.at(regex).timestamp, 5);
  }
  EXPECT_GE(seen, 55);
}

TEST(GroupRegexes, AreBoundedAndSeeOnlyWhatTheUserMaySee) {
  EXPECT_EQ(regex_error("((a{100}){100}){100}"), "invalid repeat count");
  EXPECT_EQ(regex_error("(\\pL{300}){3}" + std::string(3000, 'x') + "(\\pL{900})"), "expression too large");
  EXPECT_EQ(regex_error("\xFF"), "invalid UTF-8");
  World world;
  world.add_topic("mine", 1);
  world.add_topic("yours", 1);
  // A classic bomb for backtracking engines: linear here.
  const std::string bomb = "(a*)*(a*)*(a*)*b|mine|yours";
  const ResolvedRegexes found =
      resolve({{bomb}}, world.image(), 1, [](std::string_view topic) { return topic == "mine"; });
  EXPECT_EQ(found.at(bomb).topics, std::vector<std::string>{"mine"});
}

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(ConsumerProtocol, ReadsEveryVersionOfASubscription) {
  // v3: topics [t], user data null, owned [t: 0 2], generation 7, rack "r".
  const auto whole = bytes({0, 3, 0, 0, 0, 1, 0, 1, 't', 255, 255, 255, 255, 0, 0, 0, 1, 0, 1,  't',
                            0, 0, 0, 2, 0, 0, 0, 0, 0,   0,   0,   2,   0,   0, 0, 7, 0, 1, 'r'});
  const auto read = read_subscription(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->topics, (std::vector<std::string_view>{"t"}));
  ASSERT_EQ(read->owned.size(), 1U);
  EXPECT_EQ(read->owned[0].partitions, (std::vector<PartitionIndex>{0, 2}));
  EXPECT_EQ(read->generation, 7);
  EXPECT_EQ(read->rack, "r");
  auto later = whole;
  later[1] = std::byte{9};  // a version to come is read as the last that we know
  EXPECT_EQ(read_subscription(later)->version, 3);
  auto first = whole;
  first[1] = std::byte{0};
  EXPECT_TRUE(read_subscription(first)->owned.empty());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_subscription(std::span(whole).first(size))) << size;
  }
  EXPECT_FALSE(read_subscription(bytes({255, 255, 0, 0, 0, 0, 255, 255, 255, 255})));
  EXPECT_FALSE(read_subscription(bytes({0, 0, 127, 255, 255, 255, 0, 0, 0, 0})));  // a count beyond the bytes
}

TEST(ConsumerProtocol, WritesAssignmentsThatItReads) {
  const auto written = write_assignment({{.topic = "t", .partitions = {1, 4}}}, 9);
  EXPECT_EQ(written, bytes({0, 3, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 255, 255, 255, 255}));
  const auto read = read_assignment(written);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->has_user_data);
  EXPECT_EQ(read->assigned[0].partitions, (std::vector<PartitionIndex>{1, 4}));
  EXPECT_TRUE(read_assignment(bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7}))->has_user_data);
  EXPECT_FALSE(read_assignment(bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))->has_user_data);
  EXPECT_FALSE(read_assignment(bytes({0})));
}

TEST(GroupSettings, OfAGroupLieWithinTheBrokersBounds) {
  const ConsumerGroupSettings broker;
  const ConsumerGroupBounds bounds;
  EXPECT_EQ(settings_of_group(broker, bounds, nullptr).session_timeout_ms, 45'000);
  const GroupConfigs configs{{"consumer.session.timeout.ms", "50000"},
                             {"consumer.heartbeat.interval.ms", "1"},
                             {"consumer.assignment.interval.ms", "20000"},
                             {"share.session.timeout.ms", "x"}};
  const ConsumerGroupSettings settings = settings_of_group(broker, bounds, &configs);
  EXPECT_EQ(settings.session_timeout_ms, 50'000);
  EXPECT_EQ(settings.heartbeat_interval_ms, 5'000);
  EXPECT_EQ(settings.assignment_interval_ms, 15'000);
  EXPECT_EQ(find_migration_policy("Bidirectional"), MigrationPolicy::bidirectional);
  EXPECT_EQ(find_migration_policy("both"), std::nullopt);
}

}  // namespace
}  // namespace moldau::group::consumer::test
