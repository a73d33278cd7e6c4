// Logs that go from shard to shard: what goes with them, what checkpoints say meanwhile, who hears of a failed
// directory, what a start finds with another number of shards.
#include <gtest/gtest.h>

#include <map>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "log/checkpoint.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

std::map<std::pair<std::string, PartitionIndex>, Offset> offsets_in(Rig& rig, const std::string& name) {
  const auto bytes = io::read_file(rig.disk(), "/data/" + name, 1 << 20);
  EXPECT_TRUE(bytes.ok()) << name;
  std::map<std::pair<std::string, PartitionIndex>, Offset> offsets;
  if (!bytes.ok()) return offsets;
  const auto lines = log::parse_offset_checkpoint(as_text(*bytes));
  EXPECT_TRUE(lines.ok());
  for (const log::PartitionOffset& line : *lines) {
    EXPECT_TRUE(offsets.emplace(std::pair(line.topic, line.partition), line.offset).second) << "twice: " << line.topic;
  }
  return offsets;
}

class StoreShards : public ::testing::TestWithParam<bool> {
 protected:
  static StoreOptions options() {
    StoreOptions options = small_options();
    options.checkpoint_interval_ms = 10;
    options.high_watermark_checkpoint_interval_ms = 10;
    options.log_start_checkpoint_interval_ms = 10;
    options.retention_check_interval_ms = 0;
    if (GetParam()) options.journal = small_journal();
    return options;
  }
  void append(Log& log, int batches, int records = 1) {
    for (int i = 0; i < batches; ++i) {
      ASSERT_TRUE(rig.append(log, {.records = records, .tag = ++tag}).ok());
      rig.settle(milliseconds(5));
    }
  }

  Rig rig{1, options(), 3};
  uint64_t tag = 0;
};

TEST_P(StoreShards, a_log_takes_all_it_knows_to_another_shard) {
  rig.open();
  Watcher before;
  Log* const log = rig.log(0);
  rig.send(*log, 1);
  log->set_listener(&before);
  for (int i = 0; i < 3; ++i) {
    const BatchSpec spec{.records = 2, .producer_id = 7, .sequence = 2 * i, .tag = ++tag};
    ASSERT_TRUE(rig.append(*log, spec, 5).ok());
    rig.settle();
  }
  EXPECT_EQ(before.stable, 6);
  const std::string content = read_all(rig, *log, 0, 6);
  rig.send(*log, 2);
  EXPECT_EQ(rig.shard_of(log->id()), 2U);
  EXPECT_EQ(rig.store->find(log->id()), nullptr);
  EXPECT_TRUE(rig.store->holds(log->id()));
  EXPECT_EQ(log->stable_end(), 6);
  EXPECT_EQ(log->latest_epoch(), 5);
  ASSERT_NE(log->producers().find(7), nullptr);
  EXPECT_EQ(log->producers().find(7)->newest()->last_sequence, 5);
  EXPECT_EQ(read_all(rig, *log, 0, 6), content);
  Watcher after;
  log->set_listener(&after);
  append(*log, 2);
  EXPECT_EQ(after.stable, 8);
  EXPECT_EQ(before.stable, 6) << "who heard it before hears nothing any more";
  rig.send(*log, 0);
  EXPECT_EQ(rig.store->find(log->id()), log);
  append(*log, 1);
  EXPECT_EQ(log->stable_end(), 9);
}

TEST_P(StoreShards, leaving_waits_for_what_is_under_way) {
  rig.open();
  rig.store->start_background();
  Log* const log = rig.log(0);
  rig.send(*log, 1);
  append(*log, 3);
  bool deleted = false;
  std::optional<Result<LogRef>> left;
  rig.run_on(1, [&] {
    std::vector<BatchToAppend> batches;
    batches.push_back(make_batch({.records = 3, .tag = ++tag}));
    ASSERT_TRUE(log->append(std::move(batches), 0).ok());
    log->delete_records(2, [&](const Status& done) { deleted = done.ok(); });
    EXPECT_FALSE(rig.store->shard(1).leave_at_once(*log).ok());
    rig.store->shard(1).leave(*log, [&](Result<LogRef> given) {
      EXPECT_TRUE(deleted);
      left = std::move(given);
    });
    EXPECT_FALSE(left.has_value()) << "a later turn";
  });
  std::optional<Failure> second;
  rig.run_on(1, [&] {
    if (!left) rig.store->shard(1).leave(*log, [&](Result<LogRef> given) { second = given.failure(); });
  });
  rig.world.run_until([&] { return left.has_value(); }, seconds(5));
  ASSERT_TRUE(left.has_value() && left->ok());
  EXPECT_EQ(log->stable_end(), 6);
  EXPECT_EQ(log->log_start(), 2);
  if (second) {
    EXPECT_EQ(second->kind, FailureKind::unavailable);
  }
  EXPECT_EQ(rig.store->remove({test_topic_id, 1}).failure().kind, FailureKind::not_found);
  rig.run_on(2, [&] { rig.store->shard(2).join(std::move(*left).value()); });
  append(*log, 1);
  EXPECT_EQ(log->stable_end(), 7);
}

