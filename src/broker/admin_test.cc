// The administrator's APIs, asked of a broker under the simulator: what clients see, and that changes count at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/trace.h"
#include "broker/test_kit.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/23_offset_for_leader_epoch.h"
#include "wire/api/29_describe_acls.h"
#include "wire/api/32_describe_configs.h"
#include "wire/api/33_alter_configs.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/api/37_create_partitions.h"
#include "wire/api/43_elect_leaders.h"
#include "wire/api/44_incremental_alter_configs.h"
#include "wire/api/45_alter_partition_reassignments.h"
#include "wire/api/46_list_partition_reassignments.h"
#include "wire/api/48_describe_client_quotas.h"
#include "wire/api/49_alter_client_quotas.h"
#include "wire/api/50_describe_user_scram_credentials.h"
#include "wire/api/51_alter_user_scram_credentials.h"
#include "wire/api/55_describe_quorum.h"
#include "wire/api/57_update_features.h"
#include "wire/api/61_describe_producers.h"
#include "wire/api/64_unregister_broker.h"
#include "wire/api/74_list_config_resources.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

constexpr int8_t topic_type = 2;
constexpr int8_t broker_type = 4;
constexpr int8_t logger_type = 8;

struct Change {
  std::string_view name;
  std::optional<std::string_view> value;
  int8_t operation = 0;
};

struct Outcome {
  int16_t code = 0;
  std::string message;
  bool operator==(const Outcome&) const = default;
};

Outcome alter(BrokerWorld& world, RawClient& client, int8_t type, std::string_view name, std::vector<Change> changes,
              bool validate_only = false) {
  wire::IncrementalAlterConfigsRequest request;
  wire::IncrementalAlterConfigsRequest::AlterConfigsResource resource{
      .resource_type = type, .resource_name = name, .configs = {}};
  for (const Change& change : changes) {
    resource.configs.push_back({.name = change.name, .config_operation = change.operation, .value = change.value});
  }
  request.resources.push_back(std::move(resource));
  request.validate_only = validate_only;
  const auto answer = world.call<wire::IncrementalAlterConfigsResponse>(client, request, 1);
  if (answer.responses.size() != 1) return {-99, "not one response"};
  return {answer.responses[0].error_code, std::string(answer.responses[0].error_message.value_or(""))};
}

struct Described {
  std::string value;
  int8_t source = 0;
  bool operator==(const Described&) const = default;
};

Described describe(BrokerWorld& world, RawClient& client, int8_t type, std::string_view name, std::string_view key) {
  wire::DescribeConfigsRequest request;
  request.resources.push_back({.resource_type = type, .resource_name = name, .configuration_keys = {{key}}});
  const auto answer = world.call<wire::DescribeConfigsResponse>(client, request, 4);
  if (answer.results.size() != 1 || answer.results[0].configs.size() != 1) return {"(none)", 0};
  return {std::string(answer.results[0].configs[0].value.value_or("(null)")),
          answer.results[0].configs[0].config_source};
}

TEST(Admin, TopicSettingsCountAtOnce) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  const std::string value(3000, 'x');
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, 0);
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"max.message.bytes", "2000"}}, true), Outcome{});
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, 0) << "only checked";
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"max.message.bytes", "2000"}}), Outcome{});
  EXPECT_EQ(describe(world, client, topic_type, "t", "max.message.bytes"), (Described{"2000", 1}));
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, code_of(ErrorCode::message_too_large));
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"max.message.bytes", std::nullopt, 1}}), Outcome{});
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, 0);

  EXPECT_EQ(alter(world, client, topic_type, "t", {{"message.timestamp.type", "LogAppendTime"}}), Outcome{});
  EXPECT_NE(world.produce(client, "t", 0, batch_of(1, "x")).log_append_time_ms, -1);
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"min.insync.replicas", "2"}}), Outcome{});
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "x")).error_code, 0) << "one replica is all there is";
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"min.insync.replicas", std::nullopt, 1}}), Outcome{});

  EXPECT_EQ(alter(world, client, topic_type, "t", {{"cleanup.policy", "compact", 2}}), Outcome{});
  EXPECT_EQ(describe(world, client, topic_type, "t", "cleanup.policy"), (Described{"delete,compact", 1}));
  wire::BatchBuilder keyless;
  keyless.add(1000, std::nullopt, "value");
  const auto batch = keyless.finish();
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(world.produce(client, "t", 0, *batch).error_code, code_of(ErrorCode::invalid_record));
}

