// The scrubber on the simulated disk: it finds every flipped bit of what it may look at, marks it, leaves the rest
// alone, keeps to its rate, gives way, and remembers where it was and what it found.
#include "store/scrub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

struct Quiet {
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

StoreOptions scrubbing(int64_t bytes_per_second = 1 << 30, int64_t first_after_ms = 0) {
  StoreOptions options = small_options();
  options.checkpoint_interval_ms = 20;
  options.scrub.bytes_per_second = bytes_per_second;
  options.scrub.interval_ms = 1'000;
  options.scrub.first_after_ms = first_after_ms;
  return options;
}

std::vector<std::string> segments_of(Rig& rig, const std::string& folder = "/data/orders-0") {
  std::vector<std::string> paths;
  const auto entries = rig.disk().list(folder);
  for (const auto& entry : *entries) {
    if (entry.name.ends_with(".log")) paths.push_back(folder + "/" + entry.name);
  }
  return paths;
}

/// A hundred batches of three records, stable and below the recovery point.
struct Filled {
  std::string bytes;
  size_t batch_bytes = 0;
  Offset end = 300;
};
Filled fill(Rig& rig, PartitionIndex partition = 0) {
  Log* log = rig.log(partition);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(rig.append(*log, {.records = 3, .producer_id = 5, .sequence = 3 * i}).ok());
  rig.settle(milliseconds(100));
  Filled filled;
  filled.bytes = read_all(rig, *log, 0, 300);
  filled.batch_bytes = filled.bytes.size() / 100;
  return filled;
}

void wait_for_rounds(Rig& rig, uint64_t more) {
  const uint64_t wanted = rig.store->scrub_counts().rounds + more;
  ASSERT_TRUE(rig.world.run_until([&] { return rig.store->scrub_counts().rounds >= wanted; }, seconds(600)));
}

/// Reads batch after batch; where an error comes, the offset is noted and passed over.
std::string read_around(Rig& rig, Log& log, Offset end, std::set<Offset>& damaged) {
  std::string all;
  Offset at = 0;
  while (at < end) {
    ReadError error = ReadError::none;
    const ReadResult got = log.read(at, end, 1, true, error);
    if (error == ReadError::damaged) {
      damaged.insert(at++);
      continue;
    }
    EXPECT_EQ(error, ReadError::none) << at;
    if (got.cold) {
      bool done = false;
      rig.disk().prefetch(got.cold->file, got.cold->offset, got.cold->size, [&](Status) { done = true; });
      rig.world.run_until([&] { return done; }, seconds(1));
      continue;
    }
    if (error != ReadError::none || got.pieces.empty()) return all;
    std::string bytes;
    for (const Piece& piece : got.pieces) {
      if (const auto* memory = std::get_if<Bytes>(&piece)) {
        bytes += as_text(memory->view());
        continue;
      }
      const auto& slice = std::get<io::FileSlice>(piece);
      std::vector<std::byte> buffer(slice.size);
      EXPECT_TRUE(rig.disk().read(*slice.file, slice.offset, buffer).ok());
      bytes += as_text(buffer);
    }
    const auto batch = wire::BatchView::parse_checked(as_bytes(bytes));
    EXPECT_TRUE(batch.has_value()) << "served at " << at << ": " << wire::name_of(batch.error());
    if (!batch.has_value()) return all;
    EXPECT_EQ(batch->base_offset(), at);
    at = batch->next_offset();
    all += bytes;
  }
  return all;
}

TEST(scrub, St3_every_flipped_bit_of_a_cold_segment_is_found_marked_and_not_served) {
  const Quiet quiet;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Rig rig(seed, scrubbing());
    rig.open();
    rig.store->start_background();
    const Filled filled = fill(rig);
    wait_for_rounds(rig, 1);
    EXPECT_EQ(rig.store->scrub_counts().damaged_ranges, 0U);
    const auto segments = segments_of(rig);
    ASSERT_GT(segments.size(), 3U);
    Prng prng(seed);
    const std::string& path = segments[prng.below(segments.size() - 1)];
    const uint64_t size = rig.disk().stat(path)->size;
    const uint64_t at = prng.below(size);
    // The leader epoch of a batch (bytes 12 to 15) is covered by no checksum, in Kafka's format.
    const uint64_t in_batch = at % filled.batch_bytes;
    ASSERT_TRUE(rig.disk().damage(path, at, 1).ok());
    wait_for_rounds(rig, 2);
    Log* log = rig.log();
    std::set<Offset> damaged;
    const std::string rest = read_around(rig, *log, filled.end, damaged);
    if (in_batch >= 12 && in_batch < 16) continue;
    EXPECT_EQ(rig.store->scrub_counts().damaged_ranges, 1U) << path << " byte " << at;
    ASSERT_EQ(log->damaged().size(), 1U);
    const DamagedRange range = log->damaged()[0];
    EXPECT_EQ(range.last - range.first, 2);
    EXPECT_TRUE(range.kept_in.empty());
    EXPECT_EQ(damaged, (std::set<Offset>{range.first, range.first + 1, range.last}));
    EXPECT_EQ(rest.size(), filled.bytes.size() - filled.batch_bytes);
    EXPECT_EQ(rig.disk().stat(path)->size, size);  // nothing was cut
    EXPECT_EQ(log->next_offset(), filled.end);
    ASSERT_TRUE(rig.append(*log, {.records = 1, .producer_id = 5, .sequence = 300}).ok());
    rig.settle();
    EXPECT_EQ(log->stable_end(), 301);
  }
}

