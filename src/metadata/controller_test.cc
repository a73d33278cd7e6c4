// Every check of the controller, with the errors and messages that Kafka 4.3.1 gave to the same requests.
#include "metadata/controller.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "metadata/test_kit.h"

namespace moldau::metadata {
namespace {

using test::decoded;
using test::Host;

std::string text_of(const CreatedTopic& topic) {
  return fmt::format("{} {} {}", topic.name, static_cast<int>(topic.error), topic.message.value_or("<none>"));
}

/// One topic, alone in its request.
std::string create(Host& host, NewTopic topic) {
  const auto result = host.ask<CreateTopicsResult>(CreateTopics{.topics = {std::move(topic)}});
  EXPECT_EQ(result.topics.size(), 1U);
  return text_of(result.topics.at(0));
}

Host running() {
  Host host;
  host.activate();
  host.add_broker(1);
  return host;
}

TEST(CreateTopics, FaultsAreKafkas) {
  Host host = running();
  const auto with = [](const char* name, const char* value) {
    return NewTopic{.name = "t", .partitions = 1, .replication_factor = 1, .configs = {{name, value}}};
  };
  EXPECT_EQ(
      create(host, {.name = "bad/name"}),
      "bad/name 17 Topic name is invalid: 'bad/name' contains one or more characters other than ASCII alphanumerics, "
      "'.', '_' and '-'");
  EXPECT_EQ(create(host, {.name = ""}), " 17 Topic name is invalid: the empty string is not allowed");
  EXPECT_EQ(create(host, {.name = ".."}), ".. 17 Topic name is invalid: '..' is not allowed");
  EXPECT_EQ(create(host, {.name = "."}), ". 17 Topic name is invalid: '.' is not allowed");
  const std::string long_name(250, 'a');
  EXPECT_EQ(create(host, {.name = long_name}), long_name + " 17 Topic name is invalid: the length of '" + long_name +
                                                   "' is longer than the max allowed length 249");
  EXPECT_EQ(create(host, {.name = "t", .partitions = 0, .replication_factor = 1}),
            "t 37 Number of partitions was set to an invalid non-positive value.");
  EXPECT_EQ(create(host, {.name = "t", .partitions = -2, .replication_factor = 1}),
            "t 37 Number of partitions was set to an invalid non-positive value.");
  EXPECT_EQ(create(host, {.name = "t", .partitions = 1, .replication_factor = 0}),
            "t 38 Replication factor must be larger than 0, or -1 to use the default value.");
  EXPECT_EQ(
      create(host, {.name = "t", .partitions = 1, .replication_factor = 2}),
      "t 38 Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because "
      "only 1 broker(s) are registered or some brokers have all their log directories cordoned.");
  EXPECT_EQ(create(host, with("nosuch", "1")), "t 40 Unknown topic config name: nosuch");
  EXPECT_EQ(create(host, with("retention.ms", "x")),
            "t 40 Invalid value x for configuration retention.ms: Not a number of type LONG");
  EXPECT_EQ(create(host, {.name = "t", .configs = {{"retention.ms", {}}, {"flush.ms", {}}}}),
            "t 40 Null value not supported for topic configs: retention.ms,flush.ms");
  EXPECT_EQ(create(host, with("remote.storage.enable", "true")),
            "t 40 Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log "
            "storage.");
  EXPECT_EQ(create(host, {.name = "t", .configs = {{"min.compaction.lag.ms", "10"}, {"max.compaction.lag.ms", "5"}}}),
            "t 40 conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
  EXPECT_EQ(host.image().topic_count(), 0U);
  EXPECT_TRUE(host.last.empty());
}

TEST(CreateTopics, AssignmentFaultsAreKafkas) {
  Host host = running();
  const auto assigned = [](std::vector<ReplicaAssignment> assignments) {
    return NewTopic{.name = "t", .assignments = std::move(assignments)};
  };
  NewTopic topic = assigned({{0, {1}}});
  topic.partitions = 1;
  EXPECT_EQ(create(host, topic),
            "t 42 A manual partition assignment was specified, but numPartitions was not set to -1.");
  topic.replication_factor = 1;
  EXPECT_EQ(create(host, topic),
            "t 42 A manual partition assignment was specified, but replication factor was not set to -1.");
  EXPECT_EQ(create(host, assigned({{1, {1}}})), "t 39 partitions should be a consecutive 0-based integer sequence");
  EXPECT_EQ(create(host, assigned({{0, {}}})), "t 39 The manual partition assignment includes an empty replica list.");
  EXPECT_EQ(create(host, assigned({{0, {1, 1}}})),
            "t 39 The manual partition assignment includes the broker 1 more than once.");
  EXPECT_EQ(create(host, assigned({{0, {7}}})),
            "t 39 The manual partition assignment includes broker 7, but no such broker is registered.");
  EXPECT_EQ(create(host, assigned({{0, {-1}}})),
            "t 39 The manual partition assignment includes broker -1, but no such broker is registered.");
  EXPECT_EQ(create(host, assigned({{0, {1}}, {0, {1}}})),
            "t 39 Found multiple manual partition assignments for partition 0");
  host.register_broker(2);  // fenced
  EXPECT_EQ(create(host, assigned({{0, {2}}})),
            "t 39 All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled "
            "shutdown.");
  EXPECT_EQ(
      create(host, assigned({{0, {1, 2}}, {1, {1}}})),
      "t 39 The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with "
      "previous partitions, which have 2 replica(s).");
  EXPECT_EQ(create(host, assigned({{1, {2, 1}}, {0, {1, 2}}})), "t 0 <none>");
  EXPECT_EQ(host.partition("t", 1).replicas, (std::vector<NodeId>{2, 1}));
  EXPECT_EQ(host.partition("t", 1).isr, std::vector<NodeId>{1});
  EXPECT_EQ(host.partition("t", 1).leader, 1);
}

TEST(CreateTopics, WritesWhatKafkaWrites) {
  Host host = running();
  const Offset begin = host.next_offset;
  NewTopic topic{.name = "orders", .partitions = 3, .replication_factor = 1};
  topic.configs = {
      {"segment.bytes", "1048576"}, {"compression.type", "producer"}, {"retention.ms", "1"}, {"retention.ms", "2"}};
  const auto result = host.ask<CreateTopicsResult>(CreateTopics{.topics = {topic}});
  ASSERT_EQ(result.topics.size(), 1U);
  const CreatedTopic& created = result.topics[0];
  EXPECT_EQ(created.partitions, 3);
  EXPECT_EQ(created.replication_factor, 1);
  ASSERT_EQ(created.configs.size(), 34U);
  EXPECT_EQ(created.configs[0].name, "cleanup.policy");  // by name
  EXPECT_EQ(host.next_offset - begin, 7);
  EXPECT_EQ(std::get<wire::TopicRecord>(decoded(host.last[0])).topic_id, created.id);
  EXPECT_EQ(std::get<wire::ConfigRecord>(decoded(host.last[1])).name, "compression.type");
  EXPECT_EQ(std::get<wire::ConfigRecord>(decoded(host.last[2])).value, "2");  // the later one of a name
  const auto record = std::get<wire::PartitionRecord>(decoded(host.last[6]));
  EXPECT_EQ(record.partition_id, 2);
  EXPECT_EQ(record.leader, 1);
  EXPECT_EQ(record.leader_epoch, 0);
  EXPECT_EQ(record.directories, std::vector<Uuid>{Uuid::of(5, 1)});
  EXPECT_FALSE(record.eligible_leader_replicas.has_value());
  EXPECT_EQ(create(host, {.name = "orders"}), "orders 36 Topic 'orders' already exists.");
}

TEST(CreateTopics, NamesCollide) {
  Host host = running();
  EXPECT_EQ(create(host, {.name = "a.b_c"}), "a.b_c 0 <none>");
  EXPECT_EQ(create(host, {.name = "a_b.c"}), "a_b.c 17 Topic 'a_b.c' collides with existing topic: a.b_c");
  EXPECT_EQ(create(host, {.name = "a-b_c"}), "a-b_c 0 <none>");
  EXPECT_EQ(create(host, {.name = "x._._._._y"}), "x._._._._y 0 <none>");
  EXPECT_EQ(create(host, {.name = "x_._._._.y"}),
            "x_._._._.y 17 Topic 'x_._._._.y' collides with existing topic: x._._._._y");
  EXPECT_EQ(create(host, {.name = "x________z"}), "x________z 0 <none>");
}

TEST(CreateTopics, AnswersTheRequestAsAWhole) {
  Host host = running();
  const auto all = [&](CreateTopics request) {
    std::vector<std::string> lines;
    for (const CreatedTopic& topic : host.ask<CreateTopicsResult>(std::move(request)).topics)
      lines.push_back(text_of(topic));
    return lines;
  };
  EXPECT_EQ(
      all({.topics = {{.name = "d"}, {.name = "__cluster_metadata"}, {.name = "e"}, {.name = "d"}, {.name = "d"}}}),
      (std::vector<std::string>{"e 0 <none>", "d 42 Duplicate topic name.",
                                "__cluster_metadata 42 Creation of internal topic __cluster_metadata is prohibited."}));
  const std::string excessive = " 44 Excessively large number of partitions per request.";
  EXPECT_EQ(all({.topics = {{.name = "a", .partitions = 10'001}, {.name = "b"}}}),
            (std::vector<std::string>{"a" + excessive, "b" + excessive}));
  EXPECT_EQ(all({.topics = {{.name = "a", .partitions = INT32_MIN}, {.name = "b", .partitions = INT32_MAX}}}),
            (std::vector<std::string>{"a" + excessive, "b" + excessive}));
  const std::string large = " 44 Unable to perform excessively large batch operation.";
  EXPECT_EQ(all({.topics = {{.name = "a", .partitions = 9'999}, {.name = "b", .partitions = 1}}}),
            (std::vector<std::string>{"a" + large, "b" + large}));
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(all({.topics = {{.name = "v"}}, .validate_only = true}), std::vector<std::string>{"v 0 <none>"});
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(host.image().topic("v"), nullptr);
  EXPECT_EQ(all({.topics = {{.name = "big", .partitions = 9'999}}}), std::vector<std::string>{"big 0 <none>"});
  EXPECT_EQ(host.image().topic("big")->partitions.size(), 9'999U);
  const auto hidden =
      host.ask<CreateTopicsResult>(CreateTopics{.topics = {{.name = "h", .may_describe_configs = false}}});
  EXPECT_EQ(hidden.topics[0].config_error, ErrorCode::topic_authorization_failed);
  EXPECT_TRUE(hidden.topics[0].configs.empty());
  EXPECT_EQ(hidden.topics[0].partitions, -1);
}

TEST(CreateTopics, PlacesOverBrokersAndRacks) {
  Host host;
  host.activate();
  EXPECT_EQ(create(host, {.name = "t"}),
            "t 38 Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log "
            "directories cordoned.");
  for (NodeId id = 1; id <= 6; ++id) host.add_broker(id, -1, id % 2 == 0 ? "even" : "odd");
  EXPECT_EQ(create(host, {.name = "t", .partitions = 12, .replication_factor = 2}), "t 0 <none>");
  std::map<NodeId, int> leads;
  for (PartitionIndex p = 0; p < 12; ++p) {
    const PartitionImage& partition = host.partition("t", p);
    ASSERT_EQ(partition.replicas.size(), 2U);
    EXPECT_NE(partition.replicas[0] % 2, partition.replicas[1] % 2) << "both replicas in one rack";
    ++leads[partition.leader];
  }
  for (NodeId id = 1; id <= 6; ++id) EXPECT_EQ(leads[id], 2);
  EXPECT_EQ(create(host, {.name = "u", .partitions = 1, .replication_factor = 6}), "u 0 <none>");
}

TEST(DeleteTopics, FaultsAreKafkas) {
  Host host = running();
  for (const char* name : {"a", "b", "c", "d"}) create(host, {.name = name});
  const Uuid b = host.image().topic("b")->id;
  const Uuid unknown = Uuid::of(4, 4);
  const auto result = host.ask<DeleteTopicsResult>(DeleteTopics{.topics = {{.name = "a"},
                                                                           {.name = "nosuch"},
                                                                           {},
                                                                           {.name = "c", .id = b},
                                                                           {.id = unknown},
                                                                           {.name = "d"},
                                                                           {.name = "d"},
                                                                           {.id = b},
                                                                           {.name = "b"}}});
  std::vector<std::string> lines;
  for (const DeletedTopic& topic : result.topics) {
    lines.push_back(fmt::format("{} {} {}", topic.name.value_or("<none>"), static_cast<int>(topic.error),
                                topic.message.value_or("<none>")));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"a 0 <none>", "nosuch 3 This server does not host this topic-partition.",
                                             "<none> 42 Neither topic name nor id were specified.",
                                             "c 42 You may not specify both topic name and topic id.",
                                             "<none> 100 This server does not host this topic ID.",
                                             "d 42 Duplicate topic name.", "b 0 <none>",
                                             "b 42 The provided topic name maps to an ID that was already supplied."}));
  EXPECT_EQ(host.image().topic("a"), nullptr);
  EXPECT_EQ(host.image().topic("b"), nullptr);
  EXPECT_NE(host.image().topic("d"), nullptr);
  const auto same = host.ask<DeleteTopicsResult>(DeleteTopics{.topics = {{.id = unknown}, {.id = unknown}}});
  ASSERT_EQ(same.topics.size(), 1U);
  EXPECT_EQ(same.topics[0].message, "Duplicate topic id.");

  Host fixed({.delete_topic_enable = false});
  fixed.activate();
  fixed.add_broker(1);
  create(fixed, {.name = "a"});
  const auto refused = fixed.ask<DeleteTopicsResult>(DeleteTopics{.topics = {{.name = "a"}}});
  EXPECT_EQ(refused.topics[0].error, ErrorCode::topic_deletion_disabled);
  EXPECT_NE(fixed.image().topic("a"), nullptr);
}

TEST(Brokers, RegisterAtTheOffsetOfTheirRecords) {
  Host host;
  host.activate();
  EXPECT_EQ(host.next_offset, 4);  // begin, metadata.version, group.version, end
  EXPECT_EQ(host.image().metadata_version(), 30);
  EXPECT_EQ(host.image().features().size(), 2U) << "only what is served is finalized";
  const int64_t epoch = host.register_broker(1);
  EXPECT_EQ(epoch, 4);
  EXPECT_TRUE(host.image().broker(1)->fenced);
  auto reply =
      host.ask<BrokerHeartbeatResult>(BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = 3});
  EXPECT_TRUE(reply.fenced && !reply.caught_up);
  reply = host.ask<BrokerHeartbeatResult>(BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = 4});
  EXPECT_TRUE(!reply.fenced && reply.caught_up);
  ASSERT_EQ(host.last.size(), 1U + 0U) << "no cordoned directories to tell of after the first";
  EXPECT_EQ(std::get<wire::BrokerRegistrationChangeRecord>(decoded(host.last[0])).fenced, -1);
  EXPECT_TRUE(host.image().broker(1)->active());
  reply = host.ask<BrokerHeartbeatResult>(BrokerHeartbeat{.broker = 1, .broker_epoch = epoch + 1});
  EXPECT_EQ(reply.error, ErrorCode::stale_broker_epoch);
}

TEST(Brokers, RegistrationsAreRefused) {
  Host host;
  host.activate();
  host.add_broker(2);
  const auto ask = [&](auto change) {
    RegisterBroker request{.broker = 3,
                           .cluster_id = "cluster",
                           .incarnation = Uuid::of(8, 8),
                           .features = registered_features(),
                           .directories = {Uuid::of(5, 3)}};
    change(request);
    const auto result = host.ask<RegisterBrokerResult>(request);
    return fmt::format("{} {}", static_cast<int>(result.error), result.message);
  };
  EXPECT_EQ(ask([](RegisterBroker& r) { r.cluster_id = "x"; }),
            "104 Expected cluster ID cluster, but got cluster ID x");
  EXPECT_EQ(ask([](RegisterBroker& r) { r.directories.clear(); }), "119 No directories specified in request");
  EXPECT_EQ(ask([](RegisterBroker& r) { r.directories = {Uuid::of(0, 5)}; }), "119 Reserved directory ID in request");
  EXPECT_EQ(ask([](RegisterBroker& r) { r.directories = {Uuid::of(5, 3), Uuid::of(5, 3)}; }),
            "119 Duplicate directory ID in request");
  EXPECT_EQ(ask([](RegisterBroker& r) { r.directories = {Uuid::of(5, 2)}; }),
            "119 Broker 2 is already registered with directory " + Uuid::of(5, 2).to_string());
  EXPECT_EQ(ask([](RegisterBroker& r) { r.features.clear(); }),
            "119 Request features do not contain 'metadata.version'");
  EXPECT_EQ(
      ask([](RegisterBroker& r) { r.features = {{"group.version", 0, 1}, {"metadata.version", 7, 29}}; }),
      "35 Unable to register because the broker does not support finalized version 30 of metadata.version. The broker "
      "wants a version between 7 and 29, inclusive.");
  EXPECT_EQ(ask([](RegisterBroker& r) {
              r.broker = 2;
              r.directories = {Uuid::of(5, 2)};
            }).substr(0, 50),
            "101 Another broker is registered with that broker ");
  host.now = host.now + seconds(10);  // its session is over
  EXPECT_EQ(ask([](RegisterBroker& r) {
              r.broker = 2;
              r.directories = {Uuid::of(5, 2)};
            }),
            "0 ");
}

TEST(Brokers, ACleanRestartKeepsLeadersInSync) {
  Host host = running();
  create(host, {.name = "t", .partitions = 2});
  int64_t epoch = host.image().broker(1)->epoch;
  auto reply = host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset, .want_shutdown = true});
  EXPECT_FALSE(reply.should_shut_down);
  EXPECT_TRUE(host.image().broker(1)->in_controlled_shutdown);
  EXPECT_EQ(host.partition("t", 0).leader, no_node);
  EXPECT_EQ(host.partition("t", 0).isr, std::vector<NodeId>{1}) << "the last member stays";
  reply = host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset, .want_shutdown = true});
  EXPECT_TRUE(reply.should_shut_down && reply.fenced);
  EXPECT_TRUE(host.image().broker(1)->fenced);

  const int64_t next = host.add_broker(1, epoch);
  EXPECT_GT(next, epoch);
  EXPECT_EQ(host.partition("t", 0).leader, 1);
  EXPECT_EQ(host.partition("t", 0).leader_epoch, 2);
  EXPECT_EQ(host.partition("t", 0).leader_recovery_state, LeaderRecoveryState::recovered);
}

TEST(Brokers, AStopWithoutLeadershipsIsGrantedAtOnce) {
  Host host = running();
  const auto reply = host.ask<BrokerHeartbeatResult>(BrokerHeartbeat{.broker = 1,
                                                                     .broker_epoch = host.image().broker(1)->epoch,
                                                                     .metadata_offset = host.next_offset,
                                                                     .want_shutdown = true});
  EXPECT_TRUE(reply.should_shut_down);
  ASSERT_EQ(host.last.size(), 1U);
  EXPECT_EQ(std::get<wire::BrokerRegistrationChangeRecord>(decoded(host.last[0])).fenced, 1);
}

TEST(Brokers, AnUncleanRestartElectsAgain) {
  Host host = running();
  create(host, {.name = "t"});
  host.add_broker(1);  // a new incarnation, and nothing says that the old one stopped cleanly
  EXPECT_EQ(host.partition("t", 0).leader, 1);
  EXPECT_EQ(host.partition("t", 0).leader_epoch, 2);
  EXPECT_EQ(host.partition("t", 0).isr, std::vector<NodeId>{1});
}

ControllerOptions with_elr() {
  return {
      .bootstrap_records = {
          encode_record(wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30}, 0),
          encode_record(wire::FeatureLevelRecord{.name = "eligible.leader.replicas.version", .feature_level = 1}, 0)}};
}

TEST(Brokers, EligibleReplicasAsInKafkasLog) {
  // The records are those that Kafka 4.3.1 wrote at a clean stop, at the next start, and after kill -9.
  Host host(with_elr());
  host.activate();
  EXPECT_EQ(*host.image().configs(ConfigResourceType::broker, ""), (ConfigMap{{"min.insync.replicas", "1"}}));
  const int64_t first = host.add_broker(1);
  create(host, {.name = "t"});
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = first, .metadata_offset = host.next_offset, .want_shutdown = true});
  auto change = std::get<wire::PartitionChangeRecord>(decoded(host.last[1]));
  EXPECT_EQ(change.isr, std::vector<int32_t>{});
  EXPECT_EQ(change.leader, -1);
  EXPECT_EQ(change.eligible_leader_replicas, std::vector<int32_t>{1});
  EXPECT_EQ(change.last_known_elr, std::vector<int32_t>{1});
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = first, .metadata_offset = host.next_offset, .want_shutdown = true});

  const int64_t second = host.register_broker(1, first);
  EXPECT_EQ(host.last.size(), 1U);
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = second, .metadata_offset = host.next_offset});
  ASSERT_EQ(host.last.size(), 3U);
  EXPECT_EQ(std::get<wire::BrokerRegistrationChangeRecord>(decoded(host.last[0])).fenced, -1);
  change = std::get<wire::PartitionChangeRecord>(decoded(host.last[1]));
  EXPECT_EQ(change.isr, std::vector<int32_t>{1});
  EXPECT_EQ(change.leader, 1);
  EXPECT_EQ(change.eligible_leader_replicas, std::vector<int32_t>{});
  EXPECT_EQ(change.last_known_elr, std::vector<int32_t>{});
  EXPECT_EQ(change.leader_recovery_state, -1);
  EXPECT_EQ(std::get<wire::BrokerRegistrationChangeRecord>(decoded(host.last[2])).cordoned_log_dirs,
            std::vector<Uuid>{});

  const int64_t third = host.register_broker(1);  // unclean
  change = std::get<wire::PartitionChangeRecord>(decoded(host.last[0]));
  EXPECT_EQ(change.isr, std::vector<int32_t>{});
  EXPECT_EQ(change.leader, -1);
  EXPECT_EQ(host.partition("t", 0).elr, std::vector<NodeId>{});
  EXPECT_EQ(host.partition("t", 0).last_known_elr, std::vector<NodeId>{1});
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = third, .metadata_offset = host.next_offset});
  change = std::get<wire::PartitionChangeRecord>(decoded(host.last[1]));
  EXPECT_EQ(change.isr, std::vector<int32_t>{1});
  EXPECT_EQ(change.leader, 1);
  EXPECT_EQ(change.leader_recovery_state, 1);
  EXPECT_EQ(change.last_known_elr, std::vector<int32_t>{});
}

