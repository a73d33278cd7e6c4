// The journal's files and its writer: making, recycling, retiring; rounds, room, failures; what replay refuses.
#include <gtest/gtest.h>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/journal/journal_test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

TEST_F(JournalTest, an_idle_journal_makes_no_file) {
  open();
  make(0);
  EXPECT_FALSE(has("/data", "journal"));
  EXPECT_EQ(counts().files, 0u);
}

TEST_F(JournalTest, the_first_round_syncs_segments_while_a_file_is_made) {
  open();
  make(0);
  round({0});
  EXPECT_EQ(stable_[0], 1);
  EXPECT_EQ(counts().rounds, 0u);
  EXPECT_EQ(names("/data/journal"), std::vector<std::string>{"0-00000000000000000001.journal"});
  round({0});
  EXPECT_EQ(counts().rounds, 1u);
  EXPECT_EQ(stable_[0], 2);
}

TEST_F(JournalTest, one_round_of_many_partitions_is_one_write_and_one_sync) {
  open();
  for (PartitionIndex p = 0; p < 5; ++p) make(p);
  round({0});
  const uint64_t before = disk().operations();
  round({0, 1, 2, 3, 4});
  EXPECT_EQ(disk().operations() - before, 5u + 2u);  // five appends to segments, one write, one sync
  EXPECT_EQ(counts().entries, 5u);
  EXPECT_EQ(stable_[4], 1);
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->replayed.batches_appended, 5u);
  for (PartitionIndex p = 0; p < 5; ++p) EXPECT_EQ(store_->log(p)->end(), stable_[p]);
}

TEST_F(JournalTest, after_a_killed_process_segments_have_it_all) {
  open();
  make(0);
  round({0});
  round({0});
  round({0});
  reopen(io::sim::CrashKind::process);
  EXPECT_EQ(store_->replayed.batches_found, 2u);
  EXPECT_EQ(store_->replayed.batches_appended, 0u);
}

TEST_F(JournalTest, files_are_used_again_over_many_generations) {
  open();
  make(0);
  make(1);
  for (int i = 0; i < 200; ++i) round({0, 1}, 200 + static_cast<size_t>(i * 37 % 2500));
  EXPECT_LE(counts().files, 3u);
  EXPECT_GT(counts().files_begun, 20u);
  EXPECT_LE(names("/data/journal").size(), 3u);
  EXPECT_GT(counts().rounds, 190u);
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->log(0)->end(), 200);
  EXPECT_EQ(store_->log(1)->end(), 200);
}

TEST_F(JournalTest, a_stop_in_order_leaves_spares_which_the_next_use_takes) {
  open();
  make(0);
  for (int i = 0; i < 20; ++i) round({0});
  const size_t files = counts().files;
  run([&] { EXPECT_TRUE(store_->close().ok()); });
  EXPECT_FALSE(has("/data", "journal"));
  EXPECT_FALSE(has("/data", "journal.settled"));
  size_t spares = 0;
  uint64_t newest = 0;
  for (const std::string& name : names("/data")) {
    const auto spare = log::parse_spare_journal_name(name);
    spares += spare ? 1 : 0;
    if (spare) newest = std::max(newest, spare->generation);
  }
  EXPECT_EQ(spares, files);
  open();
  round({0});
  ASSERT_EQ(names("/data/journal").size(), 1u);
  EXPECT_GT(log::parse_journal_file_name(names("/data/journal")[0])->generation, newest);
  // What its earlier use left in it counts for nothing.
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->replayed.rounds, 0u);
  EXPECT_EQ(store_->log(0)->end(), 21);
}

TEST_F(JournalTest, spares_of_another_size_and_unfinished_files_go) {
  open();
  make(0);
  round({0});
  run([&] { EXPECT_TRUE(store_->close().ok()); });
  EXPECT_TRUE(has("/data", "journal-0-00000000000000000001.spare"));
  run([&] { (void)disk().open("/data/journal-0-00000000000000000009.spare.tmp", io::OpenMode::create); });
  options_.file_bytes *= 2;
  open();
  EXPECT_FALSE(has("/data", "journal-0-00000000000000000001.spare"));
  EXPECT_FALSE(has("/data", "journal-0-00000000000000000009.spare.tmp"));
  round({0});
  EXPECT_EQ(names("/data/journal"), std::vector<std::string>{"0-00000000000000000002.journal"});
}

