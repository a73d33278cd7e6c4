// The store on a simulated disk without faults: append, read, roll, restart, retention, truncation, folders.
#include "store/store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
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

/// Reopens after a stop in order.
void restart(Rig& rig) {
  Status closed;
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok()) << closed.failure().message;
  rig.store.reset();
  rig.open();
}

TEST(store, a_stopped_folder_passes_the_audit_and_an_untouched_one_is_left_as_it_is) {
  Rig rig(4);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 80; ++i)
    ASSERT_TRUE(rig.append(*log, {.records = 3, .producer_id = 9, .sequence = 3 * i}, i / 30).ok());
  restart(rig);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  EXPECT_EQ(rig.log()->latest_epoch(), 2);
  EXPECT_EQ(rig.log()->epoch_of(100), 1);
  EXPECT_EQ(rig.log()->end_of_epoch(0).end, 90);
  const auto before = rig.disk().operations();
  restart(rig);
  EXPECT_LT(rig.disk().operations() - before, 60U);
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  ASSERT_NE(rig.log()->producers().find(9), nullptr);
  EXPECT_EQ(rig.log()->producers().find(9)->newest()->last_sequence, 239);
}

TEST(store, every_offset_is_found_in_memory_and_in_files) {
  Rig rig(5);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(rig.append(*log, {.records = 1 + i % 4, .value_bytes = static_cast<size_t>(10 + i % 90)}).ok());
  }
  rig.settle();
  const Offset end = log->stable_end();
  size_t from_memory = 0;
  size_t from_file = 0;
  for (Offset from = 0; from < end; ++from) {
    ReadError error = ReadError::none;
    const ReadResult one = log->read(from, end, 1, true, error);
    ASSERT_EQ(error, ReadError::none);
    ASSERT_EQ(one.pieces.size(), 1U);
    std::vector<std::byte> bytes(one.size);
    if (const auto* memory = std::get_if<Bytes>(&one.pieces[0])) {
      std::copy(memory->view().begin(), memory->view().end(), bytes.begin());
      ++from_memory;
    } else {
      const auto& slice = std::get<io::FileSlice>(one.pieces[0]);
      ASSERT_TRUE(rig.disk().read(*slice.file, slice.offset, bytes).ok());
      ++from_file;
    }
    const auto batch = wire::BatchView::parse_checked(bytes);
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->size(), one.size);
    EXPECT_LE(batch->base_offset(), from);
    EXPECT_GE(batch->last_offset(), from);
  }
  EXPECT_GT(from_memory, 2U);  // a shard's part of the tail is small
  EXPECT_GT(from_file, 100U);
  ReadError error = ReadError::none;
  EXPECT_EQ(log->read(end, end, 100, true, error).size, 0U);
  EXPECT_EQ(error, ReadError::none);
  (void)log->read(end + 1, end + 1, 100, true, error);
  EXPECT_EQ(error, ReadError::out_of_range);
  EXPECT_EQ(log->read(3, end, 1, false, error).size, 0U);  // no whole batch fits, and none is forced
  EXPECT_EQ(log->read(3, 3, 1000, true, error).size, 0U);
}

TEST(store, a_read_never_passes_its_bound) {
  Rig rig(6);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 120; ++i) ASSERT_TRUE(rig.append(*log, {.records = 2}).ok());
  rig.settle();
  for (Offset up_to = 2; up_to <= 240; up_to += 2) {
    const std::string bytes = read_all(rig, *log, 0, up_to, 700);
    ASSERT_EQ(batches_of(bytes).size(), static_cast<size_t>(up_to / 2));
    ASSERT_EQ(batches_of(bytes).back().second, up_to - 1);
  }
}