TEST(Brokers, AFolderThatKafkaStoppedGetsItsLeadersBack) {
  Host host;
  QuorumRecords quorum;
  const std::vector<std::byte> log = test::file_bytes("standalone_log.hex");
  ASSERT_TRUE(
      read_batches(
          log, quorum,
          [&](std::span<const std::byte> value, Offset offset) { return host.controller.replay_one(value, offset); },
          [&](const LogBatch& batch) {
            host.controller.set_applied({batch.last_offset, batch.epoch, batch.timestamp});
            host.next_offset = batch.last_offset + 1;
            return Status();
          })
          .ok());
  EXPECT_EQ(host.next_offset, 369);
  host.activate();
  EXPECT_TRUE(host.last.empty());
  const int64_t previous = host.image().broker(1)->epoch;
  host.add_broker(1, previous);
  host.image().for_each_topic([&](const TopicImage& topic) {
    topic.partitions.for_each([&](PartitionIndex index, const PartitionRef& partition) {
      // Its directory is not the one that registered here: nothing may lead from a directory that is not online.
      EXPECT_EQ(partition->leader, no_node) << topic.name << "-" << index;
    });
  });
  RegisterBroker request{.broker = 1,
                         .cluster_id = "cluster",
                         .incarnation = Uuid::of(77, 7),
                         .features = registered_features(),
                         .directories = {*Uuid::parse("2MLtsXsQTfOo4FS_J5pkiQ")},
                         .previous_broker_epoch = host.image().broker(1)->epoch};
  const int64_t epoch = host.ask<RegisterBrokerResult>(request).broker_epoch;
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset});
  host.image().for_each_topic([&](const TopicImage& topic) {
    topic.partitions.for_each([&](PartitionIndex index, const PartitionRef& partition) {
      EXPECT_EQ(partition->leader, 1) << topic.name << "-" << index;
      EXPECT_EQ(partition->isr, std::vector<NodeId>{1});
      EXPECT_TRUE(partition->elr.empty());
    });
  });
}

