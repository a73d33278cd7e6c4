// What goes wrong: full and failing disks, damaged files, foreign folders.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/faults_kit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;          // NOLINT: the kit of this folder
using namespace testing::faults;  // NOLINT

/// Puts bytes into a file as somebody else would, and makes them durable.
void overwrite(Rig& rig, const std::string& path, uint64_t at, std::string_view text) {
  const auto file = rig.disk().open(path, io::OpenMode::create);
  ASSERT_TRUE(file.ok());
  const std::span<const std::byte> piece = as_bytes(text);
  ASSERT_TRUE(rig.disk().write(**file, at, std::span(&piece, 1)).ok());
  ASSERT_TRUE(rig.disk().sync_now(**file).ok());
}

/// A producer that sends a batch again until it is stored, as clients do.
struct Producer {
  int32_t sequence = 0;
  bool send(Rig& rig, Log& log, int records) {
    const log::ProducerAppend next{42, 0, sequence, sequence + records - 1, 0, 0, 0, false};
    const auto verdict = log.producers().check(next, log.ever_held_records()).verdict;
    EXPECT_EQ(verdict, log::ProducerVerdict::append) << "at sequence " << sequence;
    const Offset before = log.appended_end();
    const auto appended =
        rig.append(log, {.records = records, .value_bytes = 60, .producer_id = 42, .sequence = sequence});
    rig.settle(milliseconds(1));
    if (!appended.ok() || log.appended_end() == before) return false;
    sequence += records;
    return true;
  }
};

TEST(store_faults, a_disk_that_fills_at_any_byte_refuses_keeps_serving_and_takes_appends_again) {
  const Quiet quiet;
  uint64_t refusals = 0;
  for (uint64_t room = 0; room < 6000; room += 13) {
    Rig rig(room + 1);
    rig.open();
    Log* log = rig.log();
    Watcher watcher;
    log->set_listener(&watcher);
    Producer producer;
    ASSERT_TRUE(producer.send(rig, *log, 2));
    rig.settle();
    rig.disk().faults().capacity_bytes = rig.disk().used_bytes() + room;
    int sent = 0;
    while (sent < 60 && producer.send(rig, *log, 1 + sent % 5)) ++sent;
    ASSERT_LT(sent, 60);
    refusals += watcher.refused.size();
    EXPECT_FALSE(log->offline());
    EXPECT_EQ(watcher.offline, 0);
    const Offset end = log->appended_end();
    EXPECT_EQ(log->next_offset(), end);
    rig.settle();
    EXPECT_EQ(log->stable_end(), end);
    EXPECT_EQ(read_all(rig, *log, 0, end).empty(), false);
    // Refused while it is full, taken again once there is room.
    EXPECT_FALSE(producer.send(rig, *log, 3));
    rig.disk().faults().capacity_bytes = 1 << 30;
    rig.settle(milliseconds(200));
    ASSERT_TRUE(producer.send(rig, *log, 3));
    rig.settle();
    EXPECT_EQ(log->stable_end(), end + 3);
    const std::string all = read_all(rig, *log, 0, end + 3);
    rig.crash(room % 2 == 0 ? io::sim::CrashKind::power : io::sim::CrashKind::process);
    rig.open();
    log = rig.log();
    ASSERT_EQ(log->next_offset(), end + 3);
    EXPECT_EQ(read_all(rig, *log, 0, end + 3), all);
    EXPECT_EQ(log->producers().find(42)->newest()->last_sequence, producer.sequence - 1);
    EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  }
  EXPECT_GT(refusals, 300U);
}