TEST(scrub, what_it_found_is_known_after_a_restart_and_forgotten_with_the_segment) {
  const Quiet quiet;
  for (const bool clean : {true, false}) {
    Rig rig(7, scrubbing());
    rig.open();
    rig.store->start_background();
    const Filled filled = fill(rig);
    const auto segments = segments_of(rig);
    ASSERT_TRUE(rig.disk().damage(segments[1], filled.batch_bytes + 70, 1).ok());
    wait_for_rounds(rig, 2);
    const std::string marks = segments[1] + ".damaged";
    ASSERT_TRUE(rig.disk().stat(marks).ok());
    const DamagedRange before = rig.log()->damaged().at(0);
    if (clean) {
      Status closed;
      rig.run([&] { closed = rig.store->close(1); });
      ASSERT_TRUE(closed.ok());
      rig.store.reset();
    } else {
      rig.crash(io::sim::CrashKind::power);
    }
    rig.options.scrub.bytes_per_second = 0;  // nobody finds it again
    rig.open();
    Log* log = rig.log();
    ASSERT_EQ(log->damaged().size(), 1U);
    EXPECT_EQ(log->damaged()[0].first, before.first);
    EXPECT_EQ(log->damaged()[0].last, before.last);
    std::set<Offset> damaged;
    (void)read_around(rig, *log, filled.end, damaged);
    EXPECT_EQ(damaged.size(), 3U);
    // Its records are deleted: so are the marks.
    rig.store->start_background();
    const Offset to = before.last + 100;
    rig.run([&] { log->delete_records(to, [](Status) {}); });
    rig.settle();
    rig.run([&] { ASSERT_TRUE(log->apply_retention(test_time, 300).ok()); });
    rig.settle(seconds(5));
    EXPECT_FALSE(rig.disk().stat(marks).ok());
    EXPECT_TRUE(log->damaged().empty());
  }
}