TEST_P(StoreShards, a_checkpoint_has_one_line_for_each_log_wherever_it_is) {
  rig.open();
  rig.store->start_background();
  for (PartitionIndex i = 0; i < 3; ++i) {
    rig.send(*rig.log(i), static_cast<size_t>(i));
    append(*rig.log(i), 2 + i, 10);
    rig.run_on(static_cast<size_t>(i), [&] { rig.log(i)->delete_records(5 + i, [](const Status&) {}); });
  }
  rig.settle();
  const auto check = [&] {
    const auto starts = offsets_in(rig, "log-start-offset-checkpoint");
    const auto marks = offsets_in(rig, "replication-offset-checkpoint");
    const auto points = offsets_in(rig, "recovery-point-offset-checkpoint");
    for (PartitionIndex i = 0; i < 3; ++i) {
      const std::pair key(std::string("orders"), i);
      EXPECT_EQ(marks.at(key), 10 * (2 + i)) << i;
      ASSERT_TRUE(points.contains(key)) << i;
      if (!GetParam()) EXPECT_EQ(points.at(key), 10 * (2 + i)) << i;
      EXPECT_EQ(starts.at(key), 5 + i) << i;
    }
    EXPECT_EQ(points.size(), 3U);
  };
  rig.settle(milliseconds(100));
  check();
  // Nobody's: its lines stay, whoever writes.
  Log* const log = rig.log(1);
  LogRef away;
  rig.run_on(1,
             [&] { rig.store->shard(1).leave(*log, [&](Result<LogRef> given) { away = std::move(given).value(); }); });
  rig.settle(milliseconds(100));
  ASSERT_NE(away, nullptr);
  append(*rig.log(2), 1);
  rig.settle(milliseconds(100));
  const auto marks = offsets_in(rig, "replication-offset-checkpoint");
  EXPECT_EQ(marks.at({"orders", 1}), 30);
  EXPECT_EQ(marks.at({"orders", 2}), 41);
  EXPECT_EQ(offsets_in(rig, "log-start-offset-checkpoint").at({"orders", 1}), 6);
  rig.run_on(2, [&] { rig.store->shard(2).join(std::exchange(away, nullptr)); });
  append(*log, 1);
  rig.settle(milliseconds(100));
  EXPECT_EQ(offsets_in(rig, "replication-offset-checkpoint").at({"orders", 1}), 31);
  // A shard that cuts a log writes for all.
  rig.run_on(2, [&] { ASSERT_TRUE(log->truncate_to(30).ok()); });
  const auto points = offsets_in(rig, "recovery-point-offset-checkpoint");
  EXPECT_EQ(points.size(), 3U);
  EXPECT_LE(points.at({"orders", 1}), 30);
}

TEST_P(StoreShards, a_stop_in_order_finds_them_all) {
  rig.open();
  rig.store->start_background();
  for (PartitionIndex i = 0; i < 6; ++i) {
    rig.send(*rig.log(i), static_cast<size_t>(i) % 3);
    append(*rig.log(i), 2);
  }
  rig.run_on(1, [&] { rig.store->shard(1).set_high_watermark_source([](const Log&) { return Offset{1}; }); });
  // One is nobody's, and one is written to in the last turn.
  Log* const travelling = rig.log(2);
  LogRef away;
  rig.run_on(2, [&] {
    rig.store->shard(2).leave(*travelling, [&](Result<LogRef> given) { away = std::move(given).value(); });
  });
  rig.settle();
  ASSERT_NE(away, nullptr);
  rig.run_on(1, [&] {
    std::vector<BatchToAppend> batches;
    batches.push_back(make_batch({.tag = ++tag}));
    ASSERT_TRUE(rig.log(1)->append(std::move(batches), 0).ok());
  });
  rig.run_on(1, [&] { rig.store->shard(1).stop(); });
  rig.run_on(2, [&] { rig.store->shard(2).stop(); });
  rig.run_on(2, [&] { rig.store->shard(2).join(std::exchange(away, nullptr)); });  // too late: nobody's
  rig.settle();
  Status closed;
  rig.run([&] { closed = rig.store->close(7); });
  EXPECT_TRUE(closed.ok()) << closed.failure().message;
  EXPECT_FALSE(rig.disk().stat("/data/journal").ok());
  rig.store.reset();
  rig.shards = 2;
  rig.open();
  EXPECT_TRUE(rig.store->folders()[0].clean_stop);
  for (PartitionIndex i = 0; i < 6; ++i) {
    EXPECT_EQ(rig.log(i)->stable_end(), i == 1 ? 3 : 2) << i;
    const bool of_shard_1 = i % 3 == 1;
    EXPECT_EQ(rig.store->checkpointed_high_watermark({test_topic_id, i}), of_shard_1 ? 1 : 2) << i;
  }
}

