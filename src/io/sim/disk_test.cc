// SimDisk alone: what survives a crash, and what faults look like.
#include "io/sim/disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/bytes.h"
#include "io/sim/image.h"
#include "io/sim/world.h"

namespace moldau::io::sim {
namespace {

class World1 {
 public:
  explicit World1(uint64_t seed, CrashStyle style = CrashStyle::by_seed) : world(seed) {
    disk().faults().crash_style = style;
    EXPECT_TRUE(disk().make_dir("/d").ok());
    EXPECT_TRUE(disk().sync_dir("/").ok());
  }
  SimDisk& disk() { return node.disk(); }
  FileRef open(const std::string& path, OpenMode mode = OpenMode::create) {
    auto file = disk().open(path, mode);
    EXPECT_TRUE(file.ok());
    return file.value();
  }
  Status write(File& file, uint64_t offset, std::string_view text) {
    const std::span<const std::byte> piece = as_bytes(text);
    return disk().write(file, offset, std::span(&piece, 1));
  }
  void make_durable(const std::string& path, std::string_view text) {
    const FileRef file = open(path);
    EXPECT_TRUE(write(*file, 0, text).ok());
    EXPECT_TRUE(disk().sync_now(*file).ok());
    EXPECT_TRUE(disk().sync_dir(parent_of(path)).ok());
  }
  std::string content(const std::string& path) {
    const auto bytes = read_file(disk(), path, 1 << 24);
    return bytes.ok() ? std::string(as_text(bytes.value())) : "<none>";
  }
  void crash(CrashKind kind = CrashKind::power) {
    node.crash(kind);
    node.restart();
  }
  World world;
  Node& node = world.node("n");
};

TEST(sim_disk, synced_bytes_always_survive_and_unsynced_ones_may) {
  std::set<size_t> sizes;
  size_t whole = 0;
  size_t lost = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    World1 w(seed);
    const std::string synced(3000, 's');
    const std::string later(5000, 'u');
    w.make_durable("/d/a", synced);
    const FileRef file = w.open("/d/a");
    for (size_t at = 0; at < later.size(); at += 700) {
      ASSERT_TRUE(w.write(*file, synced.size() + at, std::string_view(later).substr(at, 700)).ok());
    }
    w.crash();
    const std::string found = w.content("/d/a");
    ASSERT_GE(found.size(), synced.size());
    ASSERT_LE(found.size(), synced.size() + later.size());
    EXPECT_EQ(found.substr(0, synced.size()), synced);
    sizes.insert(found.size());
    whole += found == synced + later;
    lost += found == synced;
  }
  EXPECT_GT(whole, 50U);
  EXPECT_GT(lost, 50U);
  EXPECT_GT(sizes.size(), 5U);
}

TEST(sim_disk, sectors_survive_each_on_its_own_torn_zeroed_or_as_garbage) {
  size_t holes = 0;
  size_t torn = 0;
  size_t garbage = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    World1 w(seed, CrashStyle::mixed);
    w.make_durable("/d/a", "");
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.write(*file, 0, std::string(16 * sector_bytes, 'x')).ok());
    w.crash();
    const std::string found = w.content("/d/a");
    bool gap = false;
    bool after_gap = false;
    for (size_t at = 0; at + sector_bytes <= found.size(); at += sector_bytes) {
      const std::string sector = found.substr(at, sector_bytes);
      const size_t good = std::min(sector.find_first_not_of('x'), sector.size());
      if (good == sector_bytes) {
        after_gap = after_gap || gap;
        continue;
      }
      gap = true;
      torn += good > 0;
      garbage += sector.find_first_not_of(std::string("x\0", 2)) != std::string::npos;
    }
    holes += after_gap;
  }
  EXPECT_GT(holes, 30U);
  EXPECT_GT(torn, 30U);
  EXPECT_GT(garbage, 30U);
}