TEST(store_faults, batches_in_flight_behind_a_refused_first_one_wait_for_it) {
  const Quiet quiet;
  for (const bool known_to_be_full : {false, true}) {
    Rig rig(1);
    rig.open();
    Log* log = rig.log();
    ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
    rig.settle();
    rig.disk().faults().capacity_bytes = rig.disk().used_bytes();
    if (known_to_be_full) (void)rig.append(*log, {.records = 1});
    (void)rig.append(*log, {.records = 2, .producer_id = 42, .sequence = 0});
    rig.disk().faults().capacity_bytes = 1 << 30;
    rig.settle(milliseconds(200));
    const log::ProducerAppend behind{42, 0, 2, 2, 0, 0, 0, false};
    EXPECT_EQ(log->producers().check(behind, true).verdict, log::ProducerVerdict::out_of_order_sequence);
    // Nor do batches of others that are refused meanwhile change that.
    rig.disk().faults().capacity_bytes = rig.disk().used_bytes();
    (void)rig.append(*log, {.records = 2, .producer_id = 43, .sequence = 0});
    rig.disk().faults().capacity_bytes = 1 << 30;
    rig.settle(milliseconds(200));
    EXPECT_EQ(log->producers().check(behind, true).verdict, log::ProducerVerdict::out_of_order_sequence);
    ASSERT_TRUE(rig.append(*log, {.records = 2, .producer_id = 42, .sequence = 0}).ok());
    EXPECT_EQ(log->producers().check(behind, true).verdict, log::ProducerVerdict::append);
  }
}

TEST(store_faults, the_bug_of_keeping_refused_state_is_found) {
  const Quiet quiet;
  StoreOptions options = small_options();
  options.mutant = Mutant::refused_state_kept;
  Rig rig(1, options);
  rig.open();
  Log* log = rig.log();
  ASSERT_TRUE(rig.append(*log, {.records = 2, .producer_id = 42}).ok());
  rig.settle();
  rig.disk().faults().capacity_bytes = rig.disk().used_bytes() + 10;
  (void)rig.append(*log, {.records = 1, .producer_id = 42, .sequence = 2});
  EXPECT_EQ(log->next_offset(), 2);
  const log::ProducerAppend again{42, 0, 2, 2, 0, 0, 0, false};
  EXPECT_NE(log->producers().check(again, true).verdict, log::ProducerVerdict::append);
}

TEST(store_faults, a_failed_sync_takes_the_directory_offline_and_is_never_retried) {
  const Quiet quiet;
  for (uint64_t nth = 1; nth <= 20; ++nth) {
    Rig rig(nth);
    rig.open();
    Log* a = rig.log(0);
    Log* b = rig.log(1);
    Watcher heard_a;
    Watcher heard_b;
    a->set_listener(&heard_a);
    b->set_listener(&heard_b);
    rig.disk().fail_sync_in(nth);
    for (int i = 0; i < 20 && !a->offline(); ++i) {
      (void)rig.append(*a, {.records = 2});
      if (!b->offline()) (void)rig.append(*b, {.records = 1});
      rig.settle(milliseconds(2));
    }
    rig.settle();
    ASSERT_TRUE(a->offline());
    EXPECT_TRUE(b->offline());
    EXPECT_EQ(heard_a.offline, 1);
    EXPECT_EQ(heard_b.offline, 1);
    EXPECT_NE(heard_a.offline_reason, "");
    const uint64_t operations = rig.disk().operations();
    EXPECT_EQ(rig.append(*a, {.records = 1}).failure().kind, FailureKind::unavailable);
    ReadError error = ReadError::none;
    (void)a->read(0, 1, 100, true, error);
    EXPECT_EQ(error, ReadError::offline);
    a->flush();
    rig.settle(seconds(1));
    Status closed;
    rig.run([&] { closed = rig.store->close(3); });
    EXPECT_FALSE(closed.ok());
    EXPECT_EQ(rig.disk().operations(), operations) << "an offline directory was written to";
    const Offset stable_a = heard_a.stable;
    rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    rig.crash(io::sim::CrashKind::power);
    rig.open();
    EXPECT_FALSE(rig.store->folders()[0].clean_stop);
    if (stable_a > 0) {
      EXPECT_GE(rig.log(0)->next_offset(), stable_a);
    }
  }
}