TEST(Brokers, SilentOnesAreFenced) {
  Host host = running();
  host.add_broker(2);
  create(host, {.name = "t", .assignments = {{0, {2, 1}}}});
  EXPECT_EQ(host.partition("t", 0).leader, 2);
  host.now = host.now + seconds(5);
  host.ask<TickResult>(Tick{});
  EXPECT_TRUE(host.last.empty());
  host.now = host.now + seconds(5);
  host.ask<TickResult>(Tick{});
  EXPECT_TRUE(host.image().broker(2)->fenced);
  EXPECT_TRUE(host.image().broker(1)->active()) << "the node itself is as alive as its controller";
  EXPECT_EQ(host.partition("t", 0).leader, 1);
  EXPECT_EQ(host.partition("t", 0).isr, std::vector<NodeId>{1});
  EXPECT_EQ(host.partition("t", 0).leader_epoch, 1);
}

TEST(Brokers, AFailedDirectoryLosesItsLeaders) {
  Host host;
  host.activate();
  RegisterBroker request{.broker = 1,
                         .cluster_id = "cluster",
                         .incarnation = Uuid::of(6, 6),
                         .features = registered_features(),
                         .directories = {Uuid::of(5, 1), Uuid::of(5, 2)}};
  const int64_t epoch = host.ask<RegisterBrokerResult>(request).broker_epoch;
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset});
  create(host, {.name = "t"});
  EXPECT_EQ(host.partition("t", 0).directories, std::vector<Uuid>{directory_unassigned});
  // Said to lie in the first directory.
  const Uuid id = host.image().topic("t")->id;
  ASSERT_TRUE(
      host.controller
          .replay_one(encode_record(
                          wire::PartitionChangeRecord{
                              .partition_id = 0, .topic_id = id, .directories = std::vector<Uuid>{Uuid::of(5, 1)}},
                          2),
                      host.next_offset++)
          .ok());
  BrokerHeartbeat heartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset};
  heartbeat.offline_directories = {Uuid::of(5, 1)};
  host.ask<BrokerHeartbeatResult>(heartbeat);
  EXPECT_EQ(host.image().broker(1)->directories, std::vector<Uuid>{Uuid::of(5, 2)});
  EXPECT_EQ(host.partition("t", 0).leader, no_node);
  host.ask<BrokerHeartbeatResult>(heartbeat);
  EXPECT_TRUE(host.last.empty()) << "told once";
}