TEST(Admin, AlterationsAreKeptOverARestart) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  EXPECT_EQ(alter(world, client, topic_type, "t", {{"retention.ms", "77"}}), Outcome{});
  EXPECT_EQ(alter(world, client, broker_type, "", {{"log.segment.bytes", "2000000"}}), Outcome{});
  world.stop();
  world.start();
  RawClient& again = world.connect();
  EXPECT_EQ(describe(world, again, topic_type, "t", "retention.ms"), (Described{"77", 1}));
  EXPECT_EQ(describe(world, again, topic_type, "t", "segment.bytes"), (Described{"2000000", 3}));
}

TEST(Admin, BrokerSettingsLieInLayers) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  const std::string value(3000, 'x');
  EXPECT_EQ(alter(world, client, broker_type, "", {{"message.max.bytes", "2000"}}), Outcome{});
  EXPECT_EQ(describe(world, client, topic_type, "t", "max.message.bytes"), (Described{"2000", 3}));
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, code_of(ErrorCode::message_too_large));
  EXPECT_EQ(alter(world, client, broker_type, "1", {{"message.max.bytes", "5000"}}), Outcome{});
  EXPECT_EQ(describe(world, client, topic_type, "t", "max.message.bytes"), (Described{"5000", 2}));
  EXPECT_EQ(describe(world, client, broker_type, "1", "message.max.bytes"), (Described{"5000", 2}));
  EXPECT_EQ(describe(world, client, broker_type, "", "message.max.bytes"), (Described{"2000", 3}));
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, value)).error_code, 0);
  EXPECT_EQ(alter(world, client, broker_type, "", {{"max.connections.per.ip", "3"}}), Outcome{});
  EXPECT_EQ(world.broker().settings().max_connections_per_ip, 3);
  EXPECT_EQ(alter(world, client, broker_type, "", {{"max.connections.per.ip", std::nullopt, 1}}), Outcome{});
  EXPECT_EQ(world.broker().settings().max_connections_per_ip, INT32_MAX);
}

TEST(Admin, BrokerSettingsAreRefusedAsKafkaDoes) {
  BrokerWorld world;
  RawClient& client = world.connect();
  const auto refusal = [&](std::string_view name, Change change) {
    return alter(world, client, broker_type, name, {change}).message;
  };
  EXPECT_EQ(refusal("1", {"num.partitions", "3"}), "Cannot update these configs dynamically: [num.partitions]");
  EXPECT_EQ(refusal("2", {"log.retention.ms", "3"}), "Unexpected broker id, expected 1, but received 2");
  EXPECT_EQ(refusal("me", {"log.retention.ms", "3"}), "Node id must be an integer, but it is: me");
  EXPECT_EQ(refusal("", {"log.retention.ms", std::nullopt}), "Null value not supported for : log.retention.ms");
  EXPECT_EQ(refusal("", {"log.retention.ms", "x"}),
            "Invalid value x for configuration log.retention.ms: Not a number of type LONG");
  EXPECT_EQ(refusal("1", {"ssl.keystore.type", "x"}),
            "These security configs can be dynamically updated only per-listener using the listener prefix: "
            "[ssl.keystore.type]");
  EXPECT_EQ(refusal("", {"log.retention.ms", "5", 2}),
            "Config value append is not allowed for config key: log.retention.ms");
  EXPECT_EQ(refusal("", {"num.io.threads", "100"}),
            "Dynamic thread count update validation failed for num.io.threads=100, value should not be greater than "
            "double the current value 8");
  EXPECT_NE(refusal("1", {"listeners", "PLAINTEXT://:1"}), "") << "what cannot be done is not said to be done";
  EXPECT_EQ(describe(world, client, broker_type, "", "log.retention.ms"), (Described{"(none)", 0}));
}