TEST(store_faults, a_failed_write_takes_the_directory_offline_and_spares_the_other) {
  const Quiet quiet;
  StoreOptions options = small_options();
  options.log_directories = {"/one", "/two"};
  Rig rig(3, options);
  rig.open();
  Log* a = *rig.store->create({test_topic_id, 0}, "orders", 0);
  Log* b = *rig.store->create({test_topic_id, 1}, "orders", 1);
  Watcher heard_a;
  Watcher heard_b;
  a->set_listener(&heard_a);
  b->set_listener(&heard_b);
  rig.disk().fail_write_in(1);
  (void)rig.append(*a, {.records = 2});
  rig.settle();
  EXPECT_TRUE(a->offline());
  EXPECT_EQ(heard_a.offline, 1);
  EXPECT_FALSE(b->offline());
  ASSERT_TRUE(rig.append(*b, {.records = 2}).ok());
  rig.settle();
  EXPECT_EQ(heard_b.stable, 2);
  EXPECT_EQ(heard_b.offline, 0);
  EXPECT_FALSE(rig.store->create({test_topic_id, 2}, "orders", 0).ok());
  EXPECT_TRUE(rig.store->create({test_topic_id, 2}, "orders", -1).ok());
}

/// The paths of a log's segment files, without suffix.
std::vector<std::string> segments_of(Rig& rig) {
  std::vector<std::string> stems;
  const auto entries = rig.disk().list("/data/orders-0");
  for (const auto& entry : *entries) {
    if (entry.name.ends_with(".log")) stems.push_back("/data/orders-0/" + entry.name.substr(0, entry.name.size() - 4));
  }
  return stems;
}

struct Filled {
  std::vector<std::pair<Offset, Offset>> batches;
  std::string bytes;
};

/// 60 batches of 3 records, all stable and below the checkpointed recovery point.
Filled fill(Rig& rig) {
  rig.store->start_background();
  Log* log = rig.log();
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(rig.append(*log, {.records = 3, .producer_id = 5, .sequence = 3 * i}).ok());
  rig.settle(milliseconds(400));
  EXPECT_EQ(log->stable_end(), 180);
  Filled filled;
  filled.bytes = read_all(rig, *log, 0, 180);
  filled.batches = batches_of(filled.bytes);
  return filled;
}

TEST(store_faults, damage_below_the_recovery_point_is_passed_over_reported_and_not_served) {
  const Quiet quiet;
  for (const uint64_t at : {0U, 8U, 16U, 17U, 200U, 400U, 600U, 800U}) {
    Rig rig(at + 1, checkpointing());
    rig.open();
    const Filled before = fill(rig);
    rig.crash(io::sim::CrashKind::power);
    const std::string last = segments_of(rig).back() + ".log";
    const uint64_t size = content(rig, last).size();
    ASSERT_GT(size, 900U);
    ASSERT_TRUE(rig.disk().damage(last, at, 1).ok());
    rig.open();
    Log* log = rig.log();
    EXPECT_EQ(log->next_offset(), 180);
    ASSERT_EQ(log->damaged().size(), 1U);
    const DamagedRange range = log->damaged()[0];
    EXPECT_EQ(range.last - range.first, 2);
    EXPECT_TRUE(range.kept_in.empty());
    EXPECT_EQ(content(rig, last).size(), size);
    ReadError error = ReadError::none;
    for (Offset offset = range.first; offset <= range.last; ++offset) {
      (void)log->read(offset, 180, 1000, true, error);
      EXPECT_EQ(error, ReadError::damaged);
    }
    std::string rest;
    if (range.first > 0) rest += read_all(rig, *log, 0, range.first);
    const size_t lost = before.bytes.size() / 60;
    rest += before.bytes.substr(rest.size(), lost);
    if (range.last < 179) rest += read_all(rig, *log, range.last + 1, 180);
    EXPECT_EQ(rest, before.bytes);
    // And it goes on.
    ASSERT_TRUE(rig.append(*log, {.records = 1}).ok());
    rig.settle();
    EXPECT_EQ(log->stable_end(), 181);
    rig.crash(io::sim::CrashKind::power);
    rig.open();
    EXPECT_EQ(rig.log()->next_offset(), 181);
    ASSERT_EQ(rig.log()->damaged().size(), 1U);
    EXPECT_EQ(rig.log()->damaged()[0].first, range.first);
  }
}