TEST(scrub, marks_of_a_segment_that_is_sound_again_are_dropped) {
  const Quiet quiet;
  Rig rig(8, scrubbing());
  rig.open();
  rig.store->start_background();
  const Filled filled = fill(rig);
  const auto segments = segments_of(rig);
  const auto good = io::read_file(rig.disk(), segments[1], 1 << 20);
  ASSERT_TRUE(rig.disk().damage(segments[1], filled.batch_bytes + 70, 1).ok());
  wait_for_rounds(rig, 2);
  ASSERT_TRUE(rig.disk().stat(segments[1] + ".damaged").ok());
  rig.crash(io::sim::CrashKind::process);
  ASSERT_TRUE(rig.disk().overwrite_at_rest(segments[1], 0, *good).ok());  // from a backup
  rig.open();
  EXPECT_TRUE(rig.log()->damaged().empty());
  EXPECT_FALSE(rig.disk().stat(segments[1] + ".damaged").ok());
  EXPECT_EQ(read_all(rig, *rig.log(), 0, filled.end), filled.bytes);
}

/// A node with two log directories and a log in the first, which the scrubber goes through.
struct TwoDirectories : Rig {
  explicit TwoDirectories(uint64_t seed, int64_t interval_ms) : Rig(seed, given(interval_ms), 1) {
    open();
    run([&] { EXPECT_TRUE(store->create(id, "orders", 0).ok()); });
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(append(*found(), {.records = 3}).ok());
    settle(milliseconds(100));
    store->start_background();
  }
  static StoreOptions given(int64_t interval_ms) {
    StoreOptions options = scrubbing();
    options.log_directories = {"/a", "/b"};
    options.scrub.interval_ms = interval_ms;
    options.mover.slice_bytes = 512;
    options.mover.sync_bytes = 2048;
    return options;
  }
  Log* found() { return store->find(id); }
  std::string segment(const std::string& directory) { return segments_of(*this, directory + "/orders-0").at(0); }
  std::string marks(const std::string& directory) {
    const auto text = io::read_file(disk(), directory + "/orders-0/00000000000000000000.log.damaged", 1 << 20);
    return text.ok() ? std::string(as_text(*text)) : std::string();
  }
  void move() {
    Status begun = Failure{FailureKind::closed, "it died"};
    run([&] { begun = store->move(id, 1); });
    ASSERT_TRUE(begun.ok()) << begun.failure().message;
    ASSERT_TRUE(world.run_until([&] { return store->directory_of(id) == 1U && store->moves().empty(); }, seconds(20)));
  }

  const TopicPartitionId id{test_topic_id, 0};
};

