// Admission: every error path with Kafka's own answer, what changes bytes and what does not, caps, and no allocation
// per record. The expected answers were taken from Apache Kafka 4.3.1, asked with the same bytes.
#include "log/admission.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "base/sanitized.h"

#if !defined(MOLDAU_SANITIZED)
// Counts every allocation of the process, the codecs' included.
static size_t allocations = 0;
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
}
#endif

namespace moldau::log {
namespace {

using compress::Codec;
using wire::BatchBuilder;
using wire::BatchOptions;
using wire::BatchView;
using wire::ErrorCode;
using wire::TimestampType;
using Buffer = std::vector<std::byte>;

constexpr WallMillis now = 1'700'000'000'000;
constexpr std::array all_codecs{Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

Buffer finish(BatchBuilder& builder) {
  const auto bytes = builder.finish();
  EXPECT_TRUE(bytes);
  return {bytes->begin(), bytes->end()};
}

Buffer build(const BatchOptions& options = {}, int records = 3) {
  BatchBuilder builder(options);
  for (int i = 0; i < records; ++i) builder.add(now + i, "key", "value");
  return finish(builder);
}

BatchOptions with_codec(Codec codec) {
  BatchOptions options;
  options.codec = codec;
  return options;
}

template <typename T>
Buffer with(Buffer bytes, size_t at, T value, bool repair_crc = true) {
  store_big_endian<T>(bytes.data() + at, value);
  if (repair_crc) store_big_endian<uint32_t>(bytes.data() + 17, crc32c(std::span<const std::byte>(bytes).subspan(21)));
  return bytes;
}

class AdmissionTest : public testing::Test {
 protected:
  Admission ask(Buffer& bytes, int16_t version = 13, AppendOrigin origin = AppendOrigin::client) {
    AdmissionInput input;
    input.records = bytes;
    input.topic_partition = "orders-3";
    input.produce_version = version;
    input.now = now;
    input.origin = origin;
    return admit(input, config, workspace);
  }
  ErrorCode error_of(Buffer bytes, int16_t version = 13) {
    const Admission admission = ask(bytes, version);
    return admission ? ErrorCode::none : admission.error().error;
  }
  Refusal refusal_of(Buffer bytes, int16_t version = 13) {
    Admission admission = ask(bytes, version);
    EXPECT_FALSE(admission);
    return admission ? Refusal{} : std::move(admission).error();
  }

  AdmissionConfig config;
  AdmissionWorkspace workspace;
};

TEST_F(AdmissionTest, PassesBytesThrough) {
  for (const Codec codec : all_codecs) {
    BatchOptions options = with_codec(codec);
    options.producer_id = 9;
    options.producer_epoch = 2;
    options.base_sequence = INT32_MAX;
    options.transactional = true;
    Buffer bytes = build(options);
    const Buffer before = bytes;
    const Admission admission = ask(bytes);
    ASSERT_TRUE(admission) << admission.error().detail;
    EXPECT_EQ(bytes, before);
    EXPECT_EQ(admission->bytes.data(), bytes.data());
    EXPECT_EQ(admission->bytes.size(), bytes.size());
    EXPECT_FALSE(admission->in_workspace);
    EXPECT_EQ(admission->codec, codec);
    EXPECT_EQ(admission->record_count, 3);
    EXPECT_EQ(admission->last_offset_delta, 2);
    EXPECT_EQ(admission->max_timestamp, now + 2);
    EXPECT_EQ(admission->max_timestamp_offset_delta, 2);
    EXPECT_EQ(admission->log_append_time, no_timestamp);
    EXPECT_EQ(admission->producer_id, 9);
    EXPECT_EQ(admission->producer_epoch, 2);
    EXPECT_EQ(admission->base_sequence, INT32_MAX);
    EXPECT_EQ(admission->last_sequence, 1);
    EXPECT_TRUE(admission->transactional);
    EXPECT_EQ(admission->uncompressed_bytes, 45U);
  }
}

TEST_F(AdmissionTest, RequestsNeedExactlyOneBatch) {
  const Buffer batch = build();
  EXPECT_EQ(error_of({}), ErrorCode::invalid_record);
  EXPECT_EQ(error_of(Buffer(5)), ErrorCode::invalid_record);
  EXPECT_EQ(error_of(Buffer(batch.begin(), batch.end() - 1)), ErrorCode::invalid_record);
  Buffer two = batch;
  two.insert(two.end(), batch.begin(), batch.end());
  EXPECT_EQ(error_of(two), ErrorCode::invalid_record);
  EXPECT_FALSE(refusal_of(two).message);
  EXPECT_FALSE(refusal_of(two).names_log_start_offset);
  two.pop_back();  // what is no whole batch is cut off
  const Admission cut = ask(two);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->bytes.size(), batch.size());
  Buffer trailing = batch;
  trailing.resize(batch.size() + 5);
  EXPECT_EQ(error_of(trailing), ErrorCode::none);
  trailing.resize(batch.size() + 12);
  EXPECT_EQ(error_of(trailing), ErrorCode::corrupt_message);
  EXPECT_FALSE(refusal_of(trailing).message);
}

TEST_F(AdmissionTest, LengthAndMagic) {
  const Buffer batch = build();
  Refusal refusal = refusal_of(with(batch, 8, int32_t{-1}, false));
  EXPECT_EQ(refusal.error, ErrorCode::corrupt_message);
  EXPECT_EQ(refusal.message, "Record size -1 is less than the minimum record overhead (14)");
  refusal = refusal_of(with(batch, 16, int8_t{3}));
  EXPECT_EQ(refusal.error, ErrorCode::corrupt_message);
  EXPECT_EQ(refusal.message, "Invalid magic found in record: 3");
  EXPECT_EQ(error_of(with(batch, 16, int8_t{-1})), ErrorCode::corrupt_message);
  EXPECT_EQ(error_of(with(batch, 16, int8_t{0})), ErrorCode::invalid_record);
  EXPECT_EQ(error_of(with(batch, 16, int8_t{1})), ErrorCode::invalid_record);
  EXPECT_EQ(error_of(with(batch, 8, int32_t{14}, false)), ErrorCode::corrupt_message);
  EXPECT_EQ(error_of(with(batch, 8, int32_t{48}, false)), ErrorCode::corrupt_message);
  EXPECT_EQ(error_of(with(batch, 8, INT32_MAX, false)), ErrorCode::invalid_record);
}

TEST_F(AdmissionTest, ZstdNeedsProduce7) {
  const Buffer bytes = build(with_codec(Codec::zstd));
  EXPECT_EQ(error_of(bytes, 6), ErrorCode::unsupported_compression_type);
  EXPECT_EQ(error_of(bytes, 7), ErrorCode::none);
  EXPECT_EQ(error_of(build(with_codec(Codec::lz4)), 3), ErrorCode::none);
}

TEST_F(AdmissionTest, HeadersThatLie) {
  for (const Codec codec : all_codecs) {
    const Buffer batch = build(with_codec(codec));
    EXPECT_EQ(error_of(with(batch, 0, int64_t{7})), ErrorCode::invalid_record);
    EXPECT_EQ(error_of(with(batch, 57, int32_t{4}, false)), ErrorCode::corrupt_message);  // crc
    for (const int32_t count : {0, -3, 2, 4, INT32_MAX})
      EXPECT_EQ(error_of(with(batch, 57, count)), ErrorCode::invalid_record);
    for (const int32_t delta : {-1, -2, 1, 3, INT32_MAX})
      EXPECT_EQ(error_of(with(batch, 23, delta)), ErrorCode::invalid_record);
    EXPECT_EQ(error_of(with(with(batch, 57, int32_t{2}), 23, int32_t{1})), ErrorCode::invalid_record);
    EXPECT_EQ(error_of(with(with(batch, 57, int32_t{4}), 23, int32_t{3})), ErrorCode::invalid_record);
    EXPECT_TRUE(refusal_of(with(batch, 57, int32_t{0})).names_log_start_offset);
  }
  for (const int16_t codec : {int16_t{5}, int16_t{6}, int16_t{7}}) {
    EXPECT_EQ(error_of(with(build(), 21, codec)), ErrorCode::unknown_server_error);
  }
  BatchOptions control;
  control.control = true;
  EXPECT_EQ(error_of(build(control)), ErrorCode::invalid_record);
  BatchOptions unsequenced;
  unsequenced.producer_id = 5;
  EXPECT_EQ(error_of(build(unsequenced)), ErrorCode::invalid_record);
}

TEST_F(AdmissionTest, CoordinatorsMayWriteControlBatches) {
  BatchOptions options;
  options.control = true;
  options.producer_id = 5;
  options.base_offset = 77;
  config.target_codec = Codec::gzip;
  Buffer bytes = build(options, 1);
  const Admission admission = ask(bytes, 13, AppendOrigin::coordinator);
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->codec, Codec::none);  // control batches are not compressed
  EXPECT_FALSE(admission->in_workspace);
}

TEST_F(AdmissionTest, SizesAreBounded) {
  const Buffer batch = build();
  config.message_bytes_max = static_cast<int32_t>(batch.size());
  EXPECT_EQ(error_of(batch), ErrorCode::none);
  config.message_bytes_max -= 1;
  EXPECT_EQ(error_of(batch), ErrorCode::message_too_large);
  EXPECT_FALSE(refusal_of(batch).names_log_start_offset);
  config.message_bytes_max = 1'000'000;
  config.segment_bytes_max = static_cast<int32_t>(batch.size()) - 1;
  EXPECT_EQ(error_of(batch), ErrorCode::record_list_too_large);
}

TEST_F(AdmissionTest, RecompressionIsBoundedToo) {
  BatchBuilder builder(with_codec(Codec::gzip));
  builder.add(now, "k", std::string(5000, 'x'));
  const Buffer bytes = finish(builder);
  config.message_bytes_max = 1000;
  EXPECT_EQ(error_of(bytes), ErrorCode::none);
  config.target_codec = Codec::none;
  EXPECT_EQ(error_of(bytes), ErrorCode::message_too_large);
}

TEST_F(AdmissionTest, RecordsThatLie) {
  BatchBuilder builder;
  builder.add_at(0, {now, std::nullopt, std::nullopt, {}});
  builder.add_at(2, {now, std::nullopt, std::nullopt, {}});
  const Buffer gap = with(finish(builder), 23, int32_t{1});
  EXPECT_EQ(error_of(gap), ErrorCode::invalid_record);

  Buffer longer = build();
  longer[61] = std::byte{0x7E};
  EXPECT_EQ(error_of(with(longer, 0, int64_t{0})), ErrorCode::invalid_record);
  Buffer trailing = build();
  trailing.push_back(std::byte{0});
  EXPECT_EQ(error_of(with(trailing, 8, static_cast<int32_t>(trailing.size() - 12))), ErrorCode::invalid_record);
}

TEST_F(AdmissionTest, DamagedCompression) {
  for (const Codec codec : all_codecs) {
    if (codec == Codec::none) continue;
    Buffer cut = build(with_codec(codec));
    cut.pop_back();
    cut = with(cut, 8, static_cast<int32_t>(cut.size() - 12));
    EXPECT_EQ(error_of(cut), ErrorCode::unknown_server_error) << compress::name_of(codec);
    config.target_codec = Codec::none;
    EXPECT_EQ(error_of(cut), ErrorCode::unknown_server_error);
    config.target_codec.reset();
  }
}

TEST_F(AdmissionTest, BombsAreRefusedForGood) {
  BatchBuilder builder;
  builder.add(now, "k", std::string(70'000'000, '\0'));
  builder.finish().value();
  for (const Codec codec : {Codec::gzip, Codec::lz4, Codec::zstd}) {
    BatchBuilder bomb(with_codec(codec));
    bomb.add(now, "k", std::string(70'000'000, '\0'));
    EXPECT_EQ(error_of(finish(bomb)), ErrorCode::invalid_record) << compress::name_of(codec);
  }
  EXPECT_EQ(config.limits().uncompressed_bytes_max, uint64_t{64} << 20);
  config.message_bytes_max = 100'000'000;
  EXPECT_EQ(config.limits().uncompressed_bytes_max, 1'600'000'000U);
  config.uncompressed_bytes_max = 1000;
  BatchBuilder small(with_codec(Codec::snappy));
  small.add(now, "k", std::string(2000, 'x'));
  EXPECT_EQ(error_of(finish(small)), ErrorCode::invalid_record);
}

TEST_F(AdmissionTest, CompactedTopicsNeedKeys) {
  config.compacted = true;
  for (const Codec codec : all_codecs) {
    BatchBuilder builder(with_codec(codec));
    builder.add(now, std::nullopt, "a");
    builder.add(now, "k", "b");
    builder.add(now, "", "c");  // empty is a key
    builder.add(now, std::nullopt, "d");
    const Refusal refusal = refusal_of(finish(builder));
    EXPECT_EQ(refusal.error, ErrorCode::invalid_record);
    EXPECT_TRUE(refusal.names_log_start_offset);
    ASSERT_EQ(refusal.record_errors.size(), 2U);
    EXPECT_EQ(refusal.record_errors[0].batch_index, 0);
    EXPECT_EQ(refusal.record_errors[1].batch_index, 3);
    const std::string each = "Compacted topic cannot accept message without key in topic partition orders-3";
    EXPECT_EQ(refusal.record_errors[1].message, each);
    EXPECT_EQ(refusal.message,
              "One or more records have been rejected due to 2 record errors in total, and only showing the first "
              "three errors at "
              "most: [RecordError(batchIndex=0, message='" +
                  each + "'), RecordError(batchIndex=3, message='" + each + "')]");
  }
  BatchBuilder builder;
  for (int i = 0; i < 5000; ++i) builder.add(now, std::nullopt, "a");
  const Refusal many = refusal_of(finish(builder));
  EXPECT_EQ(many.record_errors.size(), record_errors_max);
  EXPECT_NE(many.message->find("due to 5000 record errors"), std::string::npos);
}

TEST_F(AdmissionTest, TimestampsAreBounded) {
  config.timestamp_before_ms_max = 1000;
  config.timestamp_after_ms_max = 500;
  const auto error_at = [&](WallMillis timestamp) {
    BatchBuilder builder;
    builder.add(timestamp, "k", "v");
    return error_of(finish(builder));
  };
  EXPECT_EQ(error_at(now - 1000), ErrorCode::none);
  EXPECT_EQ(error_at(now - 1001), ErrorCode::invalid_timestamp);
  EXPECT_EQ(error_at(now + 500), ErrorCode::none);
  EXPECT_EQ(error_at(now + 501), ErrorCode::invalid_timestamp);
  EXPECT_EQ(error_at(no_timestamp), ErrorCode::none);
  EXPECT_EQ(error_at(INT64_MAX), ErrorCode::invalid_timestamp);
  EXPECT_EQ(error_at(INT64_MIN), ErrorCode::invalid_timestamp);

  BatchBuilder builder;
  builder.add(now, "k", "v");
  builder.add(now + 900, "k", "v");
  const Refusal refusal = refusal_of(finish(builder));
  EXPECT_EQ(refusal.message, "One or more records have been rejected due to invalid timestamp");
  ASSERT_EQ(refusal.record_errors.size(), 1U);
  EXPECT_EQ(refusal.record_errors[0].batch_index, 1);
  EXPECT_EQ(refusal.record_errors[0].message,
            "Timestamp 1700000000900 of message with offset 1 is out of range. The timestamp should be within "
            "[1699999999000, "
            "1700000000500]");
}

TEST_F(AdmissionTest, DefaultBoundsSurviveExtremes) {
  const auto error_at = [&](WallMillis timestamp) {
    BatchBuilder builder;
    builder.add(timestamp, "k", "v");
    return error_of(finish(builder));
  };
  EXPECT_EQ(error_at(0), ErrorCode::none);
  EXPECT_EQ(error_at(-5), ErrorCode::none);
  EXPECT_EQ(error_at(INT64_MIN), ErrorCode::invalid_timestamp);
  EXPECT_EQ(error_at(INT64_MAX), ErrorCode::invalid_timestamp);
  EXPECT_EQ(error_at(now + 3'600'001), ErrorCode::invalid_timestamp);
}

TEST_F(AdmissionTest, ProducersMayNotSayAppendTime) {
  BatchOptions options;
  options.append_time = now;
  config.timestamp_type = TimestampType::log_append_time;
  const Refusal refusal = refusal_of(build(options));
  EXPECT_EQ(refusal.error, ErrorCode::invalid_timestamp);
  ASSERT_EQ(refusal.record_errors.size(), 3U);
  EXPECT_EQ(refusal.record_errors[1].message,
            "Invalid timestamp type in message DefaultRecord(offset=1, timestamp=1700000000000, key=3 bytes, value=5 "
            "bytes). Producer "
            "should not set timestamp type to LogAppendTime.");
  options.append_time = no_timestamp;
  config.timestamp_type = TimestampType::create_time;
  EXPECT_EQ(error_of(build(options)), ErrorCode::invalid_timestamp);
  // As Kafka: with a time of its own such a batch passes as one of create time.
  options.append_time = now;
  Buffer bytes = build(options);
  ASSERT_TRUE(ask(bytes));
  const auto batch = BatchView::parse_checked(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::create_time);
}

TEST_F(AdmissionTest, AppendTimeIsWrittenInPlace) {
  config.timestamp_type = TimestampType::log_append_time;
  for (const Codec codec : all_codecs) {
    Buffer bytes = build(with_codec(codec));
    const Buffer before = bytes;
    const Admission admission = ask(bytes);
    ASSERT_TRUE(admission);
    EXPECT_FALSE(admission->in_workspace);
    EXPECT_EQ(admission->log_append_time, now);
    EXPECT_EQ(admission->max_timestamp, now);
    EXPECT_EQ(admission->max_timestamp_offset_delta, 2);
    const auto batch = BatchView::parse_checked(bytes);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(batch->max_timestamp(), now);
    EXPECT_TRUE(std::equal(bytes.begin() + 43, bytes.end(), before.begin() + 43));
  }
}

TEST_F(AdmissionTest, AFalseMaximumTimestampIsPutRight) {
  Buffer bytes = with(build(), 35, int64_t{5});
  const Admission admission = ask(bytes);
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->max_timestamp, now + 2);
  EXPECT_EQ(bytes, build());
}

TEST_F(AdmissionTest, RecompressesToTheTopicsCodec) {
  for (const Codec from : all_codecs) {
    for (const Codec to : all_codecs) {
      for (const bool append_time : {false, true}) {
        config.target_codec = to;
        config.timestamp_type = append_time ? TimestampType::log_append_time : TimestampType::create_time;
        BatchOptions options = with_codec(from);
        options.producer_id = 9;
        options.producer_epoch = 2;
        options.base_sequence = 4;
        options.transactional = true;
        Buffer bytes = build(options, 200);
        const Admission admission = ask(bytes);
        ASSERT_TRUE(admission);
        EXPECT_EQ(admission->in_workspace, from != to);
        EXPECT_EQ(admission->codec, to);
        EXPECT_EQ(admission->last_sequence, 203);
        EXPECT_EQ(admission->log_append_time, append_time ? now : no_timestamp);
        const auto batch = BatchView::parse_checked(admission->bytes);
        ASSERT_TRUE(batch);
        EXPECT_EQ(batch->codec(), to);
        EXPECT_EQ(batch->timestamp_type(), config.timestamp_type);
        EXPECT_EQ(batch->max_timestamp(), append_time ? now : now + 199);
        EXPECT_EQ(batch->producer_id(), 9);
        EXPECT_TRUE(batch->is_transactional());
        wire::RecordIterator iterator;
        ASSERT_EQ(iterator.start(*batch), wire::RecordFault::none);
        wire::RecordView record;
        int count = 0;
        while (iterator.next(record)) EXPECT_EQ(record.offset, count++);
        EXPECT_EQ(count, 200);
        EXPECT_EQ(iterator.fault(), wire::RecordFault::none);
      }
    }
  }
}

#if !defined(MOLDAU_SANITIZED)
TEST_F(AdmissionTest, AllocatesNothingPerRecord) {
  config.message_bytes_max = 10'000'000;
  for (const bool append_time : {false, true}) {
    config.timestamp_type = append_time ? TimestampType::log_append_time : TimestampType::create_time;
    for (const Codec codec : all_codecs) {
      Buffer bytes = build(with_codec(codec), 20'000);
      const Buffer again = bytes;
      ASSERT_TRUE(ask(bytes));  // contexts are made once
      std::copy(again.begin(), again.end(), bytes.begin());
      const size_t before = allocations;
      const bool admitted = ask(bytes).has_value();
      const size_t made = allocations - before;
      EXPECT_TRUE(admitted);
      EXPECT_EQ(made, 0U) << compress::name_of(codec);
    }
  }
}

TEST_F(AdmissionTest, RecompressionAllocatesNothingPerRecord) {
  config.message_bytes_max = 10'000'000;
  for (const Codec to : all_codecs) {
    config.target_codec = to;
    Buffer bytes = build(with_codec(to == Codec::zstd ? Codec::lz4 : Codec::zstd), 20'000);
    ASSERT_TRUE(ask(bytes));
    ASSERT_TRUE(ask(bytes));
    const size_t before = allocations;
    const bool admitted = ask(bytes).has_value();
    const size_t made = allocations - before;
    EXPECT_TRUE(admitted);
    EXPECT_LE(made, 64U) << compress::name_of(to);
  }
}
#endif

TEST_F(AdmissionTest, MutatedBatchesNeverMisbehave) {
  Prng prng(21);
  config.compacted = true;
  for (const Codec codec : all_codecs) {
    const Buffer good = build(with_codec(codec), 40);
    for (int round = 0; round < 2000; ++round) {
      Buffer bytes = good;
      for (uint64_t flips = prng.between(1, 4); flips > 0; --flips) {
        bytes[prng.below(bytes.size())] ^= static_cast<std::byte>(1U << prng.below(8));
      }
      if (round % 8 == 0) bytes.resize(prng.below(bytes.size()));
      if (bytes.size() >= wire::batch_header_bytes && round % 4 != 0) {
        bytes = with(with(bytes, 0, int64_t{0}), 8, static_cast<int32_t>(bytes.size() - 12));
        bytes[16] = std::byte{2};
      }
      const Admission admission = ask(bytes);
      if (admission) {
        ASSERT_TRUE(BatchView::parse_checked(admission->bytes));
      }
    }
  }
}

}  // namespace
}  // namespace moldau::log
