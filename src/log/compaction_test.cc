// Compaction's rules, one by one, on hand-made logs. Expectations are Kafka 4.3's behaviour.
#include "log/compaction.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"

namespace moldau::log {
namespace {

constexpr WallMillis t0 = 1'767'225'600'000;
constexpr int64_t retention = 1000;

// --- which logs, how far

struct PlanCase : testing::Test {
  // Five segments of 100 offsets and bytes; the last is active.
  std::vector<CompactionSegment> segments = {{0, 100, 8, 12, t0 + 0, t0 - 10},
                                             {100, 100, 8, 12, t0 + 100, t0 + 90},
                                             {200, 100, 8, 12, t0 + 200, t0 + 190},
                                             {300, 100, 8, 12, t0 + 300, t0 + 290},
                                             {400, 50, 8, 12, t0 + 400, t0 + 390}};
  CompactionPolicy policy;
  Offset log_start = 0;
  Offset log_end = 450;
  Offset last_stable = 450;

  CompactionPlan plan(std::optional<Offset> clean_end, WallMillis now = t0 + 1000) const {
    return plan_compaction({segments, log_start, log_end, last_stable, clean_end}, policy, now);
  }
};

TEST_F(PlanCase, TheActiveSegmentIsNeverCleaned) {
  const CompactionPlan all = plan(std::nullopt);
  EXPECT_EQ(all.first_dirty, 0);
  EXPECT_EQ(all.first_uncleanable, 400);
  EXPECT_EQ(all.cleanable_bytes, 400U);
  EXPECT_EQ(all.clean_bytes, 0U);
  EXPECT_TRUE(all.due(policy));
  EXPECT_FALSE(all.clean_end_invalid);
}

TEST_F(PlanCase, TheRatioMustBeExceeded) {
  EXPECT_DOUBLE_EQ(plan(200).ratio(), 0.5);
  EXPECT_FALSE(plan(200).due(policy)) << "0.5 does not exceed 0.5";
  policy.min_cleanable_ratio = 0.49;
  EXPECT_TRUE(plan(200).due(policy));
  policy.min_cleanable_ratio = 0;
  EXPECT_FALSE(plan(400).due(policy)) << "nothing is dirty";
}

TEST_F(PlanCase, ASegmentCleanedInPartCountsTwice) {
  const CompactionPlan partly = plan(250);
  EXPECT_EQ(partly.first_dirty, 250);
  EXPECT_EQ(partly.clean_bytes, 300U);
  EXPECT_EQ(partly.cleanable_bytes, 200U);
}

TEST_F(PlanCase, NothingIsCleanedBeyondTheLastStableOffset) {
  last_stable = 250;
  EXPECT_EQ(plan(std::nullopt).first_uncleanable, 200) << "whole segments only";
  last_stable = 0;
  EXPECT_EQ(plan(std::nullopt).cleanable_bytes, 0U);
  EXPECT_FALSE(plan(std::nullopt).due(policy));
}

TEST_F(PlanCase, MinLagKeepsYoungSegments) {
  policy.min_lag_ms = 800;
  EXPECT_EQ(plan(std::nullopt).first_uncleanable, 300) << "the segment up to t0 + 200 is exactly 800 ms old";
  policy.min_lag_ms = 801;
  EXPECT_EQ(plan(std::nullopt).first_uncleanable, 200);
  policy.min_lag_ms = INT64_MAX;
  EXPECT_EQ(plan(std::nullopt).first_uncleanable, 0);
}

TEST_F(PlanCase, MaxLagAsksForARoundWhateverTheRatio) {
  policy.min_cleanable_ratio = 1;
  EXPECT_FALSE(plan(300).due(policy));
  policy.max_lag_ms = 500;
  const CompactionPlan late = plan(300);
  EXPECT_EQ(late.delay_ms, 210) << "its first record is 710 ms old";
  EXPECT_TRUE(late.due(policy));
  EXPECT_EQ(plan(300, t0 + 790).delay_ms, 0);
  EXPECT_FALSE(plan(300, t0 + 790).due(policy));
  for (CompactionSegment& segment : segments) segment.first_timestamp = 0;
  EXPECT_EQ(plan(300).delay_ms, 0) << "without a timestamp there is no age";
}

TEST_F(PlanCase, ACheckpointOutsideOfTheLogBeginsAnew) {
  log_start = 120;
  EXPECT_EQ(plan(100).first_dirty, 120);
  EXPECT_TRUE(plan(100).clean_end_invalid);
  EXPECT_EQ(plan(451).first_dirty, 120);
  EXPECT_TRUE(plan(451).clean_end_invalid);
  EXPECT_EQ(plan(450).first_dirty, 450) << "at the very end it is right";
  EXPECT_FALSE(plan(450).due(policy));
  EXPECT_EQ(plan(std::nullopt).first_dirty, 120);
}

TEST_F(PlanCase, OneSegmentIsNothingToDo) {
  segments.resize(1);
  EXPECT_EQ(plan(std::nullopt).total_bytes(), 0U);
  EXPECT_FALSE(plan(std::nullopt).due(policy));
}

std::string print(const std::vector<SegmentGroup>& groups) {
  std::string text;
  for (const SegmentGroup& group : groups) text += fmt::format("[{},{})", group.first, group.last);
  return text;
}

TEST(compaction, segments_are_grouped_by_size_and_index) {
  const std::vector<CompactionSegment> segments = {{0, 40, 8, 24, 0, 0}, {10, 40, 8, 24, 0, 0}, {20, 40, 8, 24, 0, 0},
                                                   {30, 5, 8, 24, 0, 0}, {40, 5, 8, 24, 0, 0},  {50, 7, 8, 24, 0, 0}};
  CompactionPolicy policy;
  policy.segment_bytes = 80;
  EXPECT_EQ(print(group_segments(segments, policy, 50, 50)), "[0,2)[2,5)");
  EXPECT_EQ(print(group_segments(segments, policy, 21, 50)), "[0,2)[2,3)") << "also the one that the map ends in";
  EXPECT_EQ(print(group_segments(segments, policy, 20, 50)), "[0,2)");
  policy.segment_bytes = 1000;
  EXPECT_EQ(print(group_segments(segments, policy, 50, 50)), "[0,5)");
  policy.index_bytes = 48;
  EXPECT_EQ(print(group_segments(segments, policy, 50, 50)), "[0,2)[2,4)[4,5)") << "by the time index";
  policy.index_bytes = 15;
  EXPECT_EQ(print(group_segments(segments, policy, 50, 50)), "[0,1)[1,2)[2,3)[3,4)[4,5)");
  policy = {};
  policy.segment_bytes = 1;
  EXPECT_EQ(print(group_segments(segments, policy, 50, 50)), "[0,1)[1,2)[2,3)[3,4)[4,5)");
}

TEST(compaction, offsets_of_a_group_stay_within_reach_of_its_base) {
  constexpr Offset far = INT64_C(1) << 31;
  std::vector<CompactionSegment> segments = {
      {0, 10, 8, 12, 0, 0}, {far - 1, 10, 8, 12, 0, 0}, {far + 100, 10, 8, 12, 0, 0}, {far + 200, 10, 8, 12, 0, 0}};
  const CompactionPolicy policy;
  // The last offset of segment 1 could be far + 99.
  EXPECT_EQ(print(group_segments(segments, policy, far + 200, far + 200)), "[0,1)[1,3)");
  segments[1].size = 0;
  EXPECT_EQ(print(group_segments(segments, policy, far + 200, far + 200)), "[0,2)[2,3)") << "an empty one fits";
  segments[1].size = 10;
  segments[2].base = far;
  EXPECT_EQ(print(group_segments(segments, policy, far + 200, far + 200)), "[0,2)[2,3)") << "2^31 - 1 is in reach";
}

// --- which records

struct Rec {
  std::optional<std::string> key;
  std::optional<std::string> value;
  WallMillis timestamp = t0;
};

/// A batch of a log, in the hand of a test.
std::string batch(Offset base, const std::vector<Rec>& records, wire::BatchOptions options = {}) {
  options.base_offset = base;
  if (options.leader_epoch == no_epoch) options.leader_epoch = 3;
  wire::BatchBuilder builder(options);
  for (const Rec& record : records) {
    wire::NewRecord made;
    made.timestamp = record.timestamp;
    if (record.key) made.key = as_bytes(*record.key);
    if (record.value) made.value = as_bytes(*record.value);
    builder.add(made);
  }
  return std::string(as_text(*builder.finish()));
}

wire::BatchOptions of_producer(ProducerId id, int32_t sequence, bool transactional = false) {
  wire::BatchOptions options;
  options.producer_id = id;
  options.producer_epoch = 0;
  options.base_sequence = sequence;
  options.transactional = transactional;
  return options;
}

std::string marker(Offset offset, ProducerId id, bool abort, std::optional<WallMillis> horizon = std::nullopt) {
  wire::BatchOptions options = of_producer(id, wire::no_sequence, true);
  options.control = true;
  options.delete_horizon = horizon;
  const std::string key = abort ? std::string("\0\0\0\0", 4) : std::string("\0\0\0\1", 4);
  return batch(offset, {{key, std::string(6, '\0')}}, options);
}

wire::BatchView view_of(const std::string& bytes) {
  return *wire::BatchView::parse_checked(as_bytes(bytes));
}

/// A whole round over a log of batches, all of it dirty unless told otherwise.
struct Round {
  std::vector<std::string> log;
  Offset first_dirty = 0;
  size_t slots = 1000;
  double load = 0.9;
  WallMillis now = t0 + 5000;
  Offset round_end = 1'000'000;
  Offset segment_end = -1;  ///< -1: the end of the last batch
  std::vector<AbortedTransaction> aborted;
  std::vector<ProducerEntry> producers;

