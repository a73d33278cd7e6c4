// The store on a simulated disk without faults: append, read, roll, restart, retention, truncation, folders.
#include "store/store.h"

#include <gtest/gtest.h>

#include "base/trace.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

std::vector<std::string> names_in(Rig& rig, const std::string& folder) {
  std::vector<std::string> names;
  const auto entries = rig.disk().list(folder);
  EXPECT_TRUE(entries.ok());
  if (entries.ok()) {
    for (const auto& entry : *entries) names.push_back(entry.name);
  }
  return names;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(store, append_becomes_appended_then_stable_and_is_read_back) {
  Rig rig(1);
  rig.open();
  Log* log = rig.log();
  Watcher watcher;
  log->set_listener(&watcher);
  const auto appended = rig.append(*log, {.records = 3});
  ASSERT_TRUE(appended.ok());
  ASSERT_EQ(appended->size(), 1U);
  EXPECT_EQ(appended->front().base_offset, 0);
  EXPECT_EQ(appended->front().last_offset, 2);
  EXPECT_EQ(watcher.appended, 3);
  EXPECT_EQ(watcher.stable, 0);
  rig.settle();
  EXPECT_EQ(watcher.stable, 3);
  EXPECT_EQ(log->stable_end(), 3);
  EXPECT_EQ(batches_of(read_all(rig, *log, 0, 3)), (std::vector<std::pair<Offset, Offset>>{{0, 2}}));
  EXPECT_EQ(log->latest_epoch(), 0);
}

TEST(store, a_restart_after_a_clean_stop_reads_no_segment_and_goes_on) {
  Rig rig(2);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(rig.append(*log, {.records = 2, .tag = static_cast<uint64_t>(i)}).ok());
  }
  rig.settle();
  const std::string before = read_all(rig, *log, 0, log->stable_end());
  EXPECT_EQ(batches_of(before).size(), 100U);
  Status closed;
  rig.run([&] { closed = rig.store->close(42); });
  ASSERT_TRUE(closed.ok()) << closed.failure().message;
  rig.store.reset();
  EXPECT_TRUE(has(names_in(rig, "/data"), ".kafka_cleanshutdown"));
  EXPECT_FALSE(has(names_in(rig, "/data"), ".lock"));

  rig.open();
  EXPECT_TRUE(rig.store->folders()[0].clean_stop);
  EXPECT_EQ(rig.store->folders()[0].previous_broker_epoch, 42);
  EXPECT_FALSE(has(names_in(rig, "/data"), ".kafka_cleanshutdown"));
  log = rig.log();
  EXPECT_EQ(log->next_offset(), 200);
  EXPECT_EQ(log->stable_end(), 200);
  EXPECT_EQ(read_all(rig, *log, 0, 200), before);
  EXPECT_EQ(read_all(rig, *log, 0, 200, 300), before);
  const auto more = rig.append(*log, {.records = 1});
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(more->front().base_offset, 200);
  rig.settle();
  EXPECT_EQ(batches_of(read_all(rig, *log, 0, 201)).size(), 101U);
}

TEST(store, a_killed_process_loses_nothing_that_was_written) {
  Rig rig(3);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(rig.append(*log, {.records = 5, .producer_id = 7, .sequence = i * 5}).ok());
  }
  const std::string before = read_all(rig, *log, 0, log->appended_end());
  rig.crash(io::sim::CrashKind::process);
  rig.open();
  EXPECT_FALSE(rig.store->folders()[0].clean_stop);
  log = rig.log();
  EXPECT_EQ(log->next_offset(), 300);
  EXPECT_EQ(log->stable_end(), 300);
  EXPECT_EQ(read_all(rig, *log, 0, 300), before);
  ASSERT_NE(log->producers().find(7), nullptr);
  EXPECT_EQ(log->producers().find(7)->newest()->last_sequence, 299);
}

}  // namespace
}  // namespace moldau::store
