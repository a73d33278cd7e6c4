// Logs that are recovered while the store is used: their order, what there is of them before and after, and what ends
// it early. docs/design/recovery.md, "While the node serves". Crashes in it: crash_test.cc.
#include <gtest/gtest.h>

#include "base/endian.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace store::testing;

constexpr Uuid offsets_topic_id = Uuid::of(77, 1);

StoreOptions with_intervals(bool journal) {
  StoreOptions options = small_options();
  options.high_watermark_checkpoint_interval_ms = 5;
  options.checkpoint_interval_ms = 1'000'000;
  options.syncs_in_flight_max = 2;  // of these, recovery takes one: logs come in the order in which they are begun
  if (journal) {
    options.journal = small_journal();
    options.journal.file_bytes = 256 * 4096;
    options.journal.seal_after_ms = 1'000'000;
  }
  return options;
}

class RecoveryBehind : public ::testing::TestWithParam<bool> {
 protected:
  RecoveryBehind() { rig.behind = true; }

  static TopicPartitionId id(PartitionIndex partition) { return {test_topic_id, partition}; }
  void fill(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) {
      ASSERT_TRUE(rig.append(log, {.records = 2, .tag = next_tag++}).ok());
      rig.settle(milliseconds(1));
    }
  }
  /// Four logs: the higher the partition, the more is in it.
  void make_logs() {
    rig.open();
    rig.run([&] { rig.store->start_background(); });
    for (PartitionIndex i = 0; i < 4; ++i) {
      fill(*rig.log(i), 2 + 3 * i);
      contents[i] = read_all(rig, *rig.log(i), 0, 4 + 6 * i);
    }
    rig.settle(milliseconds(20));
  }
  void power_cut() {
    rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    rig.crash(io::sim::CrashKind::power);
  }
  void start() {
    const Status opened = rig.try_open();
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
  }
  bool until_arrived(size_t count) {
    return rig.world.run_until([&] { return rig.arrivals.size() >= count; }, seconds(20));
  }
  void expect_all() {
    rig.settle_found();
    ASSERT_TRUE(rig.store->settled());
    EXPECT_TRUE(rig.store->recovering_logs().empty());
    for (PartitionIndex i = 0; i < 4; ++i) {
      Log* const log = rig.find(id(i));
      ASSERT_NE(log, nullptr) << i;
      EXPECT_GE(log->stable_end(), 4 + 6 * i);
      EXPECT_EQ(read_all(rig, *log, 0, 4 + 6 * i), contents[i]) << i;
    }
    EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  }
  bool exists(const std::string& path) { return rig.disk().stat(path).ok(); }

  Rig rig{1, with_intervals(GetParam()), 1};
  std::map<PartitionIndex, std::string> contents;
  uint64_t next_tag = 1;
};

TEST_P(RecoveryBehind, CoordinatorsFirstThenTheBusiest) {
  make_logs();
  rig.run([&] { ASSERT_TRUE(rig.store->create({offsets_topic_id, 7}, "__consumer_offsets", -1).ok()); });
  fill(*rig.find({offsets_topic_id, 7}), 1);
  power_cut();
  start();
  EXPECT_TRUE(rig.store->logs().empty());
  EXPECT_EQ(rig.store->recovering_logs().size(), 5U);
  expect_all();
  EXPECT_EQ(rig.arrivals, (std::vector<TopicPartitionId>{{offsets_topic_id, 7}, id(3), id(2), id(1), id(0)}));
  EXPECT_EQ(rig.endings, 1);
}

TEST_P(RecoveryBehind, ALogIsUsedWhileOthersAreRecovered) {
  make_logs();
  power_cut();
  start();
  EXPECT_FALSE(exists("/data/.moldau-boot"));
  ASSERT_TRUE(until_arrived(1));
  ASSERT_LT(rig.arrivals.size(), 4U);
  const std::vector<TopicPartitionId> left = rig.store->recovering_logs();
  ASSERT_FALSE(left.empty());
  EXPECT_TRUE(rig.store->recovering(left.front()));
  EXPECT_EQ(rig.store->find(left.front()), nullptr);
  EXPECT_FALSE(rig.store->create(left.front(), "orders", -1).ok()) << "never an empty log";
  Log* const first = rig.find(id(3));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(read_all(rig, *first, 0, 22), contents[3]);
  ASSERT_TRUE(rig.append(*first, {.records = 2}).ok());
  EXPECT_EQ(exists("/data/journal"), GetParam()) << "it stands until all are recovered";
  expect_all();
  EXPECT_EQ(first->stable_end(), 24);
  EXPECT_TRUE(exists("/data/.moldau-boot"));
  EXPECT_EQ(rig.store->journal_stats().replayed_batches > 0, GetParam());
  fill(*first, 1);
  EXPECT_EQ(first->stable_end(), 26);
}

