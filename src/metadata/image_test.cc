// Folding records into images: by hand-made records, and by the metadata logs that Kafka 4.3.1 wrote.
#include "metadata/image.h"

#include <gtest/gtest.h>

#include "metadata/test_kit.h"

namespace moldau::metadata {
namespace {

using test::fold;

/// `image` written as a snapshot's records and folded again.
ImageRef through_a_snapshot(const Image& image) {
  ImageBuilder builder;
  Offset offset = 0;
  for (const EncodedRecord& record : records_of(image)) {
    const Status applied = builder.apply(record, offset++);
    EXPECT_TRUE(applied.ok()) << applied.failure().message;
  }
  return builder.build();
}

TEST(KafkasLog, OfAStandaloneNode) {
  ImageBuilder builder;
  QuorumRecords quorum;
  const Status status = fold(test::file_bytes("standalone_log.hex"), builder, quorum);
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(quorum.kraft_version, 1);
  ASSERT_TRUE(quorum.voters.has_value());
  EXPECT_EQ(quorum.voters->find(1)->key.directory.to_string(), "2MLtsXsQTfOo4FS_J5pkiQ");
  EXPECT_EQ(quorum.voters->find(1)->endpoints[0], (raft::Endpoint{"CONTROLLER", "127.0.0.1", 54415}));

  const ImageRef image = builder.build();
  EXPECT_EQ(image->applied().offset, 368);
  EXPECT_EQ(image->metadata_version(), 30);
  EXPECT_EQ(image->features().size(), 6U);
  EXPECT_EQ(image->feature_level("transaction.version"), 2);
  EXPECT_TRUE(image->elr_enabled());
  EXPECT_EQ(image->topic_count(), 6U);
  EXPECT_EQ(image->partition_count(), 8U);
  EXPECT_EQ(image->topic("gone"), nullptr);
  const TopicImage* orders = image->topic("orders");
  ASSERT_NE(orders, nullptr);
  EXPECT_EQ(orders->id.to_string(), "ec7eDzXOQCehBVKKoy6vKw");
  EXPECT_EQ(image->topic(orders->id), orders);
  const ConfigMap expected{
      {"compression.type", "producer"}, {"max.message.bytes", "2000000"}, {"segment.bytes", "1048576"}};
  EXPECT_EQ(*image->topic_configs("orders"), expected);
  EXPECT_EQ(*image->configs(ConfigResourceType::broker, ""), (ConfigMap{{"min.insync.replicas", "1"}}));
  EXPECT_EQ(*image->configs(ConfigResourceType::broker, "1"), (ConfigMap{{"log.cleaner.threads", "2"}}));
  // Stopped cleanly: nobody leads, and the broker is all that may.
  const PartitionImage* partition = orders->partition(0);
  ASSERT_NE(partition, nullptr);
  EXPECT_EQ(partition->leader, no_node);
  EXPECT_TRUE(partition->isr.empty());
  EXPECT_EQ(partition->elr, std::vector<NodeId>{1});
  EXPECT_EQ(partition->last_known_elr, std::vector<NodeId>{1});
  EXPECT_EQ(partition->leader_recovery_state, LeaderRecoveryState::recovering);
  EXPECT_EQ(partition->directories[0].to_string(), "2MLtsXsQTfOo4FS_J5pkiQ");
  EXPECT_EQ(image->next_producer_id(), 2000);
  const BrokerImage* broker = image->broker(1);
  ASSERT_NE(broker, nullptr);
  EXPECT_TRUE(broker->fenced && broker->in_controlled_shutdown);
  EXPECT_EQ(broker->epoch, 339);
  EXPECT_EQ(broker->listener("PLAINTEXT")->port, 51323);
  EXPECT_EQ(broker->cordoned_directories, std::vector<Uuid>{});

  const ImageRef again = through_a_snapshot(*image);
  EXPECT_TRUE(image->same_contents(*again));
  EXPECT_EQ(records_of(*image), records_of(*again));
}

TEST(KafkasLog, SnapshotAndLogOfStaticVotersAgree) {
  const auto snapshot = read_snapshot(test::file_bytes("static_snapshot.hex"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.failure().message;
  EXPECT_EQ(snapshot.value().last_contained_log_timestamp, 1795370447868);
  EXPECT_FALSE(snapshot.value().quorum.kraft_version.has_value());
  EXPECT_EQ(snapshot.value().records.size(), 53U);
  ImageBuilder from_snapshot;
  for (const EncodedRecord& record : snapshot.value().records) ASSERT_TRUE(from_snapshot.apply(record, 59).ok());

  ImageBuilder from_log;
  QuorumRecords quorum;
  const Status status = read_batches(
      test::file_bytes("static_log.hex"), quorum,
      [&](std::span<const std::byte> value, Offset offset) {
        return offset < 60 ? from_log.apply(value, offset) : Status();
      },
      [](const LogBatch&) { return Status(); });
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_TRUE(from_log.build()->same_contents(*from_snapshot.build()));
  EXPECT_EQ(from_log.build()->partition_count(), 40U);
}

TEST(KafkasLog, FirstSnapshotAndBootstrap) {
  const auto first = read_snapshot(test::file_bytes("standalone_first_snapshot.hex"));
  ASSERT_TRUE(first.ok()) << first.failure().message;
  EXPECT_EQ(first.value().quorum.kraft_version, 1);
  EXPECT_EQ(first.value().quorum.voters->size(), 1U);
  EXPECT_TRUE(first.value().records.empty());
  const auto bootstrap = read_snapshot(test::file_bytes("bootstrap.hex"));
  ASSERT_TRUE(bootstrap.ok()) << bootstrap.failure().message;
  EXPECT_EQ(bootstrap.value().last_contained_log_timestamp, 0);
  ImageBuilder builder;
  for (const EncodedRecord& record : bootstrap.value().records) ASSERT_TRUE(builder.apply(record, 0).ok());
  EXPECT_EQ(builder.build()->metadata_version(), 30);
}

TEST(Snapshot, OursIsKafkasByteForByte) {
  // Written with what Kafka's own held, it comes out the same.
  for (const char* name : {"standalone_first_snapshot.hex", "bootstrap.hex", "static_snapshot.hex"}) {
    const std::vector<std::byte> bytes = test::file_bytes(name);
    const auto contents = read_snapshot(bytes);
    ASSERT_TRUE(contents.ok());
    std::vector<WallMillis> times;
    QuorumRecords quorum;
    Epoch epoch = 0;
    ASSERT_TRUE(read_batches(
                    bytes, quorum, [](std::span<const std::byte>, Offset) { return Status(); },
                    [&](const LogBatch& batch) {
                      times.push_back(batch.timestamp);
                      epoch = batch.epoch;
                      return Status();
                    })
                    .ok());
    SnapshotHead head{.id = {0, epoch},
                      .last_contained_log_timestamp = contents.value().last_contained_log_timestamp,
                      .voters = contents.value().quorum.voters,
                      .kraft_version = contents.value().quorum.kraft_version.value_or(0)};
    std::vector<std::byte> ours = write_snapshot(head, contents.value().records, times[0]);
    ASSERT_EQ(ours.size(), bytes.size()) << name;
    // Kafka stamps each batch when it is made: but for the times (and so the checksums) all bytes agree.
    size_t at = 0;
    for (size_t i = 0; at < ours.size(); ++i) {
      const size_t size = 12 + static_cast<size_t>(load_big_endian<int32_t>(&bytes[at + 8]));
      for (size_t j = 0; j < size; ++j) {
        const bool is_crc = j >= 17 && j < 21;
        const bool is_time = j >= 27 && j < 43;
        if (!is_crc && !is_time) {
          ASSERT_EQ(ours[at + j], bytes[at + j]) << name << " batch " << i << " byte " << j;
        }
      }
      at += size;
    }
  }
}

TEST(Snapshot, RefusesWhatIsCutOrDamaged) {
  const std::vector<std::byte> whole = test::file_bytes("static_snapshot.hex");
  for (const size_t size : {size_t{0}, size_t{60}, size_t{83}, whole.size() - 75, whole.size() - 1}) {
    EXPECT_FALSE(read_snapshot(std::span(whole).first(size)).ok()) << size;
  }
  for (size_t at = 12; at < whole.size(); at += 97) {
    std::vector<std::byte> damaged = whole;
    damaged[at] ^= std::byte{0x10};
    const size_t first_batch = 83;
    const bool in_epoch = (at >= 12 && at < 16) || (at >= first_batch + 12 && at < first_batch + 16);
    if (!in_epoch) {
      EXPECT_FALSE(read_snapshot(damaged).ok()) << at;
    }
  }
  std::vector<std::byte> twice = whole;
  twice.insert(twice.end(), whole.begin(), whole.end());
  EXPECT_FALSE(read_snapshot(twice).ok());
}

// By hand
// -----------------------------------------------------------------------------------------------------------------

template <typename Record>
Status put(ImageBuilder& builder, const Record& record, int16_t version = 0) {
  return builder.apply(encode_record(record, version), 1);
}

const Uuid topic_a = Uuid::of(1, 1);
const Uuid topic_b = Uuid::of(1, 2);

wire::PartitionRecord partition(const Uuid& topic, int32_t index) {
  return {.partition_id = index,
          .topic_id = topic,
          .replicas = {1},
          .isr = {1},
          .leader = 1,
          .leader_epoch = 0,
          .partition_epoch = 0,
          .directories = {Uuid::of(9, 9)}};
}

TEST(Image, DeltasSayWhatChanged) {
  ImageBuilder builder;
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "a", .topic_id = topic_a}).ok());
  ASSERT_TRUE(put(builder, partition(topic_a, 0), 2).ok());
  ASSERT_TRUE(put(builder, partition(topic_a, 1), 2).ok());
  ImageDelta delta;
  const ImageRef first = builder.build(delta);
  EXPECT_EQ(delta.created_topics, std::set<Uuid>{topic_a});
  EXPECT_EQ(delta.changed_partitions, (std::set<TopicPartitionId>{{topic_a, 0}, {topic_a, 1}}));
  EXPECT_EQ(builder.build(delta), first);
  EXPECT_TRUE(delta.empty());

