// The producer table: sequences, epochs, duplicates, expiry, bounds, transactions and replay. The verdicts were
// compared with Apache Kafka 4.3.1, asked with the same batches; where they differ on purpose the test says so.
#include "log/producer_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/prng.h"
#include "log/producer_snapshot.h"
#include "wire/batch_builder.h"
#include "wire/batch_samples_for_test.h"

namespace moldau::log {
namespace {

constexpr auto append = ProducerVerdict::append;
constexpr auto duplicate = ProducerVerdict::duplicate;
constexpr auto out_of_order = ProducerVerdict::out_of_order_sequence;
constexpr auto old_duplicate = ProducerVerdict::duplicate_sequence;
constexpr auto invalid_epoch = ProducerVerdict::invalid_epoch;

// A partition: appends what the table allows.
class Partition {
 public:
  explicit Partition(size_t producers_max = producers_max_default) : table(producers_max) {}

  ProducerCheck produce(ProducerId id, int16_t epoch, int32_t sequence, int32_t count, bool transactional = false) {
    const ProducerAppend batch{id,  epoch,           sequence, wire::add_sequence(sequence, count - 1),
                               end, end + count - 1, clock,    transactional};
    const ProducerCheck check = table.check(batch, end > 0);
    if (check.verdict == append) {
      table.append(batch);
      end += count;
    }
    return check;
  }
  ProducerVerdict verdict(ProducerId id, int16_t epoch, int32_t sequence, int32_t count) {
    return produce(id, epoch, sequence, count).verdict;
  }

