// The tables against the listings of Kafka 4.3.1 (test/metadata/*_configs.txt), and single values against what its
// parsers say.
#include "metadata/config_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "metadata/test_kit.h"

namespace moldau::metadata {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> parts;
  size_t at = 0;
  for (;;) {
    const size_t end = line.find(" | ", at);
    parts.push_back(line.substr(at, end == std::string::npos ? end : end - at));
    if (end == std::string::npos) return parts;
    at = end + 3;
  }
}

std::string kafka_type(ConfigType type) {
  static constexpr const char* names[] = {"?",    "BOOLEAN", "STRING", "INT",   "SHORT",
                                          "LONG", "DOUBLE",  "LIST",   "CLASS", "PASSWORD"};
  return names[static_cast<size_t>(type)];
}

void compare(std::span<const ConfigKey* const> keys, const std::string& file, size_t own, bool broker) {
  const std::vector<std::string> lines = test::file_lines(file);
  ASSERT_EQ(keys.size(), lines.size() + own);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> want = split(lines[i]);
    const ConfigKey& key = *keys[i];
    ASSERT_EQ(key.name, want[0]) << "row " << i;
    EXPECT_EQ(kafka_type(key.type), want[1]) << key.name;
    EXPECT_EQ(key.default_value.value_or("<null>"), want[2]) << key.name;
    static constexpr const char* importance[] = {"LOW", "MEDIUM", "HIGH"};
    EXPECT_EQ(importance[static_cast<size_t>(key.importance)], want[3]) << key.name;
    static constexpr const char* mode[] = {"read-only", "per-broker", "cluster-wide"};
    const std::string server(key.server_name.empty() ? "-" : key.server_name);
    EXPECT_EQ(broker ? mode[static_cast<size_t>(key.update_mode)] : server, want[4]) << key.name;
    EXPECT_EQ(key.internal(), want[5].find("hidden") != std::string::npos) << key.name;
    EXPECT_EQ(key.required(), want[5].find("required") != std::string::npos) << key.name;
  }
}

TEST(ConfigTable, TopicSettingsAreKafkas) {
  compare(topic_configs(), "topic_configs.txt", 1, false);
}
TEST(ConfigTable, BrokerSettingsAreKafkas) {
  compare(broker_configs(), "broker_configs.txt", 11, true);
}

TEST(ConfigTable, HoldsItsOwnRules) {
  for (const auto& table : {topic_configs(), broker_configs()}) {
    std::set<std::string_view> names;
    for (const ConfigKey* key : table) {
      EXPECT_TRUE(names.insert(key->name).second) << key->name;
      EXPECT_FALSE(key->documentation.empty()) << key->name;
      EXPECT_EQ(key->effective(), key->documentation != no_effect_text) << key->name;
      if (!key->default_value) continue;
      const Status status = check_value(*key, *key->default_value);
      EXPECT_TRUE(status.ok()) << status.failure().message;
      EXPECT_EQ(printed_value(*key, *key->default_value), *key->default_value) << key->name;
    }
  }
  for (const ConfigKey* key : topic_configs()) {
    if (key->server_name.empty()) continue;
    const ConfigKey* server = find_broker_config(key->server_name);
    ASSERT_NE(server, nullptr) << key->name;
    EXPECT_EQ(server->type, key->type) << key->name;
    EXPECT_EQ(server->effective(), key->effective()) << key->name;
  }
  EXPECT_NE(find_topic_config("write.caching"), nullptr);
  EXPECT_EQ(find_topic_config("write.caching.default"), nullptr);
  EXPECT_EQ(find_broker_config("nosuch"), nullptr);
  EXPECT_EQ(find_topic_config(""), nullptr);
}

/// What Kafka 4.3.1 said about each value; an empty message: accepted.
struct Case {
  const char* name;
  const char* value;
  const char* message;
};

