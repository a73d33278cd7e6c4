// A start after a killed process, in the same run of the machine: logs are taken as they are, and synced behind.
// docs/design/recovery.md, "As a process left it"
#include <gtest/gtest.h>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace store::testing;

constexpr std::string_view first_log = "/data/orders-0/00000000000000000000.log";

StoreOptions slow_to_settle(bool journal) {
  StoreOptions options = small_options();
  options.settle_found_after_ms = 60'000;
  if (journal) options.journal = small_journal();
  return options;
}

class TrustedStart : public ::testing::TestWithParam<bool> {
 protected:
  void fill(int batches) {
    for (int i = 0; i < batches; ++i) {
      ASSERT_TRUE(rig.append(*rig.log(), {.records = 3, .producer_id = 7, .sequence = sequence}).ok());
      sequence += 3;
      rig.settle(milliseconds(2));
    }
  }
  void kill_and_load() {
    rig.crash(io::sim::CrashKind::process);
    const Status opened = rig.try_open();
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
  }
  bool exists(const std::string& path) { return rig.disk().stat(path).ok(); }
  /// Waits for what a start puts off.
  void wait_until_settled() {
    ASSERT_TRUE(rig.world.run_until([&] { return rig.store->settled(); }, seconds(120)));
  }

  Rig rig{1, slow_to_settle(GetParam()), 1};
  int32_t sequence = 0;
};

TEST_P(TrustedStart, TheJournalStandsUntilTheLogsAreSynced) {
  rig.open();
  fill(20);
  const std::string before = read_all(rig, *rig.log(), 0, 60);
  ASSERT_EQ(exists("/data/journal"), GetParam());
  kill_and_load();
  EXPECT_FALSE(rig.store->settled());
  EXPECT_EQ(exists("/data/journal"), GetParam());
  rig.settle();  // what only the process had made stable is committed at once
  EXPECT_EQ(rig.log()->stable_end(), 60);
  EXPECT_EQ(read_all(rig, *rig.log(), 0, 60), before);
  fill(1);
  EXPECT_EQ(rig.log()->stable_end(), 63);
  wait_until_settled();
  rig.settle();
  fill(1);
  EXPECT_EQ(rig.log()->stable_end(), 66);
  EXPECT_EQ(rig.log()->producers().find(7)->newest()->last_sequence, sequence - 1);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST_P(TrustedStart, WithoutRoomForTheCheckpointsTheJournalStandsUntilThereIsSome) {
  rig.open();
  fill(20);
  kill_and_load();
  rig.run([&] { rig.disk().faults().capacity_bytes = rig.disk().used_bytes(); });
  rig.settle(seconds(120));  // twice what it waits, and many tries
  EXPECT_FALSE(rig.store->settled());
  EXPECT_FALSE(rig.store->directory_offline(0)) << "no room is no damage";
  EXPECT_EQ(exists("/data/journal"), GetParam());
  EXPECT_EQ(rig.log()->stable_end(), 60);
  rig.run([&] { rig.disk().faults().capacity_bytes = uint64_t{1} << 40; });
  rig.settle(seconds(3));  // it is tried again each second
  EXPECT_TRUE(rig.store->settled());
  fill(1);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->stable_end(), 63);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST_P(TrustedStart, KilledAgainAndAgainAndThenThePowerFails) {
  rig.open();
  for (int life = 0; life < 4; ++life) {
    fill(5);
    kill_and_load();
    rig.settle();
  }
  EXPECT_EQ(rig.log()->stable_end(), 60);
  const std::string before = read_all(rig, *rig.log(), 0, 60);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->stable_end(), 60);
  EXPECT_EQ(read_all(rig, *rig.log(), 0, 60), before);
}

TEST_P(TrustedStart, AWriteThatWasCutShortIsCutOff) {
  rig.open();
  fill(5);
  rig.crash(io::sim::CrashKind::process);
  const auto size = rig.disk().stat(std::string(first_log))->size;
  rig.run([&] {
    const auto file = rig.disk().open(std::string(first_log), io::OpenMode::write);
    ASSERT_TRUE(rig.disk().truncate(**file, size - 7).ok());
  });
  ASSERT_TRUE(rig.try_open().ok());
  // Of an acknowledged batch with a journal, so that the directory is recovered as after a power cut: the journal has
  // it.
  const Offset expected = exists("/data/journal") || rig.store->journal_stats().replayed_batches > 0 ? 15 : 12;
  rig.settle();
  EXPECT_EQ(rig.log()->next_offset(), expected);
}

TEST_P(TrustedStart, DamageIsFoundBehindAndEndsTheTrust) {
  rig.open();
  fill(20);
  rig.crash(io::sim::CrashKind::process);
  ASSERT_TRUE(rig.disk().damage(std::string(first_log), 100, 1).ok());
  ASSERT_TRUE(rig.try_open().ok());
  EXPECT_EQ(rig.log()->next_offset(), 60);
  rig.world.run_until([&] { return rig.store->directory_offline(0); }, seconds(120));
  ASSERT_TRUE(rig.store->directory_offline(0)) << "the log's first commit checks what was not synced";
  EXPECT_FALSE(exists("/data/.moldau-boot"));
  // The next start believes nothing: it recovers, and the journal gives back what it has.
  kill_and_load();
  EXPECT_TRUE(rig.store->settled());
  EXPECT_TRUE(rig.log()->next_offset() == 60 || !rig.log()->damaged().empty());
}