  ProducerTable table;
  Offset end = 0;
  WallMillis clock = 1000;
};

TEST(ProducerTable, SequencesInOrder) {
  Partition partition;
  EXPECT_EQ(partition.verdict(1, 0, 0, 2), append);
  EXPECT_EQ(partition.verdict(1, 0, 2, 3), append);
  EXPECT_EQ(partition.verdict(1, 0, 5, 1), append);
  EXPECT_EQ(partition.verdict(1, 0, 7, 1), out_of_order);
  EXPECT_EQ(partition.verdict(1, 0, 6, 1), append);
}

TEST(ProducerTable, AfterItsFirstBatchWasRefusedOnlyThatOneMayComeFirst) {
  ProducerTable table(2);
  const ProducerAppend first{7, 3, 0, 1, 100, 101, 1000, false};
  const ProducerAppend behind{7, 3, 2, 4, 100, 102, 1000, false};
  EXPECT_EQ(table.check(behind, true).verdict, append) << "an unknown producer may begin anywhere";
  table.refused(first);
  table.refused(behind);
  table.append({2, 0, 0, 0, 0, 0, 1000, false});
  table.put_back(2, std::nullopt);  // another one's batches are refused, too
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_EQ(table.check(behind, true).verdict, out_of_order);
  EXPECT_EQ(table.check(first, true).verdict, append);
  ProducerAppend bumped = behind;
  bumped.epoch = 4;
  EXPECT_EQ(table.check(bumped, true).verdict, append) << "a new epoch begins anew";
  table.append(first);
  EXPECT_EQ(table.check(behind, true).verdict, append);
  // A known producer's newest batch says what comes next.
  table.refused(behind);
  EXPECT_EQ(table.check(behind, true).verdict, append);
}

TEST(ProducerTable, RefusedFirstBatchesAreForgottenInTimeAndInNumber) {
  ProducerTable table(2);
  for (ProducerId id = 1; id <= 50; ++id) table.refused({id, 0, 0, 0, 0, 0, 1000, false});
  int awaited = 0;
  for (ProducerId id = 1; id <= 50; ++id) {
    awaited += table.check({id, 0, 1, 1, 0, 0, 1000, false}, true).verdict == out_of_order ? 1 : 0;
  }
  EXPECT_EQ(awaited, 2);
  table.expire(1000 + 5000, 5000);
  for (ProducerId id = 1; id <= 50; ++id) {
    EXPECT_EQ(table.check({id, 0, 1, 1, 0, 0, 1000, false}, true).verdict, append);
  }
}

TEST(ProducerTable, DuplicatesHaveTheirOriginalOffset) {
  Partition partition;
  partition.produce(1, 0, 0, 2);
  partition.clock = 2000;
  partition.produce(1, 0, 2, 3);
  const ProducerCheck first = partition.produce(1, 0, 0, 2);
  EXPECT_EQ(first.verdict, duplicate);
  EXPECT_EQ(first.original.first_offset(), 0);
  EXPECT_EQ(first.original.last_offset, 1);
  EXPECT_EQ(first.original.timestamp, 1000);
  const ProducerCheck second = partition.produce(1, 0, 2, 3);
  EXPECT_EQ(second.verdict, duplicate);
  EXPECT_EQ(second.original.first_offset(), 2);
  EXPECT_EQ(second.original.timestamp, 2000);
  EXPECT_EQ(partition.end, 5);
}

TEST(ProducerTable, OverlapsAreNotDuplicates) {
  Partition partition;
  partition.produce(1, 0, 0, 5);
  EXPECT_EQ(partition.verdict(1, 0, 3, 2), out_of_order);
  EXPECT_EQ(partition.verdict(1, 0, 3, 5), out_of_order);
  EXPECT_EQ(partition.verdict(1, 0, 0, 4), out_of_order);
  EXPECT_EQ(partition.verdict(1, 0, 5, 1), append);
}

TEST(ProducerTable,
     OlderThanFiveIsADuplicateSequence) {  // Kafka 4.3.1 answers 45, which makes a client send again (F83)
  Partition partition;
  for (int32_t i = 0; i < 7; ++i) EXPECT_EQ(partition.verdict(1, 0, i, 1), append);
  EXPECT_EQ(partition.verdict(1, 0, 0, 1), old_duplicate);
  EXPECT_EQ(partition.verdict(1, 0, 1, 1), old_duplicate);
  EXPECT_EQ(partition.verdict(1, 0, 0, 2), old_duplicate);
  EXPECT_EQ(partition.verdict(1, 0, 1, 2), out_of_order);  // reaches into what is remembered, at other bounds
  EXPECT_EQ(partition.verdict(1, 0, 2, 1), duplicate);
  EXPECT_EQ(partition.verdict(1, 0, 6, 1), duplicate);
}

TEST(ProducerTable, OldSequencesThatWereNeverSeenAreOutOfOrder) {
  Partition partition;
  partition.produce(9, 0, 0, 1);  // the log holds records
  for (int32_t i = 20; i < 30; ++i) EXPECT_EQ(partition.verdict(1, 0, i, 1), append);
  EXPECT_EQ(partition.verdict(1, 0, 21, 1), old_duplicate);
  EXPECT_EQ(partition.verdict(1, 0, 19, 1), out_of_order);  // perhaps never written: a success would lose it
  EXPECT_EQ(partition.verdict(1, 0, 18, 4), out_of_order);
}

TEST(ProducerTable, UnknownProducers) {
  Partition empty;
  EXPECT_EQ(empty.verdict(1, 0, 5, 2), out_of_order);  // Kafka 4.3.1 accepts: KAFKA-15591 (F81)
  EXPECT_EQ(empty.end, 0);
  EXPECT_EQ(empty.verdict(1, 0, 0, 2), append);
  EXPECT_EQ(empty.verdict(2, 0, 9, 1), append);  // the log has held records: state may have expired
  EXPECT_EQ(empty.verdict(2, 0, 10, 1), append);
  EXPECT_EQ(empty.verdict(2, 0, 8, 1), out_of_order);
}

TEST(ProducerTable, Epochs) {
  Partition partition;
  EXPECT_EQ(partition.verdict(1, 3, 0, 1), append);
  EXPECT_EQ(partition.verdict(1, 2, 1, 1), invalid_epoch);
  EXPECT_EQ(partition.verdict(1, 4, 5, 1), out_of_order);  // a new epoch begins at 0
  EXPECT_EQ(partition.verdict(1, 4, 0, 1), append);
  EXPECT_EQ(partition.verdict(1, 3, 0, 1), invalid_epoch);
  EXPECT_EQ(partition.verdict(1, 4, 1, 1), append);
  EXPECT_EQ(partition.table.find(1)->batch_count, 2);
}

TEST(ProducerTable, SequencesWrap) {
  Partition partition;
  partition.produce(9, 0, 0, 1);
  EXPECT_EQ(partition.verdict(1, 0, INT32_MAX - 2, 2), append);
  EXPECT_EQ(partition.verdict(1, 0, INT32_MAX, 2), append);  // 2^31-1 and 0
  EXPECT_EQ(partition.verdict(1, 0, 1, 1), append);
  const ProducerCheck across = partition.produce(1, 0, INT32_MAX, 2);
  EXPECT_EQ(across.verdict, duplicate);
  EXPECT_EQ(across.original.first_offset(), 3);
  for (int32_t i = 2; i < 9; ++i) EXPECT_EQ(partition.verdict(1, 0, i, 1), append);
  EXPECT_EQ(partition.verdict(1, 0, INT32_MAX, 2), old_duplicate);
  EXPECT_EQ(partition.verdict(1, 0, INT32_MAX - 3, 1), out_of_order);
  Partition exact;
  exact.produce(9, 0, 0, 1);
  EXPECT_EQ(exact.verdict(1, 0, INT32_MAX - 1, 2), append);
  EXPECT_EQ(exact.verdict(1, 0, 0, 1), append);
}

TEST(ProducerTable, ExpiresTheIdle) {
  Partition partition;
  partition.produce(1, 0, 0, 1);
  partition.clock = 5000;
  partition.produce(2, 0, 0, 1);
  partition.produce(3, 0, 0, 1, true);  // in a transaction: stays
  EXPECT_EQ(partition.table.oldest_idle_timestamp(), 1000);
  EXPECT_EQ(partition.table.expire(5999, 5000), 0U);
  EXPECT_EQ(partition.table.expire(6000, 5000), 1U);
  EXPECT_EQ(partition.table.find(1), nullptr);
  EXPECT_EQ(partition.table.expire(INT64_MAX, 5000), 1U);
  EXPECT_EQ(partition.table.size(), 1U);
  EXPECT_NE(partition.table.find(3), nullptr);
  EXPECT_EQ(partition.table.oldest_idle_timestamp(), std::nullopt);
  partition.table.clear();
  EXPECT_EQ(partition.table.size(), 0U);
  EXPECT_EQ(partition.table.first_open_transaction_offset(), std::nullopt);
}

TEST(ProducerTable, ForgetsTheLongestUnused) {
  Partition partition(3);
  partition.produce(1, 0, 0, 1, true);
  for (ProducerId id = 2; id <= 3; ++id) partition.produce(id, 0, 0, 1);
  partition.produce(2, 0, 1, 1);
  partition.produce(4, 0, 0, 1);
  EXPECT_EQ(partition.table.size(), 3U);
  EXPECT_NE(partition.table.find(1), nullptr);  // its transaction is open
  EXPECT_NE(partition.table.find(2), nullptr);
  EXPECT_EQ(partition.table.find(3), nullptr);
  EXPECT_NE(partition.table.find(4), nullptr);
  for (ProducerId id = 10; id < 1000; ++id) partition.produce(id, 0, 0, 1);
  EXPECT_EQ(partition.table.size(), 3U);
}

TEST(ProducerTable, Transactions) {
  Partition partition;
  partition.produce(9, 0, 0, 1);
  EXPECT_EQ(partition.produce(1, 0, 0, 2, true).verdict, append);
  EXPECT_EQ(partition.produce(2, 0, 0, 1, true).verdict, append);
  EXPECT_EQ(partition.produce(1, 0, 2, 1, true).verdict, append);
  EXPECT_EQ(partition.table.find(1)->transaction_first_offset, 1);
  EXPECT_EQ(partition.table.first_open_transaction_offset(), 1);
  EXPECT_EQ(partition.produce(1, 0, 3, 1, false).verdict, ProducerVerdict::invalid_transaction);
  const auto completed = partition.table.append_marker({1, 0, true, 5, partition.end, 7000});
  EXPECT_EQ(completed, (CompletedTransaction{1, 1, partition.end, true}));
  EXPECT_EQ(partition.table.first_open_transaction_offset(), 3);
  EXPECT_EQ(partition.table.find(1)->coordinator_epoch, 5);
  EXPECT_EQ(partition.table.find(1)->last_timestamp, 7000);
  EXPECT_EQ(partition.table.append_marker({1, 0, false, 5, partition.end, 7000}), std::nullopt);  // nothing was open
  EXPECT_EQ(partition.produce(1, 0, 3, 1, false).verdict, append);  // sequences go on within an epoch
  // A marker of a newer epoch fences the old one, and the next batch begins at 0.
  partition.table.append_marker({1, 1, false, 6, partition.end, 7000});
  EXPECT_EQ(partition.verdict(1, 0, 4, 1), invalid_epoch);
  EXPECT_EQ(partition.verdict(1, 1, 4, 1), out_of_order);
  EXPECT_EQ(partition.verdict(1, 1, 0, 1), append);
}

TEST(ProducerTable, ReplaysKafkasBatchesAndMarkers) {
  ProducerTable table;
  const auto data = wire::samples::from_hex(wire::samples::gzip_hex);
  const auto abort = wire::samples::from_hex(wire::samples::abort_hex);
  const auto commit = wire::samples::from_hex(wire::samples::commit_hex);
  const auto plain = wire::samples::from_hex(wire::samples::append_time_hex);
  EXPECT_EQ(table.replay(*wire::BatchView::parse(plain)), std::nullopt);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.replay(*wire::BatchView::parse(data)), std::nullopt);
  const ProducerEntry* entry = table.find(4000);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->epoch, 3);
  EXPECT_EQ(entry->transaction_first_offset, 5);
  EXPECT_EQ(*entry->newest(), (ProducerBatch{0, 7, 2, 1700000000500}));
  EXPECT_EQ(entry->newest()->first_sequence(), INT32_MAX - 1);
  EXPECT_EQ(table.replay(*wire::BatchView::parse(abort)), (CompletedTransaction{4000, 5, 42, true}));
  EXPECT_EQ(table.replay(*wire::BatchView::parse(commit)), std::nullopt);
  EXPECT_EQ(table.find(4000)->coordinator_epoch, 9);
  EXPECT_EQ(table.find(4000)->batch_count, 1);
  const auto marker = read_marker(*wire::BatchView::parse(commit));
  ASSERT_TRUE(marker);
  EXPECT_FALSE(marker->aborted);
  EXPECT_EQ(marker->offset, 43);
}