  std::vector<std::string> kept;
  std::string fates;
  Offset end = 0;
  CompactionCounts counts;
  std::vector<AbortedTransaction> index;
  std::string failure;

  Round& run() {
    kept.clear();
    fates.clear();
    KeyMapBuilder map(KeyMap::size_for(slots * KeyMap::slot_bytes, load, UINT64_MAX), {11, 22}, first_dirty, round_end);
    map.transactions().add_aborted(aborted);
    bool full = false;
    uint64_t position = 0;
    for (const std::string& bytes : log) {
      const auto added = map.add(view_of(bytes), 0, std::exchange(position, position + bytes.size()));
      if (!added.ok()) return fail(added.failure());
      if ((full = *added)) break;
    }
    if (!full) map.segment_done(segment_end >= 0 ? segment_end : view_of(log.back()).next_offset());
    end = map.latest() + 1;
    TransactionFilter transactions;
    transactions.add_aborted(aborted);
    BatchCleaner cleaner(map.map(), map.secret(), map.latest(), transactions, now, retention, round_end);
    Survivors survivors = map.take_survivors();
    cleaner.set_producers(producers, survivors);
    for (const std::string& bytes : log) {
      std::span<const std::byte> out;
      const auto fate = cleaner.clean(view_of(bytes), out);
      if (!fate.ok()) return fail(fate.failure());
      fates += *fate == BatchFate::dropped ? 'd' : *fate == BatchFate::kept ? 'k' : 'r';
      EXPECT_EQ(out.empty(), *fate == BatchFate::dropped);
      const wire::BatchView one = view_of(bytes);
      if (survivors.next(one.base_offset()) > one.last_offset()) {
        EXPECT_EQ(*fate, BatchFate::dropped) << "a batch that would not be looked at stays: " << one.base_offset();
      }
      if (*fate == BatchFate::kept) {
        EXPECT_EQ(as_text(out), bytes);
      }
      if (!out.empty()) kept.emplace_back(as_text(out));
    }
    counts = map.counts();
    counts.add(cleaner.counts());
    index = transactions.take_retained();
    return *this;
  }
  Round& fail(const Failure& why) {
    EXPECT_EQ(why.kind, FailureKind::corrupt);
    failure = why.message;
    return *this;
  }