constexpr Case topic_cases[] = {
    {"retention.ms", "abc", "Invalid value abc for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "-2", "Invalid value -2 for configuration retention.ms: Value must be at least -1"},
    {"retention.ms", " 5 ", ""},
    {"retention.ms", "+5", ""},
    {"retention.ms", "9223372036854775807", ""},
    {"retention.ms", "9223372036854775808",
     "Invalid value 9223372036854775808 for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "", "Invalid value  for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "+-5", "Invalid value +-5 for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "0x10", "Invalid value 0x10 for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "1e3", "Invalid value 1e3 for configuration retention.ms: Not a number of type LONG"},
    {"segment.bytes", "10", "Invalid value 10 for configuration segment.bytes: Value must be at least 1048576"},
    {"segment.bytes", "3000000000",
     "Invalid value 3000000000 for configuration segment.bytes: Not a number of type INT"},
    {"segment.bytes", "1048576", ""},
    {"preallocate", " TRUE ", ""},
    {"preallocate", "yes",
     "Invalid value yes for configuration preallocate: Expected value to be either true or false"},
    {"preallocate", "", "Invalid value  for configuration preallocate: Expected value to be either true or false"},
    {"cleanup.policy", "foo",
     "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete"},
    {"cleanup.policy", "Delete",
     "Invalid value Delete for configuration cleanup.policy: String must be one of: compact, delete"},
    {"cleanup.policy", "", ""},
    {"cleanup.policy", "delete,delete", ""},
    {"cleanup.policy", "compact, delete", ""},
    {"cleanup.policy", "delete,", "Configuration 'cleanup.policy' values must not be empty."},
    {"compression.type", "GZIP",
     "Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, "
     "gzip, "
     "producer"},
    {"compression.type", " gzip ", ""},
    {"compression.gzip.level", "0",
     "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1"},
    {"compression.gzip.level", "-1", ""},
    {"compression.lz4.level", "18",
     "Invalid value 18 for configuration compression.lz4.level: Value must be no more than 17"},
    {"compression.zstd.level", "-131073",
     "Invalid value -131073 for configuration compression.zstd.level: Value must be at least -131072"},
    {"min.cleanable.dirty.ratio", "1.5",
     "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1"},
    {"min.cleanable.dirty.ratio", "-0.1",
     "Invalid value -0.1 for configuration min.cleanable.dirty.ratio: Value must be at least 0"},
    {"min.cleanable.dirty.ratio", "x",
     "Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE"},
    {"min.cleanable.dirty.ratio", "NaN", ""},
    {"min.cleanable.dirty.ratio", ".5f", ""},
    {"leader.replication.throttled.replicas", "a:b",
     "Invalid value [a:b] for configuration leader.replication.throttled.replicas: "
     "leader.replication.throttled.replicas "
     "must be the literal '*' or a list of replicas in the following format: "
     "[partitionId]:[brokerId],[partitionId]:[brokerId],..."},
    {"leader.replication.throttled.replicas", "*", ""},
    {"leader.replication.throttled.replicas", "0:1, 1:2", ""},
    {"leader.replication.throttled.replicas", "*,0:1",
     "Invalid value [*, 0:1] for configuration leader.replication.throttled.replicas: "
     "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: "
     "[partitionId]:[brokerId],[partitionId]:[brokerId],..."},
    {"min.insync.replicas", "1.0", "Invalid value 1.0 for configuration min.insync.replicas: Not a number of type INT"},
};

constexpr Case broker_cases[] = {
    {"num.partitions", "0", "Invalid value 0 for configuration num.partitions: Value must be at least 1"},
    {"process.roles", "",
     "Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]"},
    {"process.roles", "broker,foo",
     "Invalid value foo for configuration process.roles: String must be one of: broker, controller"},
    {"listeners", "", "Configuration 'listeners' must not be empty. Valid values include: any non-empty value"},
    {"log.dirs", "/a,,/b", "Configuration 'log.dirs' values must not be empty."},
    {"group.consumer.migration.policy", "foo",
     "Invalid value foo for configuration group.consumer.migration.policy: String must be one of (case insensitive): "
     "DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL"},
    {"group.consumer.migration.policy", "Upgrade", ""},
    {"controller.quorum.voters", "", ""},
    {"controller.quorum.voters", "1@a",
     "Failed to parse host name from entry 1@a for the configuration controller.quorum.voters. Each entry should be in "
     "the "
     "form `{id}@{host}:{port}`."},
    {"controller.quorum.bootstrap.servers", "x",
     "Failed to parse host name from x for the configuration controller.quorum.bootstrap.servers. Each entry should be "
     "in "
     "the form \"{host}:{port}\""},
    {"remote.log.storage.manager.class.name", "",
     "Invalid value  for configuration remote.log.storage.manager.class.name: String must be non-empty"},
    {"offsets.topic.replication.factor", "40000",
     "Invalid value 40000 for configuration offsets.topic.replication.factor: Not a number of type SHORT"},
    {"remote.log.manager.task.retry.jitter", "2",
     "Invalid value 2.0 for configuration remote.log.manager.task.retry.jitter: Value must be no more than 0.5"},
    {"remote.log.manager.task.retry.jitter", "-1",
     "Invalid value -1.0 for configuration remote.log.manager.task.retry.jitter: Value must be at least 0"},
    {"ssl.keystore.password", "anything goes", ""},
};

void check(const Case& c, const ConfigKey* key) {
  ASSERT_NE(key, nullptr) << c.name;
  const Status status = check_value(*key, c.value);
  EXPECT_EQ(status.ok() ? "" : status.failure().message, c.message) << c.name << "=" << c.value;
}

TEST(ConfigValue, IsCheckedAsKafkaDoes) {
  for (const Case& c : topic_cases) check(c, find_topic_config(c.name));
  for (const Case& c : broker_cases) check(c, find_broker_config(c.name));
}

TEST(ConfigValue, IsPrintedAsKafkaDoes) {
  const auto printed = [](const char* name, const char* value) {
    return printed_value(*find_topic_config(name), value);
  };
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "0.50"), "0.5");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "5e-1"), "0.5");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "1"), "1.0");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", ".5f"), "0.5");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "0.3333333333333333333"), "0.3333333333333333");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "1e-5"), "1.0E-5");
  EXPECT_EQ(printed("min.cleanable.dirty.ratio", "0.001"), "0.001");
  EXPECT_EQ(printed("retention.ms", " 007 "), "7");
  EXPECT_EQ(printed("cleanup.policy", " compact , delete,compact"), "compact,delete");
  EXPECT_EQ(printed("preallocate", " TRUE "), "true");
  EXPECT_EQ(java_double_text(1e10), "1.0E10");
  EXPECT_EQ(java_double_text(100), "100.0");
  EXPECT_EQ(java_double_text(1.7976931348623157e308), "1.7976931348623157E308");
  EXPECT_EQ(java_double_text(-0.1), "-0.1");
}

TEST(ConfigValue, NumbersParseWithoutOverflow) {
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  EXPECT_FALSE(parse_integer("-9223372036854775809"));
  EXPECT_FALSE(parse_integer("--1"));
  EXPECT_FALSE(parse_integer("1 2"));
  EXPECT_EQ(parse_double("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("1e-999"), 0.0);
  EXPECT_FALSE(parse_double("inf"));
  EXPECT_FALSE(parse_double("nan"));
  EXPECT_FALSE(parse_double("f"));
  EXPECT_FALSE(parse_double("--1"));
  EXPECT_EQ(parse_list(""), std::vector<std::string>{});
  EXPECT_EQ(parse_list(" a , b,"), (std::vector<std::string>{"a", "b", ""}));
}

}  // namespace
}  // namespace moldau::metadata