/// When the machine did not come up anew, recovery begins at the index entry below the recovery point. It must find
/// what it finds from the beginning of the segment, also when the index lies.
TEST(store_faults, after_a_killed_process_recovery_begins_in_the_segment) {
  const Quiet quiet;
  Rig rig(1, checkpointing());
  rig.open();
  const Filled filled = fill(rig);
  const std::string last = segments_of(rig).back();
  const auto reopened = [&](io::sim::CrashKind kind) {
    rig.crash(kind);
    rig.open();
    EXPECT_EQ(rig.log()->next_offset(), 180);
    EXPECT_EQ(read_all(rig, *rig.log(), 0, 180), filled.bytes);
    return content(rig, last + ".index") + content(rig, last + ".timeindex");
  };
  const std::string whole = reopened(io::sim::CrashKind::power);
  ASSERT_GE(whole.size(), 28U);
  // What lies below the entry is not looked at by the start; a reader finds it.
  EXPECT_EQ(reopened(io::sim::CrashKind::process), whole);
  rig.crash(io::sim::CrashKind::process);
  ASSERT_TRUE(rig.disk().damage(last + ".log", 200, 1).ok());
  rig.open();
  EXPECT_TRUE(rig.log()->damaged().empty());
  EXPECT_EQ(rig.log()->next_offset(), 180);
  for (const std::string kind : {".index", ".timeindex"}) {
    for (uint64_t at = 0; at < content(rig, last + kind).size(); ++at) {
      rig.crash(io::sim::CrashKind::process);
      ASSERT_TRUE(rig.disk().damage(last + kind, at, 1).ok());
      rig.open();
      EXPECT_EQ(rig.log()->next_offset(), 180) << kind << " " << at;
    }
  }
}

/// A process died in the midst of a truncation, behind a removal and before the sync of it: the segment is gone for
/// this kernel alone. A start that serves has to see to it that it is gone for good.
TEST(store_faults, a_removal_that_only_this_kernel_knows_is_durable_when_the_next_start_serves) {
  const Quiet quiet;
  Rig rig(1, checkpointing());
  rig.open();
  (void)fill(rig);
  const std::vector<std::string> segments = segments_of(rig);
  ASSERT_GE(segments.size(), 3U);
  const std::string kept = segments[segments.size() - 2] + ".log";
  const std::string bytes = content(rig, kept);
  const auto first = wire::BatchView::parse(as_bytes(bytes));
  ASSERT_TRUE(first.has_value());
  const Offset end = first->next_offset();
  rig.crash(io::sim::CrashKind::process);
  // As a truncation does: the recovery points come down first, snapshots go, and the segment that stays is cut last.
  replace(rig, "/data/recovery-point-offset-checkpoint", fmt::format("0\n1\norders 0 {}\n", end));
  for (const std::string& segment : segments) (void)rig.disk().remove(segment + ".snapshot");
  ASSERT_TRUE(rig.disk().sync_dir("/data/orders-0").ok());
  for (const char* kind : {".log", ".index", ".timeindex"}) ASSERT_TRUE(rig.disk().remove(segments.back() + kind).ok());
  const auto file = rig.disk().open(kept, io::OpenMode::write);
  ASSERT_TRUE(file.ok() && rig.disk().truncate(**file, first->size()).ok());
  rig.open();
  ASSERT_EQ(rig.log()->next_offset(), end);
  ASSERT_TRUE(rig.append(*rig.log(), {.records = 5}).ok());
  rig.settle();
  ASSERT_EQ(rig.log()->stable_end(), end + 5);
  rig.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), end + 5);
  EXPECT_TRUE(rig.log()->damaged().empty());
}