  /// "offset=key:value" of all records; "-" for a null; and "[base-last]" for an empty batch.
  std::string text() const {
    std::string all;
    wire::RecordIterator records;
    for (const std::string& bytes : kept) {
      const wire::BatchView one = view_of(bytes);
      if (one.record_count() == 0) all += fmt::format("[{}-{}] ", one.base_offset(), one.last_offset());
      records.start(one);
      wire::RecordView record;
      while (records.next(record)) {
        const auto text = [](const std::optional<std::span<const std::byte>>& part) {
          return part ? as_text(*part) : std::string_view("-");
        };
        all += one.is_control() ? fmt::format("{}=marker ", record.offset)
                                : fmt::format("{}={}:{} ", record.offset, text(record.key), text(record.value));
      }
      EXPECT_EQ(records.fault(), wire::RecordFault::none);
    }
    if (!all.empty()) all.pop_back();
    return all;
  }
};

TEST(compaction, the_newest_record_of_each_key_stays_where_it_was) {
  Round round;
  round.log = {batch(0, {{"a", "1"}, {"b", "1"}, {"a", "2"}}), batch(3, {{"c", "1"}}),
               batch(4, {{"b", "2"}, {"d", "1"}})};
  round.run();
  EXPECT_EQ(round.text(), "2=a:2 3=c:1 4=b:2 5=d:1");
  EXPECT_EQ(round.fates, "rkk");
  EXPECT_EQ(round.end, 6);
  const wire::BatchView first = view_of(round.kept[0]);
  EXPECT_EQ(first.base_offset(), 0);
  EXPECT_EQ(first.last_offset(), 2);
  EXPECT_EQ(first.leader_epoch(), 3);
  EXPECT_EQ(first.record_count(), 1);
  EXPECT_EQ(round.counts.map_records, 6U);
  EXPECT_EQ(round.counts.records_read, 6U);
  EXPECT_EQ(round.counts.records_written, 4U);
  // And once more: nothing changes.
  Round again;
  again.log = round.kept;
  again.run();
  EXPECT_EQ(again.fates, "kkk");
}

TEST(compaction, batches_without_survivors_go) {
  Round round;
  round.log = {batch(0, {{"a", "1"}, {"b", "1"}}), batch(2, {{"a", "2"}, {"b", "2"}})};
  round.run();
  EXPECT_EQ(round.fates, "dk");
  EXPECT_EQ(round.text(), "2=a:2 3=b:2");
}

TEST(compaction, offsets_are_where_the_last_batch_of_the_round_was_even_if_it_is_empty) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}), batch(1, {{std::nullopt, "keyless"}})};
  round.round_end = 2;
  round.run();
  EXPECT_EQ(round.text(), "0=a:1 [1-1]");
  const wire::BatchView empty = view_of(round.kept[1]);
  EXPECT_EQ(empty.size(), wire::batch_header_bytes);
  EXPECT_EQ(empty.base_timestamp(), no_timestamp);
  EXPECT_EQ(empty.max_timestamp(), t0);
  EXPECT_EQ(empty.leader_epoch(), 3);
  EXPECT_EQ(round.counts.keyless_records, 1U);
}