TEST(sim_disk, overwritten_synced_bytes_are_old_or_new_by_sector) {
  std::set<char> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    World1 w(seed);
    w.make_durable("/d/a", std::string(sector_bytes, 'o'));
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.write(*file, 0, std::string(sector_bytes, 'p')).ok());
    ASSERT_TRUE(w.write(*file, 0, std::string(sector_bytes, 'q')).ok());
    w.crash();
    const std::string found = w.content("/d/a");
    ASSERT_EQ(found.size(), sector_bytes);
    EXPECT_EQ(found.find_first_not_of("opq"), std::string::npos);
    seen.insert(found.front());
    seen.insert(found.back());
  }
  EXPECT_EQ(seen, (std::set<char>{'o', 'p', 'q'}));
}

TEST(sim_disk, a_truncation_is_durable_only_when_synced) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    World1 w(seed);
    w.make_durable("/d/a", std::string(2000, 'o'));
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.disk().truncate(*file, 1000).ok());
    const bool synced = seed % 2 == 0;
    if (synced) {
      ASSERT_TRUE(w.disk().sync_now(*file).ok());
    }
    ASSERT_TRUE(w.write(*file, 1000, std::string(500, 'n')).ok());
    w.crash();
    const std::string found = w.content("/d/a");
    EXPECT_EQ(found.substr(0, 1000), std::string(1000, 'o'));
    if (synced) {
      ASSERT_LE(found.size(), 1500U);
      EXPECT_EQ(found.substr(1000).find("oooo"), std::string::npos);  // garbage may hold one
    } else if (found.size() == 2000) {
      // The old tail is back: nothing of what came after the lost truncation may be in it.
      EXPECT_EQ(found, std::string(2000, 'o'));
    }
    sizes.insert(found.size());
  }
  EXPECT_TRUE(sizes.contains(2000));
  EXPECT_TRUE(sizes.contains(1000));
  EXPECT_TRUE(sizes.contains(1500));
}

TEST(sim_disk, a_sync_covers_what_was_written_before_it) {
  size_t second_lost = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    World1 w(seed, CrashStyle::lose_all);
    w.make_durable("/d/a", "");
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.write(*file, 0, "first ").ok());
    bool synced = false;
    w.disk().sync(file, [&](Status status) { synced = status.ok(); });
    ASSERT_TRUE(w.write(*file, 6, "second").ok());
    ASSERT_TRUE(w.world.run_until([&]() { return synced; }, seconds(1)));
    w.crash();
    EXPECT_EQ(w.content("/d/a"), "first ");
    second_lost += w.content("/d/a") == "first ";
  }
  EXPECT_EQ(second_lost, 100U);
}

TEST(sim_disk, names_are_durable_only_after_sync_dir) {
  std::set<std::string> without;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const bool sync_dir : {false, true}) {
      World1 w(seed);
      w.make_durable("/d/a", "A");
      w.make_durable("/d/b", "B");
      const FileRef fresh = w.open("/d/fresh");
      ASSERT_TRUE(w.write(*fresh, 0, "F").ok());
      ASSERT_TRUE(w.disk().sync_now(*fresh).ok());
      ASSERT_TRUE(w.disk().rename("/d/a", "/d/b").ok());
      ASSERT_TRUE(w.disk().remove("/d/fresh").ok());
      ASSERT_TRUE(w.disk().make_dir("/d/e").ok());
      if (sync_dir) {
        ASSERT_TRUE(w.disk().sync_dir("/d").ok());
      }
      w.crash();
      const std::string all = w.content("/d/a") + " " + w.content("/d/b") + " " + w.content("/d/fresh") +
                              (w.disk().stat("/d/e").ok() ? " e" : "");
      if (sync_dir) {
        EXPECT_EQ(all, "<none> A <none> e");
      } else {
        without.insert(all);
      }
    }
  }
  // In order: create, rename, remove, make_dir; any prefix of these may have survived, and nothing else.
  EXPECT_EQ(without, (std::set<std::string>{"A B <none>", "A B F", "<none> A F", "<none> A <none>",
                                            "<none> A <none> e"}));
}