TEST(store, cold_bytes_are_named_and_served_once_they_are_brought_in) {
  Rig rig(7);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(rig.append(*log, {.records = 2}).ok());
  rig.settle();
  rig.disk().faults().uncached_ppm = 300'000;
  rig.disk().drop_caches();
  ReadError error = ReadError::none;
  const ReadResult cold = log->read(0, 200, 1000, true, error);
  EXPECT_TRUE(cold.cold.has_value());
  EXPECT_TRUE(cold.pieces.empty());
  EXPECT_EQ(batches_of(read_all(rig, *log, 0, 200, 900)).size(), 100U);
}

TEST(store, the_tail_in_memory_keeps_to_its_budget) {
  StoreOptions options = small_options();
  options.tail_bytes_max = 5000;
  Rig rig(8, options);
  rig.open();
  Log* a = rig.log(0);
  Log* b = rig.log(1);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(rig.append(i % 3 == 0 ? *b : *a, {.value_bytes = 200}).ok());
  rig.settle();
  uint64_t in_memory = 0;
  for (Log* log : {a, b}) {
    for (Offset at = 0; at < log->stable_end(); ++at) {
      ReadError error = ReadError::none;
      const ReadResult one = log->read(at, log->stable_end(), 1, true, error);
      if (std::holds_alternative<Bytes>(one.pieces[0])) in_memory += one.size;
    }
  }
  EXPECT_LE(in_memory, 5000U);
  EXPECT_GT(in_memory, 3000U / std::max<size_t>(rig.shards / 2, 1));  // of which two logs have two parts
}

TEST(store, retention_by_size_and_age_moves_the_start_and_removes_files_later) {
  StoreOptions options = small_options();
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 1000;
    config.retention_bytes = 3000;
    config.retention_ms = -1;
    config.file_delete_delay_ms = 500;
    return config;
  };
  options.retention_check_interval_ms = 100;
  Rig rig(9, options);
  rig.open();
  rig.store->start_background();
  Log* log = rig.log();
  Watcher watcher;
  log->set_listener(&watcher);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(rig.append(*log, {.records = 1, .value_bytes = 100}).ok());
  rig.settle(milliseconds(150));
  EXPECT_GT(watcher.log_start, 0);
  EXPECT_EQ(log->log_start(), watcher.log_start);
  EXPECT_GE(log->size_bytes(), 3000U);
  EXPECT_LT(log->size_bytes(), 4100U);
  EXPECT_TRUE(has(names_in(rig, log->folder()), "00000000000000000000.log.deleted"));
  rig.settle(milliseconds(700));
  EXPECT_FALSE(has(names_in(rig, log->folder()), "00000000000000000000.log.deleted"));
  ReadError error = ReadError::none;
  (void)log->read(log->log_start() - 1, 100, 100, true, error);
  EXPECT_EQ(error, ReadError::out_of_range);

  // By age everything may go: the log is rolled, and goes on where it was.
  LogConfig config = log->config();
  config.retention_ms = 1000;
  log->configure(config);
  Status applied;
  rig.run([&] { applied = log->apply_retention(test_time + 1'000'000, 100); });
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(log->log_start(), 100);
  EXPECT_EQ(log->size_bytes(), 0U);
  ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
  rig.settle();
  EXPECT_EQ(log->stable_end(), 101);
  restart(rig);
  EXPECT_EQ(rig.log()->log_start(), 100);
}

TEST(store, deleted_records_stay_deleted_after_a_power_cut) {
  Rig rig(10);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
  rig.settle();
  bool done = false;
  rig.run([&] { log->delete_records(33, [&](Status status) { done = status.ok(); }); });
  rig.settle();
  ASSERT_TRUE(done);
  bool refused = false;
  rig.run([&] { log->delete_records(51, [&](Status status) { refused = !status.ok(); }); });
  rig.settle();
  EXPECT_TRUE(refused);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->log_start(), 33);
  EXPECT_EQ(rig.log()->next_offset(), 50);
}

