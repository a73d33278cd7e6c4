// What administrators ask of the controller: errors and messages that Kafka 4.3.1 gave to the same requests, and what
// happens with more brokers than one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "metadata/controller.h"
#include "metadata/scram.h"
#include "metadata/test_kit.h"

namespace moldau::metadata {
namespace {

using test::decoded;
using test::Host;

std::string text_of(const ApiError& error) {
  return fmt::format("{} {}", static_cast<int>(error.code), error.message.value_or("<none>"));
}

Host running(int brokers = 1) {
  Host host;
  host.activate();
  for (int id = 1; id <= brokers; ++id) host.add_broker(id);
  return host;
}

void create(Host& host, const std::string& name, std::vector<std::vector<NodeId>> assignments) {
  NewTopic topic{.name = name};
  for (size_t i = 0; i < assignments.size(); ++i) {
    topic.assignments.push_back({static_cast<PartitionIndex>(i), assignments[i]});
  }
  const auto result = host.ask<CreateTopicsResult>(CreateTopics{.topics = {topic}});
  ASSERT_EQ(result.topics.at(0).error, ErrorCode::none) << result.topics.at(0).message.value_or("");
}

std::string grow(Host& host, CreatePartitions::Topic topic, bool validate_only = false) {
  const auto result =
      host.ask<CreatePartitionsResult>(CreatePartitions{.topics = {std::move(topic)}, .validate_only = validate_only});
  return text_of(result.topics.at(0));
}

TEST(CreatePartitions, ChecksLikeKafka) {
  Host host = running();
  create(host, "t", {{1}, {1}});
  EXPECT_EQ(grow(host, {.name = "nosuch", .count = 3, .assignments = {}}), "3 <none>");
  EXPECT_EQ(grow(host, {.name = "t", .count = 2, .assignments = {}}), "37 Topic already has 2 partition(s).");
  EXPECT_EQ(grow(host, {.name = "t", .count = -3, .assignments = {}}),
            "37 The topic t currently has 2 partition(s); -3 would not be an increase.");
  using Assignments = std::vector<std::vector<NodeId>>;
  EXPECT_EQ(grow(host, {.name = "t", .count = 3, .assignments = Assignments{}}),
            "39 Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.");
  EXPECT_EQ(grow(host, {.name = "t", .count = 3, .assignments = Assignments{{77}}}),
            "39 The manual partition assignment includes broker 77, but no such broker is registered.");
  EXPECT_EQ(grow(host, {.name = "t", .count = 3, .assignments = Assignments{{1, 1}}}),
            "39 The manual partition assignment includes the broker 1 more than once.");
  EXPECT_EQ(grow(host, {.name = "t", .count = 3, .assignments = Assignments{{}}}),
            "39 The manual partition assignment includes an empty replica list.");
  // Not one record is made, nor is memory taken, for what is too much.
  EXPECT_EQ(grow(host, {.name = "t", .count = INT32_MAX, .assignments = {}}),
            "44 Unable to perform excessively large batch operation.");
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(grow(host, {.name = "t", .count = 10'003, .assignments = {}}),
            "44 Unable to perform excessively large batch operation.");
  EXPECT_EQ(grow(host, {.name = "t", .count = 5, .assignments = {}}, true), "0 <none>");
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(grow(host, {.name = "t", .count = 5, .assignments = {}}), "0 <none>");
  EXPECT_EQ(host.image().topic("t")->partitions.size(), 5U);
  EXPECT_EQ(host.image().topic("t")->partition(4)->isr, std::vector<NodeId>{1});
  EXPECT_EQ(host.image().topic("t")->partition(4)->leader, 1);
}

TEST(CreatePartitions, GoodOnesPassBesideBadOnes) {
  Host host = running();
  create(host, "a", {{1}});
  const auto result = host.ask<CreatePartitionsResult>(CreatePartitions{
      .topics = {{.name = "nosuch", .count = 2, .assignments = {}}, {.name = "a", .count = 2, .assignments = {}}}});
  EXPECT_EQ(text_of(result.topics.at(0)), "3 <none>");
  EXPECT_EQ(text_of(result.topics.at(1)), "0 <none>");
  EXPECT_EQ(host.image().topic("a")->partitions.size(), 2U);
}

TEST(ElectLeaders, PreferredAndUnclean) {
  Host host = running(2);
  create(host, "t", {{1, 2}});
  const auto elect = [&](ElectLeaders::Kind kind, std::optional<std::vector<ElectLeaders::Topic>> topics) {
    const auto result = host.ask<ElectLeadersResult>(ElectLeaders{.kind = kind, .topics = std::move(topics)});
    std::string text;
    for (const auto& topic : result.topics) {
      for (const auto& partition : topic.partitions) {
        text += fmt::format("{}-{}: {};", topic.name, partition.index, text_of(partition.error));
      }
    }
    return text;
  };
  using Kind = ElectLeaders::Kind;
  const auto one = [](std::string name, PartitionIndex index) {
    return std::vector<ElectLeaders::Topic>{{std::move(name), {index}}};
  };
  const std::string not_needed = "84 Leader election not needed for topic partition.;";
  EXPECT_EQ(elect(Kind::preferred, one("t", 0)), "t-0: " + not_needed);
  EXPECT_EQ(elect(Kind::unclean, one("t", 0)), "t-0: " + not_needed);
  EXPECT_EQ(elect(Kind::preferred, one("nosuch", 0)), "nosuch-0: 3 No such topic as nosuch;");
  EXPECT_EQ(elect(Kind::preferred, one("t", 9)), "t-9: 3 No such partition as t-9;");
  EXPECT_EQ(elect(Kind::preferred, std::nullopt), "") << "those that need none are not listed";

  const int64_t epoch = host.image().broker(1)->epoch;
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset, .want_fence = true});
  ASSERT_EQ(host.image().topic("t")->partition(0)->leader, 2);
  EXPECT_TRUE(elect(Kind::preferred, one("t", 0)).starts_with("t-0: 80 "));
  host.ask<BrokerHeartbeatResult>(
      BrokerHeartbeat{.broker = 1, .broker_epoch = epoch, .metadata_offset = host.next_offset});
  const PartitionImage* partition = host.image().topic("t")->partition(0);
  const auto grown = host.ask<AlterPartitionResult>(AlterPartition{.broker = 2,
                                                                   .broker_epoch = host.image().broker(2)->epoch,
                                                                   .partition = {host.image().topic("t")->id, 0},
                                                                   .leader_epoch = partition->leader_epoch,
                                                                   .partition_epoch = partition->partition_epoch,
                                                                   .isr = {{1, -1}, {2, -1}}});
  ASSERT_EQ(grown.error, ErrorCode::none);
  EXPECT_EQ(elect(Kind::preferred, std::vector<ElectLeaders::Topic>{{"t", {0, 0}}}),
            "t-0: 0 <none>;t-0: " + not_needed);
  EXPECT_EQ(host.image().topic("t")->partition(0)->leader, 1);
}

std::string reassign(Host& host, PartitionIndex index, std::optional<std::vector<NodeId>> replicas,
                     bool may_change_factor = true) {
  const auto result = host.ask<AlterReassignmentsResult>(
      AlterReassignments{.topics = {{"t", {{index, std::move(replicas)}}}}, .may_change_factor = may_change_factor});
  return text_of(result.topics.at(0).at(0));
}

TEST(Reassignments, GoOnUntilTheNewReplicasAreInSync) {
  Host host = running(3);
  create(host, "t", {{1, 2}});
  using List = std::vector<NodeId>;
  EXPECT_EQ(reassign(host, 0, List{2, 1}), "0 <none>") << "another order is done at once";
  EXPECT_EQ(host.image().topic("t")->partition(0)->replicas, (List{2, 1}));
  EXPECT_TRUE(host.image().topic("t")->partition(0)->adding.empty());
  EXPECT_EQ(reassign(host, 0, List{2, 1}), "0 <none>");
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(reassign(host, 0, std::nullopt), "85 <none>");
  EXPECT_EQ(reassign(host, 9, List{1}), "3 Unable to find partition t:9.");
  EXPECT_EQ(reassign(host, 0, List{3}, false), "38 The replication factor is changed from 2 to 1");

  EXPECT_EQ(reassign(host, 0, List{2, 3}), "0 <none>");
  const PartitionImage* partition = host.image().topic("t")->partition(0);
  EXPECT_EQ(partition->replicas, (List{2, 3, 1}));
  EXPECT_EQ(partition->adding, List{3});
  EXPECT_EQ(partition->removing, List{1});
  EXPECT_EQ(partition->directories.size(), 3U);
  EXPECT_EQ(partition->directories[1], host.image().broker(3)->directories[0]);
  const auto grown =
      host.ask<AlterPartitionResult>(AlterPartition{.broker = partition->leader,
                                                    .broker_epoch = host.image().broker(partition->leader)->epoch,
                                                    .partition = {host.image().topic("t")->id, 0},
                                                    .leader_epoch = partition->leader_epoch,
                                                    .partition_epoch = partition->partition_epoch,
                                                    .isr = {{1, -1}, {2, -1}, {3, -1}}});
  EXPECT_TRUE(grown.error == ErrorCode::none || grown.error == ErrorCode::new_leader_elected);
  partition = host.image().topic("t")->partition(0);
  EXPECT_EQ(partition->replicas, (List{2, 3}));
  EXPECT_EQ(partition->isr, (List{2, 3}));
  EXPECT_TRUE(partition->adding.empty());
  EXPECT_TRUE(partition->removing.empty());
  EXPECT_EQ(partition->directories.size(), 2U);
  EXPECT_EQ(grown.partition.replicas, partition->replicas) << "the answer says what the log says";
  EXPECT_NE(partition->leader, 1);
}

TEST(Reassignments, AreTakenBack) {
  Host host = running(3);
  create(host, "t", {{1, 2}});
  using List = std::vector<NodeId>;
  EXPECT_EQ(reassign(host, 0, List{1, 3}), "0 <none>");
  EXPECT_EQ(reassign(host, 0, std::nullopt), "0 <none>");
  const PartitionImage* partition = host.image().topic("t")->partition(0);
  EXPECT_EQ(partition->replicas, (List{1, 2}));
  EXPECT_TRUE(partition->adding.empty());
  EXPECT_TRUE(partition->removing.empty());
}

TEST(AssignDirectories, MovesAndRefuses) {
  Host host = running();
  create(host, "t", {{1}});
  const TopicPartitionId id{host.image().topic("t")->id, 0};
  const Uuid elsewhere = Uuid::of(7, 7);
  const int64_t epoch = host.image().broker(1)->epoch;
  auto result = host.ask<AssignDirectoriesResult>(
      AssignDirectories{.broker = 1, .broker_epoch = epoch + 1, .assignments = {{id, elsewhere}}});
  EXPECT_EQ(result.error, ErrorCode::stale_broker_epoch);
  result = host.ask<AssignDirectoriesResult>(AssignDirectories{
      .broker = 1,
      .broker_epoch = epoch,
      .assignments = {{{Uuid::of(9, 9), 0}, elsewhere}, {{id.topic_id, 5}, elsewhere}, {id, directory_unassigned}}});
  EXPECT_EQ(result.assignments, (std::vector<ErrorCode>{ErrorCode::unknown_topic_id,
                                                        ErrorCode::unknown_topic_or_partition, ErrorCode::none}));
  EXPECT_EQ(host.image().topic("t")->partition(0)->directories, std::vector<Uuid>{directory_unassigned});
}

TEST(UnregisterBroker, ForgetsOthersOnly) {
  Host host = running(2);
  create(host, "t", {{2, 1}});
  const auto ask = [&](NodeId id) { return text_of(host.ask<UnregisterBrokerResult>(UnregisterBroker{id}).error); };
  EXPECT_EQ(ask(77), "102 Broker ID 77 is not currently registered");
  EXPECT_EQ(ask(-1), "102 Broker ID -1 is not currently registered");
  EXPECT_TRUE(ask(1).starts_with("42 "));
  EXPECT_EQ(ask(2), "0 <none>");
  EXPECT_EQ(host.image().broker(2), nullptr);
  EXPECT_EQ(host.image().topic("t")->partition(0)->leader, 1);
}

std::string update(Host& host, std::vector<UpdateFeatures::Feature> features, bool validate_only = false,
                   int16_t kraft_version = 1) {
  const auto result = host.ask<UpdateFeaturesResult>(
      UpdateFeatures{.features = std::move(features), .validate_only = validate_only, .kraft_version = kraft_version});
  return text_of(result.error);
}

TEST(UpdateFeatures, ChecksLikeKafka) {
  Host host = running();
  using Kind = UpdateFeatures::Kind;
  const std::string failed = "95 The update failed for all features since the following feature had an error: ";
  EXPECT_EQ(update(host, {}), "0 <none>");
  EXPECT_EQ(update(host, {{"no.such", 1, Kind::upgrade}}),
            failed + "Invalid update version 1 for feature no.such. Local controller 1 does not support this feature.");
  EXPECT_EQ(update(host, {{"no.such", 0, Kind::safe_downgrade}}),
            failed + "Invalid update version 0 for feature no.such. Feature no.such not found.");
  EXPECT_EQ(update(host, {{"metadata.version", 30, Kind::unknown}}),
            failed +
                "Invalid update version 30 for feature metadata.version. The controller does not support the "
                "given upgrade type.");
  EXPECT_EQ(
      update(host, {{"metadata.version", -1, Kind::upgrade}}),
      failed + "Invalid update version -1 for feature metadata.version. A feature version cannot be less than 0.");
  EXPECT_EQ(update(host, {{"metadata.version", 99, Kind::upgrade}}),
            failed +
                "Invalid update version 99 for feature metadata.version. Local controller 1 only supports "
                "versions 7-30");
  EXPECT_EQ(update(host, {{"metadata.version", 29, Kind::upgrade}}),
            failed +
                "Invalid update version 29 for feature metadata.version. Can't downgrade the version of this "
                "feature without setting the upgrade type to either safe or unsafe downgrade.");
  EXPECT_EQ(update(host, {{"metadata.version", 29, Kind::safe_downgrade}}),
            failed +
                "Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested "
                "downgrade because it might delete metadata information.");
  EXPECT_EQ(update(host, {{"metadata.version", 29, Kind::unsafe_downgrade}}),
            failed +
                "Unsupported metadata.version downgrade from 30 to 29. Unsafe metadata downgrade is not supported "
                "in this version.");
  EXPECT_EQ(
      update(host, {{"kraft.version", 0, Kind::safe_downgrade}}),
      failed + "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature.");
  EXPECT_EQ(update(host, {{"kraft.version", 0, Kind::upgrade}}),
            failed +
                "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature "
                "without setting the upgrade type to either safe or unsafe downgrade.");
  EXPECT_EQ(update(host, {{"kraft.version", 1, Kind::safe_downgrade}}, false, 0),
            failed + "Invalid update version 1 for feature kraft.version. Can't downgrade to a newer version.");
  EXPECT_EQ(update(host, {{"kraft.version", 1, Kind::upgrade}}), "0 <none>");
  EXPECT_EQ(update(host, {{"metadata.version", 30, Kind::safe_downgrade}}), "0 <none>");
  EXPECT_TRUE(host.last.empty());
}

TEST(UpdateFeatures, MetadataVersionRises) {
  ControllerOptions options;
  options.bootstrap_records = {
      encode_record(wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 24}, 0)};
  Host host(std::move(options));
  host.activate();
  host.add_broker(1);
  ASSERT_EQ(host.image().metadata_version(), 24);
  EXPECT_EQ(update(host, {{"metadata.version", 29, UpdateFeatures::Kind::upgrade}}, true), "0 <none>");
  EXPECT_EQ(host.image().metadata_version(), 24);
  EXPECT_EQ(update(host, {{"metadata.version", 29, UpdateFeatures::Kind::upgrade}}), "0 <none>");
  EXPECT_EQ(host.image().metadata_version(), 29);
  // No record came with 24 to 29: there is a way back.
  EXPECT_EQ(update(host, {{"metadata.version", 25, UpdateFeatures::Kind::safe_downgrade}}), "0 <none>");
  EXPECT_EQ(host.image().metadata_version(), 25);
}

using Changes = std::vector<std::pair<std::string, std::optional<double>>>;

std::string alter(Host& host, QuotaEntity entity, Changes changes, bool validate_only = false) {
  const auto result = host.ask<AlterQuotasResult>(
      AlterQuotas{.entries = {{std::move(entity), std::move(changes)}}, .validate_only = validate_only});
  return text_of(result.entries.at(0).error);
}

TEST(ClientQuotas, AreCheckedStoredAndRemoved) {
  Host host = running();
  const QuotaEntity alice{{"user", "alice"}};
  const QuotaEntity address{{"ip", "127.0.0.1"}};
  EXPECT_EQ(alter(host, {}, {{"producer_byte_rate", 1.0}}), "42 Invalid empty client quota entity");
  EXPECT_EQ(alter(host, {{"shoe", "x"}}, {}), "42 Unhandled client quota entity type: shoe");
  EXPECT_EQ(alter(host, {{"user", ""}}, {}), "42 Empty user not supported");
  EXPECT_EQ(alter(host, {{"user", "a"}, {"ip", "::1"}}, {}),
            "42 Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId");
  EXPECT_EQ(alter(host, {{"ip", "not an address"}}, {}), "42 not an address is not a valid IP or resolvable host.");
  EXPECT_EQ(alter(host, alice, {{"shoe_size", 1.0}}), "42 Invalid configuration key shoe_size");
  EXPECT_EQ(alter(host, address, {{"producer_byte_rate", 1.0}}), "42 Invalid configuration key producer_byte_rate");
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 0.0}}), "42 Quota producer_byte_rate must be greater than 0");
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 1.5}}), "42 producer_byte_rate cannot be a fractional value.");
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 1e30}}),
            "42 Proposed value for producer_byte_rate is too large for a LONG.");
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 5.0}, {"shoe_size", 1.0}}),
            "42 Invalid configuration key shoe_size");
  EXPECT_TRUE(client_quotas(host.image()).empty()) << "all of an entity or nothing";

  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 5.0}}, true), "0 <none>");
  EXPECT_TRUE(host.last.empty());
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 5.0}, {"request_percentage", 1.5}}), "0 <none>");
  EXPECT_EQ(alter(host, {{"user", std::nullopt}}, {{"consumer_byte_rate", 7.0}}), "0 <none>");
  EXPECT_EQ(alter(host, address, {{"connection_creation_rate", 2.0}}), "0 <none>");
  const QuotaTable expected{{{{"ip", "127.0.0.1"}}, {{"connection_creation_rate", 2.0}}},
                            {{{"user", std::nullopt}}, {{"consumer_byte_rate", 7.0}}},
                            {alice, {{"producer_byte_rate", 5.0}, {"request_percentage", 1.5}}}};
  EXPECT_EQ(client_quotas(host.image()), expected);
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", 5.0}}), "0 <none>");
  EXPECT_TRUE(host.last.empty()) << "no change, no record";
  EXPECT_EQ(alter(host, alice, {{"producer_byte_rate", std::nullopt}, {"consumer_byte_rate", std::nullopt}}),
            "0 <none>");
  EXPECT_EQ(host.last.size(), 1U);
  EXPECT_EQ(client_quotas(host.image())[alice], (QuotaValues{{"request_percentage", 1.5}}));
}

