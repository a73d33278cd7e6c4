// server.properties as Java reads it, the environment, and the settings that come of them.
#include "metadata/properties.h"

#include <gtest/gtest.h>

#include "metadata/broker_settings.h"

namespace moldau::metadata {
namespace {

ConfigMap parsed(std::string_view text) {
  auto map = parse_properties(text);
  EXPECT_TRUE(map.ok());
  return map.ok() ? map.value() : ConfigMap{};
}

TEST(Properties, SeparatorsCommentsAndBlanks) {
  EXPECT_EQ(
      parsed("a=1\nb:2\nc 3\n d = 4 \ne\t:\t5\nf\n# g=1\n  ! h=1\n\n\r\ni=6\r\nj=7\rk=8"),
      (ConfigMap{
          {"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4 "}, {"e", "5"}, {"f", ""}, {"i", "6"}, {"j", "7"}, {"k", "8"}}));
  EXPECT_EQ(parsed("a==1\nb = = 2\nc::3"), (ConfigMap{{"a", "=1"}, {"b", "= 2"}, {"c", ":3"}}));
  EXPECT_EQ(parsed("a=1\na=2"), (ConfigMap{{"a", "2"}}));
  EXPECT_EQ(parsed("=x"), (ConfigMap{{"", "x"}}));
  EXPECT_EQ(parsed(""), ConfigMap{});
  EXPECT_EQ(parsed("# only"), ConfigMap{});
}

TEST(Properties, EscapesAndContinuations) {
  EXPECT_EQ(parsed("a\\=b=c\\:d"), (ConfigMap{{"a=b", "c:d"}}));
  EXPECT_EQ(parsed("path=C:\\\\x\\\\y"), (ConfigMap{{"path", "C:\\x\\y"}}));
  EXPECT_EQ(parsed("t=a\\tb\\nc\\rd\\fe\\zf"), (ConfigMap{{"t", "a\tb\nc\rd\fezf"}}));
  EXPECT_EQ(parsed("u=\\u0041\\u00e9\\u20AC"), (ConfigMap{{"u", "A\xC3\xA9\xE2\x82\xAC"}}));
  EXPECT_EQ(parsed("u=\\uD83D\\uDE00"), (ConfigMap{{"u", "\xF0\x9F\x98\x80"}}));
  EXPECT_EQ(parsed("u=\\uD83Dx"), (ConfigMap{{"u", "\xEF\xBF\xBDx"}}));
  EXPECT_EQ(parsed("list=a,\\\n     b,\\\r\n\tc"), (ConfigMap{{"list", "a,b,c"}}));
  EXPECT_EQ(parsed("x=1\\\\\ny=2"), (ConfigMap{{"x", "1\\"}, {"y", "2"}}));
  EXPECT_EQ(parsed("x=1\\"), (ConfigMap{{"x", "1"}}));
  EXPECT_EQ(parsed("# c\\\nx=1"), (ConfigMap{{"x", "1"}}));  // comments do not continue
  EXPECT_EQ(parsed("x=\\\n# no comment"), (ConfigMap{{"x", "# no comment"}}));
}

TEST(Properties, RefusesBrokenEscapesAndGiants) {
  for (const char* bad : {"a=\\u12", "a=\\uZZZZ", "\\u=1"}) {
    const auto map = parse_properties(bad);
    ASSERT_FALSE(map.ok()) << bad;
    EXPECT_EQ(map.failure().kind, FailureKind::invalid_argument);
  }
  EXPECT_FALSE(parse_properties(std::string(properties_bytes_max + 1, '\n')).ok());
}

TEST(Environment, NamesSettings) {
  EXPECT_EQ(setting_of_environment_name("KAFKA_LOG_DIRS"), "log.dirs");
  EXPECT_EQ(setting_of_environment_name("MOLDAU_NUM_PARTITIONS"), "num.partitions");
  EXPECT_EQ(setting_of_environment_name("KAFKA_A__B___C_D"), "a_b-c.d");
  EXPECT_EQ(setting_of_environment_name("KAFKA_HEAP_OPTS"), std::nullopt);
  EXPECT_EQ(setting_of_environment_name("KAFKA_"), std::nullopt);
  for (const char* command_line : {"MOLDAU_BROKERS", "MOLDAU_USER", "MOLDAU_PASS", "MOLDAU_GLOBALS_DIAL_TIMEOUT",
                                   "MOLDAU_TLS_ENABLED", "MOLDAU_SASL_MECHANISM", "MOLDAU_JOBS", "MOLDAU_BINARY"}) {
    EXPECT_EQ(setting_of_environment_name(command_line), std::nullopt) << command_line;
  }
  EXPECT_EQ(setting_of_environment_name("MOLDAU_BROKER_ID"), "broker.id");
  EXPECT_EQ(setting_of_environment_name("MOLDAU_SASL_ENABLED_MECHANISMS"), "sasl.enabled.mechanisms");
  EXPECT_EQ(setting_of_environment_name("PATH"), std::nullopt);
  const std::pair<std::string, std::string> environment[] = {
      {"MOLDAU_NODE_ID", "2"}, {"KAFKA_NODE_ID", "3"}, {"KAFKA_LOG_DIRS", "/x"}, {"HOME", "/root"}};
  EXPECT_EQ(settings_of_environment(environment), (ConfigMap{{"node.id", "2"}, {"log.dirs", "/x"}}));
  EXPECT_EQ(merge_settings({{"a", "1"}, {"b", "1"}, {"c", "1"}}, {{"b", "2"}, {"c", "2"}}, {{"c", "3"}}),
            (ConfigMap{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

std::string fault(const ConfigMap& map) {
  const auto settings = resolve_broker(map);
  return settings.ok() ? "" : settings.failure().message;
}

TEST(BrokerSettings, AnEmptyFileRuns) {
  const auto settings = resolve_broker({});
  ASSERT_TRUE(settings.ok()) << settings.failure().message;
  EXPECT_EQ(settings.value().node_id, 1);
  EXPECT_TRUE(settings.value().is_broker && settings.value().is_controller);
  ASSERT_EQ(settings.value().listeners.size(), 1U);
  EXPECT_EQ(settings.value().listeners[0], (ListenerConfig{"PLAINTEXT", "", 9092, SecurityProtocol::plaintext}));
  EXPECT_EQ(settings.value().controller_listeners[0].name, "CONTROLLER");
  EXPECT_EQ(settings.value().log_dirs, std::vector<std::string>{"/tmp/kafka-logs"});
  EXPECT_EQ(settings.value().metadata_log_dir, "/tmp/kafka-logs");
  EXPECT_EQ(settings.value().topic_defaults, TopicSettings{});
}

TEST(BrokerSettings, KafkasOwnExampleFile) {
  const auto map = parse_properties(
      "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://[::1]:10092\n"
      "controller.listener.names=CONTROLLER\ncontroller.quorum.voters=1@localhost:10092\nlog.dirs=/a,/b,/a\n"
      "advertised.listeners=PLAINTEXT://example.org:19092\nmax.connections.per.ip.overrides=127.0.0.1:5\n"
      "log.retention.minutes=10\n");
  ASSERT_TRUE(map.ok());
  const auto read = resolve_broker(map.value());
  ASSERT_TRUE(read.ok()) << read.failure().message;
  const BrokerSettings& settings = read.value();
  EXPECT_EQ(settings.listeners[0].host, "127.0.0.1");
  EXPECT_EQ(settings.controller_listeners[0].host, "::1");
  EXPECT_EQ(settings.advertised_listeners[0].port, 19092);
  EXPECT_EQ(settings.quorum_voters, (std::vector<StaticVoter>{{1, "localhost", 10092}}));
  EXPECT_EQ(settings.log_dirs, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(settings.max_connections_per_ip_overrides.at("127.0.0.1"), 5);
  EXPECT_EQ(settings.topic_defaults.retention_ms, 600'000);
  EXPECT_EQ(settings.inter_broker_listener_name, "PLAINTEXT");
  EXPECT_EQ(with_identity(map.value(), settings).at("broker.id"), "1");
}

TEST(BrokerSettings, TheListenerAmongBrokers) {
  const std::string two = "INSIDE://a:1,OUTSIDE://b:2";
  const std::string map = "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT";
  const auto named = resolve_broker(
      {{"listeners", two}, {"listener.security.protocol.map", map}, {"inter.broker.listener.name", "outside"}});
  ASSERT_TRUE(named.ok()) << named.failure().message;
  EXPECT_EQ(named.value().inter_broker_listener_name, "OUTSIDE");
  EXPECT_EQ(named.value().quota_window_num, 11);
  EXPECT_EQ(named.value().replica_lag_time_max_ms, 30'000);
  EXPECT_EQ(fault({{"inter.broker.listener.name", "OTHER"}}),
            "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options "
            "based on currently configured listeners are PLAINTEXT");
  EXPECT_EQ(fault({{"inter.broker.listener.name", "PLAINTEXT"}, {"security.inter.broker.protocol", "PLAINTEXT"}}),
            "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.");
  EXPECT_NE(fault({{"security.inter.broker.protocol", "SSL"}}), "");
}

TEST(BrokerSettings, SaysWhatIsWrong) {
  EXPECT_EQ(fault({{"num.partitions", "0"}}),
            "Invalid value 0 for configuration num.partitions: Value must be at least 1");
  EXPECT_EQ(fault({{"node.id", "1"}, {"broker.id", "2"}}), "You must set `node.id` to the same value as `broker.id`.");
  EXPECT_EQ(fault({{"node.id", "-1"}}), "Invalid value -1 for configuration node.id: Value must be at least 0");
  EXPECT_EQ(fault({{"listeners", "PLAINTEXT"}}), "Unable to parse PLAINTEXT to a broker endpoint");
  EXPECT_EQ(fault({{"listeners", "PLAINTEXT://"}}), "Unable to parse PLAINTEXT:// to a broker endpoint");
  EXPECT_EQ(fault({{"listeners", "PLAINTEXT://h:99999"}}), "Unable to parse PLAINTEXT://h:99999 to a broker endpoint");
  EXPECT_EQ(fault({{"listeners", "FOO://h:1"}}), "No security protocol defined for listener FOO");
  EXPECT_EQ(fault({{"listeners", "PLAINTEXT://h:1,PLAINTEXT://h:2"}}),
            "Each listener must have a different name: PLAINTEXT");
  EXPECT_EQ(fault({{"listeners", "A://h:1,B://h:1"}, {"listener.security.protocol.map", "A:PLAINTEXT,B:PLAINTEXT"}}),
            "Each listener must have a different port: 1");
  // Fail closed: what is not served is not served in the clear instead.
  EXPECT_EQ(fault({{"listeners", "SSL://h:1"}}),
            "listener SSL: only the security protocol PLAINTEXT is served in this version");
  EXPECT_NE(fault({{"advertised.listeners", "PLAINTEXT://0.0.0.0:1"}}), "");
  EXPECT_NE(fault({{"advertised.listeners", "OTHER://h:1"}}), "");
  EXPECT_NE(fault({{"process.roles", "broker"}}), "");
  EXPECT_NE(fault({{"log.retention.ms", "0"}}), "");
  EXPECT_NE(fault({{"max.connections.per.ip.overrides", "a"}}), "");
  EXPECT_NE(fault({{"listener.security.protocol.map", "a"}}), "");
  EXPECT_EQ(fault({{"queued.max.request.bytes", "1000"}}),
            "queued.max.request.bytes must be larger or equal to socket.request.max.bytes");
  EXPECT_EQ(fault({{"queued.max.request.bytes", "1000"}, {"socket.request.max.bytes", "1000"}}), "");
  EXPECT_EQ(fault({{"unknown.thing", "x"}}), "");
  EXPECT_EQ(configuration_warnings({{"unknown.thing", "x"}, {"num.io.threads", "4"}, {"num.partitions", "3"}}),
            (std::vector<std::string>{"setting num.io.threads has no effect in this version",
                                      "unknown setting unknown.thing is ignored"}));
}

}  // namespace
}  // namespace moldau::metadata
