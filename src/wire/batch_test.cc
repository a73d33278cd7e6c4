// BatchView, patchers, walking over blobs, and BatchBuilder against bytes that Kafka's own classes made.
#include "wire/batch.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"
#include "wire/batch_samples_for_test.h"

namespace moldau::wire {
namespace {

using compress::Codec;
using Buffer = std::vector<std::byte>;

Buffer build(const BatchOptions& options = {}, int records = 3) {
  BatchBuilder builder(options);
  for (int i = 0; i < records; ++i) builder.add(1000 + i, "key", "value");
  const auto bytes = builder.finish();
  EXPECT_TRUE(bytes);
  return {bytes->begin(), bytes->end()};
}

BatchFault fault_of(std::span<const std::byte> bytes) {
  const auto batch = BatchView::parse_checked(bytes);
  return batch ? BatchFault::none : batch.error();
}

template <typename T>
Buffer with(Buffer bytes, size_t at, T value) {
  store_big_endian<T>(bytes.data() + at, value);
  return bytes;
}

BatchOptions sample_options(Codec codec) {
  BatchOptions options;
  options.codec = codec;
  options.base_offset = 5;
  options.leader_epoch = 7;
  options.producer_id = 4000;
  options.producer_epoch = 3;
  options.base_sequence = 2147483646;
  options.transactional = true;
  return options;
}

void add_sample_records(BatchBuilder& builder) {
  const std::array headers{RecordHeader{"h1", as_bytes("x")}, RecordHeader{"h2", std::nullopt},
                           RecordHeader{"", as_bytes("")}};
  builder.add({1700000000000, as_bytes("key"), as_bytes("value"), headers});
  builder.add(1700000000500, std::nullopt, "only value");
  builder.add(1699999999000, "tombstone", std::nullopt);
}

TEST(BatchView, ReadsKafkasHeader) {
  const Buffer bytes = samples::from_hex(samples::gzip_hex);
  const auto batch = BatchView::parse_checked(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->size(), bytes.size());
  EXPECT_EQ(batch->base_offset(), 5);
  EXPECT_EQ(batch->leader_epoch(), 7);
  EXPECT_EQ(batch->last_offset_delta(), 2);
  EXPECT_EQ(batch->last_offset(), 7);
  EXPECT_EQ(batch->next_offset(), 8);
  EXPECT_EQ(batch->base_timestamp(), 1700000000000);
  EXPECT_EQ(batch->max_timestamp(), 1700000000500);
  EXPECT_EQ(batch->producer_id(), 4000);
  EXPECT_TRUE(batch->has_producer_id());
  EXPECT_EQ(batch->producer_epoch(), 3);
  EXPECT_EQ(batch->base_sequence(), 2147483646);
  EXPECT_EQ(batch->last_sequence(), 0);  // around 2^31
  EXPECT_EQ(batch->record_count(), 3);
  EXPECT_EQ(batch->codec(), Codec::gzip);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::create_time);
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_FALSE(batch->is_control());
  EXPECT_FALSE(batch->has_delete_horizon());
  EXPECT_EQ(batch->crc(), batch->computed_crc());
  EXPECT_EQ(batch->payload().size(), bytes.size() - batch_header_bytes);
}

TEST(BatchView, ReadsControlAndAppendTime) {
  const Buffer marker_bytes = samples::from_hex(samples::abort_hex);
  const auto marker = BatchView::parse_checked(marker_bytes);
  ASSERT_TRUE(marker);
  EXPECT_TRUE(marker->is_control());
  EXPECT_EQ(marker->base_offset(), 42);
  EXPECT_EQ(marker->last_sequence(), no_sequence);
  const Buffer append_bytes = samples::from_hex(samples::append_time_hex);
  const auto append = BatchView::parse_checked(append_bytes);
  ASSERT_TRUE(append);
  EXPECT_EQ(append->timestamp_type(), TimestampType::log_append_time);
  EXPECT_FALSE(append->has_producer_id());
}

TEST(BatchView, EveryCutIsIncomplete) {
  const Buffer bytes = build();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(fault_of(std::span(bytes).first(size)), BatchFault::incomplete) << size;
  }
  EXPECT_EQ(fault_of(bytes), BatchFault::none);
}

TEST(BatchView, EveryFlippedBitIsNoticed) {
  const Buffer bytes = build();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    if (bit / 8 < 8 || (bit / 8 >= 12 && bit / 8 < 16)) continue;  // base offset and leader epoch are not covered
    Buffer flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    ASSERT_NE(fault_of(flipped), BatchFault::none) << bit;
  }
}