TEST(compaction, the_clean_part_is_cleaned_against_the_dirty_one) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}), batch(1, {{"b", "1"}}), batch(2, {{"a", "2"}})};
  round.first_dirty = 2;
  round.run();
  EXPECT_EQ(round.text(), "1=b:1 2=a:2");
  // A dirty part that begins within a batch: what is before it is not mapped.
  round.log = {batch(0, {{"a", "1"}, {"a", "2"}, {"b", "1"}}), batch(3, {{"c", "1"}})};
  round.first_dirty = 2;
  round.run();
  EXPECT_EQ(round.text(), "0=a:1 1=a:2 2=b:1 3=c:1");
}

TEST(compaction, a_full_map_ends_the_round_within_a_batch) {
  Round round;
  round.slots = 16;
  round.load = 0.13;  // two keys
  round.log = {batch(0, {{"a", "1"}, {"a", "2"}, {"b", "1"}, {"a", "3"}, {"b", "2"}}), batch(5, {{"a", "4"}})};
  round.run();
  EXPECT_EQ(round.end, 3) << "full with the second key, also for keys that it has";
  EXPECT_EQ(round.text(), "1=a:2 2=b:1 3=a:3 4=b:2 5=a:4") << "what lies beyond the map stays";
}

TEST(compaction, the_codec_stays) {
  for (const auto codec :
       {compress::Codec::gzip, compress::Codec::snappy, compress::Codec::lz4, compress::Codec::zstd}) {
    wire::BatchOptions options;
    options.codec = codec;
    Round round;
    round.log = {batch(0, {{"a", std::string(3000, 'x')}, {"b", std::string(3000, 'y')}, {"a", "2"}}, options),
                 batch(3, {{"c", "1"}, {"d", "1"}}, options), batch(5, {{"e", "1"}}, options)};
    round.run();
    EXPECT_EQ(round.fates, "rkk");
    EXPECT_EQ(view_of(round.kept[0]).codec(), codec);
    EXPECT_EQ(round.text(), fmt::format("1=b:{} 2=a:2 3=c:1 4=d:1 5=e:1", std::string(3000, 'y')));
  }
}