  ASSERT_TRUE(put(builder, wire::PartitionChangeRecord{.partition_id = 1, .topic_id = topic_a, .leader = 2}).ok());
  ASSERT_TRUE(
      put(builder, wire::ConfigRecord{.resource_type = 2, .resource_name = "a", .name = "k", .value = "v"}).ok());
  const ImageRef second = builder.build(delta);
  EXPECT_EQ(delta.changed_partitions, (std::set<TopicPartitionId>{{topic_a, 1}}));
  EXPECT_EQ(delta.changed_configs, (std::set<ConfigResource>{{ConfigResourceType::topic, "a"}}));
  EXPECT_EQ(second->partition(topic_a, 1)->leader, 2);
  EXPECT_EQ(second->partition(topic_a, 1)->leader_epoch, 1);
  EXPECT_EQ(second->partition(topic_a, 1)->partition_epoch, 1);
  EXPECT_EQ(first->partition(topic_a, 1)->leader, 1) << "an image never changes";
  EXPECT_EQ(first->partition(topic_a, 0), second->partition(topic_a, 0)) << "what did not change is shared";

  ASSERT_TRUE(put(builder, wire::RemoveTopicRecord{.topic_id = topic_a}).ok());
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "a", .topic_id = topic_b}).ok());
  const ImageRef third = builder.build(delta);
  EXPECT_EQ(delta.deleted_topics, (std::set<ImageDelta::DeletedTopic>{{"a", topic_a}}));
  EXPECT_EQ(delta.created_topics, std::set<Uuid>{topic_b});
  EXPECT_EQ(third->topic("a")->id, topic_b);
  EXPECT_EQ(third->topic_configs("a"), nullptr) << "settings go with their topic";
  EXPECT_EQ(third->partition_count(), 0U);

  // A topic that came and went in between was never there.
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "c", .topic_id = topic_a}).ok());
  ASSERT_TRUE(put(builder, partition(topic_a, 0), 2).ok());
  ASSERT_TRUE(put(builder, wire::RemoveTopicRecord{.topic_id = topic_a}).ok());
  builder.build(delta);
  EXPECT_TRUE(delta.created_topics.empty() && delta.deleted_topics.empty() && delta.changed_partitions.empty());
}