TEST(sim_disk, a_rename_between_folders_survives_in_both_or_in_neither) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    World1 w(seed);
    ASSERT_TRUE(w.disk().make_dir("/e").ok());
    ASSERT_TRUE(w.disk().sync_dir("/").ok());
    w.make_durable("/d/a", "A");
    ASSERT_TRUE(w.disk().make_dir("/e/before").ok());
    ASSERT_TRUE(w.disk().rename("/d/a", "/e/a").ok());
    if (seed % 2 == 0) {
      ASSERT_TRUE(w.disk().sync_dir("/d").ok());  // takes all that came before along
    }
    w.crash();
    const bool there = w.disk().stat("/d/a").ok();
    EXPECT_NE(there, w.disk().stat("/e/a").ok());
    if (!there) {
      EXPECT_TRUE(w.disk().stat("/e/before").ok());
    }
    EXPECT_FALSE(there && seed % 2 == 0);
    seen.insert(there ? "old" : "new");
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST(sim_disk, replace_file_leaves_old_or_new_whole_at_every_crash_point) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    for (uint64_t n = 1; n <= 8; ++n) {
      World1 w(seed * 100 + n);
      ASSERT_TRUE(replace_file(w.disk(), "/d/f", as_bytes(std::string(1500, 'o'))).ok());
      w.disk().crash_after_operations(n);
      const Status replaced = replace_file(w.disk(), "/d/f", as_bytes(std::string(1700, 'n')));
      const bool crashed = w.node.crashed();
      EXPECT_EQ(crashed, !replaced.ok());
      if (crashed) w.node.restart();
      const std::string found = w.content("/d/f");
      if (replaced.ok()) {
        w.crash();
        EXPECT_EQ(w.content("/d/f"), std::string(1700, 'n'));
      } else {
        EXPECT_TRUE(found == std::string(1500, 'o') || found == std::string(1700, 'n')) << found.size();
      }
      seen.insert(found);
    }
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST(sim_disk, a_crashed_node_answers_nothing_and_old_handles_are_dead) {
  World1 w(1);
  const FileRef file = w.open("/d/a");
  bool completed = false;
  bool told = false;
  w.disk().sync(file, [&](Status) { completed = true; });
  w.node.surface().timers.start(w.world.now() + milliseconds(1), [&]() { completed = true; });
  w.node.on_crash([&](Node& node) {
    told = true;
    EXPECT_TRUE(node.crashed());
  });
  w.disk().crash_after_operations(1);
  const Status status = w.write(*file, 0, "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().kind, FailureKind::io);
  EXPECT_NE(status.failure().message.find("crashed"), std::string::npos);
  EXPECT_TRUE(w.node.crashed());
  EXPECT_FALSE(told);
  EXPECT_FALSE(w.disk().open("/d/b", OpenMode::create).ok());
  EXPECT_FALSE(w.disk().make_dir("/d/c").ok());
  w.disk().sync(file, [&](Status) { completed = true; });
  w.node.surface().executor.defer([&]() { completed = true; });
  w.world.run_for(seconds(1));
  EXPECT_TRUE(told);
  EXPECT_FALSE(completed);
  w.node.restart();
  EXPECT_EQ(w.disk().size(*file).failure().kind, FailureKind::io);
  std::array<std::byte, 4> into;
  EXPECT_FALSE(w.disk().read(*file, 0, into).ok());
  bool refused = false;
  w.disk().sync(file, [&](Status synced) { refused = !synced.ok(); });
  w.world.run_for(milliseconds(100));
  EXPECT_TRUE(refused);
  w.world.run_for(seconds(1));
  EXPECT_FALSE(completed);
  EXPECT_TRUE(w.disk().open("/d/b", OpenMode::create).ok());
}

TEST(sim_disk, crash_points_come_before_within_and_after) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    World1 w(seed, CrashStyle::keep_all);
    w.make_durable("/d/a", "");
    const FileRef file = w.open("/d/a");
    w.disk().crash_after_operations(1);
    EXPECT_FALSE(w.write(*file, 0, std::string(100, 'x')).ok());
    w.node.restart();
    sizes.insert(w.content("/d/a").size());
  }
  EXPECT_TRUE(sizes.contains(0));
  EXPECT_TRUE(sizes.contains(100));
  EXPECT_GT(sizes.size(), 10U);
}