TEST(compaction, timestamps_headers_and_producer_fields_stay) {
  wire::BatchOptions options = of_producer(7, 40);
  options.producer_epoch = 5;
  options.leader_epoch = 9;
  Round round;
  round.log = {batch(10, {{"a", "1", t0 + 1}, {"b", "1", t0 + 2}, {"a", "2", t0 + 3}, {"a", "3", t0}}, options)};
  round.run();
  EXPECT_EQ(round.text(), "11=b:1 13=a:3");
  const wire::BatchView made = view_of(round.kept[0]);
  EXPECT_EQ(made.base_timestamp(), t0 + 2) << "of the first record that stays";
  EXPECT_EQ(made.max_timestamp(), t0 + 2) << "of those that stay";
  EXPECT_EQ(made.producer_id(), 7);
  EXPECT_EQ(made.producer_epoch(), 5);
  EXPECT_EQ(made.base_sequence(), 40);
  EXPECT_EQ(made.last_sequence(), 43);
  EXPECT_EQ(made.leader_epoch(), 9);

  options = {};
  options.append_time = t0 + 77;
  round.log = {batch(0, {{"a", "1"}, {"b", "1"}, {"a", "2"}}, options)};
  round.run();
  const wire::BatchView stamped = view_of(round.kept[0]);
  EXPECT_EQ(stamped.timestamp_type(), wire::TimestampType::log_append_time);
  EXPECT_EQ(stamped.max_timestamp(), t0 + 77);
  EXPECT_EQ(stamped.base_timestamp(), t0 + 77);
}

TEST(compaction, tombstones_get_a_horizon_and_go_when_it_is_past) {
  Round round;
  round.log = {batch(0, {{"a", "1", t0}, {"b", std::nullopt, t0 + 10}, {"c", "1", t0 + 20}}),
               batch(3, {{"a", std::nullopt, t0 + 30}})};
  round.run();
  EXPECT_EQ(round.text(), "1=b:- 2=c:1 3=a:-");
  EXPECT_EQ(round.fates, "rr") << "the second too, for its horizon";
  const wire::BatchView first = view_of(round.kept[0]);
  EXPECT_TRUE(first.has_delete_horizon());
  EXPECT_EQ(first.base_timestamp(), t0 + 5000 + retention);
  EXPECT_EQ(first.max_timestamp(), t0 + 20);
  wire::RecordIterator records;
  wire::RecordView record;
  records.start(first);
  ASSERT_TRUE(records.next(record));
  EXPECT_EQ(record.timestamp, t0 + 10) << "records keep their times";

  // A later round before the horizon changes nothing, not even the horizon.
  Round later;
  later.log = round.kept;
  later.first_dirty = 4;
  later.log.push_back(batch(4, {{"z", "1"}}));
  later.now = t0 + 5000 + retention - 1;
  later.run();
  EXPECT_EQ(later.fates, "kkk");
  // At the horizon they go; what they shared a batch with stays, under the same horizon.
  later.now = t0 + 5000 + retention;
  later.run();
  EXPECT_EQ(later.text(), "2=c:1 4=z:1");
  EXPECT_EQ(later.fates, "rdk");
  EXPECT_TRUE(view_of(later.kept[0]).has_delete_horizon());
  EXPECT_EQ(view_of(later.kept[0]).base_timestamp(), t0 + 5000 + retention);
}