TEST(Image, TransactionsBecomeVisibleAtTheirEnd) {
  ImageBuilder builder;
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "a", .topic_id = topic_a}).ok());
  ASSERT_TRUE(put(builder, wire::BeginTransactionRecord{}).ok());
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "b", .topic_id = topic_b}).ok());
  ImageDelta delta;
  ImageRef image = builder.build(delta);
  EXPECT_TRUE(builder.in_transaction());
  EXPECT_EQ(image->topic_count(), 1U);
  EXPECT_EQ(delta.created_topics, std::set<Uuid>{topic_a});
  EXPECT_EQ(builder.latest().topic_count(), 2U);
  EXPECT_FALSE(put(builder, wire::BeginTransactionRecord{}).ok());
  ASSERT_TRUE(put(builder, wire::RemoveTopicRecord{.topic_id = topic_a}).ok());
  ASSERT_TRUE(put(builder, wire::EndTransactionRecord{}).ok());
  image = builder.build(delta);
  EXPECT_EQ(image->topic_count(), 1U);
  EXPECT_EQ(delta.created_topics, std::set<Uuid>{topic_b});
  EXPECT_EQ(delta.deleted_topics, (std::set<ImageDelta::DeletedTopic>{{"a", topic_a}}));

  ASSERT_TRUE(put(builder, wire::BeginTransactionRecord{}).ok());
  ASSERT_TRUE(put(builder, wire::RemoveTopicRecord{.topic_id = topic_b}).ok());
  ASSERT_TRUE(put(builder, wire::AbortTransactionRecord{}).ok());
  image = builder.build(delta);
  EXPECT_TRUE(delta.empty());
  EXPECT_NE(image->topic("b"), nullptr);
  EXPECT_FALSE(put(builder, wire::EndTransactionRecord{}).ok());
  EXPECT_FALSE(put(builder, wire::AbortTransactionRecord{}).ok());
}