/// Below the recovery point nothing is scanned for epochs: the point must not pass one that is in no file yet.
TEST(store_faults, the_recovery_point_waits_for_the_file_of_leader_epochs) {
  const Quiet quiet;
  Rig rig(1, checkpointing());
  rig.open();
  ASSERT_TRUE(rig.append(*rig.log(), {.records = 3}).ok());
  rig.settle();
  const std::string epochs = content(rig, "/data/orders-0/leader-epoch-checkpoint");
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(rig.append(*rig.log(), {.records = 3}, 7).ok());
  rig.settle();
  ASSERT_EQ(rig.log()->stable_end(), 123);
  ASSERT_GE(segments_of(rig).size(), 2U);
  rig.crash(io::sim::CrashKind::process);
  // The batches were written, and the process died before their epoch was.
  replace(rig, "/data/orders-0/leader-epoch-checkpoint", epochs);
  replace(rig, "/data/recovery-point-offset-checkpoint", "0\n1\norders 0 3\n");
  rig.open();
  EXPECT_EQ(rig.log()->epoch_of(5), 7);
  rig.run([&] { rig.store->start_background(); });
  rig.settle(seconds(2));  // checkpoints are written
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  EXPECT_EQ(rig.log()->epoch_of(5), 7);
}

TEST(store_faults, the_bug_of_cutting_at_damage_anywhere_is_found) {
  const Quiet quiet;
  StoreOptions options = checkpointing();
  options.mutant = Mutant::damage_cut_anywhere;
  Rig rig(1, options);
  rig.open();
  (void)fill(rig);
  rig.crash(io::sim::CrashKind::power);
  ASSERT_TRUE(rig.disk().damage(segments_of(rig).back() + ".log", 200, 1).ok());
  rig.open();
  EXPECT_LT(rig.log()->next_offset(), 180);
}

TEST(store_faults, damaged_headers_in_old_segments_are_found_when_read) {
  const Quiet quiet;
  for (const bool clean : {true, false}) {
    Rig rig(clean ? 1 : 2, checkpointing());
    rig.open();
    const Filled before = fill(rig);
    if (clean) {
      stop(rig);
    } else {
      rig.crash(io::sim::CrashKind::process);
    }
    const size_t batch = before.bytes.size() / 60;
    ASSERT_TRUE(rig.disk().damage("/data/orders-0/00000000000000000000.log", batch * 7 + 16, 1).ok());
    rig.open();
    Log* log = rig.log();
    EXPECT_TRUE(log->damaged().empty());
    ReadError error = ReadError::none;
    (void)log->read(22, 180, 1000, true, error);
    EXPECT_EQ(error, ReadError::damaged);
    ASSERT_EQ(log->damaged().size(), 1U);
    EXPECT_EQ(log->damaged()[0].first, 21);
    EXPECT_EQ(log->damaged()[0].last, 23);
    EXPECT_EQ(read_all(rig, *log, 0, 21), before.bytes.substr(0, batch * 7));
    EXPECT_EQ(read_all(rig, *log, 24, 180), before.bytes.substr(batch * 8));
    EXPECT_EQ(log->find_by_timestamp(0, 180)->offset, 0);
  }
}