TEST(AlterPartition, ChecksLikeKafka) {
  Host host = running();
  const int64_t second = host.add_broker(2);
  create(host, {.name = "t", .assignments = {{0, {1, 2}}}});
  const PartitionImage before = host.partition("t", 0);
  AlterPartition request{.broker = 1,
                         .broker_epoch = host.image().broker(1)->epoch,
                         .partition = {host.image().topic("t")->id, 0},
                         .leader_epoch = 0,
                         .partition_epoch = 0,
                         .isr = {{.broker = 1}}};
  const auto error = [&](auto change) {
    AlterPartition changed = request;
    change(changed);
    return host.ask<AlterPartitionResult>(changed).error;
  };
  EXPECT_EQ(error([](auto& r) { r.broker_epoch += 1; }), ErrorCode::stale_broker_epoch);
  EXPECT_EQ(error([](auto& r) { r.partition.topic_id = Uuid::of(3, 3); }), ErrorCode::unknown_topic_id);
  EXPECT_EQ(error([](auto& r) { r.partition.partition = 4; }), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(error([](auto& r) { r.leader_epoch = 1; }), ErrorCode::not_controller);
  EXPECT_EQ(error([](auto& r) { r.leader_epoch = -1; }), ErrorCode::fenced_leader_epoch);
  EXPECT_EQ(error([](auto& r) { r.partition_epoch = 1; }), ErrorCode::not_controller);
  EXPECT_EQ(error([](auto& r) { r.partition_epoch = -1; }), ErrorCode::invalid_update_version);
  EXPECT_EQ(error([&](auto& r) {
              r.broker = 2;
              r.broker_epoch = second;
            }),
            ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.isr = {{.broker = 2}}; }), ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.isr = {{.broker = 1}, {.broker = 9}}; }), ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.isr = {{.broker = 1}, {.broker = 1}}; }), ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.isr = {}; }), ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.leader_recovery_state = LeaderRecoveryState::recovering; }),
            ErrorCode::invalid_request);
  EXPECT_EQ(error([](auto& r) { r.isr = {{.broker = 1}, {.broker = 2, .broker_epoch = 3}}; }),
            ErrorCode::ineligible_replica);
  EXPECT_EQ(host.partition("t", 0), before);

  const auto done = host.ask<AlterPartitionResult>(request);
  EXPECT_EQ(done.error, ErrorCode::none);
  EXPECT_EQ(done.partition, host.partition("t", 0));
  EXPECT_EQ(done.partition.isr, std::vector<NodeId>{1});
  EXPECT_EQ(done.partition.partition_epoch, 1);
  EXPECT_EQ(done.partition.leader_epoch, 0);
  request.partition_epoch = 1;
  request.isr = {{.broker = 1}, {.broker = 2, .broker_epoch = second}};
  EXPECT_EQ(host.ask<AlterPartitionResult>(request).partition.isr, (std::vector<NodeId>{1, 2}));
  request.partition_epoch = 2;
  EXPECT_EQ(host.ask<AlterPartitionResult>(request).error, ErrorCode::none);
  EXPECT_TRUE(host.last.empty()) << "nothing changed, nothing written";
}