TEST(scrub, marks_follow_a_log_to_another_directory) {
  const Quiet quiet;
  TwoDirectories rig(77, 1'000);
  ASSERT_TRUE(rig.disk().damage(rig.segment("/a"), 70, 1).ok());
  ASSERT_TRUE(rig.world.run_until([&] { return !rig.marks("/a").empty(); }, seconds(20)));
  const DamagedRange before = rig.found()->damaged().at(0);
  const std::string text = rig.marks("/a");
  rig.move();
  EXPECT_EQ(rig.marks("/b"), text);
  rig.options.scrub.bytes_per_second = 0;  // nobody finds it again
  rig.crash(io::sim::CrashKind::power);
  rig.open();
  ASSERT_EQ(rig.found()->damaged().size(), 1U);
  EXPECT_EQ(rig.found()->damaged()[0].first, before.first);
  EXPECT_EQ(rig.found()->damaged()[0].last, before.last);
}

TEST(scrub, marks_of_what_is_found_during_a_move_are_where_the_log_is) {
  const Quiet quiet;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    TwoDirectories rig(seed, 20);
    ASSERT_TRUE(rig.disk().damage(rig.segment("/a"), 70, 1).ok());
    rig.settle(microseconds(static_cast<int64_t>(seed * 331 % 20'000)));
    rig.move();
    EXPECT_TRUE(rig.world.run_until([&] { return !rig.marks("/b").empty(); }, seconds(20))) << "seed " << seed;
    EXPECT_EQ(rig.found()->damaged().size(), 1U) << "seed " << seed;
  }
}

TEST(scrub, F58_a_reader_that_meets_damage_doubts_a_batch_that_lies_over_another) {
  const Quiet quiet;
  StoreOptions options = scrubbing();
  options.scrub.bytes_per_second = 0;
  Rig rig(9, options);
  rig.open();
  const Filled filled = fill(rig);
  const auto segments = segments_of(rig);
  Status closed = Failure{FailureKind::closed, "not asked"};
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok()) << closed.failure().message;
  rig.store.reset();
  // The third batch has an impossible length; in the place of the fourth lies the seventh.
  const auto bytes = io::read_file(rig.disk(), segments[1], 1 << 20);
  const size_t one = filled.batch_bytes;
  const std::span<const std::byte> seventh = std::span(*bytes).subspan(6 * one, one);
  ASSERT_TRUE(rig.disk().overwrite_at_rest(segments[1], 3 * one, seventh).ok());
  ASSERT_TRUE(rig.disk().damage(segments[1], 2 * one + 8, 1).ok());
  rig.open();
  std::set<Offset> damaged;
  const std::string rest = read_around(rig, *rig.log(), filled.end, damaged);
  EXPECT_EQ(damaged.size(), 6U) << "two batches";
  EXPECT_EQ(rest.size(), filled.bytes.size() - 2 * one);
}

TEST(scrub, F58_lost_and_misdirected_writes_are_found) {
  const Quiet quiet;
  uint64_t found = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Rig rig(seed, scrubbing());
    rig.open();
    rig.store->start_background();
    Log* log = rig.log();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(rig.append(*log, {.records = 3}).ok());
    rig.settle();
    rig.disk().faults().lost_write_ppm = seed % 2 == 0 ? 20'000 : 0;
    rig.disk().faults().misdirected_write_ppm = seed % 2 == 1 ? 20'000 : 0;
    for (int i = 0; i < 70; ++i) ASSERT_TRUE(rig.append(*log, {.records = 3}).ok());
    rig.settle(milliseconds(200));
    rig.disk().faults().lost_write_ppm = rig.disk().faults().misdirected_write_ppm = 0;
    rig.disk().drop_caches();
    wait_for_rounds(rig, 2);
    std::set<Offset> damaged;
    // Of cold segments nothing that is damaged is served; the active one is not looked at.
    const Offset cold_end = 200;
    Offset at = 0;
    while (at < cold_end) {
      ReadError error = ReadError::none;
      const ReadResult got = log->read(at, cold_end + 100, 1, true, error);
      if (error == ReadError::damaged) {
        damaged.insert(at++);
        continue;
      }
      ASSERT_EQ(error, ReadError::none);
      if (got.cold) {
        bool done = false;
        rig.disk().prefetch(got.cold->file, got.cold->offset, got.cold->size, [&](Status) { done = true; });
        rig.world.run_until([&] { return done; }, seconds(1));
        continue;
      }
      const auto* slice = std::get_if<io::FileSlice>(&got.pieces.at(0));
      if (slice == nullptr) break;
      std::vector<std::byte> bytes(slice->size);
      ASSERT_TRUE(rig.disk().read(*slice->file, slice->offset, bytes).ok());
      const auto batch = wire::BatchView::parse_checked(bytes);
      ASSERT_TRUE(batch.has_value()) << "seed " << seed << " offset " << at;
      ASSERT_LE(batch->base_offset(), at) << "seed " << seed;
      at = batch->next_offset();
    }
    found += rig.store->scrub_counts().damaged_ranges > 0 ? 1 : 0;
  }
  EXPECT_GT(found, 10U);
}

TEST(scrub, blocks_that_cannot_be_read_are_damage_and_nothing_more) {
  const Quiet quiet;
  StoreOptions options = scrubbing();
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 20'000;
    config.index_interval_bytes = 256;
    return config;
  };
  Rig rig(9, options);
  rig.open();
  rig.store->start_background();
  Log* log = rig.log();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(rig.append(*log, {.records = 3, .value_bytes = 60}).ok());
  rig.settle(milliseconds(100));
  const auto segments = segments_of(rig);
  ASSERT_GT(segments.size(), 2U);
  rig.disk().make_unreadable(segments[0], 4096, 4096);
  wait_for_rounds(rig, 2);
  EXPECT_EQ(rig.store->scrub_counts().damaged_ranges, 1U);
  EXPECT_GE(rig.store->scrub_counts().unreadable_blocks, 1U);
  EXPECT_FALSE(log->offline());
  ASSERT_EQ(log->damaged().size(), 1U);
  const DamagedRange range = log->damaged()[0];
  EXPECT_EQ(range.reason, "unreadable");
  // The batches that the block holds a part of, and no others.
  const uint64_t batch_bytes = read_all(rig, *log, 0, 3).size();
  ASSERT_GT(batch_bytes, 0U);
  EXPECT_EQ(range.first, static_cast<Offset>(4096 / batch_bytes * 3));
  EXPECT_EQ(range.last, static_cast<Offset>((8191 / batch_bytes + 1) * 3 - 1));
  std::set<Offset> damaged;
  (void)read_around(rig, *log, 900, damaged);
  EXPECT_EQ(static_cast<Offset>(damaged.size()), range.last - range.first + 1);
  EXPECT_FALSE(log->offline());
}