// A folder's failed sync loses a rename for good, although programs see it: a power cut much later brings the old name
// back beside the new.
TEST_F(JournalTest, a_spare_that_a_failed_sync_and_a_power_cut_left_two_names_is_used_once) {
  const auto second_names = [&](const std::vector<std::string>& folders) {
    std::set<uint64_t> files;
    size_t seconds = 0;
    for (const std::string& folder : folders) {
      const auto entries = disk().list_files(folder);
      if (!entries.ok()) continue;
      for (const io::DirectoryEntry& entry : *entries) seconds += files.insert(entry.inode).second ? 0 : 1;
    }
    return seconds;
  };
  open();
  make(0);
  size_t seen = 0;
  for (uint64_t life = 0; life < 24; ++life) {
    for (int i = 0; i < 30; ++i) round({0}, 2000);
    const Offset end = store_->log(0)->end();
    reopen(io::sim::CrashKind::power);  // all of the life before that was acknowledged
    ASSERT_EQ(store_->log(0)->end(), end);
    disk().fail_sync_in(2 + life % 2);  // the segment's is the first, those of the names follow
    round({0});
    reopen(io::sim::CrashKind::process);
    node_.crash(io::sim::CrashKind::power);
    store_.reset();
    node_.restart();
    seen += second_names({"/data", "/data/journal", "/data/journal.settled"});
    open();
    EXPECT_EQ(second_names({"/data"}), 0u);
  }
  EXPECT_GT(seen, 0u);
}

TEST_F(JournalTest, what_is_larger_than_a_file_goes_without_the_journal) {
  open();
  make(0);
  round({0});
  round({0}, 40'000);
  EXPECT_EQ(stable_[0], 2);
  EXPECT_EQ(counts().rounds, 0u);
}

TEST_F(JournalTest, a_round_knows_when_it_is_full) {
  JournalRound round;
  EXPECT_TRUE(round.empty());
  EXPECT_TRUE(round.fits_with(log::journal_entries_max, 1 << 20));
  EXPECT_FALSE(round.fits_with(log::journal_entries_max + 1, 1 << 20));
  EXPECT_FALSE(round.fits_with(1, log::journal_round_bytes_max));  // there is a head, too
  EXPECT_TRUE(round.fits_with(1, log::journal_round_bytes_max - log::journal_block_bytes));
  EXPECT_FALSE(round.fits_with(1, UINT64_MAX));
  round.add(log::JournalKind::deleted, journal_id(0), 0);
  EXPECT_FALSE(round.fits_with(log::journal_entries_max, 0));
}

TEST_F(JournalTest, a_full_disk_is_no_damage) {
  open();
  make(0);
  disk().faults().capacity_bytes = disk().used_bytes() + 20'000;  // less than a file
  for (int i = 0; i < 5; ++i) round({0});
  EXPECT_EQ(stable_[0], 5);
  EXPECT_EQ(counts().rounds, 0u);
  EXPECT_EQ(store_->failures, 0);
  disk().faults().capacity_bytes = uint64_t{1} << 40;
  world_.run_for(seconds(2));
  round({0});
  round({0});
  EXPECT_EQ(counts().rounds, 1u);
}

TEST_F(JournalTest, a_failed_write_or_sync_is_never_tried_again) {
  for (const bool sync : {true, false}) {
    open();
    if (store_->log(0) == nullptr) make(0);
    round({0});
    round({0});
    const Offset stable = stable_[0];
    // The segment's write comes first.
    if (sync) disk().fail_sync_in(1);
    if (!sync) disk().fail_write_in(2);
    run([&] {
      EXPECT_TRUE(store_->append(*store_->log(0), {}).ok());
      EXPECT_TRUE(store_->commit(0, true, [&](PartitionIndex p, Offset end) { stable_[p] = end; }).ok());
    });
    EXPECT_EQ(stable_[0], stable);
    EXPECT_EQ(store_->failures, 1);
    EXPECT_TRUE(store_->writer(0).failed());
    EXPECT_FALSE(store_->writer(0).ready_for(1, 100));
    JournalRound closing;
    closing.add(log::JournalKind::truncated, journal_id(0), 0);
    const uint64_t before = disk().operations();
    EXPECT_FALSE(store_->writer(0).append_now(std::move(closing)).ok());
    EXPECT_EQ(disk().operations(), before);
  }
}

TEST_F(JournalTest, a_round_at_once_waits_for_the_one_under_way) {
  open();
  make(0);
  round({0});
  run([&] {
    EXPECT_TRUE(store_->append(*store_->log(0), {}).ok());
    EXPECT_TRUE(store_->commit(0, true, [&](PartitionIndex p, Offset end) { stable_[p] = end; }).ok());
    EXPECT_FALSE(store_->writer(0).idle());
    JournalRound start;
    start.add(log::JournalKind::log_start, journal_id(0), 1);
    EXPECT_TRUE(store_->writer(0).append_now(std::move(start)).ok());
    EXPECT_TRUE(store_->writer(0).idle());
    EXPECT_EQ(stable_[0], 1);  // is told in a turn of its own
  });
  EXPECT_EQ(stable_[0], 2);
  EXPECT_EQ(counts().rounds, 2u);
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->log(0)->end(), 2);
  EXPECT_EQ(store_->log(0)->log_start(), 1);
}