TEST(sim_disk, a_killed_process_loses_only_its_handles) {
  World1 w(1, CrashStyle::lose_all);
  const FileRef file = w.open("/d/a");
  ASSERT_TRUE(w.write(*file, 0, "cached").ok());
  auto lock = w.disk().lock("/d/.lock");
  ASSERT_TRUE(lock.ok());
  w.crash(CrashKind::process);
  EXPECT_FALSE(w.disk().size(*file).ok());
  EXPECT_EQ(w.content("/d/a"), "cached");
  const auto again = w.disk().lock("/d/.lock");
  EXPECT_TRUE(again.ok());
  lock.value().reset();  // of the dead: gives nothing up
  EXPECT_FALSE(w.disk().lock("/d/.lock").ok());
}

TEST(sim_disk, lying_syncs_make_nothing_durable) {
  World1 w(1, CrashStyle::lose_all);
  w.make_durable("/d/a", "old");
  w.disk().faults().lying_sync_ppm = one_million;
  const FileRef file = w.open("/d/a");
  ASSERT_TRUE(w.write(*file, 0, "new").ok());
  EXPECT_TRUE(w.disk().sync_now(*file).ok());
  EXPECT_TRUE(w.disk().rename("/d/a", "/d/b").ok());
  EXPECT_TRUE(w.disk().sync_dir("/d").ok());
  EXPECT_EQ(w.content("/d/b"), "new");
  w.crash();
  EXPECT_EQ(w.content("/d/a"), "old");
  EXPECT_EQ(w.world.counters().find("disk.sync.lied")->second, 2U);
}

TEST(sim_disk, a_failed_sync_loses_what_a_second_one_does_not_bring_back) {
  size_t lost = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    World1 w(seed, CrashStyle::lose_all);
    w.make_durable("/d/a", "");
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.write(*file, 0, std::string(4096, 'x')).ok());
    w.disk().fail_sync_in(1);
    const Status failed = w.disk().sync_now(*file);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.failure().kind, FailureKind::io);
    EXPECT_TRUE(w.disk().sync_now(*file).ok());  // lies, as kernels do
    EXPECT_EQ(w.content("/d/a"), std::string(4096, 'x'));
    w.crash();
    lost += w.content("/d/a") != std::string(4096, 'x');
  }
  EXPECT_GT(lost, 25U);
}

TEST(sim_disk, a_full_disk_takes_a_part_and_room_comes_back) {
  World1 w(3);
  const FileRef big = w.open("/d/big");
  ASSERT_TRUE(w.write(*big, 0, std::string(8000, 'b')).ok());
  w.disk().faults().capacity_bytes = 10'000;
  const FileRef file = w.open("/d/a");
  const Status full = w.write(*file, 0, std::string(5000, 'x'));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.failure().kind, FailureKind::no_space);
  EXPECT_LE(w.disk().size(*file).value(), 2000U);
  EXPECT_EQ(w.disk().allocate(*file, 0, 5000).failure().kind, FailureKind::no_space);
  EXPECT_LE(w.disk().space("/d").value().usable_bytes, 2000U);
  ASSERT_TRUE(w.disk().truncate(*file, 0).ok());
  ASSERT_TRUE(w.write(*big, 0, std::string(8000, 'c')).ok());  // takes no new room
  ASSERT_TRUE(w.disk().remove("/d/big").ok());
  ASSERT_TRUE(w.write(*file, 0, std::string(5000, 'x')).ok());
  EXPECT_EQ(w.disk().used_bytes(), 5000U);
  ASSERT_TRUE(w.disk().allocate(*file, 0, 9000).ok());
  EXPECT_EQ(w.disk().used_bytes(), 9000U);
  ASSERT_TRUE(w.disk().truncate(*file, 5000).ok());
  EXPECT_EQ(w.disk().used_bytes(), 5000U);
}