TEST(ClientQuotas, OneEntityTwiceIsTold) {
  Host host = running();
  const AlterQuotas::Entry entry{{{"user", "bob"}}, {{"producer_byte_rate", 3.0}}};
  const auto result = host.ask<AlterQuotasResult>(AlterQuotas{.entries = {entry, entry}});
  ASSERT_EQ(result.entries.size(), 1U);
  EXPECT_EQ(text_of(result.entries[0].error), "42 Ignoring duplicate entity ClientQuotaEntity(entries={user=bob})");
}

TEST(ClientQuotas, Filters) {
  using Match = QuotaFilter::Match;
  const QuotaEntity pair{{"client-id", "c"}, {"user", "alice"}};
  const QuotaEntity any_user{{"user", std::nullopt}};
  EXPECT_TRUE(quota_matches(pair, {}, false));
  EXPECT_FALSE(quota_matches(pair, {}, true));
  EXPECT_TRUE(quota_matches(pair, {{"user", Match::exact, "alice"}}, false));
  EXPECT_FALSE(quota_matches(pair, {{"user", Match::exact, "alice"}}, true));
  EXPECT_FALSE(quota_matches(pair, {{"user", Match::of_default, ""}}, false));
  EXPECT_TRUE(quota_matches(any_user, {{"user", Match::of_default, ""}}, true));
  EXPECT_FALSE(quota_matches(any_user, {{"user", Match::exact, ""}}, true)) << "the default is no name";
  EXPECT_TRUE(quota_matches(any_user, {{"user", Match::any, ""}}, true));
  EXPECT_FALSE(quota_matches(any_user, {{"ip", Match::any, ""}}, false));
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

TEST(Scram, HashesAreTheStandards) {
  // RFC 4231, test case 2; FIPS 180-2, "abc".
  EXPECT_EQ(hex(scram_hmac(ScramMechanism::sha_256, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(scram_hmac(ScramMechanism::sha_512, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d"
            "4a6b4b636e070a38bce737");
  EXPECT_EQ(hex(scram_hash(ScramMechanism::sha_256, as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 6: a key longer than a block.
  const std::vector<std::byte> key(131, std::byte{0xaa});
  EXPECT_EQ(
      hex(scram_hmac(ScramMechanism::sha_256, key, as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Scram, CredentialsAreCheckedStoredAndRemoved) {
  Host host = running();
  const auto alter_users = [&](std::vector<AlterScram::Removal> removals,
                               std::vector<AlterScram::Credential> credentials) {
    const auto result =
        host.ask<AlterScramResult>(AlterScram{.removals = std::move(removals), .credentials = std::move(credentials)});
    std::string text;
    for (const auto& [user, error] : result.users) text += user + ": " + text_of(error) + ";";
    return text;
  };
  const auto credential = [](std::string user, int8_t mechanism, int32_t iterations) {
    return AlterScram::Credential{std::move(user), mechanism, iterations, {std::byte{1}}, {std::byte{2}}};
  };
  EXPECT_EQ(alter_users({}, {credential("", 1, 4096)}), ": 93 Username must not be empty;");
  EXPECT_EQ(alter_users({}, {credential("a", 7, 4096)}), "a: 33 Unknown SCRAM mechanism;");
  EXPECT_EQ(alter_users({}, {credential("a", 1, 4095)}), "a: 93 Too few iterations;");
  EXPECT_EQ(alter_users({}, {credential("a", 1, 16385)}), "a: 93 Too many iterations;");
  EXPECT_EQ(alter_users({{"a", 1}}, {}), "a: 91 Attempt to delete a user credential that does not exist;");
  const std::string twice = "92 A user credential cannot be altered twice in the same request;";
  EXPECT_EQ(alter_users({}, {credential("a", 1, 4096), credential("a", 2, 4096), credential("b", 1, 4096)}),
            "a: " + twice + "b: 0 <none>;");
  EXPECT_EQ(scram_users(host.image()).size(), 1U);
  EXPECT_EQ(alter_users({}, {credential("a", 1, 4096)}), "a: 0 <none>;");
  EXPECT_EQ(alter_users({}, {credential("a", 2, 8192)}), "a: 0 <none>;");
  EXPECT_EQ(scram_users(host.image()).find("a")->second,
            (ScramUser{{ScramMechanism::sha_256, 4096}, {ScramMechanism::sha_512, 8192}}));
  EXPECT_EQ(alter_users({{"a", 1}}, {credential("a", 2, 4096)}), "a: " + twice);
  EXPECT_EQ(alter_users({{"a", 1}}, {}), "a: 0 <none>;");
  EXPECT_EQ(scram_users(host.image()).find("a")->second, (ScramUser{{ScramMechanism::sha_512, 8192}}));
}

TEST(AlterConfigs, ReplacesAndChecksGroupsAndMetrics) {
  Host host = running();
  create(host, "t", {{1}});
  const auto ask = [&](ConfigResource resource, std::vector<ConfigChange> changes, bool replace = false) {
    const auto result = host.ask<AlterConfigsResult>(AlterConfigs{
        .resources = {{.resource = std::move(resource), .changes = std::move(changes), .replace = replace}}});
    return fmt::format("{} {}", static_cast<int>(result.resources[0].error),
                       result.resources[0].message.value_or("<none>"));
  };
  using enum ConfigOperation;
  const ConfigResource topic{ConfigResourceType::topic, "t"};
  const ConfigResource group{ConfigResourceType::group, "g"};
  const ConfigResource metrics{ConfigResourceType::client_metrics, "m"};
  EXPECT_EQ(ask(topic, {{"retention.ms", set, "5"}, {"flush.ms", set, "6"}}), "0 <none>");
  EXPECT_EQ(ask(topic, {{"retention.ms", set, "7"}}, true), "0 <none>");
  EXPECT_EQ(*host.image().topic_configs("t"), (ConfigMap{{"retention.ms", "7"}}));
  EXPECT_EQ(ask(topic, {}, true), "0 <none>");
  EXPECT_EQ(host.image().topic_configs("t"), nullptr);
  EXPECT_EQ(ask({ConfigResourceType::topic, ""}, {{"retention.ms", set, "x"}}),
            "42 Default topic resources are not allowed.");
  EXPECT_EQ(ask({ConfigResourceType::topic, "nosuch"}, {{"retention.ms", set, "x"}}),
            "40 Invalid value x for configuration retention.ms: Not a number of type LONG");
  EXPECT_EQ(ask(group, {{"no.such", set, "1"}}), "40 Unknown group config name: no.such");
  EXPECT_EQ(ask(group, {{"consumer.session.timeout.ms", set, "1"}}),
            "40 consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms");
  EXPECT_EQ(ask(group, {{"share.auto.offset.reset", set, "by_duration:P1DT2H3M4.5S"}}), "0 <none>");
  EXPECT_EQ(ask(group, {{"share.auto.offset.reset", set, "by_duration:PT"}}).substr(0, 2), "40");
  EXPECT_EQ(ask({ConfigResourceType::group, ""}, {}), "42 Default group resources are not allowed.");
  EXPECT_EQ(ask(metrics, {{"interval.ms", set, "50"}}),
            "42 Invalid value 50 for interval.ms, interval must be between 100 and 3600000 (1 hour)");
  EXPECT_EQ(ask(metrics, {{"no.such", set, "50"}}), "42 Unknown client metrics configuration: no.such");
  EXPECT_EQ(ask(metrics, {{"match", set, "client_id=[x"}}), "40 Illegal client matching pattern: client_id=[x");
  EXPECT_EQ(ask(metrics, {{"match", set, "client_id=x.*,client_software_name=java"}}), "0 <none>");
  EXPECT_EQ(ask({ConfigResourceType::client_metrics, ""}, {}), "42 Subscription name can't be empty");
}

}  // namespace
}  // namespace moldau::metadata