TEST(store, truncation_cuts_batches_indexes_epochs_and_producers) {
  for (const Offset to :
       {Offset{0}, Offset{4}, Offset{50}, Offset{64}, Offset{198}, Offset{199}, Offset{200}, Offset{500}}) {
    Rig rig(11);
    rig.open();
    Log* log = rig.log();
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(rig.append(*log, {.records = 2, .producer_id = 5, .sequence = 2 * i}, i / 40).ok());
    }
    rig.settle();
    Status cut;
    rig.run([&] { cut = log->truncate_to(to); });
    ASSERT_TRUE(cut.ok()) << cut.failure().message;
    const Offset end = std::min<Offset>(to, 200);
    EXPECT_EQ(log->next_offset(), end);
    EXPECT_EQ(log->stable_end(), end);
    const Offset whole = end / 2 * 2;  // a batch that the cut divides goes
    if (whole > 0) {
      EXPECT_EQ(batches_of(read_all(rig, *log, 0, whole)).size(), static_cast<size_t>(whole / 2));
    }
    EXPECT_EQ(log->latest_epoch(), end == 0 ? -1 : (end - 1) / 80);
    const auto* producer = log->producers().find(5);
    if (whole > 0) {
      ASSERT_NE(producer, nullptr);
      EXPECT_EQ(producer->newest()->last_sequence, whole - 1);
    } else {
      EXPECT_EQ(producer, nullptr);
    }
    ASSERT_TRUE(rig.append(*log, {.records = 1}, 5).ok());
    rig.settle();
    EXPECT_EQ(log->stable_end(), end + 1);
    rig.crash(io::sim::CrashKind::process);
    rig.open();
    EXPECT_EQ(rig.log()->next_offset(), whole == end ? end + 1 : whole);
    restart(rig);
    EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  }
}

TEST(store, a_log_starts_anew_elsewhere) {
  Rig rig(12);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(rig.append(*log, {.records = 2, .producer_id = 5, .sequence = 2 * i}).ok());
  rig.settle();
  Status restarted;
  rig.run([&] { restarted = log->restart_at(1000); });
  ASSERT_TRUE(restarted.ok());
  EXPECT_EQ(log->log_start(), 1000);
  EXPECT_EQ(log->next_offset(), 1000);
  EXPECT_EQ(log->producers().size(), 0U);
  ASSERT_TRUE(rig.append(*log, {.records = 2}, 3).ok());
  rig.settle();
  EXPECT_EQ(batches_of(read_all(rig, *log, 1000, 1002)).size(), 1U);
  rig.crash(io::sim::CrashKind::process);
  rig.open();
  EXPECT_EQ(rig.log()->log_start(), 1000);
  EXPECT_EQ(rig.log()->next_offset(), 1002);
}

TEST(store, followers_append_what_leaders_wrote) {
  Rig rig(13);
  rig.open();
  Log* leader = rig.log(0);
  Log* follower = rig.log(1);
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(rig.append(*leader, {.records = 3, .codec = compress::Codec::lz4}, i / 10).ok());
  rig.settle();
  const std::string bytes = read_all(rig, *leader, 0, 120);
  Status taken;
  rig.run([&] { taken = follower->append_as_follower(Bytes::copy_of(as_bytes(bytes + bytes.substr(0, 30)))); });
  ASSERT_TRUE(taken.ok()) << taken.failure().message;
  rig.settle();
  EXPECT_EQ(follower->stable_end(), 120);
  EXPECT_EQ(read_all(rig, *follower, 0, 120), bytes);
  EXPECT_EQ(follower->latest_epoch(), 3);
  EXPECT_EQ(follower->end_of_epoch(1).end, 60);
  std::string flipped = bytes;
  flipped[70] = static_cast<char>(flipped[70] ^ 1);
  rig.run([&] { taken = follower->append_as_follower(Bytes::copy_of(as_bytes(flipped))); });
  EXPECT_EQ(taken.failure().kind, FailureKind::corrupt);
  rig.run([&] { taken = rig.log(2)->append_as_follower(Bytes::copy_of(as_bytes(flipped))); });
  EXPECT_EQ(taken.failure().kind, FailureKind::corrupt);
  EXPECT_EQ(rig.log(2)->next_offset(), 0);
}