TEST(compaction, a_tombstone_beyond_the_map_gets_its_horizon_too) {
  Round round;
  round.slots = 16;
  round.load = 0.07;  // one key
  round.log = {batch(0, {{"a", "1"}, {"b", std::nullopt}})};
  round.run();
  EXPECT_EQ(round.end, 1);
  EXPECT_EQ(round.text(), "0=a:1 1=b:-");
  EXPECT_EQ(round.fates, "r");
}

TEST(compaction, a_key_that_came_back_loses_its_tombstone_at_once) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}), batch(1, {{"a", std::nullopt}}), batch(2, {{"a", "2"}})};
  round.run();
  EXPECT_EQ(round.text(), "2=a:2");
}

TEST(compaction, records_without_key_go_and_are_counted) {
  Round round;
  round.log = {batch(0, {{std::nullopt, "x"}, {"a", "1"}, {std::nullopt, std::nullopt}})};
  round.run();
  EXPECT_EQ(round.text(), "1=a:1");
  EXPECT_EQ(round.counts.keyless_records, 2U);
  // An empty key is a key.
  round.log = {batch(0, {{"", "x"}, {"", "y"}})};
  round.run();
  EXPECT_EQ(round.text(), "1=:y");
}

ProducerEntry producer(ProducerId id, std::optional<Offset> last_offset, int16_t epoch = 0) {
  ProducerEntry entry;
  entry.producer_id = id;
  entry.epoch = epoch;
  if (last_offset) {
    entry.batch_count = 1;
    entry.batches[0] = {.last_sequence = 1, .last_offset = *last_offset, .offset_delta = 0, .timestamp = t0};
  }
  return entry;
}

TEST(compaction, the_last_batch_of_a_producer_stays_for_its_sequence) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}, of_producer(1, 0)), batch(1, {{"a", "2"}, {"a", "3"}}, of_producer(1, 1)),
               batch(3, {{"a", "4"}}, of_producer(2, 0)), batch(4, {{"a", "5"}})};
  round.producers = {producer(1, 2)};
  round.run();
  EXPECT_EQ(round.text(), "[1-2] 4=a:5") << "producer 2 is forgotten, its batch goes";
  const wire::BatchView empty = view_of(round.kept[0]);
  EXPECT_EQ(empty.producer_id(), 1);
  EXPECT_EQ(empty.base_sequence(), 1);
  EXPECT_EQ(empty.last_sequence(), 2);
  // An empty batch that is the last no more goes.
  Round later;
  later.log = round.kept;
  later.run();
  EXPECT_EQ(later.text(), "4=a:5");
}

TEST(compaction, markers_stay_while_data_of_their_transaction_does) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}, of_producer(1, 0, true)), marker(1, 1, false), batch(2, {{"b", "1"}}),
               marker(3, 2, false)};
  round.run();
  EXPECT_EQ(round.text(), "0=a:1 1=marker 2=b:1 3=marker");
  EXPECT_EQ(round.fates, "kkkr") << "the marker of a transaction without data gets its horizon";
  const wire::BatchView lonely = view_of(round.kept[3]);
  EXPECT_TRUE(lonely.has_delete_horizon());
  EXPECT_EQ(lonely.base_timestamp(), t0 + 5000 + retention);
  EXPECT_TRUE(lonely.is_control());
  Round later;
  later.log = round.kept;
  later.now = lonely.base_timestamp() - 1;
  EXPECT_EQ(later.run().fates, "kkkk");
  later.now = lonely.base_timestamp();
  EXPECT_EQ(later.run().fates, "kkkd");
  // A round that still sees data keeps the marker as it is; the next one lets it begin to wait.
  later.log.push_back(batch(4, {{"a", "2"}}));
  EXPECT_EQ(later.run().fates, "dkkdk");
  later.log = later.kept;
  EXPECT_EQ(later.run().fates, "rkk");
  // A marker is never taken for a record with a key: all markers have one of two.
  EXPECT_EQ(later.text(), "1=marker 2=b:1 4=a:2");
}

