// The arithmetic of a log: tail, retention, leader epochs, space ahead, recovery rules.
#include <gtest/gtest.h>

#include "log/epoch_table.h"
#include "log/recovery.h"
#include "log/retention.h"
#include "log/space_ahead.h"
#include "log/tail.h"

namespace moldau::log {
namespace {

TEST(segment_tail, indexes_a_batch_when_more_than_the_interval_came_since_the_last) {
  SegmentTail tail = new_segment_tail(100, 0);
  EXPECT_FALSE(tail.add({4096, 100, 109, 50}, 4096).offset);
  EXPECT_FALSE(tail.add({1, 110, 110, 40}, 4096).offset);  // 4096 is not more than 4096
  const TailEntries entries = tail.add({10, 111, 119, 45}, 4096);
  ASSERT_TRUE(entries.offset);
  EXPECT_EQ(*entries.offset, (OffsetEntry{119, 4097}));
  EXPECT_EQ(*entries.time, (TimeEntry{50, 109}));
  // The time did not grow: the next entry has no time entry, nor has the end.
  const TailEntries again = tail.add({9000, 120, 120, 50}, 5);
  EXPECT_TRUE(again.offset);
  EXPECT_FALSE(again.time);
  EXPECT_FALSE(tail.final_time_entry());
  tail.add({1, 121, 121, 70}, 1 << 20);
  EXPECT_EQ(tail.final_time_entry(), (TimeEntry{70, 121}));
  EXPECT_FALSE(tail.final_time_entry());
  EXPECT_EQ(tail.size, 4096U + 1 + 10 + 9000 + 1);
}

TEST(segment_tail, rolls_by_size_time_indexes_and_distance) {
  SegmentLimits limits{1000, 500, 100, 80, 10};
  SegmentTail tail = new_segment_tail(0, 1000);
  const TailBatch batch{300, 10, 19, 2000};
  EXPECT_FALSE(tail.must_roll(limits, {5000, 0, 9, 99999}, 99999));  // an empty segment takes whatever comes
  tail.add({700, 0, 9, 2000}, 1 << 20);
  EXPECT_FALSE(tail.must_roll(limits, batch, 1000));
  EXPECT_TRUE(tail.must_roll(limits, {301, 10, 19, 2000}, 1000));
  EXPECT_FALSE(tail.must_roll(limits, {1, 10, 19, 2400}, 1000));  // 400 is not more than 500 - 100
  EXPECT_TRUE(tail.must_roll(limits, {1, 10, 19, 2401}, 1000));
  EXPECT_TRUE(tail.must_roll(limits, {1, 10, relative_offset_max + 1LL, 2000}, 1000));
  EXPECT_FALSE(tail.must_roll(limits, {1, 10, relative_offset_max, 2000}, 1000));
  tail.offset_entries = 10;
  EXPECT_TRUE(tail.must_roll(limits, {1, 10, 19, 2000}, 1000));
  tail.offset_entries = 0;
  tail.time_entries = 5;  // 80 bytes hold 6, the last is kept
  EXPECT_TRUE(tail.must_roll(limits, {1, 10, 19, 2000}, 1000));
}

TEST(segment_tail, without_timestamps_rolls_by_wall_time_and_survives_extremes) {
  const SegmentLimits limits{1000, 500, 0, 80, 10};
  SegmentTail tail = new_segment_tail(0, 1000);
  tail.add({10, 0, 0, no_timestamp}, 10);
  EXPECT_FALSE(tail.must_roll(limits, {1, 1, 1, no_timestamp}, 1500));
  EXPECT_TRUE(tail.must_roll(limits, {1, 1, 1, no_timestamp}, 1501));
  SegmentTail far = new_segment_tail(0, 0);
  far.add({10, 0, 0, INT64_MAX}, 10);
  EXPECT_FALSE(far.must_roll(limits, {1, 1, 1, INT64_MIN}, INT64_MIN));
  const SegmentLimits forever{1000, INT64_MAX, 0, 80, 10};
  EXPECT_FALSE(far.must_roll(forever, {1, 1, 1, INT64_MAX}, INT64_MAX));
}

std::vector<RetentionSegment> segments_of(std::initializer_list<RetentionSegment> list) {
  return list;
}

TEST(retention, follows_kafka) {
  const auto segments = segments_of({{0, 100, 10}, {10, 100, 20}, {20, 100, 30}, {30, 50, 40}});
  const auto plan = [&](RetentionPolicy policy, Offset start, Offset up_to, WallMillis now) {
    return plan_retention(segments, policy, start, 40, up_to, now);
  };
  EXPECT_EQ(plan({true, -1, -1}, 0, 40, 1000).count(), 0U);
  EXPECT_EQ(plan({false, 0, 0}, 20, 40, 1000).by_log_start, 2U);
  EXPECT_EQ(plan({false, 0, 0}, 20, 40, 1000).count(), 2U);
  EXPECT_EQ(plan({true, 250, -1}, 0, 40, 1000).by_size, 1U);  // 350 - 250 covers one whole segment
  EXPECT_EQ(plan({true, 251, -1}, 0, 40, 1000).by_size, 0U);
  EXPECT_EQ(plan({true, 0, -1}, 0, 40, 1000).by_size, 4U);
  EXPECT_EQ(plan({true, -1, 100}, 0, 40, 120).by_age, 1U);  // 110 is more than 100, 100 is not
  EXPECT_EQ(plan({true, -1, 100}, 0, 40, 1000).by_age, 4U);
  EXPECT_EQ(plan({true, -1, 100}, 0, 25, 1000).by_age, 2U);  // what lies at or above the high watermark stays
  EXPECT_EQ(plan({true, -1, 100}, 0, 9, 1000).by_age, 0U);
  const auto with_empty = segments_of({{0, 100, 10}, {10, 0, 10}});
  EXPECT_EQ(plan_retention(with_empty, {true, 0, 0}, 0, 10, 10, 1000).count(), 1U);  // an empty last one stays
  const auto extremes = segments_of({{0, 100, INT64_MAX}, {10, 100, INT64_MIN}});
  EXPECT_EQ(plan_retention(extremes, {true, -1, 0}, 0, 20, 20, 1000).count(), 0U);
}

TEST(epoch_table, assigns_truncates_and_answers_as_kafka) {
  EpochTable table;
  EXPECT_EQ(table.latest(), no_epoch);
  EXPECT_EQ(table.end_of(3, 100), (EpochEnd{no_epoch, no_offset}));
  EXPECT_TRUE(table.assign(2, 0));
  EXPECT_FALSE(table.assign(2, 5));
  EXPECT_TRUE(table.assign(4, 10));
  EXPECT_TRUE(table.assign(7, 30));
  EXPECT_FALSE(table.assign(-1, 30));
  EXPECT_EQ(table.end_of(7, 50), (EpochEnd{7, 50}));
  EXPECT_EQ(table.end_of(8, 50), (EpochEnd{no_epoch, no_offset}));
  EXPECT_EQ(table.end_of(4, 50), (EpochEnd{4, 30}));
  EXPECT_EQ(table.end_of(6, 50), (EpochEnd{4, 30}));
  EXPECT_EQ(table.end_of(1, 50), (EpochEnd{1, 0}));
  EXPECT_EQ(table.epoch_of(0), 2);
  EXPECT_EQ(table.epoch_of(29), 4);
  EXPECT_EQ(table.epoch_of(30), 7);
  // An epoch that begins where another one stands replaces it: nothing was written in the other.
  EXPECT_TRUE(table.assign(9, 30));
  EXPECT_EQ(table.entries(), (std::vector<EpochStart>{{2, 0}, {4, 10}, {9, 30}}));
  EXPECT_TRUE(table.truncate_from_end(30));
  EXPECT_EQ(table.latest(), 4);
  EXPECT_FALSE(table.truncate_from_end(11));
  EXPECT_TRUE(table.truncate_from_start(12));
  EXPECT_EQ(table.entries(), (std::vector<EpochStart>{{4, 12}}));
  EXPECT_FALSE(table.truncate_from_start(12));
  // Nonsense in a file sorts itself out: the newest knowledge wins.
  EXPECT_EQ(EpochTable({{5, 10}, {3, 20}, {6, 15}}).entries(), (std::vector<EpochStart>{{6, 15}}));
}

TEST(space_ahead, grows_with_the_rate_and_keeps_to_its_bounds) {
  SpaceAhead space;
  uint64_t end = 0;
  uint64_t largest = 0;
  for (int i = 0; i < 100; ++i) {
    end += 100 << 10;
    const auto range = space.written(end, 100 << 10, 1 << 30, 1 << 30);
    if (end < space_ahead_first) {
      EXPECT_FALSE(range);
    }
    if (range) {
      EXPECT_EQ(range->offset, end);
      EXPECT_LE(range->size, space_ahead_max);
      largest = std::max(largest, range->size);
    }
  }
  EXPECT_GT(largest, space_ahead_first);
  EXPECT_GT(space.reserved_beyond(end), 0U);
  space.trimmed();
  EXPECT_EQ(space.reserved_beyond(end), 0U);
  EXPECT_FALSE(space.written(end, 1, 1 << 30, 10));           // no budget
  EXPECT_FALSE(space.written(1 << 30, 1, 1 << 30, 1 << 30));  // the segment is full
  space.refused();
  EXPECT_FALSE(space.written(end, 1000, 1 << 30, 1 << 30));
}

SegmentRecovery rules_for(Offset recovery_point, Offset limit = INT64_MAX, bool gaps = false) {
  return SegmentRecovery(100, 100, 3, recovery_point, limit, gaps, 50, 0);
}

TEST(segment_recovery, rebuilds_indexes_and_the_tail) {
  SegmentRecovery rules = rules_for(0);
  uint64_t at = 0;
  for (Offset offset = 100; offset < 120; offset += 2) {
    EXPECT_TRUE(rules.accept({at, 40, offset, offset + 1, offset * 10, 3}));
    at += 40;
  }
  EXPECT_EQ(rules.expected(), 120);
  EXPECT_EQ(rules.valid_bytes(), 400U);
  EXPECT_EQ(rules.offset_index().size(), 4U);
  EXPECT_EQ(rules.offset_index()[0], (OffsetEntry{105, 80}));
  EXPECT_EQ(rules.time_index()[0], (TimeEntry{1040, 105}));
}

TEST(segment_recovery, cuts_above_the_recovery_point) {
  SegmentRecovery rules = rules_for(102);
  EXPECT_TRUE(rules.accept({0, 40, 100, 101, 0, 3}));
  EXPECT_EQ(rules.damage(40, 400, std::nullopt, "torn"), SegmentRecovery::Verdict::cut);
  EXPECT_TRUE(rules.was_cut());
  EXPECT_FALSE(rules.keep_aside());
  EXPECT_EQ(rules.valid_bytes(), 40U);
  EXPECT_EQ(rules.expected(), 102);
  EXPECT_TRUE(rules.damaged().empty());
}

TEST(segment_recovery, keeps_what_is_cut_off_when_batches_follow) {
  SegmentRecovery rules = rules_for(0);
  EXPECT_TRUE(rules.accept({0, 40, 100, 101, 0, 3}));
  EXPECT_EQ(rules.damage(40, 400, ScannedBatch{100, 40, 104, 105, 0, 3}, "flip"), SegmentRecovery::Verdict::cut);
  EXPECT_TRUE(rules.keep_aside());
}

TEST(segment_recovery, skips_damage_below_the_recovery_point) {
  SegmentRecovery rules = rules_for(200);
  EXPECT_TRUE(rules.accept({0, 40, 100, 101, 0, 3}));
  const ScannedBatch next{100, 40, 106, 107, 0, 3};
  EXPECT_TRUE(rules.could_resume(next));
  EXPECT_EQ(rules.damage(40, 400, next, "flip"), SegmentRecovery::Verdict::skip);
  EXPECT_TRUE(rules.accept(next));
  ASSERT_EQ(rules.damaged().size(), 1U);
  EXPECT_EQ(rules.damaged()[0].first, 102);
  EXPECT_EQ(rules.damaged()[0].last, 105);
  EXPECT_EQ(rules.offset_index().back(), (OffsetEntry{107, 100}));  // lookups behind the damage need not cross it
  // Nothing follows: offsets up to the recovery point are never handed out again.
  EXPECT_EQ(rules.damage(140, 400, std::nullopt, "zeros"), SegmentRecovery::Verdict::skip);
  EXPECT_TRUE(rules.ends_in_damage());
  EXPECT_EQ(rules.expected(), 200);
  EXPECT_EQ(rules.valid_bytes(), 400U);
}

TEST(segment_recovery, refuses_leader_epochs_that_cannot_be) {
  // No checksum covers them: a batch that was torn there looks sound.
  SegmentRecovery rules = rules_for(102);
  EXPECT_TRUE(rules.accept({0, 40, 100, 101, 0, -7}));  // synced once, and damaged since: it can be read
  EXPECT_TRUE(rules.accept({40, 40, 102, 102, 0, no_epoch}));
  EXPECT_FALSE(rules.accept({80, 40, 103, 103, 0, -7}));
}

TEST(segment_recovery, refuses_offsets_and_epochs_that_do_not_ascend) {
  SegmentRecovery rules = rules_for(0, 150);
  EXPECT_FALSE(rules.accept({0, 40, 99, 101, 0, 3}));
  EXPECT_FALSE(rules.accept({0, 40, 101, 102, 0, 3}));  // a gap above the recovery point
  EXPECT_FALSE(rules.accept({0, 40, 100, 150, 0, 3}));  // beyond the next segment's base
  EXPECT_FALSE(rules.accept({0, 40, 100, 99, 0, 3}));
  EXPECT_FALSE(rules.accept({0, 40, 100, 101, 0, 2}));  // an older epoch: left behind by a truncation
  EXPECT_TRUE(rules.accept({0, 40, 100, 101, 0, -1}));
  SegmentRecovery gappy = rules_for(0, INT64_MAX, true);
  EXPECT_TRUE(gappy.accept({0, 40, 105, 106, 0, 3}));
  SegmentRecovery below = rules_for(1000);
  EXPECT_TRUE(below.accept({0, 40, 105, 106, 0, 1}));
}

}  // namespace
}  // namespace moldau::log