TEST(store, finds_offsets_by_time) {
  for (const auto codec : {compress::Codec::none, compress::Codec::gzip, compress::Codec::zstd}) {
    Rig rig(14);
    rig.open();
    Log* log = rig.log();
    // Batch i holds times 100 i, 100 i + 1, 100 i + 2; batch 30 a far later one.
    for (int i = 0; i < 60; ++i) {
      const WallMillis time = i == 30 ? 1'000'000 : 100 * i;
      ASSERT_TRUE(rig.append(*log, {.records = 3, .timestamp = time, .codec = codec}).ok());
    }
    rig.settle();
    for (int round = 0; round < 2; ++round) {
      log = rig.log();
      const auto at = [&](WallMillis time, Offset up_to) {
        const auto found = log->find_by_timestamp(time, up_to);
        EXPECT_TRUE(found.ok());
        return found.ok() ? *found : TimestampOffset{};
      };
      EXPECT_EQ(at(0, 180).offset, 0);
      EXPECT_EQ(at(1, 180).offset, 1);
      EXPECT_EQ(at(1501, 180).offset, 46);
      EXPECT_EQ(at(1503, 180).offset, 48);
      EXPECT_EQ(at(1503, 180).timestamp, 1600);
      EXPECT_EQ(at(3000, 180).offset, 90);
      EXPECT_EQ(at(3000, 90).offset, no_offset);
      EXPECT_EQ(at(1'000'003, 180).offset, no_offset);
      EXPECT_EQ(at(5902, 180).offset, 90);
      const auto largest = log->find_max_timestamp(180);
      ASSERT_TRUE(largest.ok());
      EXPECT_EQ(largest->offset, 92);
      EXPECT_EQ(largest->timestamp, 1'000'002);
      EXPECT_EQ(log->find_max_timestamp(90)->offset, 89);
      EXPECT_EQ(log->find_max_timestamp(0)->offset, no_offset);
      if (round == 0) restart(rig);
    }
    Status moved;
    rig.run([&] { moved = rig.log()->advance_log_start(93); });
    ASSERT_TRUE(moved.ok());
    EXPECT_EQ(rig.log()->find_by_timestamp(0, 180)->offset, 93);
    EXPECT_EQ(rig.log()->find_max_timestamp(180)->offset, 179);
  }
}