TEST(store_faults, a_tail_torn_at_any_byte_is_cut_at_the_last_whole_batch) {
  const Quiet quiet;
  for (const int tail : {0, 1, 2}) {  // cut short, zeros, garbage
    for (uint64_t step = 1; step < 400; step += 7) {
      Rig rig(step);  // no checkpoint: all of it lies above the recovery point
      rig.open();
      Log* log = rig.log();
      for (int i = 0; i < 12; ++i) ASSERT_TRUE(rig.append(*log, {.records = 3}).ok());
      rig.settle();
      const std::string all = read_all(rig, *log, 0, 36);
      if (tail == 1 && step % (all.size() / 12) == 1) continue;  // a batch ends in a zero: nothing would be torn
      rig.crash(io::sim::CrashKind::process);
      const std::string path = "/data/orders-0/00000000000000000000.log";
      const auto file = rig.disk().open(path, io::OpenMode::write);
      ASSERT_TRUE(rig.disk().truncate(**file, all.size() - step).ok());
      if (tail == 1) overwrite(rig, path, all.size() - step, std::string(4096, '\0'));
      if (tail == 2) {
        std::string garbage;
        Prng prng(step);
        for (int i = 0; i < 4096; ++i) garbage += static_cast<char>(prng.below(256));
        overwrite(rig, path, all.size() - step, garbage);
      }
      rig.open();
      const Offset end = rig.log()->next_offset();
      EXPECT_EQ(end, static_cast<Offset>((all.size() - step) / (all.size() / 12) * 3));
      EXPECT_TRUE(rig.log()->damaged().empty());
      EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
      if (end > 0) {
        EXPECT_EQ(read_all(rig, *rig.log(), 0, end), all.substr(0, all.size() / 12 * static_cast<size_t>(end / 3)));
      }
      ASSERT_TRUE(rig.append(*rig.log(), {.records = 1}).ok());
      rig.settle();
      EXPECT_EQ(rig.log()->stable_end(), end + 1);
    }
  }
}

TEST(store_faults, batches_behind_damage_above_the_recovery_point_are_kept_aside) {
  const Quiet quiet;
  Rig rig(5);
  rig.open();
  Log* log = rig.log();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(rig.append(*log, {.records = 3}).ok());
  rig.settle();
  const std::string all = read_all(rig, *log, 0, 180);
  const size_t batch = all.size() / 60;
  rig.crash(io::sim::CrashKind::power);
  ASSERT_TRUE(rig.disk().damage("/data/orders-0/00000000000000000000.log", batch * 5 + 30, 1).ok());
  const std::string first_segment = content(rig, segments_of(rig)[0] + ".log");
  const std::string second_segment = content(rig, segments_of(rig)[1] + ".log");
  for (int round = 0; round < 2; ++round) {
    rig.open();
    log = rig.log();
    EXPECT_EQ(log->next_offset(), 15);
    if (round == 0) {
      ASSERT_GE(log->damaged().size(), 2U);
      EXPECT_EQ(log->damaged()[0].first, 15);
      EXPECT_EQ(log->damaged()[0].kept_in, fmt::format("00000000000000000000.log.cut-{}", batch * 5));
      EXPECT_EQ(content(rig, log->folder() + "/" + log->damaged()[0].kept_in), first_segment.substr(batch * 5));
      EXPECT_EQ(content(rig, log->folder() + "/" + log->damaged()[1].kept_in), second_segment);
    } else {
      EXPECT_TRUE(log->damaged().empty());  // recovering twice is recovering once
    }
    EXPECT_EQ(read_all(rig, *log, 0, 15), all.substr(0, batch * 5));
    rig.crash(io::sim::CrashKind::process);
  }
}

TEST(store_faults, indexes_that_are_damaged_or_missing_mislead_nobody) {
  const Quiet quiet;
  for (size_t segment = 0; segment < 3; ++segment) {
    for (int kind = 0; kind < 6; ++kind) {
      Rig rig(static_cast<uint64_t>(kind) + 1, checkpointing());
      rig.open();
      const Filled before = fill(rig);
      stop(rig);
      const std::string path = segments_of(rig).at(segment) + ".index";
      const std::string index = content(rig, path);
      ASSERT_GE(index.size(), 16U) << path;
      if (kind == 0) {
        ASSERT_TRUE(rig.disk().remove(path).ok());
      }
      if (kind == 1) replace(rig, path, "");
      if (kind == 2) replace(rig, path, index.substr(0, index.size() - 3));
      if (kind == 3) replace(rig, path, std::string(index.size(), '\0'));
      if (kind == 4) replace(rig, path, std::string(index.size(), '\xff'));
      if (kind == 5) {
        for (size_t i = 0; i < index.size(); i += 5) ASSERT_TRUE(rig.disk().damage(path, i, 1).ok());
      }
      rig.open();
      for (Offset from = 179; from >= 0; --from) {
        ReadError error = ReadError::none;
        const ReadResult one = rig.log()->read(from, 180, 1, true, error);
        ASSERT_EQ(error, ReadError::none);
        const auto& slice = std::get<io::FileSlice>(one.pieces.at(0));
        std::vector<std::byte> bytes(slice.size);
        ASSERT_TRUE(rig.disk().read(*slice.file, slice.offset, bytes).ok());
        const auto batch = wire::BatchView::parse_checked(bytes);
        ASSERT_TRUE(batch.has_value());
        ASSERT_TRUE(batch->base_offset() <= from && batch->last_offset() >= from) << path << " " << kind << " " << from;
      }
      EXPECT_TRUE(rig.log()->damaged().empty());
      EXPECT_EQ(read_all(rig, *rig.log(), 0, 180), before.bytes);
    }
  }
}