TEST(sim_disk, read_and_write_faults) {
  World1 w(5);
  w.make_durable("/d/a", std::string(2000, 'x'));
  const FileRef file = w.open("/d/a");
  w.disk().fail_read_in(2);
  EXPECT_EQ(w.content("/d/a"), std::string(2000, 'x'));
  std::vector<std::byte> into(2000);
  EXPECT_EQ(w.disk().read(*file, 0, into).failure().kind, FailureKind::io);
  w.disk().fail_write_in(1);
  EXPECT_EQ(w.write(*file, 2000, "y").failure().kind, FailureKind::io);
  w.disk().faults().flipped_read_ppm = one_million;
  EXPECT_NE(w.content("/d/a").substr(0, 2000), std::string(2000, 'x'));
  w.disk().faults().flipped_read_ppm = 0;
  w.disk().faults().garbage_read_ppm = one_million;
  EXPECT_NE(w.content("/d/a").substr(0, 2000), std::string(2000, 'x'));
  w.disk().faults().garbage_read_ppm = 0;
  EXPECT_EQ(w.content("/d/a").substr(0, 2000), std::string(2000, 'x'));
  ASSERT_TRUE(w.disk().damage("/d/a", 10, 1).ok());
  EXPECT_NE(w.content("/d/a")[10], 'x');
  w.crash();
  EXPECT_NE(w.content("/d/a")[10], 'x');
}