TEST(BatchView, FaultsOfLengthAndMagic) {
  const Buffer bytes = build();
  for (const int32_t length : {-1, INT32_MIN, 0, 13})
    EXPECT_EQ(fault_of(with(bytes, 8, length)), BatchFault::bad_length) << length;
  for (const int32_t length : {14, 20, 48})
    EXPECT_EQ(fault_of(with(bytes, 8, length)), BatchFault::bad_length) << length;
  EXPECT_EQ(fault_of(with(bytes, 8, INT32_MAX)), BatchFault::incomplete);
  EXPECT_EQ(fault_of(with(bytes, 16, int8_t{0})), BatchFault::old_magic);
  EXPECT_EQ(fault_of(with(bytes, 16, int8_t{1})), BatchFault::old_magic);
  EXPECT_EQ(fault_of(with(bytes, 16, int8_t{3})), BatchFault::unknown_magic);
  EXPECT_EQ(fault_of(with(bytes, 16, int8_t{-1})), BatchFault::unknown_magic);
  EXPECT_EQ(fault_of(with(bytes, 17, uint32_t{1})), BatchFault::bad_crc);
  for (const auto fault : {BatchFault::none, BatchFault::incomplete, BatchFault::bad_length, BatchFault::old_magic,
                           BatchFault::unknown_magic, BatchFault::bad_crc}) {
    EXPECT_NE(std::string_view(name_of(fault)), "unknown");
  }
}

TEST(BatchView, OldMessageSetsHaveASize) {
  // A magic 1 message: offset, size, crc, magic, attributes, timestamp, key -1, value -1.
  Buffer message(34);
  store_big_endian<int32_t>(message.data() + 8, 22);
  message[16] = std::byte{1};
  EXPECT_EQ(batch_size(message), 34U);
  EXPECT_EQ(fault_of(message), BatchFault::old_magic);
}

TEST(BatchView, UnassignedCodecsAreToldApart) {
  for (const int16_t attributes : {int16_t{5}, int16_t{6}, int16_t{7}}) {
    const Buffer bytes = with(build(), 21, attributes);
    const auto batch = BatchView::parse(bytes);
    ASSERT_TRUE(batch);
    EXPECT_FALSE(batch->codec());
  }
}

TEST(BatchView, HostileNumbersWrap) {
  const Buffer bytes = with(with(build(), 0, INT64_MAX), 23, INT32_MAX);
  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  EXPECT_LT(batch->last_offset(), 0);
}

TEST(BatchWalkTest, VisitsWholeBatchesAndSaysWhyItStops) {
  const Buffer one = build();
  Buffer blob = one;
  blob.insert(blob.end(), one.begin(), one.end());
  int visits = 0;
  const auto count = [&](const BatchView&) { return ++visits > 0; };
  EXPECT_EQ(for_each_batch(blob, count).consumed, 2 * one.size());
  EXPECT_EQ(visits, 2);
  blob.insert(blob.end(), one.begin(), one.end() - 1);
  const BatchWalk cut = for_each_batch(blob, count);
  EXPECT_EQ(cut.consumed, 2 * one.size());
  EXPECT_EQ(cut.fault, BatchFault::incomplete);
  EXPECT_EQ(visits, 4);
  EXPECT_EQ(for_each_batch(blob, [](const BatchView&) { return false; }).consumed, one.size());
  EXPECT_EQ(for_each_batch({}, count).fault, BatchFault::none);
}

TEST(BatchPatch, OffsetAndEpochLeaveTheCrcAlone) {
  Buffer bytes = build();
  set_base_offset(bytes, 123456789012);
  set_leader_epoch(bytes, 17);
  const auto batch = BatchView::parse_checked(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->base_offset(), 123456789012);
  EXPECT_EQ(batch->leader_epoch(), 17);
}

TEST(BatchPatch, AppendTimeRecomputesTheCrc) {
  Buffer bytes = build();
  set_max_timestamp(bytes, TimestampType::log_append_time, 777);
  const auto batch = BatchView::parse_checked(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->max_timestamp(), 777);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::log_append_time);
  EXPECT_EQ(batch->base_timestamp(), 1000);
  set_max_timestamp(bytes, TimestampType::create_time, 1002);
  EXPECT_EQ(bytes, build());
}

TEST(BatchPatch, EqualValuesChangeNothing) {
  Buffer bytes = with(build(), 21, int16_t{0x4000});
  const Buffer before = bytes;
  set_max_timestamp(bytes, TimestampType::create_time, 1002);
  EXPECT_EQ(bytes, before);
  set_max_timestamp(bytes, TimestampType::create_time, 1003);
  const auto batch = BatchView::parse_checked(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->attributes(), 0);
}

TEST(BatchSequence, WrapsAround) {
  EXPECT_EQ(add_sequence(INT32_MAX, 1), 0);
  EXPECT_EQ(add_sequence(INT32_MAX - 1, 3), 1);
  EXPECT_EQ(add_sequence(5, 6), 11);
  EXPECT_EQ(subtract_sequence(1, 3), INT32_MAX - 1);
  EXPECT_EQ(subtract_sequence(0, 0), 0);
}