TEST_P(RecoveryBehind, AStopInItsMidstIsNoStopInOrder) {
  make_logs();
  std::optional<Status> deleted;
  rig.run([&] { rig.log(0)->delete_records(2, [&](Status done) { deleted = std::move(done); }); });
  ASSERT_TRUE(rig.world.run_until([&] { return deleted.has_value(); }, seconds(5)));
  power_cut();
  start();
  ASSERT_TRUE(until_arrived(1));
  ASSERT_TRUE(rig.store->recovering(id(0)));
  ASSERT_TRUE(rig.append(*rig.find(id(3)), {.records = 2}).ok());
  rig.run([&] { EXPECT_TRUE(rig.store->close(5).ok()); });
  EXPECT_FALSE(exists("/data/.kafka_cleanshutdown"));
  EXPECT_FALSE(exists("/data/.moldau-boot"));
  EXPECT_EQ(exists("/data/journal"), GetParam());
  rig.crash(io::sim::CrashKind::process);
  start();
  rig.settle_found();
  EXPECT_EQ(rig.arrivals.size(), 4U);
  EXPECT_EQ(rig.find(id(0))->log_start(), 2) << "checkpoints that were written meanwhile have its lines";
  EXPECT_EQ(rig.find(id(3))->stable_end(), 24);
  Status closed;
  rig.run([&] { closed = rig.store->close(5); });
  EXPECT_TRUE(closed.ok());
  EXPECT_TRUE(exists("/data/.kafka_cleanshutdown"));
  EXPECT_FALSE(exists("/data/journal"));
}

TEST_P(RecoveryBehind, KilledInItsMidstAgainAndAgain) {
  make_logs();
  power_cut();
  Offset end = 22;
  for (const auto kind : {io::sim::CrashKind::process, io::sim::CrashKind::power, io::sim::CrashKind::process}) {
    start();
    ASSERT_TRUE(until_arrived(1));
    ASSERT_FALSE(rig.store->recovering_logs().empty());
    Log* const first = rig.find(id(3));
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->stable_end(), end);
    ASSERT_TRUE(rig.append(*first, {.records = 2}).ok());
    ASSERT_TRUE(rig.world.run_until([&] { return first->stable_end() == end + 2; }, seconds(5)));
    end += 2;
    rig.crash(kind);
  }
  start();
  expect_all();
  EXPECT_EQ(rig.arrivals.size(), 4U) << "nothing was believed";
  EXPECT_EQ(rig.find(id(3))->stable_end(), end);
}

TEST_P(RecoveryBehind, AFailedSyncTakesTheDirectoryOffline) {
  make_logs();
  power_cut();
  start();
  ASSERT_TRUE(until_arrived(1));
  rig.disk().fail_sync_in(1);
  ASSERT_TRUE(rig.world.run_until([&] { return rig.endings == 1; }, seconds(20)));
  EXPECT_TRUE(rig.store->directory_offline(0));
  EXPECT_TRUE(rig.store->recovering_logs().empty()) << "none comes any more";
  const size_t arrived = rig.arrivals.size();
  rig.settle(seconds(1));
  EXPECT_EQ(rig.arrivals.size(), arrived);
  EXPECT_TRUE(rig.find(id(3))->offline());
  EXPECT_FALSE(exists("/data/.moldau-boot"));
  rig.crash(io::sim::CrashKind::process);
  start();
  expect_all();
}

TEST_P(RecoveryBehind, WhatContradictsTheJournalTakesTheDirectoryOffline) {
  if (!GetParam()) GTEST_SKIP() << "of the journal";
  make_logs();
  rig.crash(io::sim::CrashKind::process);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  // Another batch, sound by itself, where the journal knows one: the second, for the first was synced with its folder.
  const std::string path = "/data/orders-1/00000000000000000000.log";
  rig.run([&] {
    const auto file = rig.disk().open(path, io::OpenMode::write);
    ASSERT_TRUE(file.ok());
    const auto batch = make_batch({.records = 2, .tag = 999});
    std::vector<std::byte> other(batch.bytes.view().begin(), batch.bytes.view().end());
    store_big_endian<int64_t>(other.data(), 2);
    const std::span<const std::byte> bytes = other;
    ASSERT_TRUE(rig.disk().write(**file, other.size(), std::span(&bytes, 1)).ok());
    ASSERT_TRUE(rig.disk().remove("/data/.moldau-boot").ok());
  });
  start();
  ASSERT_TRUE(rig.world.run_until([&] { return rig.endings == 1; }, seconds(20)));
  EXPECT_TRUE(rig.store->directory_offline(0));
  EXPECT_TRUE(exists("/data/journal"));
  for (int i = 0; i < 2; ++i) {
    rig.crash(io::sim::CrashKind::process);
    const Status again = rig.try_open();
    ASSERT_FALSE(again.ok()) << "it is met before anybody is served";
    EXPECT_EQ(again.failure().kind, FailureKind::corrupt);
  }
}