TEST_P(TrustedStart, AFailedSyncEndsTheTrust) {
  rig.open();
  fill(3);
  EXPECT_TRUE(exists("/data/.moldau-boot"));
  rig.disk().fail_sync_in(1);
  (void)rig.append(*rig.log(), {.records = 3});
  rig.settle();
  EXPECT_TRUE(rig.store->directory_offline(0));
  EXPECT_FALSE(exists("/data/.moldau-boot"));
  kill_and_load();
  EXPECT_TRUE(rig.store->settled()) << "recovered by the rules";
}

TEST_P(TrustedStart, AStopInOrderEndsTheTrust) {
  rig.open();
  fill(3);
  Status closed;
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok());
  EXPECT_FALSE(exists("/data/.moldau-boot")) << "Kafka may have the folder next";
}

TEST_P(TrustedStart, ACrashInRecoveryIsNotTrusted) {
  rig.open();
  fill(20);
  rig.crash(io::sim::CrashKind::power);
  rig.disk().crash_after_operations(3);
  (void)rig.try_open();
  ASSERT_TRUE(rig.node.crashed());
  rig.disk().crash_after_operations(0);
  rig.revive();
  EXPECT_FALSE(exists("/data/.moldau-boot"));
}

/// Else the start would find the shorter log, have nothing to sync, and a power cut would bring back the longer one.
TEST_P(TrustedStart, ACutLogStaysCutWhenTheProcessDiesAndThenThePowerFails) {
  rig.open();
  fill(20);
  rig.settle(seconds(130));  // a recovery point lies at the end
  rig.run([&] { EXPECT_TRUE(rig.log()->truncate_to(30).ok()); });
  kill_and_load();
  EXPECT_EQ(rig.log()->next_offset(), 30);
  wait_until_settled();
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), 30);
}

TEST_P(TrustedStart, ACutThatIsNotSyncedIsNotBelieved) {
  rig.open();
  fill(20);
  const auto size = [&] { return rig.disk().stat(std::string(first_log))->size; };
  for (const bool whole : {false, true}) {
    const uint64_t before = size();
    bool cut = false;
    int looked = 0;
    rig.run([&] {
      EXPECT_TRUE(exists("/data/.moldau-boot"));
      rig.disk().before_operation([&] {
        cut = cut || !exists(std::string(first_log)) || size() != before;
        if (!cut || looked > 0) return;
        ++looked;
        EXPECT_FALSE(exists("/data/.moldau-boot"));
      });
      EXPECT_TRUE((whole ? rig.log()->restart_at(100) : rig.log()->truncate_to(30)).ok());
      rig.disk().before_operation(nullptr);
      EXPECT_TRUE(exists("/data/.moldau-boot"));
    });
    EXPECT_EQ(looked, 1);
  }
}

TEST_P(TrustedStart, RecordsAreDeletedAndLogsRemovedBeforeAllIsSynced) {
  rig.open();
  fill(20);
  kill_and_load();
  std::optional<Status> deleted;
  rig.run([&] { rig.log()->delete_records(9, [&](Status done) { deleted = std::move(done); }); });
  rig.world.run_until([&] { return deleted.has_value(); }, seconds(5));
  ASSERT_TRUE(deleted && deleted->ok());
  Status removed;
  const bool left = exists("/data/journal");
  EXPECT_EQ(left, GetParam());
  rig.run([&] { removed = rig.remove(rig.log()->id()); });
  ASSERT_TRUE(removed.ok());
  if (left) {
    rig.run([&] {
      EXPECT_EQ(rig.store->create({test_topic_id, 0}, "orders", -1).failure().kind, FailureKind::unavailable);
    });
  }
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_TRUE(rig.store->logs().empty());
  EXPECT_EQ(rig.store->journal_stats().replay_missing, 0U);
}

/// The file of leader epochs is written with commits: after a cut it tells of what is gone until the next one.
TEST_P(TrustedStart, EpochsOfWhatWasCutAwayDoNotComeBack) {
  for (const io::sim::CrashKind kind : {io::sim::CrashKind::process, io::sim::CrashKind::power}) {
    for (const Epoch again : {Epoch{1}, Epoch{0}}) {
      Rig life(7, slow_to_settle(GetParam()), 1);
      life.open();
      for (const Epoch epoch : {0, 0, 0, 1, 1}) {
        ASSERT_TRUE(life.append(*life.log(), {.records = 3}, epoch).ok());
        life.settle(milliseconds(2));
      }
      life.settle();
      ASSERT_EQ(life.log()->end_of_epoch(0).end, 9);
      // Nothing is committed before the crash.
      life.run([&] {
        EXPECT_TRUE(life.log()->truncate_to(3).ok());
        std::vector<BatchToAppend> batches;
        for (int i = 0; i < 3; ++i) batches.push_back(make_batch({.records = 3}));
        EXPECT_TRUE(life.log()->append(std::move(batches), again).ok());
      });
      life.disk().faults().crash_style = io::sim::CrashStyle::keep_all;
      life.crash(kind);
      const Status opened = life.try_open();
      ASSERT_TRUE(opened.ok()) << opened.failure().message;
      const Log& log = *life.log();
      ASSERT_EQ(log.next_offset(), 12);
      EXPECT_EQ(log.epoch_of(3), again);
      EXPECT_EQ(log.epoch_of(11), again);
      EXPECT_EQ(log.latest_epoch(), again);
      EXPECT_EQ(log.end_of_epoch(0).end, again == 0 ? 12 : 3);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(all, TrustedStart, ::testing::Values(false, true),
                         [](const auto& param) { return std::string(param.param ? "journal" : "segments"); });

}  // namespace
}  // namespace moldau::store