TEST(BatchBuilder, MakesKafkasBytes) {
  BatchBuilder builder(sample_options(Codec::none));
  add_sample_records(builder);
  const auto bytes = builder.finish();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(Buffer(bytes->begin(), bytes->end()), samples::from_hex(samples::none_hex));
  EXPECT_EQ(builder.uncompressed_size(), bytes->size());
}

TEST(BatchBuilder, MakesKafkasAppendTimeBytes) {
  BatchOptions options;
  options.append_time = 1700000009999;
  BatchBuilder builder(options);
  const std::array headers{RecordHeader{"h1", as_bytes("x")}, RecordHeader{"h2", std::nullopt},
                           RecordHeader{"", as_bytes("")}};
  builder.add({1700000000000, as_bytes("key"), as_bytes("value"), headers});
  builder.add(1700000000500, std::nullopt, "only value");
  const auto bytes = builder.finish();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(Buffer(bytes->begin(), bytes->end()), samples::from_hex(samples::append_time_hex));
}

TEST(BatchBuilder, MakesKafkasMarkers) {
  for (const bool commit : {false, true}) {
    BatchOptions options;
    options.base_offset = commit ? 43 : 42;
    options.leader_epoch = 7;
    options.producer_id = 4000;
    options.producer_epoch = 3;
    options.transactional = true;
    options.control = true;
    BatchBuilder builder(options);
    const Buffer key = samples::from_hex(commit ? "00000001" : "00000000");
    const Buffer value = samples::from_hex("000000000009");
    builder.add({1700000000000, key, value, {}});
    const auto bytes = builder.finish();
    ASSERT_TRUE(bytes);
    EXPECT_EQ(Buffer(bytes->begin(), bytes->end()),
              samples::from_hex(commit ? samples::commit_hex : samples::abort_hex));
  }
}

TEST(BatchBuilder, EveryCodecReadsBack) {
  RecordIterator iterator;
  for (const Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    BatchBuilder builder(sample_options(codec));
    add_sample_records(builder);
    const auto bytes = builder.finish();
    ASSERT_TRUE(bytes);
    const auto batch = BatchView::parse_checked(*bytes);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->codec(), codec);
    EXPECT_EQ(batch->max_timestamp(), 1700000000500);
    EXPECT_EQ(batch->last_sequence(), 0);
    ASSERT_EQ(iterator.start(*batch), RecordFault::none);
    RecordView record;
    int count = 0;
    while (iterator.next(record)) ++count;
    EXPECT_EQ(iterator.fault(), RecordFault::none);
    EXPECT_EQ(count, 3);
  }
}

TEST(BatchBuilder, StaysOpenAndStartsAnew) {
  BatchBuilder builder;
  builder.add(1, "a", "b");
  const auto first = builder.finish();
  ASSERT_TRUE(first);
  const size_t size = first->size();
  builder.add(2, "a", "b");
  const auto second = builder.finish();
  ASSERT_TRUE(second);
  EXPECT_GT(second->size(), size);
  EXPECT_EQ(builder.count(), 2);
  EXPECT_EQ(builder.max_timestamp(), 2);
  builder.reset({});
  EXPECT_EQ(builder.count(), 0);
  const auto empty = builder.finish();
  ASSERT_TRUE(empty);
  const auto batch = BatchView::parse_checked(*empty);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->record_count(), 0);
  EXPECT_EQ(batch->size(), batch_header_bytes);
}

TEST(BatchBuilder, KeepsGapsHorizonAndHeaderForCompaction) {
  BatchOptions options;
  options.delete_horizon = 5000;
  options.max_timestamp = 9000;
  BatchBuilder builder(options);
  builder.add_at(3, {6000, as_bytes("a"), std::nullopt, {}});
  builder.add_at(8, {4000, as_bytes("b"), std::nullopt, {}});
  const auto bytes = builder.finish(10);
  ASSERT_TRUE(bytes);
  const auto batch = BatchView::parse_checked(*bytes);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->has_delete_horizon());
  EXPECT_EQ(batch->base_timestamp(), 5000);
  EXPECT_EQ(batch->max_timestamp(), 9000);
  EXPECT_EQ(batch->last_offset_delta(), 10);
  RecordIterator iterator;
  ASSERT_EQ(iterator.start(*batch), RecordFault::none);
  RecordView record;
  ASSERT_TRUE(iterator.next(record));
  EXPECT_EQ(record.offset, 3);
  EXPECT_EQ(record.timestamp, 6000);
  ASSERT_TRUE(iterator.next(record));
  EXPECT_EQ(record.offset, 8);
  EXPECT_EQ(record.timestamp, 4000);
}

TEST(BatchBuilder, RefusesAnUnknownLevel) {
  BatchOptions options;
  options.codec = Codec::zstd;
  options.level = 40;
  BatchBuilder builder(options);
  builder.add(1, "a", "b");
  EXPECT_FALSE(builder.finish());
}

}  // namespace
}  // namespace moldau::wire