TEST_F(JournalTest, closing_entries_have_room_when_batches_have_none) {
  options_.files_max = 2;
  options_.settles = false;
  open();
  make(0);
  round({0});
  while (store_->writer(0).ready_for(1, 100)) {
    run([&] {
      JournalRound start;
      start.add(log::JournalKind::log_start, journal_id(0), 0);
      EXPECT_TRUE(store_->writer(0).append_now(std::move(start)).ok());
    });
  }
  run([&] {
    JournalRound start;
    start.add(log::JournalKind::log_start, journal_id(0), 0);
    const Status refused = store_->writer(0).append_now(std::move(start));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.failure().kind, FailureKind::no_space);
    JournalRound closing;
    closing.add(log::JournalKind::truncated, journal_id(0), 0);
    EXPECT_TRUE(store_->writer(0).holds(journal_id(0)));
    EXPECT_TRUE(store_->writer(0).append_now(std::move(closing)).ok());
    EXPECT_FALSE(store_->writer(0).holds(journal_id(0)));
  });
}

TEST_F(JournalTest, a_partition_that_has_no_folder_is_named_and_passed_by) {
  open();
  make(0);
  make(1);
  round({0});
  round({0, 1});
  run([&] {
    EXPECT_TRUE(disk().remove_tree("/data/orders-1").ok());
    EXPECT_TRUE(disk().sync_dir("/data").ok());
  });
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->replayed.partitions_missing, 1u);
  EXPECT_EQ(store_->log(0)->end(), 2);
}

// ----------------------------------------------------------------------------------------------------------------
// what replay refuses

/// A store that died with three rounds in its journal.
class ReplayTest : public JournalTest {
 protected:
  void SetUp() override {
    open();
    make(0);
    make(1);
    round({0});
    round({0, 1});
    round({0, 1});
    round({1});
    node_.crash(io::sim::CrashKind::process);
    store_.reset();
    node_.restart();
  }
  void refused(FailureKind kind, const std::string& part) {
    const Status opened = try_open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.failure().kind, kind) << opened.failure().message;
    EXPECT_NE(opened.failure().message.find(part), std::string::npos) << opened.failure().message;
    EXPECT_TRUE(has("/data/journal", "0-00000000000000000001.journal"));  // left as it is
  }
  const std::string file_ = "/data/journal/0-00000000000000000001.journal";
};

TEST_F(ReplayTest, is_sound) {
  open();
  EXPECT_EQ(store_->replayed.rounds, 3u);
  EXPECT_EQ(store_->replayed.batches_found, 5u);
}

TEST_F(ReplayTest, refuses_a_flipped_bit_among_acknowledged_rounds) {
  run([&] { EXPECT_TRUE(disk().damage(file_, log::journal_block_bytes + 300, 1).ok()); });
  refused(FailureKind::corrupt, file_ + " is damaged at 4096");
}

TEST_F(ReplayTest, refuses_other_bytes_in_a_segment_and_names_file_and_offset) {
  // The batch at offset 1 again, with another value and a right checksum: something else wrote there.
  run([&] {
    const auto bytes = io::read_file(disk(), "/data/orders-0/log", 1 << 20);
    ASSERT_TRUE(bytes.ok());
    const size_t first = wire::BatchView::parse(*bytes)->size();
    BatchSpec spec;
    spec.value_bytes = 100;
    spec.tag = 9;
    BatchToAppend other = make_batch(spec);
    wire::set_base_offset(other.bytes.span(), 1);
    wire::set_leader_epoch(other.bytes.span(), 0);
    const std::span<const std::byte> piece = other.bytes.view();
    const auto file = disk().open("/data/orders-0/log", io::OpenMode::write);
    ASSERT_TRUE(file.ok() && disk().write(**file, first, std::span(&piece, 1)).ok());
  });
  refused(FailureKind::corrupt, "/data/orders-0: at offset 1 it holds other bytes than round 1 of the journal");
  options_.mutant = log::JournalMutant::difference_ignored;  // the planted bug goes on as if nothing were
  EXPECT_TRUE(try_open().ok());
}