TEST(ProducerTable, UnreadableMarkersChangeNothing) {
  wire::BatchOptions options;
  options.control = true;
  options.producer_id = 7;
  for (const auto& [key, value] : std::vector<std::pair<const char*, const char*>>{{"", ""},
                                                                                   {"0000", "000000000009"},
                                                                                   {"00000002", "000000000009"},
                                                                                   {"00000000", "0000"},
                                                                                   {"ffff0000", "000000000009"}}) {
    wire::BatchBuilder builder(options);
    const auto key_bytes = wire::samples::from_hex(key);
    const auto value_bytes = wire::samples::from_hex(value);
    builder.add({1, key_bytes, value_bytes, {}});
    auto bytes = builder.finish();
    ASSERT_TRUE(bytes);
    const auto batch = wire::BatchView::parse(*bytes);
    ASSERT_TRUE(batch);
    EXPECT_FALSE(read_marker(*batch)) << key;
    ProducerTable table;
    table.replay(*batch);
    EXPECT_EQ(table.size(), 0U);
  }
  wire::BatchBuilder empty(options);  // the cleaner removed the marker: the transaction is long gone
  auto bytes = empty.finish();
  EXPECT_FALSE(read_marker(*wire::BatchView::parse(*bytes)));
}

TEST(ProducerTable, AgreesWithAModelThatForgetsNothing) {
  // The model keeps every accepted batch. Whatever the table calls a duplicate must be one, and nothing is accepted
  // twice.
  Prng prng(5);
  for (int round = 0; round < 200; ++round) {
    Partition partition;
    int32_t next = 0;
    std::vector<std::pair<int32_t, int32_t>> accepted;
    for (int step = 0; step < 60; ++step) {
      const bool again = !accepted.empty() && prng.chance(1, 2);
      const auto [sequence, count] =
          again ? accepted[prng.below(accepted.size())]
                : std::pair{static_cast<int32_t>(next + prng.between(0, 1)), static_cast<int32_t>(prng.between(1, 4))};
      const ProducerVerdict verdict = partition.verdict(1, 0, sequence, count);
      if (again) {
        ASSERT_TRUE(verdict == duplicate || verdict == old_duplicate);
      } else if (sequence == next) {
        ASSERT_EQ(verdict, append);
        accepted.emplace_back(sequence, count);
        next += count;
      } else {
        ASSERT_EQ(verdict, out_of_order);
      }
    }
    ASSERT_EQ(partition.end, next);
  }
}