TEST(store_faults, state_files_that_are_damaged_are_rebuilt_from_the_log) {
  const Quiet quiet;
  const std::vector<std::string> files{"/data/orders-0/leader-epoch-checkpoint",
                                       "/data/orders-0/00000000000000000180.snapshot",
                                       "/data/recovery-point-offset-checkpoint", "/data/replication-offset-checkpoint",
                                       "/data/transaction-free-offset-checkpoint"};
  for (const std::string& path : files) {
    for (const char* text : {"", "garbage", "0\n5\n1 2\n", "9\n0\n"}) {
      Rig rig(7, checkpointing());
      rig.open();
      const Filled before = fill(rig);
      stop(rig);
      replace(rig, path, text);
      rig.open();
      Log* log = rig.log();
      EXPECT_EQ(log->next_offset(), 180) << path << text;
      EXPECT_EQ(read_all(rig, *log, 0, 180), before.bytes);
      ASSERT_NE(log->producers().find(5), nullptr) << path << text;
      EXPECT_EQ(log->producers().find(5)->newest()->last_sequence, 179);
      EXPECT_EQ(log->epoch_of(100), path.ends_with("epoch-checkpoint") && std::string_view(text).empty() ? -1 : 0);
      EXPECT_FALSE(log->holds_transactional_data());
      ASSERT_TRUE(rig.append(*log, {.records = 1}, 1).ok());
      rig.settle();
      EXPECT_EQ(log->stable_end(), 181);
    }
  }
}

TEST(store_faults, F51_state_files_in_blocks_that_cannot_be_read_are_rebuilt_from_the_log) {
  const Quiet quiet;
  for (const std::string path :
       {"/data/orders-0/leader-epoch-checkpoint", "/data/orders-0/00000000000000000180.snapshot",
        "/data/recovery-point-offset-checkpoint", "/data/replication-offset-checkpoint",
        "/data/transaction-free-offset-checkpoint"}) {
    Rig rig(7, checkpointing());
    rig.open();
    const Filled before = fill(rig);
    stop(rig);
    rig.disk().make_unreadable(path, 0, 4096);
    rig.open();
    EXPECT_FALSE(rig.store->directory_offline(0)) << path;
    Log* log = rig.log();
    EXPECT_EQ(log->next_offset(), 180) << path;
    EXPECT_EQ(read_all(rig, *log, 0, 180), before.bytes) << path;
    ASSERT_NE(log->producers().find(5), nullptr) << path;
    EXPECT_EQ(log->producers().find(5)->newest()->last_sequence, 179);
    EXPECT_EQ(log->epoch_of(100), 0) << path;
    ASSERT_TRUE(rig.append(*log, {.records = 1}, 1).ok());
    rig.settle();
    EXPECT_EQ(log->stable_end(), 181) << path;
    stop(rig);
    EXPECT_EQ(audit_directory(rig.disk(), "/data"), "") << path;
  }
}