TEST(Image, CarriesUnservedRecordsThroughSnapshots) {
  ImageBuilder builder;
  ASSERT_TRUE(put(builder, wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30}).ok());
  const std::byte secret[] = {std::byte{1}, std::byte{2}};
  ASSERT_TRUE(put(builder,
                  wire::UserScramCredentialRecord{
                      .name = "u", .mechanism = 1, .salt = secret, .stored_key = secret, .server_key = secret})
                  .ok());
  ASSERT_TRUE(
      put(builder, wire::AccessControlEntryRecord{.id = topic_a, .resource_name = "x", .principal = "User:*"}).ok());
  ASSERT_TRUE(put(builder,
                  wire::ClientQuotaRecord{
                      .entity = {{"user", "u"}, {"client-id", std::nullopt}}, .key = "producer_byte_rate", .value = 5})
                  .ok());
  // The same entity in another order is the same quota.
  ASSERT_TRUE(put(builder,
                  wire::ClientQuotaRecord{
                      .entity = {{"client-id", std::nullopt}, {"user", "u"}}, .key = "producer_byte_rate", .value = 6})
                  .ok());
  ASSERT_TRUE(put(builder, wire::DelegationTokenRecord{.owner = "User:u", .token_id = "t"}).ok());
  ASSERT_TRUE(put(builder, wire::ProducerIdsRecord{.broker_id = 1, .broker_epoch = 3, .next_producer_id = 1000}).ok());
  ASSERT_TRUE(
      put(builder, wire::ConfigRecord{.resource_type = 16, .resource_name = "m", .name = "metrics", .value = "*"})
          .ok());
  ASSERT_TRUE(put(builder, wire::ZkMigrationStateRecord{.zk_migration_state = 3}).ok());
  const ImageRef image = builder.build();
  EXPECT_EQ(image->opaque_count(), 4U);
  EXPECT_TRUE(image->same_contents(*through_a_snapshot(*image)));

  ASSERT_TRUE(put(builder, wire::RemoveUserScramCredentialRecord{.name = "u", .mechanism = 1}).ok());
  ASSERT_TRUE(put(builder, wire::RemoveAccessControlEntryRecord{.id = topic_a}).ok());
  ASSERT_TRUE(put(builder, wire::RemoveDelegationTokenRecord{.token_id = "t"}).ok());
  ASSERT_TRUE(put(builder, wire::ClientQuotaRecord{.entity = {{"user", "u"}, {"client-id", std::nullopt}},
                                                   .key = "producer_byte_rate",
                                                   .remove = true})
                  .ok());
  EXPECT_EQ(builder.build()->opaque_count(), 0U);
}