// What Kafka 4.3.1 wrote for the three entries below.
constexpr std::string_view kafkas_snapshot =
    "00014dddc4eb000000030000000000000001000200000063000000000000008c000000090000018bcfe568000000000300000000000000"
    "280000000000000fa0000000000001000000000000008d000000030000018bcfe56801ffffffffffffffffffffffff0000000000000fa1"
    "0007ffffffffffffffffffffffff000000000000018bcfe568020000000cffffffffffffffff";

std::vector<ProducerEntry> snapshot_entries() {
  ProducerTable table;
  table.append({1, 2, 90, 99, 131, 140, 1700000000000, false});
  ProducerEntry first = *table.find(1);
  first.coordinator_epoch = 3;
  first.transaction_first_offset = 40;
  table.load(first);
  table.append({4000, 0, INT32_MAX - 1, 1, 138, 141, 1700000000001, false});
  table.append_marker({4001, 7, false, 12, 142, 1700000000002});
  return table.entries();
}

TEST(ProducerSnapshot, IsKafkasByteForByte) {
  EXPECT_EQ(encode_producer_snapshot(snapshot_entries()), wire::samples::from_hex(kafkas_snapshot));
}

TEST(ProducerSnapshot, Reads) {
  const auto decoded = decode_producer_snapshot(wire::samples::from_hex(kafkas_snapshot));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 3U);
  EXPECT_EQ((*decoded)[0].transaction_first_offset, 40);
  EXPECT_EQ((*decoded)[0].coordinator_epoch, 3);
  EXPECT_EQ(*(*decoded)[1].newest(), (ProducerBatch{1, 141, 3, 1700000000001}));
  EXPECT_EQ((*decoded)[1].newest()->first_sequence(), INT32_MAX - 1);
  EXPECT_EQ((*decoded)[2].newest(), nullptr);
  EXPECT_EQ((*decoded)[2].transaction_first_offset, no_offset);

  ProducerTable table;
  for (const ProducerEntry& entry : *decoded) table.load(entry);
  EXPECT_EQ(encode_producer_snapshot(table.entries()), wire::samples::from_hex(kafkas_snapshot));
  EXPECT_EQ(table.first_open_transaction_offset(), 40);
  // The newest batch is remembered across a restart, what lies before it is not.
  EXPECT_EQ(table.check({4000, 0, INT32_MAX - 1, 1, 200, 203, 1, false}, true).verdict, duplicate);
  EXPECT_EQ(table.check({4000, 0, 5, 5, 200, 200, 1, false}, true).verdict, out_of_order);
  EXPECT_EQ(table.check({4000, 0, 100, 100, 200, 200, 1, false}, true).verdict, out_of_order);
  EXPECT_EQ(table.check({4000, 0, 2, 2, 200, 200, 1, false}, true).verdict, append);
}

TEST(ProducerSnapshot, Empty) {
  const auto file = encode_producer_snapshot({});
  EXPECT_EQ(file.size(), producer_snapshot_header_bytes);
  const auto decoded = decode_producer_snapshot(file);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->empty());
}

TEST(ProducerSnapshot, DamageIsNoticed) {
  const auto good = wire::samples::from_hex(kafkas_snapshot);
  for (size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(decode_producer_snapshot(std::span(good).first(size))) << size;
  }
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto decoded = decode_producer_snapshot(bad);
    ASSERT_FALSE(decoded) << bit;
    ASSERT_EQ(decoded.failure().kind, FailureKind::corrupt);
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_producer_snapshot(longer));
}

}  // namespace
}  // namespace moldau::log
