// The reserve of a log directory: what goes on when its disk is full, and what is refused meanwhile.
#include "store/reserve.h"

#include <gtest/gtest.h>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

struct Quiet {
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

constexpr uint64_t reserve_bytes = 8u << 20;
constexpr uint64_t plenty = uint64_t{1} << 40;

bool reserve_is_there(Rig& rig) {
  return rig.disk().stat("/data/.moldau-reserve").ok();
}

void fill_disk(Rig& rig) {
  rig.disk().faults().capacity_bytes = rig.disk().used_bytes();
}

Log* coordinator(Rig& rig) {
  const TopicPartitionId id{Uuid::of(9, 9), 0};
  if (Log* const log = rig.find(id)) return log;
  const auto made = rig.store->create(id, "__consumer_offsets", -1);
  EXPECT_TRUE(made.ok()) << made.failure().message;
  return made.ok() ? *made : nullptr;
}

/// A batch that is stable soon.
bool taken(Rig& rig, Log& log) {
  const Offset before = log.stable_end();
  if (!rig.append(log, {.records = 1}).ok()) return false;
  rig.settle();
  return log.stable_end() == before + 1;
}

/// A store with a log and a coordinator's, and its reserve.
void begin(Rig& rig) {
  rig.open();
  ASSERT_TRUE(taken(rig, *rig.log()));
  ASSERT_TRUE(taken(rig, *coordinator(rig)));
  rig.settle(seconds(2));
  ASSERT_TRUE(reserve_is_there(rig));
}

TEST(reserve, is_taken_some_while_after_the_first_write) {
  Rig rig(1);
  rig.open();
  rig.settle(seconds(3));
  EXPECT_FALSE(reserve_is_there(rig)) << "nothing was written";
  ASSERT_TRUE(taken(rig, *rig.log()));
  const uint64_t before = rig.disk().used_bytes();
  rig.settle(milliseconds(500));
  EXPECT_FALSE(reserve_is_there(rig));
  rig.settle(seconds(1));
  EXPECT_TRUE(reserve_is_there(rig));
  EXPECT_GE(rig.disk().used_bytes(), before + reserve_bytes);

  StoreOptions without = small_options();
  without.reserve_bytes = 0;
  Rig other(1, without);
  other.open();
  ASSERT_TRUE(taken(other, *other.log()));
  other.settle(seconds(3));
  EXPECT_FALSE(reserve_is_there(other));
}

TEST(reserve, coordinators_go_on_while_others_are_refused_until_there_is_room_again) {
  const Quiet quiet;
  Rig rig(2);
  begin(rig);
  fill_disk(rig);
  EXPECT_FALSE(taken(rig, *rig.log()));
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(taken(rig, *coordinator(rig))) << i;
    EXPECT_FALSE(taken(rig, *rig.log())) << "the room that there is now is not for it";
    rig.settle(milliseconds(70));
  }
  EXPECT_FALSE(reserve_is_there(rig));
  // Less than the reserve: it is not taken back, and nothing changes.
  rig.disk().faults().capacity_bytes += 100;
  rig.settle(seconds(1));
  EXPECT_FALSE(taken(rig, *rig.log()));
  EXPECT_FALSE(reserve_is_there(rig));
  rig.disk().faults().capacity_bytes = plenty;
  rig.settle(milliseconds(300));
  EXPECT_TRUE(reserve_is_there(rig));
  EXPECT_TRUE(taken(rig, *rig.log()));
  const Offset end = coordinator(rig)->stable_end();
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), 2);
  EXPECT_EQ(coordinator(rig)->next_offset(), end);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST(reserve, a_coordinators_log_is_made_and_rolled_on_a_full_disk) {
  const Quiet quiet;
  Rig rig(3);
  rig.open();
  ASSERT_TRUE(taken(rig, *rig.log()));
  rig.settle(seconds(2));
  fill_disk(rig);
  Log* const log = coordinator(rig);
  ASSERT_NE(log, nullptr);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());  // segments of 4 KiB
  rig.settle();
  EXPECT_EQ(log->stable_end(), 200);
  EXPECT_FALSE(log->offline());
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(coordinator(rig)->next_offset(), 200);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST(reserve, records_are_deleted_on_a_full_disk) {
  const Quiet quiet;
  Rig rig(4);
  begin(rig);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(taken(rig, *rig.log()));
  fill_disk(rig);
  bool deleted = false;
  Log* const log = rig.log();
  rig.run_on(rig.shard_of(log->id()),
             [&] { log->delete_records(4, [&](const Status& done) { deleted = done.ok(); }); });
  rig.settle();
  EXPECT_TRUE(deleted);
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->log_start(), 4);
}

TEST(reserve, a_removal_on_a_full_disk_frees_the_room_that_others_wait_for) {
  const Quiet quiet;
  Rig rig(5);
  begin(rig);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(rig.append(*rig.log(1), {.records = 1, .value_bytes = 2000}).ok());
  rig.settle();
  fill_disk(rig);
  ASSERT_TRUE(taken(rig, *coordinator(rig)));
  EXPECT_FALSE(taken(rig, *rig.log()));
  const TopicPartitionId removed = rig.log(1)->id();
  const size_t shard = rig.shard_of(removed);
  if (shard != 0) rig.run_on(shard, [&] { rig.store->shard(shard).retire(*rig.find(removed)); });
  Status gone = Failure{FailureKind::closed, "not asked"};
  rig.run([&] { gone = rig.store->remove(removed); });
  ASSERT_TRUE(gone.ok()) << gone.failure().message;
  rig.settle(seconds(2));  // file.delete.delay.ms
  EXPECT_TRUE(reserve_is_there(rig));
  EXPECT_TRUE(taken(rig, *rig.log()));
}

TEST(reserve, when_it_is_used_up_nothing_is_taken_and_nothing_is_lost) {
  const Quiet quiet;
  Rig rig(6);
  begin(rig);
  rig.disk().faults().capacity_bytes = rig.disk().used_bytes() - reserve_bytes;  // somebody else has filled it
  EXPECT_FALSE(taken(rig, *coordinator(rig)));
  EXPECT_FALSE(taken(rig, *coordinator(rig)));
  EXPECT_FALSE(taken(rig, *rig.log()));
  EXPECT_FALSE(coordinator(rig)->offline());
  rig.disk().faults().capacity_bytes = plenty;
  EXPECT_TRUE(taken(rig, *coordinator(rig))) << "it is let through always";
  rig.settle(milliseconds(300));
  EXPECT_TRUE(taken(rig, *rig.log()));
}

TEST(reserve, a_store_stops_in_order_and_starts_on_a_full_disk) {
  const Quiet quiet;
  Rig rig(7);
  begin(rig);
  fill_disk(rig);
  Status closed = Failure{FailureKind::closed, "not asked"};
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok()) << closed.failure().message;
  EXPECT_TRUE(rig.disk().stat("/data/.kafka_cleanshutdown").ok());
  rig.store.reset();
  fill_disk(rig);
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), 1);
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), 1);
  EXPECT_FALSE(rig.log()->offline());
}

}  // namespace
}  // namespace moldau::store