TEST(Admin, LoggerLevels) {
  BrokerWorld world;
  RawClient& client = world.connect();
  const TraceLevel before = trace_verbosity();
  EXPECT_EQ(alter(world, client, logger_type, "1", {{"root", "WARN"}}), Outcome{});
  EXPECT_EQ(trace_verbosity(), TraceLevel::warn);
  EXPECT_EQ(describe(world, client, logger_type, "1", "root"), (Described{"WARN", 6}));
  EXPECT_EQ(alter(world, client, logger_type, "1", {{"root", "DEBUG"}}, true), Outcome{});
  EXPECT_EQ(trace_verbosity(), TraceLevel::warn);
  EXPECT_EQ(alter(world, client, logger_type, "1", {{"no.such", "INFO"}}),
            (Outcome{40, "Logger no.such does not exist!"}));
  EXPECT_EQ(alter(world, client, logger_type, "1", {{"root", std::nullopt, 1}}),
            (Outcome{42, "Removing the log level of the root logger is not allowed"}));
  EXPECT_EQ(alter(world, client, logger_type, "7", {{"root", "INFO"}}),
            (Outcome{42, "Unexpected node id. Expected 1, but received 7"}));
  set_trace_verbosity(before);
}

TEST(Admin, MorePartitionsServeAtOnce) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  wire::CreatePartitionsRequest request;
  request.topics.push_back({.name = "t", .count = 3, .assignments = std::nullopt});
  request.topics.push_back({.name = "nosuch", .count = 3, .assignments = std::nullopt});
  request.timeout_ms = 1000;
  auto answer = world.call<wire::CreatePartitionsResponse>(client, request, 3);
  ASSERT_EQ(answer.results.size(), 2U);
  EXPECT_EQ(answer.results[0].error_code, 0);
  EXPECT_EQ(answer.results[1].error_code, 3);
  EXPECT_EQ(world.produce(client, "t", 2, batch_of(1, "x")).error_code, 0);
  request.topics[0].count = 2;
  answer = world.call<wire::CreatePartitionsResponse>(client, request, 3);
  EXPECT_EQ(answer.results.at(0).error_message,
            "The topic t currently has 3 partition(s); 2 would not be an increase.");
  request.timeout_ms = -1;
  EXPECT_EQ(world.call<wire::CreatePartitionsResponse>(client, request, 3).results.at(0).error_code,
            code_of(ErrorCode::request_timed_out));
}

TEST(Admin, TimeLimitsCountWhereTheyDoInKafka) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  for (const int32_t limit : {0, -1}) {
    wire::AlterPartitionReassignmentsRequest move;
    move.timeout_ms = limit;
    move.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .replicas = std::nullopt}}});
    EXPECT_EQ(world.call<wire::AlterPartitionReassignmentsResponse>(client, move, 1).error_code,
              code_of(ErrorCode::request_timed_out));
    wire::ListPartitionReassignmentsRequest list;
    list.timeout_ms = limit;
    EXPECT_EQ(world.call<wire::ListPartitionReassignmentsResponse>(client, list, 0).error_code, 0);
    wire::UpdateFeaturesRequest features;
    features.timeout_ms = limit;
    EXPECT_EQ(world.call<wire::UpdateFeaturesResponse>(client, features, 2).error_code, 0);
  }
}

wire::DeleteRecordsResponse::DeleteRecordsPartitionResult delete_records(BrokerWorld& world, RawClient& client,
                                                                         std::string_view topic, Offset offset) {
  wire::DeleteRecordsRequest request;
  request.topics.push_back({.name = topic, .partitions = {{.partition_index = 0, .offset = offset}}});
  request.timeout_ms = 1000;
  return world.call<wire::DeleteRecordsResponse>(client, request, 2).topics.at(0).partitions.at(0);
}