TEST(scrub, keeps_to_its_rate_and_gives_way_to_a_busy_disk) {
  const Quiet quiet;
  constexpr int64_t rate = 10'000;
  Rig rig(10, scrubbing(rate));
  rig.options.scrub.slice_bytes = 2'000;
  rig.options.scrub.interval_ms = INT64_MAX / 2;
  rig.open();
  const Filled filled = fill(rig);
  rig.store->start_background();
  const Instant begun = rig.world.now();
  wait_for_rounds(rig, 1);
  const auto took = (rig.world.now() - begun).milliseconds();
  const auto bytes = static_cast<int64_t>(rig.store->scrub_counts().bytes);
  EXPECT_GT(bytes, static_cast<int64_t>(filled.bytes.size()) / 2);
  EXPECT_GE(took, bytes * 1'000 / rate * 9 / 10);
  EXPECT_LE(took, bytes * 1'000 / rate * 15 / 10 + 200);

  // Reads that take half a second each: a tenth of the time is spent on them at most.
  Rig busy(11, scrubbing());
  busy.options.scrub.slice_bytes = 2'000;
  busy.open();
  (void)fill(busy);
  busy.disk().faults().uncached_ppm = io::sim::one_million;
  busy.disk().faults().read_delay_min = busy.disk().faults().read_delay_max = milliseconds(500);
  busy.store->start_background();
  const Instant start = busy.world.now();
  wait_for_rounds(busy, 1);
  const auto reads = static_cast<int64_t>(busy.store->scrub_counts().segments);  // one buffer of each at least
  EXPECT_GE((busy.world.now() - start).milliseconds(), reads * 500 * 9);
}

TEST(scrub, goes_on_where_it_was_after_a_restart) {
  const Quiet quiet;
  StoreOptions options = scrubbing(50, 10);  // so slow that a segment takes more than a minute
  options.scrub.slice_bytes = 1'000;
  Rig rig(12, options);
  rig.open();
  (void)fill(rig, 0);
  (void)fill(rig, 1);
  rig.store->start_background();
  const auto position = [&] {
    const auto bytes = io::read_file(rig.disk(), "/data/scrub-position", 1'000);
    return bytes.ok() ? std::string(as_text(*bytes)) : std::string();
  };
  ASSERT_TRUE(rig.world.run_until([&] { return position().find(" orders 1 ") != std::string::npos; }, seconds(3'600)));
  const uint64_t before = rig.store->scrub_counts().bytes;
  EXPECT_EQ(rig.store->scrub_counts().rounds, 0U);
  rig.crash(io::sim::CrashKind::power);
  rig.options.scrub.bytes_per_second = 1 << 30;
  rig.open();
  rig.store->start_background();
  wait_for_rounds(rig, 1);
  EXPECT_LT(rig.store->scrub_counts().bytes, before);  // what is left, not all of it
  EXPECT_GT(rig.store->scrub_counts().bytes, 0U);
  // A position that is garbage begins a round.
  rig.crash(io::sim::CrashKind::process);
  for (const char* text : {"", "0\n", "garbage", "0\n1 1 orders x 5\n", "0\n99999999999999999999 1 a 0 0\n"}) {
    ASSERT_TRUE(io::replace_file(rig.disk(), "/data/scrub-position", as_bytes(text)).ok());
    rig.open();
    rig.store->start_background();
    wait_for_rounds(rig, 1);
    EXPECT_GT(rig.store->scrub_counts().segments, 4U) << text;
    rig.crash(io::sim::CrashKind::process);
  }
}

TEST(scrub, nothing_is_read_when_it_is_off_and_settings_count_at_once) {
  const Quiet quiet;
  Rig rig(13, scrubbing(0));
  rig.open();
  (void)fill(rig);
  rig.store->start_background();
  rig.settle(seconds(60));
  EXPECT_EQ(rig.store->scrub_counts().bytes, 0U);
  ScrubOptions on = rig.options.scrub;
  on.bytes_per_second = 1 << 20;
  rig.run([&] { rig.store->configure_scrub(on); });
  rig.settle(seconds(5));
  EXPECT_GT(rig.store->scrub_counts().bytes, 0U);
  const uint64_t rounds = rig.store->scrub_counts().rounds;
  on.interval_ms = 3'600'000;
  rig.run([&] { rig.store->configure_scrub(on); });
  rig.settle(seconds(60));
  EXPECT_LE(rig.store->scrub_counts().rounds, rounds + 1);
}

TEST(scrub, logs_that_are_cut_removed_or_rolled_meanwhile_do_no_harm) {
  const Quiet quiet;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Rig rig(seed, scrubbing(100'000));
    rig.options.scrub.slice_bytes = 500;
    rig.options.scrub.interval_ms = 1;
    rig.open();
    (void)fill(rig, 0);
    (void)fill(rig, 1);
    rig.store->start_background();
    Prng prng(seed);
    int32_t sequence = 300;
    for (int step = 0; step < 40; ++step) {
      rig.settle(microseconds(static_cast<int64_t>(prng.below(20'000))));
      Log* log = rig.store->find({test_topic_id, 0});
      if (log == nullptr) break;
      switch (prng.below(8)) {
        case 0:
          rig.run([&] { (void)log->truncate_to(log->next_offset() * 2 / 3 / 3 * 3); });
          sequence += 1'000;
          break;
        case 1:
          rig.run([&] { (void)log->advance_log_start(log->log_start() + 30); });
          rig.run([&] { (void)log->apply_retention(test_time, log->stable_end()); });
          break;
        case 2:
          if (prng.chance(1, 6)) rig.run([&] { (void)rig.store->remove({test_topic_id, 0}); });
          break;
        default:
          (void)rig.append(*log, {.records = 3, .producer_id = 5, .sequence = sequence});
          sequence += 3;
          break;
      }
    }
    rig.settle(seconds(2));
    EXPECT_EQ(rig.store->scrub_counts().damaged_ranges, 0U) << "seed " << seed;
    for (Log* log : rig.store->logs()) EXPECT_TRUE(log->damaged().empty());
    if (seed % 3 == 0) {
      Status closed;
      rig.run([&] { closed = rig.store->close(1); });
      EXPECT_TRUE(closed.ok());
    }
  }
}

}  // namespace
}  // namespace moldau::store