TEST(compaction, aborted_data_goes_at_once_and_hides_no_older_value) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}), batch(1, {{"a", "never"}}, of_producer(1, 0, true)),
               batch(2, {{"a", "mine"}}, of_producer(2, 0, true)), marker(3, 1, true), marker(4, 2, false)};
  round.aborted = {{1, 1, 3, 3}};
  round.run();
  EXPECT_EQ(round.text(), "2=a:mine 3=marker 4=marker") << "0 is hidden by 2, which was committed";
  EXPECT_EQ(round.fates, "ddkkk");
  EXPECT_EQ(round.index, round.aborted) << "the marker stays, so does the entry of the index";
  // Next time the marker stands alone: it gets a horizon, and the entry goes.
  Round later;
  later.log = round.kept;
  later.aborted = round.index;
  later.run();
  EXPECT_EQ(later.fates, "krk");
  EXPECT_TRUE(later.index.empty());

  round.log = {batch(0, {{"a", "1"}}), batch(1, {{"a", "never"}}, of_producer(1, 0, true)), marker(2, 1, true)};
  round.aborted = {{1, 1, 2, 2}};
  EXPECT_EQ(round.run().text(), "0=a:1 2=marker");
}

TEST(compaction, an_aborted_transaction_over_segments_is_told_twice) {
  Round round;
  round.log = {batch(0, {{"a", "1"}}, of_producer(1, 0, true)), batch(1, {{"b", "1"}}), marker(2, 1, true),
               batch(3, {{"a", "2"}}, of_producer(1, 1, true)), marker(4, 1, false)};
  round.aborted = {{1, 0, 2, 2}, {1, 0, 2, 2}};
  // The second entry is taken up with the first: it must not make the next transaction an aborted one.
  EXPECT_EQ(round.run().text(), "1=b:1 2=marker 3=a:2 4=marker");
}

TEST(compaction, the_marker_of_a_producer_without_data_stays_for_its_epoch) {
  Round round;
  round.log = {marker(0, 1, false, t0), marker(1, 2, false, t0), batch(2, {{"a", "1"}})};
  round.producers = {producer(1, std::nullopt, 0), producer(2, std::nullopt, 4)};
  round.run();
  EXPECT_EQ(round.fates, "rdk") << "only the one with the newest epoch fences anybody";
  EXPECT_EQ(round.text(), "[0-0] 2=a:1");
  EXPECT_TRUE(view_of(round.kept[0]).is_control());
  // An empty control batch was cleaned before; it may go when nobody needs it.
  Round later;
  later.log = round.kept;
  EXPECT_EQ(later.run().fates, "dk");
}

TEST(compaction, gaps_count_as_read) {
  Round round;
  round.log = {batch(5, {{"a", "1"}})};
  round.segment_end = 40;
  round.run();
  EXPECT_EQ(round.end, 40);
}

TEST(compaction, unsound_records_are_a_failure_not_a_crash) {
  const std::string sound = batch(0, {{"a", "1"}, {"b", "2"}});
  std::string cut = sound;
  store_big_endian<int32_t>(reinterpret_cast<std::byte*>(cut.data()) + 57, 7);  // more records than there are
  const auto seal = [](std::string& bytes) {
    const auto view = *wire::BatchView::parse(as_bytes(bytes));
    store_big_endian<uint32_t>(reinterpret_cast<std::byte*>(bytes.data()) + 17, view.computed_crc());
  };
  seal(cut);
  Round round;
  round.log = {cut};
  round.run();
  EXPECT_NE(round.failure.find("offset 0"), std::string::npos) << round.failure;

  wire::BatchOptions options;
  options.codec = compress::Codec::zstd;
  std::string packed = batch(0, {{"a", std::string(5000, 'x')}}, options);
  packed[packed.size() - 5] = static_cast<char>(packed[packed.size() - 5] ^ 0x5A);
  packed.resize(packed.size());
  seal(packed);
  round.failure.clear();
  round.log = {packed};
  round.run();
  EXPECT_FALSE(round.failure.empty());
}

}  // namespace
}  // namespace moldau::log