TEST(store, lookups_by_time_do_not_wait_for_the_disk) {
  Rig rig(15);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 200; ++i) {
    const WallMillis time = i == 30 ? 1'000'000 : 100 * i;
    ASSERT_TRUE(rig.append(*log, {.records = 3, .value_bytes = 100, .timestamp = time}).ok());
  }
  rig.settle();
  restart(rig);
  log = rig.log();
  rig.disk().drop_caches();
  rig.disk().faults().read_delay_min = rig.disk().faults().read_delay_max = seconds(1);
  int rounds = 0;
  const auto patient = [&](const std::function<Result<TimestampOffset>(std::vector<io::FileSlice>&)>& ask) {
    for (;;) {
      std::vector<io::FileSlice> cold;
      std::optional<TimestampOffset> found;
      Instant asked;
      Instant next;
      rig.node.surface().executor.defer([&] {
        asked = rig.world.now();
        const Result<TimestampOffset> result = ask(cold);
        ASSERT_TRUE(result.ok()) << result.failure().message;
        found = *result;
        rig.node.surface().executor.defer([&] { next = rig.world.now(); });
      });
      EXPECT_TRUE(rig.world.run_until([&] { return next > asked && found; }, seconds(100)));
      EXPECT_LT(next - asked, milliseconds(900)) << "the loop waited for a read";
      if (cold.empty()) return found.value_or(TimestampOffset{});
      ++rounds;
      EXPECT_LE(cold.size(), 256U);
      size_t loaded = 0;
      for (io::FileSlice& slice : cold) {
        EXPECT_GT(slice.size, 0U);
        rig.disk().prefetch(slice.file, slice.offset, slice.size, [&](Status) { ++loaded; });
      }
      EXPECT_TRUE(rig.world.run_until([&] { return loaded == cold.size(); }, seconds(100)));
      if (rounds > 200) return TimestampOffset{};
    }
  };
  const auto at = [&](WallMillis time, Offset up_to) {
    return patient([&](std::vector<io::FileSlice>& cold) { return log->find_by_timestamp(time, up_to, &cold); });
  };
  EXPECT_EQ(at(1501, 600).offset, 46);
  const int first = rounds;
  EXPECT_GE(first, 3);  // the segments' ends, an index, the batches
  EXPECT_LE(first, 10);
  EXPECT_EQ(at(1502, 600).offset, 47);
  EXPECT_EQ(rounds, first);  // all of it is in memory now
  EXPECT_EQ(at(1503, 600).timestamp, 1600);
  EXPECT_EQ(at(3000, 90).offset, no_offset);
  EXPECT_EQ(at(19'802, 600).offset, 90);  // the far later one
  EXPECT_EQ(at(1'000'003, 600).offset, no_offset);
  const auto largest = [&](Offset up_to) {
    return patient([&](std::vector<io::FileSlice>& cold) { return log->find_max_timestamp(up_to, &cold); });
  };
  EXPECT_EQ(largest(600).offset, 92);
  EXPECT_EQ(largest(90).offset, 89);
  EXPECT_EQ(largest(0).offset, no_offset);
  // What was in memory a moment ago may be gone (then a read waits after all): the answers are the same.
  rig.disk().faults().uncached_ppm = 200'000;
  rig.disk().faults().read_delay_min = rig.disk().faults().read_delay_max = milliseconds(1);
  for (int i = 31; i < 200; i += 7) EXPECT_EQ(at(100 * i + 1, 600).offset, 90) << i;
  for (int i = 0; i < 30; i += 3) EXPECT_EQ(at(100 * i + 1, 600).offset, 3 * i + 1) << i;
}

TEST(store, page_cache_mode_acknowledges_before_the_sync_and_flushes_as_told) {
  StoreOptions options = small_options();
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.write_caching = true;
    return config;
  };
  Rig rig(15, options);
  rig.open();
  Log* log = rig.log();
  Watcher watcher;
  log->set_listener(&watcher);
  ASSERT_TRUE(rig.append(*log, {.records = 5}).ok());
  EXPECT_EQ(log->commit_end(), 5);
  rig.settle();
  // The first commit made the folder durable; what follows stays in the page cache.
  ASSERT_TRUE(rig.append(*log, {.records = 5}).ok());
  rig.settle(seconds(5));
  EXPECT_EQ(watcher.appended, 10);
  EXPECT_EQ(watcher.stable, 5);
  LogConfig config = log->config();
  config.flush_messages = 20;
  log->configure(config);
  ASSERT_TRUE(rig.append(*log, {.records = 15}).ok());
  rig.settle();
  EXPECT_EQ(watcher.stable, 25);
  config.flush_messages = INT64_MAX;
  config.flush_ms = 500;
  log->configure(config);
  ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
  rig.settle(milliseconds(400));
  EXPECT_EQ(watcher.stable, 25);
  rig.settle(milliseconds(200));
  EXPECT_EQ(watcher.stable, 26);
  // Turning the mode off makes stable what was only written.
  config.flush_ms = INT64_MAX;
  log->configure(config);
  ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
  rig.settle();
  EXPECT_EQ(watcher.stable, 26);
  config.write_caching = false;
  rig.run([&] { log->configure(config); });
  rig.settle();
  EXPECT_EQ(watcher.stable, 27);
}

