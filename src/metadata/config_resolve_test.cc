// Effective values, sources and synonyms, against what DescribeConfigs of Kafka 4.3.1 answered.
#include "metadata/config_resolve.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace moldau::metadata {
namespace {

std::string text_of(const ConfigEntry& entry) {
  std::string text =
      fmt::format("{}={} source={}", entry.name, entry.value.value_or("<null>"), static_cast<int>(entry.source));
  for (const ConfigSynonym& s : entry.synonyms) {
    text += fmt::format(" {}={}/{}", s.name, s.value.value_or("<null>"), static_cast<int>(s.source));
  }
  return text;
}

std::string find(const std::vector<ConfigEntry>& entries, std::string_view name) {
  for (const ConfigEntry& entry : entries) {
    if (entry.name == name) return text_of(entry);
  }
  return "";
}

TEST(ConfigResolve, TopicAsKafkaDescribesIt) {
  const ConfigMap overrides{
      {"compression.type", "producer"}, {"segment.bytes", "1048576"}, {"retention.ms", "123456789"}};
  const ConfigMap dynamic_default{{"min.insync.replicas", "1"}};
  const ConfigMap fixed{{"node.id", "1"}};
  const auto entries = describe_topic(&overrides, {.dynamic_default = &dynamic_default, .static_broker = &fixed});
  ASSERT_EQ(entries.size(), 34U);  // 33 of Kafka and write.caching
  EXPECT_EQ(entries[0].name, "compression.type");
  EXPECT_EQ(entries[32].name, "segment.index.bytes");
  EXPECT_EQ(entries[33].name, "write.caching");
  EXPECT_EQ(find(entries, "compression.type"),
            "compression.type=producer source=1 compression.type=producer/1 compression.type=producer/5");
  EXPECT_EQ(find(entries, "remote.storage.enable"), "remote.storage.enable=false source=5");
  EXPECT_EQ(find(entries, "min.insync.replicas"),
            "min.insync.replicas=1 source=3 min.insync.replicas=1/3 min.insync.replicas=1/5");
  EXPECT_EQ(find(entries, "segment.jitter.ms"), "segment.jitter.ms=0 source=5");
  EXPECT_EQ(find(entries, "segment.bytes"),
            "segment.bytes=1048576 source=1 segment.bytes=1048576/1 log.segment.bytes=1073741824/5");
  EXPECT_EQ(find(entries, "retention.ms"), "retention.ms=123456789 source=1 retention.ms=123456789/1");
  EXPECT_EQ(find(entries, "flush.ms"), "flush.ms=9223372036854775807 source=5");
  EXPECT_EQ(find(entries, "min.cleanable.dirty.ratio"),
            "min.cleanable.dirty.ratio=0.5 source=5 log.cleaner.min.cleanable.ratio=0.5/5");
  EXPECT_EQ(find(entries, "segment.ms"), "segment.ms=604800000 source=5");
  for (const ConfigEntry& entry : entries) EXPECT_FALSE(entry.read_only) << entry.name;
}

TEST(ConfigResolve, BrokerAsKafkaDescribesIt) {
  const ConfigMap fixed{{"node.id", "1"},
                        {"broker.id", "1"},
                        {"listeners", "PLAINTEXT://127.0.0.1:9092"},
                        {"process.roles", "broker,controller"},
                        {"ssl.keystore.password", "secret"},
                        {"my.own.key", "x"}};
  const ConfigMap dynamic_default{{"min.insync.replicas", "1"}};
  const ConfigMap dynamic{{"log.cleaner.threads", "2"}};
  const BrokerConfigLayers layers{
      .dynamic_broker = &dynamic, .dynamic_default = &dynamic_default, .static_broker = &fixed};
  const auto entries = describe_broker(layers);
  ASSERT_EQ(entries.size(), 340U + 10U + 1U);
  EXPECT_EQ(entries[0].name, "log.cleaner.min.compaction.lag.ms");
  EXPECT_EQ(find(entries, "log.flush.interval.ms"), "log.flush.interval.ms=<null> source=5");
  EXPECT_EQ(find(entries, "log.retention.hours"), "log.retention.hours=168 source=5 log.retention.hours=168/5");
  EXPECT_EQ(find(entries, "log.retention.ms"), "log.retention.ms=<null> source=5");
  EXPECT_EQ(find(entries, "node.id"), "node.id=1 source=4 node.id=1/4");
  EXPECT_EQ(find(entries, "broker.id"), "broker.id=1 source=4 broker.id=1/4 broker.id=-1/5");
  EXPECT_EQ(find(entries, "listeners"),
            "listeners=PLAINTEXT://127.0.0.1:9092 source=4 listeners=PLAINTEXT://127.0.0.1:9092/4 "
            "listeners=PLAINTEXT://:9092/5");
  EXPECT_EQ(find(entries, "min.insync.replicas"),
            "min.insync.replicas=1 source=3 min.insync.replicas=1/3 min.insync.replicas=1/5");
  EXPECT_EQ(find(entries, "log.cleaner.threads"),
            "log.cleaner.threads=2 source=2 log.cleaner.threads=2/2 log.cleaner.threads=1/5");
  EXPECT_EQ(find(entries, "ssl.keystore.password"),
            "ssl.keystore.password=<null> source=4 ssl.keystore.password=<null>/4");
  EXPECT_EQ(find(entries, "my.own.key"), "my.own.key=<null> source=4 my.own.key=<null>/4");
  EXPECT_EQ(find(entries, "server.max.startup.time.ms"), "");  // hidden
  for (const ConfigEntry& entry : entries) {
    if (entry.name == "num.partitions") {
      EXPECT_TRUE(entry.read_only);
    }
    if (entry.name == "listeners") {
      EXPECT_FALSE(entry.read_only);
    }
    if (entry.name == "my.own.key") {
      EXPECT_TRUE(entry.sensitive);
    }
  }
  const auto defaults = describe_broker_default(layers);
  ASSERT_EQ(defaults.size(), 1U);
  EXPECT_EQ(text_of(defaults[0]), "min.insync.replicas=1 source=3 min.insync.replicas=1/3");
}

TEST(ConfigResolve, SettingsOfOneListenerAreThoseOfAllListenersInType) {
  const ConfigMap fixed{{"ssl.truststore.type", "JKS"}, {"listener.name.external.max.connections", "7"}};
  const ConfigMap dynamic{{"listener.name.external.ssl.truststore.type", "PKCS12"},
                          {"listener.name.external.ssl.keystore.password", "secret"},
                          {"listener.name.external.plain.sasl.jaas.config", "secret"},
                          {"listener.name.external.no.such", "x"}};
  const auto entries = describe_broker({.dynamic_broker = &dynamic, .static_broker = &fixed});
  EXPECT_EQ(find(entries, "listener.name.external.ssl.truststore.type"),
            "listener.name.external.ssl.truststore.type=PKCS12 source=2 "
            "listener.name.external.ssl.truststore.type=PKCS12/2 ssl.truststore.type=JKS/4 ssl.truststore.type=JKS/5");
  EXPECT_EQ(find(entries, "listener.name.external.max.connections"),
            "listener.name.external.max.connections=7 source=4 listener.name.external.max.connections=7/4 "
            "max.connections=2147483647/5");
  EXPECT_EQ(find(entries, "listener.name.external.ssl.keystore.password"),
            "listener.name.external.ssl.keystore.password=<null> source=2 "
            "listener.name.external.ssl.keystore.password=<null>/2");
  EXPECT_EQ(find(entries, "listener.name.external.plain.sasl.jaas.config"),
            "listener.name.external.plain.sasl.jaas.config=<null> source=2 "
            "listener.name.external.plain.sasl.jaas.config=<null>/2");
  EXPECT_EQ(find(entries, "listener.name.external.no.such"),
            "listener.name.external.no.such=<null> source=2 listener.name.external.no.such=<null>/2");
  for (const ConfigEntry& entry : entries) {
    if (!entry.name.starts_with("listener.name.")) continue;
    const bool open = entry.name.ends_with("max.connections") || entry.name.ends_with("truststore.type");
    EXPECT_EQ(entry.sensitive, !open) << entry.name;
    if (entry.name.ends_with("max.connections")) {
      EXPECT_EQ(entry.type, ConfigType::int32);
    }
    if (entry.name.ends_with("password") || entry.name.ends_with("jaas.config")) {
      EXPECT_EQ(entry.type, ConfigType::password) << entry.name;
    }
  }
  const auto defaults =
      describe_broker_default({.dynamic_broker = &dynamic, .dynamic_default = &fixed, .static_broker = &fixed});
  EXPECT_EQ(find(defaults, "listener.name.external.max.connections"),
            "listener.name.external.max.connections=7 source=3 listener.name.external.max.connections=7/3");
}

TEST(ConfigResolve, RatesOfRunningBrokers) {
  const ConfigMap dynamic{{"leader.replication.throttled.rate", "123"}};
  const auto entries = describe_broker({.dynamic_broker = &dynamic});
  EXPECT_EQ(find(entries, "leader.replication.throttled.rate"),
            "leader.replication.throttled.rate=123 source=2 leader.replication.throttled.rate=123/2");
  EXPECT_EQ(entries.back().type, ConfigType::int64);
  EXPECT_FALSE(entries.back().read_only);
  EXPECT_EQ(find(describe_broker({}), "leader.replication.throttled.rate"), "");
}

TEST(ConfigResolve, StandInsAndUnits) {
  const ConfigMap hours{
      {"log.retention.hours", "24"}, {"log.roll.jitter.hours", "2"}, {"log.flush.scheduler.interval.ms", "7"}};
  TopicSettings settings = resolve_topic("t", nullptr, {.static_broker = &hours});
  EXPECT_EQ(settings.retention_ms, 24LL * 3'600'000);
  EXPECT_EQ(settings.segment_jitter_ms, 2LL * 3'600'000);
  EXPECT_EQ(settings.flush_ms, 7);
  const ConfigMap both{{"log.retention.hours", "24"}, {"log.retention.minutes", "5"}};
  EXPECT_EQ(resolve_topic("t", nullptr, {.static_broker = &both}).retention_ms, 300'000);
  const ConfigMap forever{{"log.retention.minutes", "-1"}};
  EXPECT_EQ(resolve_topic("t", nullptr, {.static_broker = &forever}).retention_ms, -1);
  const ConfigMap dynamic{{"log.retention.ms", "9"}};
  EXPECT_EQ(resolve_topic("t", nullptr, {.dynamic_broker = &dynamic, .static_broker = &both}).retention_ms, 9);
  // Kafka reports such a value as a default, for the setting itself is not set.
  EXPECT_EQ(find(describe_topic(nullptr, {.static_broker = &hours}), "retention.ms"), "retention.ms=86400000 source=5");
}

TEST(ConfigResolve, DefaultsAreThoseOfTheStruct) {
  EXPECT_EQ(resolve_topic("t", nullptr, {}), TopicSettings{});
}

TEST(ConfigResolve, WriteCaching) {
  const ConfigMap on{{"write.caching.default", "true"}};
  const ConfigMap off{{"write.caching", "false"}};
  EXPECT_FALSE(resolve_topic("t", nullptr, {}).write_caching);
  EXPECT_TRUE(resolve_topic("t", nullptr, {.static_broker = &on}).write_caching);
  EXPECT_FALSE(resolve_topic("t", &off, {.static_broker = &on}).write_caching);
  EXPECT_FALSE(resolve_topic("__consumer_offsets", nullptr, {.static_broker = &on}).write_caching);
}

TEST(ConfigResolve, ForeignValuesThatDoNotPassAreSkipped) {
  const ConfigMap bad{{"retention.ms", "soon"}, {"segment.bytes", "5"}};
  EXPECT_EQ(resolve_topic("t", &bad, {}), TopicSettings{});
}

TEST(ConfigResolve, ChecksATopicAsAWhole) {
  const auto message = [](const ConfigMap& map) {
    const Status status = check_topic_configs(map, {});
    return status.ok() ? std::string() : status.failure().message;
  };
  EXPECT_EQ(message({{"nosuch", "1"}, {"retention.ms", "x"}}), "Unknown topic config name: nosuch");
  EXPECT_EQ(message({{"min.compaction.lag.ms", "10"}, {"max.compaction.lag.ms", "5"}}),
            "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
  EXPECT_EQ(
      message({{"remote.storage.enable", "true"}}),
      "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.");
  EXPECT_EQ(message({{"internal.segment.bytes", "2000"}}), "");
  EXPECT_EQ(message({{"write.caching", "true"}}), "");
  const ConfigMap small{{"internal.segment.bytes", "2000"}};
  EXPECT_EQ(resolve_topic("t", &small, {}).segment_bytes, 2000);
}

}  // namespace
}  // namespace moldau::metadata
