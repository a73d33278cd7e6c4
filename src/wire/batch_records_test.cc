// The records of batches: what Kafka wrote, every way to lie about them (S23), pieces at every boundary.
#include "wire/batch_records.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "wire/batch_builder.h"
#include "wire/batch_samples_for_test.h"

namespace moldau::wire {
namespace {

using compress::Codec;
using Buffer = std::vector<std::byte>;
constexpr std::array all_codecs{Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr compress::Limits roomy{};

Buffer finish(BatchBuilder& builder) {
  const auto bytes = builder.finish();
  EXPECT_TRUE(bytes);
  return {bytes->begin(), bytes->end()};
}

BatchView view(const Buffer& bytes) {
  const auto batch = BatchView::parse(bytes);
  EXPECT_TRUE(batch);
  return *batch;
}

// A batch of `count` records with that payload, raw or compressed whole.
Buffer with_payload(const Buffer& payload, int32_t count, Codec codec = Codec::none) {
  BatchBuilder builder;
  Buffer bytes = finish(builder);
  EXPECT_TRUE(compress::compress(codec, compress::level_default(codec), payload, bytes));
  store_big_endian<int32_t>(bytes.data() + 8, static_cast<int32_t>(bytes.size() - 12));
  store_big_endian<int16_t>(bytes.data() + 21, static_cast<int16_t>(codec));
  store_big_endian<int32_t>(bytes.data() + 23, count - 1);
  store_big_endian<int32_t>(bytes.data() + 57, count);
  return bytes;
}

BatchFacts facts_of(const Buffer& bytes, const compress::Limits& limits = roomy) {
  compress::Decompressor decompressor;
  return validate_records(view(bytes), &decompressor, limits);
}

// The fault that the scanner finds in every codec; the iterator must find one too.
RecordFault fault_of(std::string_view hex, int32_t count = 1) {
  const Buffer payload = samples::from_hex(hex);
  const RecordFault fault = facts_of(with_payload(payload, count)).fault;
  for (const Codec codec : all_codecs) {
    const Buffer bytes = with_payload(payload, count, codec);
    EXPECT_EQ(facts_of(bytes).fault, fault) << hex << " " << compress::name_of(codec);
    RecordIterator iterator;
    iterator.start(view(bytes));
    RecordView record;
    while (iterator.next(record)) continue;
    EXPECT_EQ(iterator.fault() == RecordFault::none, fault == RecordFault::none)
        << hex << " " << compress::name_of(codec);
  }
  return fault;
}

TEST(Records, ReadsWhatKafkaWrote) {
  for (const auto hex :
       {samples::none_hex, samples::gzip_hex, samples::snappy_hex, samples::lz4_hex, samples::zstd_hex}) {
    const Buffer bytes = samples::from_hex(hex);
    RecordIterator iterator;
    ASSERT_EQ(iterator.start(view(bytes)), RecordFault::none);
    RecordView record;
    ASSERT_TRUE(iterator.next(record));
    EXPECT_EQ(record.offset, 5);
    EXPECT_EQ(record.timestamp, 1700000000000);
    EXPECT_EQ(as_text(*record.key), "key");
    EXPECT_EQ(as_text(*record.value), "value");
    const auto headers = record.headers.list();
    ASSERT_EQ(headers.size(), 3U);
    EXPECT_EQ(headers[0].key, "h1");
    EXPECT_EQ(as_text(*headers[0].value), "x");
    EXPECT_EQ(headers[1].key, "h2");
    EXPECT_FALSE(headers[1].value);
    EXPECT_EQ(headers[2].key, "");
    EXPECT_TRUE(headers[2].value && headers[2].value->empty());
    ASSERT_TRUE(iterator.next(record));
    EXPECT_EQ(record.offset, 6);
    EXPECT_FALSE(record.key);
    EXPECT_EQ(record.headers.count(), 0);
    ASSERT_TRUE(iterator.next(record));
    EXPECT_EQ(record.timestamp, 1699999999000);
    EXPECT_FALSE(record.value);
    EXPECT_FALSE(iterator.next(record));
    EXPECT_EQ(iterator.fault(), RecordFault::none);

    const BatchFacts facts = facts_of(bytes);
    EXPECT_EQ(facts.fault, RecordFault::none);
    EXPECT_EQ(facts.records, 3);
    EXPECT_EQ(facts.max_timestamp, 1700000000500);
    EXPECT_EQ(facts.max_timestamp_offset_delta, 1);
    EXPECT_EQ(facts.uncompressed_bytes, 61U);
    EXPECT_TRUE(facts.offsets_consecutive);
    EXPECT_FALSE(facts.all_keys_present);
  }
}

TEST(Records, AppendTimeIsTheTimeOfAll) {
  const Buffer bytes = samples::from_hex(samples::append_time_hex);
  RecordIterator iterator;
  ASSERT_EQ(iterator.start(view(bytes)), RecordFault::none);
  RecordView record;
  while (iterator.next(record)) EXPECT_EQ(record.timestamp, 1700000009999);
  const BatchFacts facts = facts_of(bytes);
  EXPECT_EQ(facts.max_timestamp, 1700000009999);
  EXPECT_EQ(facts.max_timestamp_offset_delta, 0);
}

// length | attributes | timestamp delta | offset delta | key | value | header count | headers
TEST(Records, EveryLieIsNoticed) {
  EXPECT_EQ(fault_of("0c000000010100"), RecordFault::none);
  EXPECT_EQ(fault_of(""), RecordFault::cut);
  EXPECT_EQ(fault_of("0c0000000101"), RecordFault::cut);
  EXPECT_EQ(fault_of("0c000000010100", 2), RecordFault::cut);
  EXPECT_EQ(fault_of("feffffff0f000000010100"), RecordFault::bad_length);  // a record of 2 GiB
  EXPECT_EQ(fault_of("01"), RecordFault::bad_length);                      // -1
  EXPECT_EQ(fault_of("00"), RecordFault::bad_length);                      // no room for anything
  EXPECT_EQ(fault_of("0a000000010100"), RecordFault::bad_length);          // one too short
  EXPECT_EQ(fault_of("0e000000010100"), RecordFault::length_mismatch);     // one too long
  EXPECT_EQ(fault_of("0e00000001010000"), RecordFault::length_mismatch);
  EXPECT_EQ(fault_of("0c00000001010000"), RecordFault::bytes_left_over);
  EXPECT_EQ(fault_of("0c0000000101000c000000010100"), RecordFault::bytes_left_over);
  EXPECT_EQ(fault_of("0c0000000a0100"), RecordFault::bad_length);          // key beyond the record
  EXPECT_EQ(fault_of("0c000000010a00"), RecordFault::bad_length);          // value beyond the record
  EXPECT_EQ(fault_of("0c000000030100"), RecordFault::bad_length);          // key length -2
  EXPECT_EQ(fault_of("0c000000010300"), RecordFault::bad_length);          // value length -2
  EXPECT_EQ(fault_of("14000000feffffff0f0100"), RecordFault::bad_length);  // key length 2^31-1
  EXPECT_EQ(fault_of("0c000000010101"), RecordFault::bad_header_count);    // -1 headers
  EXPECT_EQ(fault_of("0c000000010102"), RecordFault::bad_header_count);    // a header where nothing is left
  EXPECT_EQ(fault_of("140000000101feffffff0f"), RecordFault::bad_header_count);
  EXPECT_EQ(fault_of("100000000101020001"), RecordFault::none);              // empty header key, null value
  EXPECT_EQ(fault_of("100000000101020101"), RecordFault::bad_length);        // header key length -1
  EXPECT_EQ(fault_of("100000000101020003"), RecordFault::bad_length);        // header value length -2
  EXPECT_EQ(fault_of("100000000101020400"), RecordFault::bad_length);        // header key beyond the record
  EXPECT_EQ(fault_of("ffffffff1f000000010100"), RecordFault::bad_varint);    // more than 32 bits
  EXPECT_EQ(fault_of("808080808000000000010100"), RecordFault::bad_varint);  // six bytes
  EXPECT_EQ(fault_of("2000ffffffffffffffffff03000101000000"),
            RecordFault::bad_varint);  // a timestamp of more than 64 bits
}

TEST(Records, CountsThatLie) {
  Buffer bytes = with_payload(samples::from_hex("0c000000010100"), 1);
  store_big_endian<int32_t>(bytes.data() + 57, -1);
  EXPECT_EQ(facts_of(bytes).fault, RecordFault::bad_count);
  store_big_endian<int32_t>(bytes.data() + 57, 0);
  EXPECT_EQ(facts_of(bytes).fault, RecordFault::bytes_left_over);
  store_big_endian<int32_t>(bytes.data() + 57, INT32_MAX);
  EXPECT_EQ(facts_of(bytes).fault, RecordFault::cut);
  store_big_endian<int16_t>(bytes.data() + 21, 6);
  EXPECT_EQ(facts_of(bytes).fault, RecordFault::bad_codec);
}

TEST(Records, OffsetDeltasThatLieAreTold) {
  for (const Codec codec : all_codecs) {
    BatchOptions options;
    options.codec = codec;
    BatchBuilder builder(options);
    builder.add_at(0, {1, std::nullopt, std::nullopt, {}});
    builder.add_at(2, {5, std::nullopt, std::nullopt, {}});
    builder.add_at(1, {3, std::nullopt, std::nullopt, {}});
    const BatchFacts facts = facts_of(finish(builder));
    EXPECT_EQ(facts.fault, RecordFault::none);
    EXPECT_FALSE(facts.offsets_consecutive);
    EXPECT_EQ(facts.max_timestamp_offset_delta, 2);
  }
}

TEST(Records, ExtremeTimestamps) {
  BatchBuilder builder;
  for (const int64_t timestamp : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) builder.add(timestamp, "k", "v");
  const Buffer bytes = finish(builder);
  RecordIterator iterator;
  ASSERT_EQ(iterator.start(view(bytes)), RecordFault::none);
  RecordView record;
  for (const int64_t timestamp : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) {
    ASSERT_TRUE(iterator.next(record));
    EXPECT_EQ(record.timestamp, timestamp);
  }
  EXPECT_EQ(facts_of(bytes).max_timestamp, INT64_MAX);
}

TEST(Records, DamagedAndOversizedCompression) {
  for (const Codec codec : all_codecs) {
    if (codec == Codec::none) continue;
    BatchOptions options;
    options.codec = codec;
    BatchBuilder builder(options);
    const std::string value(100'000, 'x');
    for (int i = 0; i < 10; ++i) builder.add(i, "k", value);
    Buffer bytes = finish(builder);
    EXPECT_EQ(facts_of(bytes, {2'000'000, 23}).fault, RecordFault::none);
    EXPECT_EQ(facts_of(bytes, {999'999, 23}).fault, RecordFault::too_large) << compress::name_of(codec);
    bytes.pop_back();
    store_big_endian<int32_t>(bytes.data() + 8, static_cast<int32_t>(bytes.size() - 12));
    EXPECT_EQ(facts_of(bytes).fault, RecordFault::bad_compression) << compress::name_of(codec);
    bytes[batch_header_bytes] ^= std::byte{0xFF};
    EXPECT_NE(facts_of(bytes).fault, RecordFault::none);
  }
}

TEST(Records, RecordsAcrossPieces) {
  // Sizes around those of windows and blocks put records, and the fields in them, across every boundary.
  Prng prng(11);
  RecordIterator iterator;
  compress::Decompressor decompressor;
  for (int round = 0; round < 60; ++round) {
    BatchOptions options;
    options.codec = all_codecs[static_cast<size_t>(round) % all_codecs.size()];
    BatchBuilder builder(options);
    std::vector<std::pair<std::string, std::string>> expected;
    const uint64_t size_max = round % 3 == 0 ? 40 : round % 3 == 1 ? 3'000 : 200'000;
    for (int i = 0; i < (round % 3 == 0 ? 9'000 : 20); ++i) {
      std::string key(prng.below(30), static_cast<char>('a' + prng.below(26)));
      std::string value(prng.below(size_max), '\0');
      for (char& c : value) c = static_cast<char>(prng.next());
      const std::string header(prng.below(300), 'h');
      const std::array headers{RecordHeader{header, as_bytes(header)}};
      builder.add({i, as_bytes(key), as_bytes(value), headers});
      expected.emplace_back(std::move(key), std::move(value));
    }
    const Buffer bytes = finish(builder);
    ASSERT_EQ(iterator.start(view(bytes)), RecordFault::none);
    RecordView record;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(iterator.next(record)) << name_of(iterator.fault());
      ASSERT_EQ(as_text(*record.key), expected[i].first);
      ASSERT_EQ(as_text(*record.value), expected[i].second);
      ASSERT_EQ(record.headers.list().at(0).key, as_text(*record.headers.list().at(0).value));
    }
    ASSERT_FALSE(iterator.next(record));
    ASSERT_EQ(iterator.fault(), RecordFault::none);
    const BatchFacts facts = validate_records(view(bytes), &decompressor, roomy);
    ASSERT_EQ(facts.fault, RecordFault::none);
    ASSERT_EQ(facts.records, static_cast<int32_t>(expected.size()));
    ASSERT_EQ(facts.uncompressed_bytes + batch_header_bytes, builder.uncompressed_size());
  }
}

TEST(Records, FaultsHaveNames) {
  for (int fault = 0; fault <= static_cast<int>(RecordFault::window_too_large); ++fault) {
    EXPECT_NE(std::string_view(name_of(static_cast<RecordFault>(fault))), "unknown");
  }
}

}  // namespace
}  // namespace moldau::wire