TEST(store, unflushed_bytes_are_bounded) {
  StoreOptions options = small_options();
  options.unflushed_bytes_max = 20'000;
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.write_caching = true;
    return config;
  };
  Rig rig(16, options);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(rig.append(*log, {.records = 1, .value_bytes = 1000}).ok());
    rig.settle(milliseconds(2));
    EXPECT_LE(log->appended_end() - log->stable_end(), 20);
  }
  EXPECT_GT(log->stable_end(), 50);
}

TEST(store, removed_logs_go_aside_at_once_and_away_later_also_after_a_restart) {
  Rig rig(17);
  rig.open();
  for (const PartitionIndex partition : {0, 1}) ASSERT_TRUE(rig.append(*rig.log(partition), {.records = 3}).ok());
  rig.settle();
  const auto deleted = [&] {
    size_t count = 0;
    for (const auto& name : names_in(rig, "/data")) count += name.ends_with("-delete") ? 1 : 0;
    return count;
  };
  const auto remove = [&](PartitionIndex partition) {
    rig.run([&] { EXPECT_TRUE(rig.remove({test_topic_id, partition}).ok()); });
  };
  remove(0);
  EXPECT_EQ(rig.find({test_topic_id, 0}), nullptr);
  EXPECT_EQ(deleted(), 1U);
  EXPECT_EQ(rig.log(0)->next_offset(), 0);  // made again at once
  rig.settle(milliseconds(1500));
  EXPECT_EQ(deleted(), 0U);
  remove(1);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(deleted(), 1U);
  EXPECT_EQ(rig.find({test_topic_id, 1}), nullptr);
  rig.settle(milliseconds(1500));
  EXPECT_EQ(deleted(), 0U);
}

TEST(store, a_log_made_again_under_its_name_inherits_nothing_from_checkpoints) {
  StoreOptions options = small_options();
  options.checkpoint_interval_ms = 50;
  options.log_start_checkpoint_interval_ms = 50;
  for (const bool restarted : {false, true}) {
    Rig rig(21, options);
    rig.open();
    rig.store->start_background();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(rig.append(*rig.log(), {.records = 2}).ok());
    rig.run([&] { EXPECT_TRUE(rig.log()->advance_log_start(60).ok()); });
    rig.settle(milliseconds(200));
    rig.store->set_high_watermark_source([](const Log&) { return 100; });
    rig.run([&] { EXPECT_TRUE(rig.remove({test_topic_id, 0}).ok()); });
    if (restarted) {
      rig.crash(io::sim::CrashKind::power);
      rig.open();
    }
    // The old log ended at 100 and began at 60; the new one holds 4 records when the power goes.
    ASSERT_TRUE(rig.append(*rig.log(), {.records = 4}).ok());
    rig.settle(milliseconds(10));
    rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    rig.crash(io::sim::CrashKind::power);
    rig.open();
    EXPECT_EQ(rig.log()->log_start(), 0);
    EXPECT_EQ(rig.log()->next_offset(), 4);
    EXPECT_TRUE(rig.log()->damaged().empty());
    EXPECT_LE(rig.store->checkpointed_high_watermark({test_topic_id, 0}), 4);
  }
}

TEST(store, the_metadata_log_is_opened_by_itself) {
  Rig rig(18);
  rig.open();
  LogConfig config;
  config.write_caching = true;
  auto opened = rig.store->open_metadata_log(config);
  ASSERT_TRUE(opened.ok());
  Log* log = *opened;
  EXPECT_FALSE(log->config().write_caching);
  ASSERT_TRUE(rig.append(*log, {.records = 4}, 1).ok());
  rig.settle();
  EXPECT_EQ(log->stable_end(), 4);
  EXPECT_TRUE(has(names_in(rig, "/data"), "__cluster_metadata-0"));
  restart(rig);
  EXPECT_TRUE(rig.logs().empty());
  opened = rig.store->open_metadata_log(config);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ((*opened)->next_offset(), 4);
  EXPECT_EQ(batches_of(read_all(rig, **opened, 0, 4)).size(), 1U);
}