TEST(sim_disk, cold_ranges_are_warmed_by_prefetch) {
  World1 w(7);
  w.make_durable("/d/a", std::string(100'000, 'x'));
  const FileRef file = w.open("/d/a");
  EXPECT_TRUE(w.disk().is_cached(*file, 0, 100'000));
  w.disk().drop_caches();
  EXPECT_FALSE(w.disk().is_cached(*file, 0, 100'000));
  std::array<std::byte, 100> into;
  EXPECT_LT(w.disk().read_cached(*file, 0, into).value(), 100U);
  bool loaded = false;
  w.disk().prefetch(file, 0, 50'000, [&](Status status) { loaded = status.ok(); });
  ASSERT_TRUE(w.world.run_until([&]() { return loaded; }, seconds(1)));
  EXPECT_TRUE(w.disk().is_cached(*file, 1000, 40'000));
  EXPECT_EQ(w.disk().read_cached(*file, 0, into).value(), 100U);
  EXPECT_FALSE(w.disk().is_cached(*file, 40'000, 40'000));
}

TEST(sim_disk, slow_syncs_take_their_time) {
  World1 w(7);
  w.disk().faults().slow_sync_ppm = one_million;
  w.disk().faults().slow_sync_max = seconds(5);
  const FileRef file = w.open("/d/a");
  const Instant before = w.world.now();
  int synced = 0;
  for (int i = 0; i < 20; ++i) w.disk().sync(file, [&](Status) { ++synced; });
  ASSERT_TRUE(w.world.run_until([&]() { return synced == 20; }, seconds(10)));
  EXPECT_GT(w.world.now() - before, seconds(2));
  // A blocking one stalls the loop.
  Instant called;
  Instant next;
  w.node.surface().executor.defer([&]() {
    called = w.world.now();
    EXPECT_TRUE(w.disk().sync_now(*file).ok());
    w.node.surface().executor.defer([&]() { next = w.world.now(); });
  });
  ASSERT_TRUE(w.world.run_until([&]() { return next > called; }, seconds(10)));
  EXPECT_GE(next - called, microseconds(500));
}

TEST(sim_disk, the_kernel_writes_back_by_itself) {
  World1 w(9, CrashStyle::lose_all);
  w.make_durable("/d/a", "");
  w.disk().faults().writeback_bytes = 10'000;
  const FileRef file = w.open("/d/a");
  for (uint64_t at = 0; at < 50'000; at += 1000) ASSERT_TRUE(w.write(*file, at, std::string(1000, 'x')).ok());
  const size_t durable = w.disk().durable_content("/d/a").value().size();
  EXPECT_GT(durable, 30'000U);
  EXPECT_LT(durable, 50'000U);
  w.crash();
  EXPECT_EQ(w.content("/d/a"), std::string(durable, 'x'));
}

TEST(sim_disk, a_sync_may_take_long_or_never_end) {
  World1 w(1);
  const FileRef file = w.open("/d/a");
  ASSERT_TRUE(w.write(*file, 0, "x").ok());
  w.disk().delay_sync_in(1, seconds(5));
  std::vector<int64_t> ended;
  const auto done = [&](Status status) {
    EXPECT_TRUE(status.ok());
    ended.push_back(w.world.now().nanoseconds / 1'000'000);
  };
  w.disk().sync(file, done);
  w.world.run_for(seconds(10));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_GE(ended[0], 5'000);
  ASSERT_TRUE(w.write(*file, 1, "y").ok());
  w.disk().hang_sync_in(1);
  w.disk().sync(file, done);
  w.disk().sync(file, [](Status status) { EXPECT_TRUE(status.ok()); });
  w.world.run_for(seconds(3'600));
  EXPECT_EQ(ended.size(), 1U);
  EXPECT_EQ(w.world.counters().at("disk.sync.hung"), 1U);
}

TEST(sim_disk, a_lost_write_is_seen_when_the_page_cache_forgets) {
  World1 w(1);
  w.make_durable("/d/a", std::string(4 * sector_bytes, 'o'));
  const FileRef file = w.open("/d/a");
  ASSERT_TRUE(w.write(*file, sector_bytes, std::string(sector_bytes, '1')).ok());
  ASSERT_TRUE(w.write(*file, 2 * sector_bytes, std::string(sector_bytes, '2')).ok());
  w.disk().lose_write_in(2);
  ASSERT_TRUE(w.disk().sync_now(*file).ok());
  const std::string o(sector_bytes, 'o');
  const std::string one(sector_bytes, '1');
  EXPECT_EQ(w.content("/d/a"), o + one + std::string(sector_bytes, '2') + o);
  w.disk().drop_caches();
  EXPECT_EQ(w.content("/d/a"), o + one + o + o);
}

TEST(sim_disk, a_misdirected_write_lies_over_something_else) {
  std::set<size_t> places;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    World1 w(seed);
    w.make_durable("/d/a", std::string(8 * sector_bytes, 'o'));
    const FileRef file = w.open("/d/a");
    ASSERT_TRUE(w.write(*file, 0, std::string(sector_bytes, 'n')).ok());
    w.disk().misdirect_write_in(1);
    ASSERT_TRUE(w.disk().sync_now(*file).ok());
    w.crash();
    const std::string found = w.content("/d/a");
    ASSERT_EQ(found.size(), 8 * sector_bytes);
    EXPECT_EQ(std::count(found.begin(), found.end(), 'n'), static_cast<ptrdiff_t>(sector_bytes));
    places.insert(found.find('n') / sector_bytes);
  }
  EXPECT_GT(places.size(), 4U);
}

TEST(sim_disk, misdirected_and_short_reads_and_bad_blocks) {
  World1 w(1);
  std::string text;
  for (char sector = 'a'; sector < 'i'; ++sector) text += std::string(sector_bytes, sector);
  w.make_durable("/d/a", text);
  const FileRef file = w.open("/d/a", OpenMode::read);
  std::vector<std::byte> into(text.size());
  w.disk().faults().misdirected_read_ppm = one_million;
  size_t wrong = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(w.disk().read(*file, 0, into).value_or(0), text.size());
    wrong += as_text(into) != text;
  }
  EXPECT_GT(wrong, 10U);
  w.disk().faults().misdirected_read_ppm = 0;
  w.disk().faults().short_read_ppm = one_million;
  EXPECT_LT(w.disk().read(*file, 0, into).value_or(0), text.size());
  w.disk().faults().short_read_ppm = 0;
  w.disk().make_unreadable("/d/a", 3 * sector_bytes, sector_bytes);
  EXPECT_TRUE(w.disk().read(*file, 0, std::span(into).first(3 * sector_bytes)).ok());
  EXPECT_FALSE(w.disk().read(*file, 3 * sector_bytes + 10, std::span(into).first(5)).ok());
  EXPECT_FALSE(w.disk().read(*file, 0, into).ok());
  EXPECT_TRUE(w.disk().read(*file, 4 * sector_bytes, std::span(into).first(5)).ok());
  w.disk().make_unreadable("/d/a", 0, 0);
  EXPECT_EQ(w.content("/d/a"), text);
}

}  // namespace
}  // namespace moldau::io::sim