TEST(Image, BrokersComeChangeAndGo) {
  ImageBuilder builder;
  wire::RegisterBrokerRecord registration;
  registration.broker_id = 4;
  registration.broker_epoch = 17;
  registration.rack = std::nullopt;
  registration.log_dirs = {topic_a, topic_b};
  ASSERT_TRUE(put(builder, registration, 4).ok());
  EXPECT_TRUE(builder.latest().broker(4)->fenced);
  ASSERT_TRUE(put(builder, wire::UnfenceBrokerRecord{.id = 4, .epoch = 17}).ok());
  EXPECT_TRUE(builder.latest().broker(4)->active());
  ASSERT_TRUE(put(builder, wire::FenceBrokerRecord{.id = 4, .epoch = 17}).ok());
  ASSERT_TRUE(
      put(builder,
          wire::BrokerRegistrationChangeRecord{.broker_id = 4, .broker_epoch = 17, .fenced = -1, .log_dirs = {topic_a}},
          2)
          .ok());
  EXPECT_FALSE(builder.latest().broker(4)->fenced);
  EXPECT_EQ(builder.latest().broker(4)->directories, std::vector<Uuid>{topic_a});
  EXPECT_FALSE(put(builder, wire::FenceBrokerRecord{.id = 4, .epoch = 16}).ok());
  EXPECT_FALSE(put(builder, wire::FenceBrokerRecord{.id = 5, .epoch = 17}).ok());
  ASSERT_TRUE(put(builder, wire::UnregisterBrokerRecord{.broker_id = 4, .broker_epoch = 17}).ok());
  EXPECT_EQ(builder.latest().broker(4), nullptr);
  ImageDelta delta;
  builder.build(delta);
  EXPECT_EQ(delta.changed_brokers, std::set<NodeId>{4});
}

TEST(Image, ClearsEligibleReplicas) {
  ImageBuilder builder;
  for (const auto& [name, id] : {std::pair{"a", topic_a}, std::pair{"b", topic_b}}) {
    ASSERT_TRUE(put(builder, wire::TopicRecord{.name = name, .topic_id = id}).ok());
    wire::PartitionRecord record = partition(id, 0);
    record.eligible_leader_replicas = {2};
    ASSERT_TRUE(put(builder, record, 2).ok());
  }
  ASSERT_TRUE(put(builder, wire::ClearElrRecord{.topic_name = "a"}).ok());
  EXPECT_TRUE(builder.latest().partition(topic_a, 0)->elr.empty());
  EXPECT_EQ(builder.latest().partition(topic_a, 0)->partition_epoch, 1);
  EXPECT_FALSE(builder.latest().partition(topic_b, 0)->elr.empty());
  ASSERT_TRUE(put(builder, wire::ClearElrRecord{}).ok());
  EXPECT_TRUE(builder.latest().partition(topic_b, 0)->elr.empty());
  EXPECT_FALSE(put(builder, wire::ClearElrRecord{.topic_name = "x"}).ok());
}