TEST(Admin, RecordsAreDeletedForGood) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  world.create_topic(client, "keyed", 1, {{"cleanup.policy", "compact"}});
  world.create_topic(client, "__consumer_offsets");
  for (int i = 0; i < 3; ++i) world.produce(client, "t", 0, batch_of(2, "x"));
  EXPECT_EQ(delete_records(world, client, "t", 7).error_code, 1);
  EXPECT_EQ(delete_records(world, client, "t", -2).error_code, 1);
  EXPECT_EQ(delete_records(world, client, "nosuch", 0).error_code, 3);
  EXPECT_EQ(delete_records(world, client, "keyed", 0).error_code, code_of(ErrorCode::policy_violation));
  EXPECT_EQ(delete_records(world, client, "__consumer_offsets", 0).error_code, 17);
  EXPECT_EQ(delete_records(world, client, "t", 7).low_watermark, -1);
  EXPECT_EQ(delete_records(world, client, "t", 3).low_watermark, 3);
  EXPECT_EQ(delete_records(world, client, "t", 1).low_watermark, 3) << "not back";
  EXPECT_EQ(delete_records(world, client, "t", -1).low_watermark, 6);
  const auto fetched = world.call<wire::FetchResponse>(client, BrokerWorld::fetch_request("t", 0, 5), 12)
                           .responses.at(0)
                           .partitions.at(0);
  EXPECT_EQ(fetched.error_code, code_of(ErrorCode::offset_out_of_range));
  world.stop();
  world.start();
  RawClient& again = world.connect();
  EXPECT_EQ(delete_records(world, again, "t", 0).low_watermark, 6);
}

TEST(Admin, LogDirectoriesEpochsAndProducers) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 2);
  world.produce(client, "t", 1, batch_of(1, "x", {.producer_id = 4000, .producer_epoch = 2, .base_sequence = 0}));
  wire::DescribeLogDirsRequest dirs;
  dirs.topics.reset();
  const auto described = world.call<wire::DescribeLogDirsResponse>(client, dirs, 4);
  ASSERT_EQ(described.results.size(), 1U);
  EXPECT_EQ(described.results[0].log_dir, "/data");
  ASSERT_EQ(described.results[0].topics.size(), 1U);
  ASSERT_EQ(described.results[0].topics[0].partitions.size(), 2U);
  EXPECT_EQ(described.results[0].topics[0].partitions[0].partition_size, 0);
  EXPECT_GT(described.results[0].topics[0].partitions[1].partition_size, 60);
  EXPECT_GT(described.results[0].total_bytes, 0);
  dirs.topics = {{.topic = "t", .partitions = {1, 9}}};
  EXPECT_EQ(world.call<wire::DescribeLogDirsResponse>(client, dirs, 1).results.at(0).topics.at(0).partitions.size(),
            1U);

  wire::OffsetForLeaderEpochRequest epochs;
  epochs.topics.push_back({.topic = "t",
                           .partitions = {{.partition = 1, .current_leader_epoch = -1, .leader_epoch = 0},
                                          {.partition = 1, .current_leader_epoch = 7, .leader_epoch = 0},
                                          {.partition = 1, .current_leader_epoch = -1, .leader_epoch = 9},
                                          {.partition = 5, .current_leader_epoch = -1, .leader_epoch = 0}}});
  const auto ends = world.call<wire::OffsetForLeaderEpochResponse>(client, epochs, 4).topics.at(0).partitions;
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_EQ(ends[0].end_offset, 1);
  EXPECT_EQ(ends[0].leader_epoch, 0);
  EXPECT_EQ(ends[1].error_code, code_of(ErrorCode::unknown_leader_epoch));
  EXPECT_EQ(ends[2].error_code, 0);
  EXPECT_EQ(ends[2].end_offset, -1);
  EXPECT_EQ(ends[3].error_code, 3);

  wire::DescribeProducersRequest producers;
  producers.topics.push_back({.name = "t", .partition_indexes = {0, 1, 9}});
  producers.topics.push_back({.name = "a/b", .partition_indexes = {0}});
  const auto states = world.call<wire::DescribeProducersResponse>(client, producers, 0);
  const auto& rows = states.topics.at(0).partitions;
  EXPECT_TRUE(rows.at(0).active_producers.empty());
  ASSERT_EQ(rows.at(1).active_producers.size(), 1U);
  EXPECT_EQ(rows.at(1).active_producers[0].producer_id, 4000);
  EXPECT_EQ(rows.at(1).active_producers[0].producer_epoch, 2);
  EXPECT_EQ(rows.at(1).active_producers[0].last_sequence, 0);
  EXPECT_EQ(rows.at(2).error_code, 3);
  EXPECT_EQ(states.topics.at(1).partitions.at(0).error_code, 17);
}