TEST(ProducerIds, ComeInBlocks) {
  Host host = running();
  const int64_t epoch = host.image().broker(1)->epoch;
  auto block = host.ask<AllocateProducerIdsResult>(AllocateProducerIds{.broker = 1, .broker_epoch = epoch});
  EXPECT_EQ(block.first, 0);
  EXPECT_EQ(block.count, 1000);
  block = host.ask<AllocateProducerIdsResult>(AllocateProducerIds{.broker = 1, .broker_epoch = epoch});
  EXPECT_EQ(block.first, 1000);
  EXPECT_EQ(host.image().next_producer_id(), 2000);
  block = host.ask<AllocateProducerIdsResult>(AllocateProducerIds{.broker = 1, .broker_epoch = epoch + 1});
  EXPECT_EQ(block.error, ErrorCode::stale_broker_epoch);
}

TEST(AlterConfigs, ChecksLikeKafka) {
  Host host = running();
  create(host, {.name = "t", .configs = {{"cleanup.policy", "delete"}}});
  const auto alter = [&](ConfigResource resource, std::vector<ConfigChange> changes) {
    const auto result = host.ask<AlterConfigsResult>(
        AlterConfigs{.resources = {{.resource = std::move(resource), .changes = std::move(changes)}}});
    return fmt::format("{} {}", static_cast<int>(result.resources[0].error),
                       result.resources[0].message.value_or("<none>"));
  };
  const ConfigResource topic{ConfigResourceType::topic, "t"};
  const ConfigResource broker{ConfigResourceType::broker, "1"};
  EXPECT_EQ(alter(topic, {{"retention.ms", ConfigOperation::append, "x"}}),
            "40 Can't APPEND to key retention.ms because its type is not LIST.");
  EXPECT_EQ(alter({ConfigResourceType::topic, "nosuch"}, {{"retention.ms", ConfigOperation::set, "1"}}),
            "3 The topic 'nosuch' does not exist.");
  EXPECT_EQ(alter(topic, {{"retention.ms", ConfigOperation::set, {}}}),
            "42 Null value not supported for : retention.ms");
  EXPECT_EQ(alter(topic, {{"nosuch", ConfigOperation::set, "1"}}), "40 Unknown topic config name: nosuch");
  EXPECT_EQ(alter({ConfigResourceType::broker, "-1"}, {}), "42 Invalid negative broker ID.");
  EXPECT_EQ(alter({ConfigResourceType::broker, "x"}, {}), "42 Unable to parse broker name as a base 10 number.");
  EXPECT_EQ(alter({ConfigResourceType::broker_logger, "1"}, {}), "42 Unknown resource type 8");
  EXPECT_EQ(alter(topic, {{"cleanup.policy", ConfigOperation::append, "compact"}}), "0 <none>");
  EXPECT_EQ(*host.image().topic_configs("t"), (ConfigMap{{"cleanup.policy", "delete,compact"}}));
  EXPECT_EQ(
      alter(topic, {{"cleanup.policy", ConfigOperation::subtract, "delete"}, {"flush.ms", ConfigOperation::set, "5"}}),
      "0 <none>");
  EXPECT_EQ(*host.image().topic_configs("t"), (ConfigMap{{"cleanup.policy", "compact"}, {"flush.ms", "5"}}));
  EXPECT_EQ(alter(topic, {{"flush.ms", ConfigOperation::set, "5"}}), "0 <none>");
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(alter(topic, {{"cleanup.policy", ConfigOperation::remove, {}}, {"flush.ms", ConfigOperation::remove, {}}}),
            "0 <none>");
  EXPECT_EQ(host.image().topic_configs("t"), nullptr);
  EXPECT_EQ(alter(broker, {{"log.cleaner.threads", ConfigOperation::set, "2"}}), "0 <none>");
  EXPECT_EQ(alter(broker, {{"log.cleaner.threads", ConfigOperation::set, "2"}}), "0 <none>");
  EXPECT_EQ(host.last.size(), 1U) << "written again, so that it is loaded again";
  EXPECT_EQ(alter(topic, {{"cleanup.policy", ConfigOperation::append, std::string(40'000, 'x')}}),
            "40 The value of cleanup.policy becomes too long.");
}

TEST(Activation, EndsAnOpenTransaction) {
  Host host;
  const std::vector<EncodedRecord> begun{
      encode_record(wire::BeginTransactionRecord{.name = "Bootstrap records"}, 0),
      encode_record(wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30}, 0)};
  ASSERT_TRUE(host.controller.replay(begun, 0, {.offset = 1}).ok());
  host.next_offset = 2;
  host.activate();
  ASSERT_EQ(host.last.size(), 5U);
  EXPECT_TRUE(std::holds_alternative<wire::AbortTransactionRecord>(decoded(host.last[0])));
  EXPECT_TRUE(std::holds_alternative<wire::BeginTransactionRecord>(decoded(host.last[1])));
  EXPECT_FALSE(host.controller.in_transaction());
  EXPECT_EQ(host.image().metadata_version(), 30);
  host.activate();
  EXPECT_TRUE(host.last.empty());
}

TEST(RollBack, ForgetsWhatCouldNotBeStored) {
  Host host = running();
  ImageDelta delta;
  const ImageRef kept = host.controller.build(delta);
  create(host, {.name = "t"});
  host.controller.roll_back(kept);
  EXPECT_EQ(host.image().topic("t"), nullptr);
  EXPECT_EQ(create(host, {.name = "t"}), "t 0 <none>");
  host.controller.build(delta);
  EXPECT_EQ(delta.created_topics.size(), 1U);
}

}  // namespace
}  // namespace moldau::metadata