TEST(Image, FailsClosed) {
  const auto kind_of = [](std::vector<std::byte> record) {
    ImageBuilder builder;
    const Status status = builder.apply(record, 5);
    return status.ok() ? FailureKind::closed : status.failure().kind;
  };
  const auto bytes = [](std::initializer_list<int> list) {
    std::vector<std::byte> result;
    for (const int value : list) result.push_back(static_cast<std::byte>(value));
    return result;
  };
  EXPECT_EQ(kind_of(bytes({1, 99, 0, 0})), FailureKind::unsupported);  // an unknown record
  EXPECT_EQ(kind_of(bytes({2, 20, 0, 0})), FailureKind::unsupported);  // an unknown frame
  EXPECT_EQ(kind_of(bytes({1, 2, 9, 0})), FailureKind::unsupported);   // an unknown version
  EXPECT_EQ(kind_of(bytes({1, 2, 0})), FailureKind::corrupt);
  EXPECT_EQ(kind_of({}), FailureKind::corrupt);
  EXPECT_EQ(kind_of(bytes({1, 20, 0, 0, 0})), FailureKind::corrupt);
  EXPECT_EQ(kind_of(encode_record(wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 31}, 0)),
            FailureKind::unsupported);
  EXPECT_EQ(kind_of(encode_record(partition(topic_a, 0), 2)), FailureKind::corrupt);
  EXPECT_EQ(kind_of(encode_record(wire::RemoveTopicRecord{.topic_id = topic_a}, 0)), FailureKind::corrupt);

  ImageBuilder builder;
  ASSERT_TRUE(put(builder, wire::TopicRecord{.name = "a", .topic_id = topic_a}).ok());
  EXPECT_FALSE(put(builder, wire::TopicRecord{.name = "a", .topic_id = topic_b}).ok());
  EXPECT_FALSE(put(builder, wire::TopicRecord{.name = "b", .topic_id = topic_a}).ok());
  wire::PartitionRecord lopsided = partition(topic_a, 0);
  lopsided.replicas = {1, 2};
  EXPECT_FALSE(put(builder, lopsided, 2).ok());
  EXPECT_FALSE(put(builder, partition(topic_a, -1), 2).ok());
  ASSERT_TRUE(put(builder, wire::ProducerIdsRecord{.next_producer_id = 2000}).ok());
  EXPECT_FALSE(put(builder, wire::ProducerIdsRecord{.next_producer_id = 1000}).ok());
  // A record of an old metadata.version names no directories.
  wire::PartitionRecord old = partition(topic_a, 3);
  old.directories.clear();
  ASSERT_TRUE(put(builder, old, 0).ok());
  EXPECT_EQ(builder.latest().partition(topic_a, 3)->directories, std::vector<Uuid>{directory_migrating});
}

TEST(Image, OldMetadataVersionsRoundTrip) {
  for (int16_t version = metadata_version_min; version <= metadata_version_latest; ++version) {
    test::Host host({.bootstrap_records = {encode_record(
                         wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = version}, 0)}});
    host.activate();
    host.add_broker(1);
    const auto created = host.ask<CreateTopicsResult>(CreateTopics{.topics = {{.name = "t", .partitions = 2}}});
    ASSERT_EQ(created.topics[0].error, ErrorCode::none) << version;
    EXPECT_EQ(host.image().metadata_version(), version);
    EXPECT_TRUE(host.image().broker(1)->active()) << version;
    ImageDelta delta;
    const ImageRef image = host.controller.build(delta);
    EXPECT_TRUE(image->same_contents(*through_a_snapshot(*image))) << version;
  }
  EXPECT_EQ(metadata_version_name(30), "4.3-IV0");
  EXPECT_EQ(metadata_version_name(7), "3.3-IV3");
  EXPECT_EQ(metadata_version_name(31), "unknown");
}

TEST(Image, ManyPartitionsAreNotCopiedPerChange) {
  ImageBuilder builder;
  for (int t = 0; t < 100; ++t) {
    const Uuid id = Uuid::of(3, static_cast<uint64_t>(t));
    const std::string name = "topic-" + std::to_string(t);
    ASSERT_TRUE(put(builder, wire::TopicRecord{.name = name, .topic_id = id}).ok());
    for (int32_t p = 0; p < 100; ++p) ASSERT_TRUE(put(builder, partition(id, p), 2).ok());
  }
  const ImageRef before = builder.build();
  EXPECT_EQ(before->partition_count(), 10'000U);
  const Uuid changed = Uuid::of(3, 42);
  ASSERT_TRUE(put(builder, wire::PartitionChangeRecord{.partition_id = 7, .topic_id = changed, .leader = -1}).ok());
  const ImageRef after = builder.build();
  size_t shared = 0;
  before->for_each_topic([&](const TopicImage& topic) {
    topic.partitions.for_each([&](PartitionIndex index, const PartitionRef& old) {
      shared += after->partition(topic.id, index) == old.get() ? 1U : 0U;
    });
  });
  EXPECT_EQ(shared, 9'999U);
}

}  // namespace
}  // namespace moldau::metadata