TEST_F(ReplayTest, gives_a_batch_its_leader_epoch_back) {
  // No checksum covers it: a write that was torn there passes every look at the segment.
  std::string whole;
  run([&] {
    const auto bytes = io::read_file(disk(), "/data/orders-0/log", 1 << 20);
    ASSERT_TRUE(bytes.ok());
    whole = as_text(*bytes);
    const size_t first = wire::BatchView::parse(*bytes)->size();
    ASSERT_TRUE(disk().damage("/data/orders-0/log", first + 12, 4).ok());
  });
  open();
  EXPECT_EQ(store_->replayed.batches_found, 5u);
  EXPECT_EQ(store_->replayed.batches_mended, 1u);
  run([&] { EXPECT_EQ(store_->log(0)->content().value(), whole); });
}

TEST_F(ReplayTest, refuses_a_log_that_ends_before_the_journal_begins) {
  run([&] {
    const auto file = disk().open("/data/orders-0/log", io::OpenMode::write);
    ASSERT_TRUE(file.ok() && disk().truncate(**file, 0).ok());
    ASSERT_TRUE(disk().remove("/data/points").ok());
  });
  refused(FailureKind::corrupt, "/data/orders-0: it ends at offset 0, and round 1 of the journal");
}

TEST_F(ReplayTest, refuses_what_does_not_belong_into_the_folder) {
  run([&] { ASSERT_TRUE(disk().open("/data/journal/notes.txt", io::OpenMode::create).ok()); });
  refused(FailureKind::foreign, "/data/journal holds notes.txt");
}

TEST_F(ReplayTest, counts_a_file_under_another_name_for_nothing) {
  // Its rounds are of generation 1: what is said of generation 2 is nothing yet.
  run([&] { ASSERT_TRUE(disk().rename(file_, "/data/journal/0-00000000000000000002.journal").ok()); });
  open();
  EXPECT_EQ(store_->replayed.rounds, 0u);
}

TEST_F(ReplayTest, refuses_the_journal_of_another_directory) {
  Status outcome;
  run([&] {
    const auto replayed =
        replay_journals(disk(), "/data", Uuid::of(1, 2), *std::make_unique<MiniStore>(node_.surface(), options_));
    outcome = replayed.ok() ? Status() : Status(replayed.failure());
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::foreign) << outcome.failure().message;
}

TEST_F(ReplayTest, refuses_when_reads_fail) {
  disk().fail_read_in(4);
  const Status opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().kind, FailureKind::io);
}

TEST_F(ReplayTest, refuses_when_a_file_between_others_is_missing) {
  options_.settles = false;
  open();
  round({0});
  for (int i = 0; i < 40; ++i) round({0});
  ASSERT_EQ(names("/data/journal").size(), 3u);
  node_.crash(io::sim::CrashKind::process);
  store_.reset();
  node_.restart();
  const auto found = find_journals(disk(), "/data");
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 3u);
  run([&] { EXPECT_TRUE(disk().remove((*found)[1].path).ok()); });
  const Status opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().kind, FailureKind::corrupt);
  EXPECT_NE(opened.failure().message.find("rounds are missing"), std::string::npos) << opened.failure().message;
}

TEST_F(ReplayTest, goes_on_with_files_of_shards_that_are_no_more) {
  options_.shards = 3;
  open();
  for (PartitionIndex p = 2; p < 6; ++p) make(p);
  for (int i = 0; i < 3; ++i) round({0, 1, 2, 3, 4, 5});
  ASSERT_EQ(names("/data/journal").size(), 3u);
  options_.shards = 1;
  reopen(io::sim::CrashKind::power);
  EXPECT_EQ(store_->replayed.files, 3u);
  EXPECT_GT(store_->replayed.batches_appended, 6u);
  for (PartitionIndex p = 0; p < 6; ++p) EXPECT_EQ(store_->log(p)->end(), stable_[p]) << p;
  EXPECT_FALSE(has("/data", "journal"));
}

}  // namespace
}  // namespace moldau::store