TEST(store, the_metadata_log_may_have_a_folder_of_its_own) {
  StoreOptions options = small_options();
  options.metadata_directory = "/own";
  Rig rig(21, options);
  rig.open();
  ASSERT_TRUE(rig.store->open_metadata_log(LogConfig()).ok());
  EXPECT_EQ(rig.store->folders().size(), 1U);
  EXPECT_EQ(rig.store->metadata_folder().identity.cluster_id, rig.store->folders()[0].identity.cluster_id);
  EXPECT_NE(rig.store->metadata_folder().identity.directory_id, rig.store->folders()[0].identity.directory_id);
  for (PartitionIndex partition = 0; partition < 3; ++partition) {
    EXPECT_TRUE(rig.log(partition)->folder().starts_with("/data/"));  // none beside the metadata log
  }
  EXPECT_EQ(rig.store->create({test_topic_id, 9}, "t", 1).failure().kind, FailureKind::invalid_argument);
  EXPECT_TRUE(has(names_in(rig, "/own"), "__cluster_metadata-0"));
  EXPECT_FALSE(has(names_in(rig, "/data"), "__cluster_metadata-0"));
  restart(rig);
  EXPECT_TRUE(rig.store->metadata_folder().clean_stop);
  ASSERT_TRUE(rig.store->open_metadata_log(LogConfig()).ok());
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST(store, a_second_metadata_log_is_not_begun) {
  StoreOptions options = small_options();
  options.log_directories = {"/data", "/more"};
  Rig rig(22, options);
  rig.open();
  ASSERT_TRUE(rig.store->open_metadata_log(LogConfig()).ok());
  rig.options.metadata_directory = "/more";
  Status closed;
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok());
  rig.store.reset();
  rig.open();
  const auto opened = rig.store->open_metadata_log(LogConfig());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().kind, FailureKind::foreign);
}

TEST(store, high_watermarks_are_checkpointed) {
  StoreOptions options = small_options();
  options.high_watermark_checkpoint_interval_ms = 100;
  Rig rig(19, options);
  rig.open();
  Log* log = rig.log();
  for (size_t i = 0; i < rig.shards; ++i) {
    rig.store->shard(i).set_high_watermark_source([](const Log&) { return 2; });
  }
  rig.store->start_background();
  ASSERT_TRUE(rig.append(*log, {.records = 4}).ok());
  rig.settle(milliseconds(300));
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.store->checkpointed_high_watermark({test_topic_id, 0}), 2);
  EXPECT_EQ(rig.store->checkpointed_high_watermark({test_topic_id, 7}), 0);
}

TEST(store, idle_producers_are_forgotten_in_time_also_when_memory_is_not_trimmed_yet) {
  StoreOptions options = small_options();
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.producer_id_expiration_ms = 1'000;
    return config;
  };
  options.producer_expiration_check_interval_ms = 100;
  options.checkpoint_interval_ms = 3'600'000;
  Rig rig(21, options);
  rig.open();
  Log* log = rig.log();
  rig.store->start_background();
  for (const int sequence : {0, 1}) {
    const WallMillis now = rig.node.surface().clock.wall();
    ASSERT_TRUE(rig.append(*log, {.timestamp = now, .producer_id = 7, .sequence = sequence}).ok());
    rig.settle(milliseconds(600));
  }
  EXPECT_NE(log->producers().find(7), nullptr);
  rig.settle(milliseconds(1'000));
  EXPECT_EQ(log->producers().find(7), nullptr);
}

TEST(store, many_idle_logs_cost_little) {
  Rig rig(20);
  rig.open();
  rig.run([&] {
    for (PartitionIndex partition = 0; partition < 500; ++partition) (void)rig.log(partition);
  });
  EXPECT_EQ(rig.logs().size(), 500U);
  restart(rig);
  EXPECT_EQ(rig.logs().size(), 500U);
}

}  // namespace
}  // namespace moldau::store
