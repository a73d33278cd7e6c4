// Folders that are not as they should be: another broker's, without an identity, of topics that are no more.
#include <gtest/gtest.h>

#include <algorithm>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/faults_kit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;          // NOLINT: the kit of this folder
using namespace testing::faults;  // NOLINT

TEST(store_folders, transactional_data_that_another_broker_left_is_noticed) {
  const Quiet quiet;
  Rig rig(8, checkpointing());
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(rig.append(*log, {.records = 2}).ok());
  std::vector<BatchToAppend> batches;
  batches.push_back(make_batch({.records = 2, .producer_id = 4, .transactional = true}));
  rig.run([&] { ASSERT_TRUE(log->append(std::move(batches), 0).ok()); });
  EXPECT_TRUE(log->holds_transactional_data());
  EXPECT_EQ(log->first_open_transaction(), 60);
  rig.settle();
  stop(rig);
  ASSERT_TRUE(rig.disk().remove("/data/transaction-free-offset-checkpoint").ok());
  rig.open();
  EXPECT_TRUE(rig.log()->holds_transactional_data());
  EXPECT_EQ(rig.log()->first_open_transaction(), 60);
  EXPECT_FALSE(rig.log(1)->holds_transactional_data());
}

TEST(store_folders, foreign_and_broken_folders_are_refused_with_one_line) {
  const Quiet quiet;
  const auto refused = [](const std::function<void(Rig&)>& prepare, FailureKind kind) {
    Rig rig(9);
    rig.open();
    ASSERT_TRUE(rig.append(*rig.log(), {.records = 1}).ok());
    rig.settle();
    stop(rig);
    prepare(rig);
    const Status opened = rig.try_open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.failure().kind, kind) << opened.failure().message;
    EXPECT_EQ(opened.failure().message.find('\n'), std::string::npos);
    EXPECT_NE(opened.failure().message.find("/data"), std::string::npos);
  };
  const std::string meta = "/data/meta.properties";
  const std::string id = "directory.id=2MLtsXsQTfOo4FS_J5pkiQ\n";
  refused([&](Rig& rig) { replace(rig, meta, "version=1\nnode.id=1\ncluster.id=other\n" + id); }, FailureKind::foreign);
  refused([&](Rig& rig) { replace(rig, meta, "version=1\nnode.id=2\ncluster.id=test-cluster\n" + id); },
          FailureKind::foreign);
  refused([&](Rig& rig) { replace(rig, meta, "version=1\nnode.id=x\ncluster.id=test-cluster\n"); },
          FailureKind::corrupt);
  refused([&](Rig& rig) { replace(rig, meta, std::string(100'000, 'x')); }, FailureKind::corrupt);
  refused([&](Rig& rig) { replace(rig, meta, "broker.id=1\n"); }, FailureKind::unsupported);
  refused([&](Rig& rig) { ASSERT_TRUE(rig.disk().remove(meta).ok()); }, FailureKind::foreign);
  refused([&](Rig& rig) { ASSERT_TRUE(rig.disk().make_dir("/data/notes").ok()); }, FailureKind::foreign);
  refused(
      [&](Rig& rig) {
        ASSERT_TRUE(rig.disk().make_dir("/data/other-0").ok());
        replace(rig, "/data/other-0/partition.metadata", content(rig, "/data/orders-0/partition.metadata"));
      },
      FailureKind::corrupt);

  Rig rig(10);
  rig.open();
  const auto second = Store::open(rig.node.surface(), rig.options, "test-cluster", 1);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.failure().kind, FailureKind::locked);
}

TEST(store_folders, folders_without_identity_are_set_aside_or_removed) {
  const Quiet quiet;
  Rig rig(11);
  rig.open();
  for (const PartitionIndex partition : {0, 1}) ASSERT_TRUE(rig.append(*rig.log(partition), {.records = 1}).ok());
  rig.run([&] { (void)rig.log(2); });
  rig.settle();
  stop(rig);
  for (const char* name : {"/data/orders-0", "/data/orders-2"}) {
    ASSERT_TRUE(rig.disk().remove(std::string(name) + "/partition.metadata").ok());
  }
  ASSERT_TRUE(rig.disk().make_dir("/data/orders-5.00112233445566778899aabbccddeeff-future").ok());
  ASSERT_TRUE(rig.disk().make_dir("/data/lost+found").ok());
  rig.open();
  EXPECT_EQ(rig.logs().size(), 1U);
  size_t stray = 0;
  size_t future = 0;
  bool empty_one = false;
  const auto entries = rig.disk().list("/data");
  for (const auto& entry : *entries) {
    stray += entry.name.ends_with("-stray") ? 1 : 0;
    future += entry.name.ends_with("-future") ? 1 : 0;
    empty_one = empty_one || entry.name == "orders-2";
  }
  EXPECT_EQ(stray, 1U);
  EXPECT_EQ(future, 0U) << "a copy that is nobody's and holds nothing is removed";
  EXPECT_FALSE(empty_one);
}

/// As a broker whose metadata has one topic, "orders", with its partitions in no particular directory.
StoreOptions knowing(Uuid topic_id, Epoch leader_epoch) {
  StoreOptions options = small_options();
  options.directory_of = [topic_id](const TopicPartitionId& id) {
    return id.topic_id == topic_id ? std::optional(Uuid()) : std::nullopt;
  };
  options.known_partition = [topic_id, leader_epoch](const std::string& topic, PartitionIndex) {
    return topic == "orders" ? std::optional(KnownPartition{topic_id, leader_epoch}) : std::nullopt;
  };
  return options;
}

TEST(store_folders, a_damaged_partition_metadata_is_made_again_from_the_metadata) {
  const Quiet quiet;
  const std::string identity = "/data/orders-0/partition.metadata";
  for (const auto& damage :
       {std::function<void(Rig&)>([&](Rig& rig) { replace(rig, identity, "version: 0\ntopic_"); }),
        std::function<void(Rig&)>([&](Rig& rig) { replace(rig, identity, ""); }),
        std::function<void(Rig&)>([&](Rig& rig) { ASSERT_TRUE(rig.disk().remove(identity).ok()); })}) {
    Rig rig(13, knowing(test_topic_id, 4));
    rig.open();
    ASSERT_TRUE(rig.append(*rig.log(), {.records = 3}, 4).ok());
    rig.settle();
    const std::string before = read_all(rig, *rig.log(), 0, 3);
    const std::string text = content(rig, identity);
    stop(rig);
    damage(rig);
    for (int start = 0; start < 2; ++start) {
      rig.open();
      ASSERT_NE(rig.find({test_topic_id, 0}), nullptr);
      EXPECT_EQ(read_all(rig, *rig.log(), 0, 3), before);
      EXPECT_EQ(content(rig, identity), text);
      rig.crash(io::sim::CrashKind::power);
    }
  }
}

TEST(store_folders, a_folder_that_contradicts_the_metadata_is_set_aside) {
  const Quiet quiet;
  Rig rig(14, knowing(test_topic_id, 3));
  rig.open();
  ASSERT_TRUE(rig.append(*rig.log(), {.records = 3}, 4).ok());  // by a leader that the metadata does not have yet
  rig.settle();
  stop(rig);
  replace(rig, "/data/orders-0/partition.metadata", "");
  rig.open();
  EXPECT_TRUE(rig.logs().empty());
  const auto entries = rig.disk().list("/data");
  EXPECT_EQ(std::ranges::count_if(*entries, [](const auto& entry) { return entry.name.ends_with("-stray"); }), 1);
  EXPECT_EQ(rig.log()->next_offset(), 0) << "its name is free";
}

TEST(store_folders, a_folder_of_a_topic_that_is_no_more_is_set_aside_and_its_name_is_free) {
  const Quiet quiet;
  const Uuid next = Uuid::of(7, 7);
  Rig rig(15, knowing(test_topic_id, 0));
  rig.open();
  ASSERT_TRUE(rig.append(*rig.log(), {.records = 3}).ok());
  rig.settle();
  // The topic is removed in the metadata; the node dies before its folder has another name.
  rig.crash(io::sim::CrashKind::power);
  rig.options.directory_of = [](const TopicPartitionId&) { return std::optional<Uuid>(); };
  rig.options.known_partition = [](const std::string&, PartitionIndex) { return std::optional<KnownPartition>(); };
  rig.open();
  EXPECT_TRUE(rig.logs().empty());
  const auto made = rig.store->create({next, 0}, "orders", -1);
  ASSERT_TRUE(made.ok()) << made.failure().message;
  EXPECT_EQ((*made)->next_offset(), 0);
  // Under a name that is known, an id that is not may be damaged: that folder is left alone.
  rig.settle();
  stop(rig);
  const StoreOptions other = knowing(Uuid::of(8, 8), 0);
  rig.options.directory_of = other.directory_of;
  rig.options.known_partition = other.known_partition;
  rig.open();
  EXPECT_NE(rig.find({next, 0}), nullptr);
}

}  // namespace
}  // namespace moldau::store