TEST(Admin, ClusterCalls) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  wire::DescribeQuorumRequest quorum;
  quorum.topics.push_back({.topic_name = "__cluster_metadata", .partitions = {{0}}});
  const auto described = world.call<wire::DescribeQuorumResponse>(client, quorum, 2);
  const auto& partition = described.topics.at(0).partitions.at(0);
  EXPECT_EQ(partition.leader_id, 1);
  EXPECT_GT(partition.high_watermark, 0);
  ASSERT_EQ(partition.current_voters.size(), 1U);
  EXPECT_EQ(partition.current_voters[0].log_end_offset, partition.high_watermark);
  EXPECT_FALSE(partition.current_voters[0].replica_directory_id.is_zero());
  EXPECT_EQ(described.nodes.size(), 1U);
  quorum.topics[0].partitions[0].partition_index = 3;
  EXPECT_EQ(world.call<wire::DescribeQuorumResponse>(client, quorum, 2).topics.at(0).partitions.at(0).error_code, 3);

  wire::ElectLeadersRequest elect;
  elect.topic_partitions->push_back({.topic = "t", .partitions = {0}});
  EXPECT_EQ(world.call<wire::ElectLeadersResponse>(client, elect, 2)
                .replica_election_results.at(0)
                .partition_result.at(0)
                .error_code,
            code_of(ErrorCode::election_not_needed));
  elect.election_type = 5;
  EXPECT_EQ(world.call<wire::ElectLeadersResponse>(client, elect, 2).error_code, 42);

  wire::UpdateFeaturesRequest features;
  features.feature_updates.push_back({.feature = "metadata.version", .max_version_level = 99});
  EXPECT_EQ(world.call<wire::UpdateFeaturesResponse>(client, features, 2).error_code,
            code_of(ErrorCode::invalid_update_version));
  EXPECT_EQ(
      world.call<wire::UnregisterBrokerResponse>(client, wire::UnregisterBrokerRequest{.broker_id = 77}, 0).error_code,
      code_of(ErrorCode::broker_id_not_registered));
  EXPECT_EQ(world.call<wire::DescribeAclsResponse>(client, wire::DescribeAclsRequest{}, 3).error_code,
            code_of(ErrorCode::security_disabled));
  EXPECT_TRUE(world.call<wire::ListPartitionReassignmentsResponse>(client, wire::ListPartitionReassignmentsRequest{}, 0)
                  .topics.empty());
  wire::ListConfigResourcesRequest resources;
  resources.resource_types = {99};
  EXPECT_EQ(world.call<wire::ListConfigResourcesResponse>(client, resources, 1).error_code, 35);
  resources.resource_types = {2};
  EXPECT_EQ(world.call<wire::ListConfigResourcesResponse>(client, resources, 1).config_resources.size(), 1U);
}

TEST(Admin, QuotasAndCredentialsAreKeptOverARestart) {
  BrokerWorld world;
  RawClient& client = world.connect();
  wire::AlterClientQuotasRequest quotas;
  quotas.entries.push_back({.entity = {{.entity_type = "user", .entity_name = "alice"}},
                            .ops = {{.key = "producer_byte_rate", .value = 5, .remove = false}}});
  EXPECT_EQ(world.call<wire::AlterClientQuotasResponse>(client, quotas, 1).entries.at(0).error_code, 0);
  wire::AlterUserScramCredentialsRequest credentials;
  const std::vector<std::byte> bytes(8, std::byte{1});
  credentials.upsertions.push_back(
      {.name = "alice", .mechanism = 1, .iterations = 4096, .salt = bytes, .salted_password = bytes});
  EXPECT_EQ(world.call<wire::AlterUserScramCredentialsResponse>(client, credentials, 0).results.at(0).error_code, 0);
  world.stop();
  world.start();
  RawClient& again = world.connect();
  const auto described = world.call<wire::DescribeClientQuotasResponse>(again, wire::DescribeClientQuotasRequest{}, 1);
  ASSERT_TRUE(described.entries.has_value());
  ASSERT_EQ(described.entries->size(), 1U);
  EXPECT_EQ(described.entries->at(0).values.at(0).value, 5);
  wire::DescribeUserScramCredentialsRequest users;
  users.users.reset();
  const auto listed = world.call<wire::DescribeUserScramCredentialsResponse>(again, users, 0);
  ASSERT_EQ(listed.results.size(), 1U);
  EXPECT_EQ(listed.results[0].credential_infos.at(0).iterations, 4096);
}

}  // namespace
}  // namespace moldau::broker