TEST(store_faults, F51_log_starts_that_cannot_be_read_take_the_directory_offline) {
  const Quiet quiet;
  const std::string path = "/data/log-start-offset-checkpoint";
  for (const std::string_view text : {"garbage", "0\n5\n1 2\n", "9\n0\n", "unreadable"}) {
    Rig rig(7, checkpointing());
    rig.open();
    (void)fill(rig);
    rig.run([&] { ASSERT_TRUE(rig.log()->advance_log_start(77).ok()); });
    rig.settle();
    stop(rig);
    const std::string sound = content(rig, path);
    ASSERT_EQ(sound, "0\n1\norders 0 77\n");
    if (text == "unreadable") {
      rig.disk().make_unreadable(path, 0, 4096);
    } else {
      replace(rig, path, text);
    }
    // Records that were deleted do not come back: what says so is missing.
    const Status refused = rig.try_open();
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.failure().message.find(path), std::string::npos) << refused.failure().message;
    rig.store.reset();

    // Put back, it is as before.
    replace(rig, path, sound);
    rig.open();
    EXPECT_EQ(rig.log()->log_start(), 77) << text;
    stop(rig);
  }
}

TEST(store_faults, F51_files_beside_the_log_that_are_gone_are_made_again) {
  const Quiet quiet;
  for (const bool clean : {true, false}) {
    // Each alone, and then all of them together.
    for (size_t which = 0; which <= 16; ++which) {
      Rig rig(which + 1, checkpointing());
      rig.open();
      const Filled before = fill(rig);
      if (clean) {
        stop(rig);
      } else {
        rig.crash(io::sim::CrashKind::power);
      }
      std::vector<std::string> files;
      for (const char* folder : {"/data/orders-0", "/data"}) {
        const auto entries = rig.disk().list(folder);
        for (const auto& entry : *entries) {
          const bool keep = entry.is_directory || entry.name.ends_with(".log") || entry.name == "meta.properties" ||
                            entry.name == "partition.metadata" || entry.name == ".kafka_cleanshutdown";
          if (!keep) files.push_back(std::string(folder) + "/" + entry.name);
        }
      }
      ASSERT_GT(files.size(), 8U);
      for (size_t i = 0; i < files.size(); ++i) {
        if (which != 16 && i % 16 != which) continue;
        ASSERT_TRUE(rig.disk().remove(files[i]).ok()) << files[i];
      }
      rig.open();
      Log* log = rig.log();
      EXPECT_EQ(log->next_offset(), 180) << which;
      EXPECT_EQ(read_all(rig, *log, 0, 180), before.bytes) << which;
      EXPECT_TRUE(log->damaged().empty()) << which;
      ASSERT_TRUE(rig.append(*log, {.records = 1}, 1).ok());
      rig.settle();
      EXPECT_EQ(log->stable_end(), 181);
      stop(rig);
      EXPECT_EQ(audit_directory(rig.disk(), "/data"), "") << which;
    }
  }
}

TEST(store_faults, an_interrupted_compaction_of_kafka_is_finished) {
  const Quiet quiet;
  Rig rig(12, checkpointing());
  rig.open();
  const Filled before = fill(rig);
  stop(rig);
  // A cleaner had made segment 0 anew and died after the first rename to .swap.
  const std::string folder = "/data/orders-0/";
  const std::string old = content(rig, folder + "00000000000000000000.log");
  replace(rig, folder + "00000000000000000000.log.swap", old);
  replace(rig, folder + "00000000000000000000.index.swap", "");
  replace(rig, folder + "00000000000000000000.timeindex.swap", "");
  replace(rig, folder + "00000000000000000039.log.cleaned", "half");
  replace(rig, folder + "00000000000000000078.log.deleted", "gone");
  rig.open();
  EXPECT_EQ(rig.log()->next_offset(), 180);
  EXPECT_EQ(read_all(rig, *rig.log(), 0, 180), before.bytes);
  const auto entries = rig.disk().list("/data/orders-0");
  for (const auto& entry : *entries) {
    EXPECT_FALSE(entry.name.ends_with(".swap") || entry.name.ends_with(".cleaned") || entry.name.ends_with(".deleted"));
  }
}

}  // namespace
}  // namespace moldau::store