TEST_P(RecoveryBehind, WhereFoldersMustBeComparedNothingIsPutOff) {
  make_logs();
  power_cut();
  rig.run([&] { ASSERT_TRUE(rig.disk().make_dir("/data/orders-2.0123456789abcdef0123456789abcdef-future").ok()); });
  start();
  EXPECT_TRUE(rig.store->recovering_logs().empty());
  EXPECT_EQ(rig.store->logs().size(), 4U);
  expect_all();
}

TEST_P(RecoveryBehind, LogsOfAKilledProcessComeAsTheyAre) {
  make_logs();
  rig.crash(io::sim::CrashKind::process);
  start();
  EXPECT_EQ(rig.store->recovering_logs().size(), 4U);
  ASSERT_TRUE(until_arrived(4));
  EXPECT_FALSE(rig.store->settled()) << "they are synced later";
  EXPECT_TRUE(exists("/data/.moldau-boot"));
  EXPECT_EQ(exists("/data/journal"), GetParam());
  expect_all();
}

TEST_P(RecoveryBehind, KilledAgainAndAgainWhileTheyCome) {
  make_logs();
  for (size_t arrived = 0; arrived < 4; ++arrived) {
    rig.crash(io::sim::CrashKind::process);
    rig.arrivals.clear();
    start();
    ASSERT_TRUE(until_arrived(arrived));
  }
  power_cut();
  rig.arrivals.clear();
  start();
  expect_all();
}

/// As a Kafka that ran meanwhile leaves an index: written ahead, as zeros.
TEST_P(RecoveryBehind, ALogThatIsNotAsItWasLeftIsRecoveredByTheRulesAndThoseBehindIt) {
  make_logs();
  rig.crash(io::sim::CrashKind::process);
  const std::string index = "/data/orders-2/00000000000000000000.index";
  const std::vector<std::byte> zeros(80);
  {
    const auto file = rig.disk().open(index, io::OpenMode::write);
    ASSERT_TRUE(file.ok());
    const std::span<const std::byte> piece(zeros);
    ASSERT_TRUE(rig.disk().truncate(**file, 0).ok());
    ASSERT_TRUE(rig.disk().write(**file, 0, std::span(&piece, 1)).ok());
  }
  start();
  ASSERT_TRUE(rig.world.run_until([&] { return !exists("/data/.moldau-boot"); }, seconds(20))) << "it is doubted";
  ASSERT_TRUE(until_arrived(4));
  expect_all();
  EXPECT_TRUE(exists("/data/.moldau-boot")) << "and believed again";
  rig.crash(io::sim::CrashKind::process);
  start();
  expect_all();
}

INSTANTIATE_TEST_SUITE_P(all, RecoveryBehind, ::testing::Values(false, true),
                         [](const auto& param) { return std::string(param.param ? "journal" : "segments"); });

TEST(recovery_behind, one_directory_fails_and_the_other_serves) {
  StoreOptions options = with_intervals(false);
  options.log_directories = {"/data", "/more"};
  Rig rig(1, options, 1);
  rig.behind = true;
  rig.open();
  for (PartitionIndex i = 0; i < 6; ++i) {
    ASSERT_TRUE(rig.append(*rig.log(i), {.records = 3}).ok());
    rig.settle(milliseconds(2));
  }
  rig.crash(io::sim::CrashKind::power);
  ASSERT_TRUE(rig.try_open().ok());
  EXPECT_EQ(rig.store->recovering_logs().size(), 6U);
  rig.disk().fail_sync_in(1);
  ASSERT_TRUE(rig.world.run_until([&] { return rig.endings == 2; }, seconds(20)));
  EXPECT_NE(rig.store->directory_offline(0), rig.store->directory_offline(1));
  EXPECT_EQ(rig.arrivals.size(), 3U);
  ASSERT_TRUE(rig.world.run_until([&] { return rig.store->settled(); }, seconds(20)));
  for (const TopicPartitionId& id : rig.arrivals) EXPECT_EQ(rig.find(id)->stable_end(), 3);
}

}  // namespace
}  // namespace moldau::store