TEST_P(StoreShards, a_log_is_removed_by_its_shard_and_home) {
  rig.open();
  rig.store->start_background();
  Log* log = rig.log(0);
  rig.send(*log, 1);
  append(*log, 4);
  const std::string folder = log->folder();
  EXPECT_EQ(rig.store->remove({test_topic_id, 0}).failure().kind, FailureKind::invalid_argument);
  rig.run_on(1, [&] { rig.store->shard(1).retire(*log); });
  rig.run([&] { EXPECT_TRUE(rig.store->remove({test_topic_id, 0}).ok()); });
  EXPECT_FALSE(rig.store->holds({test_topic_id, 0}));
  EXPECT_FALSE(rig.disk().stat(folder).ok());
  rig.settle(milliseconds(100));
  log = rig.log(0);  // under the same id
  rig.send(*log, 2);
  append(*log, 1);
  rig.settle(milliseconds(100));
  EXPECT_LE(offsets_in(rig, "recovery-point-offset-checkpoint").at({"orders", 0}), 1);
  rig.crash(io::sim::CrashKind::power);
  rig.shards = 1;
  rig.open();
  EXPECT_EQ(rig.log(0)->stable_end(), 1);
}

TEST_P(StoreShards, all_shards_hear_of_a_failed_directory) {
  rig.options.log_directories = {"/data", "/more"};
  rig.open();
  std::map<PartitionIndex, Watcher> watchers;
  std::map<PartitionIndex, Log*> logs;
  for (PartitionIndex i = 0; i < 6; ++i) {
    Log* const log = *rig.store->create({test_topic_id, i}, "orders", i % 2);
    rig.send(*log, static_cast<size_t>(i) / 2);
    log->set_listener(&watchers[i]);
    logs[i] = log;
    append(*log, 1);
  }
  rig.disk().fail_write_in(1);
  (void)rig.append(*logs[3], {.tag = ++tag});
  rig.settle();
  EXPECT_TRUE(rig.store->directory_offline(1));
  EXPECT_FALSE(rig.store->directory_offline(0));
  for (PartitionIndex i = 0; i < 6; ++i) {
    EXPECT_EQ(watchers[i].offline, i % 2) << i;
    EXPECT_EQ(rig.append(*logs[i], {.tag = ++tag}).ok(), i % 2 == 0) << i;
  }
  rig.settle();
  EXPECT_EQ(logs[2]->stable_end(), 2);
  // One that is offline may leave, and says so to whoever has it next.
  rig.send(*logs[5], 0);
  Watcher next;
  rig.run([&] { logs[5]->set_listener(&next); });
  rig.settle();
  EXPECT_TRUE(logs[5]->offline());
}

TEST_P(StoreShards, other_shards_logs_are_not_moved_to_another_directory) {
  rig.options.log_directories = {"/data", "/more"};
  rig.open();
  Log* const log = *rig.store->create({test_topic_id, 0}, "orders", 0);
  rig.send(*log, 1);
  append(*log, 1);
  EXPECT_EQ(rig.store->move(log->id(), 1).failure().kind, FailureKind::invalid_argument);
  rig.send(*log, 0);
  rig.run([&] {
    EXPECT_TRUE(rig.store->move(log->id(), 1).ok());
    EXPECT_EQ(rig.store->shard(0).leave_at_once(*log).failure().kind, FailureKind::unavailable);
  });
  rig.settle(seconds(1));
  EXPECT_EQ(rig.store->directory_of(log->id()), 1U);
  rig.send(*log, 2);
  EXPECT_EQ(rig.store->directory_of(log->id()), 1U);
  append(*log, 1);
  EXPECT_EQ(log->stable_end(), 2);
  EXPECT_TRUE(log->folder().starts_with("/more/"));
}

TEST_P(StoreShards, a_page_cache_log_takes_along_what_is_not_flushed) {
  rig.options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 4096;
    config.write_caching = true;
    config.flush_ms = 200;
    return config;
  };
  rig.open();
  Log* const log = rig.log(0);
  rig.send(*log, 1);
  append(*log, 2);
  EXPECT_EQ(log->appended_end(), 2);
  EXPECT_LT(log->stable_end(), 2);
  EXPECT_GT(rig.store->shard(1).sync_counts().unflushed_bytes, 0U);
  rig.send(*log, 2);
  EXPECT_EQ(rig.store->shard(1).sync_counts().unflushed_bytes, 0U);
  EXPECT_GT(rig.store->shard(2).sync_counts().unflushed_bytes, 0U);
  EXPECT_LT(log->stable_end(), 2);
  rig.settle(milliseconds(400));
  EXPECT_EQ(log->stable_end(), 2) << "flush.ms goes on";
  EXPECT_EQ(rig.store->shard(2).sync_counts().unflushed_bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(all, StoreShards, ::testing::Bool(),
                         [](const auto& given) { return given.param ? "journal" : "segments"; });

}  // namespace
}  // namespace moldau::store
