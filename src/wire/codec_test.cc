// Encode and decode of every message at every version: random round trips, truncation, mutation, reuse, and what a
// version cannot carry.
#include "wire/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/prng.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/03_metadata.h"
#include "wire/api/18_api_versions.h"
#include "wire/api/19_create_topics.h"
#include "wire/api/75_describe_topic_partitions.h"
#include "wire/json.h"
#include "wire/messages.h"
#include "wire/random_message.h"

namespace moldau::wire {
namespace {

std::vector<std::byte> copy_of(std::span<const std::byte> view) {
  return {view.begin(), view.end()};
}

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

template <typename Check>
void for_each_random_message(int count, uint64_t seed, Check check) {
  Prng prng(seed);
  for (const MessageDescriptor* descriptor : all_messages()) {
    for (int16_t version = descriptor->min_version; version <= descriptor->max_version; ++version) {
      SCOPED_TRACE(std::string(descriptor->name()) + " v" + std::to_string(version));
      for (int i = 0; i < count; ++i) {
        Arena arena;
        AnyMessage message(*descriptor);
        fill_randomly(*descriptor, message.data(), version, prng, arena);
        Encoder encoder;
        ASSERT_STREQ(name_of(message.encode(encoder, version)), name_of(EncodeStatus::ok));
        check(message, version, copy_of(encoder.view()), prng);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(Codec, RandomMessagesComeBackEqual) {
  int messages = 0;
  for_each_random_message(40, 1, [&](const AnyMessage& sent, int16_t version, const auto& encoded, Prng&) {
    AnyMessage received(sent.descriptor());
    Decoder decoder(encoded);
    ASSERT_STREQ(name_of(received.decode(decoder, version)), name_of(DecodeStatus::ok));
    ASSERT_EQ(decoder.remaining(), 0U);
    ASSERT_TRUE(equal(*sent.descriptor().root, sent.data(), received.data()))
        << to_json(sent.descriptor(), sent.data(), version);
    ++messages;
  });
  EXPECT_GT(messages, 20'000);
}

TEST(Codec, DecodingIntoAUsedMessageLeavesNothingOfItsOldValues) {
  const MessageDescriptor* previous = nullptr;
  std::unique_ptr<AnyMessage> reused;
  std::vector<std::vector<std::byte>> kept;  // the views of the reused message stay valid
  for_each_random_message(10, 2, [&](const AnyMessage& sent, int16_t version, auto encoded, Prng&) {
    if (previous != &sent.descriptor()) {
      reused = std::make_unique<AnyMessage>(sent.descriptor());
      kept.clear();
      previous = &sent.descriptor();
    }
    kept.push_back(std::move(encoded));
    Decoder decoder(kept.back());
    ASSERT_STREQ(name_of(reused->decode(decoder, version)), name_of(DecodeStatus::ok));
    ASSERT_TRUE(equal(*sent.descriptor().root, sent.data(), reused->data()));
  });
}

TEST(Codec, EveryTruncationIsRefused) {
  for_each_random_message(10, 3, [&](const AnyMessage& sent, int16_t version, const auto& encoded, Prng& prng) {
    AnyMessage received(sent.descriptor());
    const auto refused = [&](size_t size) {
      // A buffer of its own, so that a sanitizer sees reads beyond it.
      const std::vector<std::byte> cut(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size));
      Decoder decoder(cut);
      ASSERT_NE(received.decode(decoder, version), DecodeStatus::ok) << size << " of " << encoded.size();
      ASSERT_EQ(decoder.remaining(), 0U);
    };
    if (encoded.size() <= 400) {
      for (size_t size = 0; size < encoded.size(); ++size) refused(size);
    } else {
      for (int i = 0; i < 100; ++i) refused(prng.below(encoded.size()));
    }
  });
}

TEST(Codec, DamagedBytesAreRefusedOrStable) {
  int accepted = 0;
  int refused = 0;
  for_each_random_message(100, 4, [&](const AnyMessage& sent, int16_t version, auto encoded, Prng& prng) {
    if (encoded.empty()) return;
    const size_t damages = 1 + prng.below(4);
    for (size_t i = 0; i < damages; ++i) {
      const size_t at = prng.below(encoded.size());
      const std::byte value = prng.chance(1, 2) ? std::byte{0xFF} : static_cast<std::byte>(prng.next());
      const size_t run = std::min(encoded.size() - at, 1 + prng.below(4));
      std::fill_n(encoded.begin() + static_cast<std::ptrdiff_t>(at), run, value);
    }
    AnyMessage first(sent.descriptor());
    Decoder decoder(encoded);
    if (first.decode(decoder, version) != DecodeStatus::ok) {
      ++refused;
      return;
    }
    ++accepted;
    Encoder encoder;
    ASSERT_STREQ(name_of(first.encode(encoder, version)), name_of(EncodeStatus::ok));
    AnyMessage second(sent.descriptor());
    Decoder again(encoder.view());
    ASSERT_STREQ(name_of(second.decode(again, version)), name_of(DecodeStatus::ok));
    ASSERT_TRUE(equal(*sent.descriptor().root, first.data(), second.data()));
  });
  EXPECT_GT(accepted, 500);
  EXPECT_GT(refused, 500);
}

TEST(Codec, VersionsOutsideOfTheRangeAreRefused) {
  for (const MessageDescriptor* descriptor : all_messages()) {
    for (const int version : {descriptor->min_version - 1, descriptor->max_version + 1, 32767}) {
      AnyMessage message(*descriptor);
      Decoder decoder({});
      EXPECT_EQ(message.decode(decoder, static_cast<int16_t>(version)), DecodeStatus::unsupported_version);
      Encoder encoder;
      EXPECT_EQ(message.encode(encoder, static_cast<int16_t>(version)), EncodeStatus::unsupported_version);
    }
  }
}

TEST(Codec, ReuseKeepsTheMemoryOfArrays) {
  ProduceRequest sent;
  for (int topic = 0; topic < 3; ++topic) {
    auto& into = sent.topic_data.emplace_back();
    into.topic_id = Uuid::of(1, static_cast<uint64_t>(topic));
    for (int32_t partition = 0; partition < 5; ++partition) into.partition_data.push_back({partition, Records{}});
  }
  Encoder encoder;
  ASSERT_EQ(encode(encoder, 13, sent), EncodeStatus::ok);
  ProduceRequest received;
  Decoder first(encoder.view());
  ASSERT_EQ(decode(first, 13, received), DecodeStatus::ok);
  const auto* topics = received.topic_data.data();
  const auto* partitions = received.topic_data[1].partition_data.data();
  Decoder second(encoder.view());
  ASSERT_EQ(decode(second, 13, received), DecodeStatus::ok);
  EXPECT_EQ(received.topic_data.data(), topics);
  EXPECT_EQ(received.topic_data[1].partition_data.data(), partitions);
}

TEST(Codec, ClaimedCountsBeyondTheBytesReserveNothing) {
  // Metadata v1: a count of 2^31 - 1 topics, and bytes for none.
  MetadataRequest request;
  const auto claim = bytes({0x7F, 0xFF, 0xFF, 0xFF, 0, 1, 'a'});
  Decoder decoder(claim);
  EXPECT_EQ(decode(decoder, 1, request), DecodeStatus::truncated);
  EXPECT_FALSE(request.topics.has_value() && request.topics->capacity() > 0);
  // As many topics as bytes allow are decoded, but only a bounded number is reserved before.
  std::vector<std::byte> many = bytes({0, 0, 0x27, 0x10});  // 10,000
  many.resize(4 + 2 * 10'000);
  many.back() = std::byte{1};  // the last topic claims a byte that is not there
  Decoder second(many);
  EXPECT_EQ(decode(second, 1, request), DecodeStatus::truncated);
}

TEST(Codec, ElementsBeyondTheMemoryLimitAreRefused) {
  // Empty names take 2 bytes each on the wire and 40 in memory.
  const size_t count = element_bytes_max / sizeof(MetadataRequest::MetadataRequestTopic) + 1;
  Encoder encoder;
  encoder.put_int32(static_cast<int32_t>(count));
  const std::vector<std::byte> names(2 * count);
  encoder.put_raw(names);
  MetadataRequest request;
  Decoder decoder(encoder.view());
  EXPECT_EQ(decode(decoder, 1, request), DecodeStatus::too_many_elements);
}

TEST(Codec, NullsAreRefusedWhereTheVersionHasNone) {
  MetadataRequest request;
  const auto null_topics = bytes({0xFF, 0xFF, 0xFF, 0xFF});
  Decoder all(null_topics);
  EXPECT_EQ(decode(all, 1, request), DecodeStatus::ok);
  EXPECT_FALSE(request.topics.has_value());
  Decoder none(null_topics);
  EXPECT_EQ(decode(none, 0, request), DecodeStatus::unexpected_null);
  request.topics.reset();
  Encoder encoder;
  EXPECT_EQ(encode(encoder, 0, request), EncodeStatus::unexpected_null);
  EXPECT_STREQ(encoder.failed_field(), "topics");
}

TEST(Codec, NullableStructs) {
  DescribeTopicPartitionsRequest request;
  Encoder without;
  ASSERT_EQ(encode(without, 0, request), EncodeStatus::ok);
  request.cursor = DescribeTopicPartitionsRequest::Cursor{.topic_name = "t", .partition_index = 7};
  Encoder with;
  ASSERT_EQ(encode(with, 0, request), EncodeStatus::ok);
  DescribeTopicPartitionsRequest received;
  Decoder decoder(with.view());
  ASSERT_EQ(decode(decoder, 0, received), DecodeStatus::ok);
  ASSERT_TRUE(received.cursor.has_value());
  EXPECT_EQ(received.cursor->partition_index, 7);
  Decoder again(without.view());
  ASSERT_EQ(decode(again, 0, received), DecodeStatus::ok);
  EXPECT_FALSE(received.cursor.has_value());
}

TEST(Codec, FieldsThatAVersionLacksAreDroppedOnlyIfIgnorable) {
  MetadataRequest request;
  request.topics.reset();
  request.include_topic_authorized_operations = true;  // v8, not ignorable
  Encoder encoder;
  EXPECT_EQ(encode(encoder, 4, request), EncodeStatus::unsupported_field);
  EXPECT_STREQ(encoder.failed_field(), "includeTopicAuthorizedOperations");
  ApiVersionsResponse response;
  response.throttle_time_ms = 5;  // v1, ignorable
  Encoder plain;
  EXPECT_EQ(encode(plain, 0, response), EncodeStatus::ok);
  EXPECT_EQ(plain.position(), 6U);
}

TEST(Codec, TaggedFieldsAreWrittenOnlyWithAValueOfTheirOwn) {
  FetchRequest request;
  Encoder plain;
  ASSERT_EQ(encode(plain, 18, request), EncodeStatus::ok);
  request.replica_state.replica_id = 3;
  Encoder tagged;
  ASSERT_EQ(encode(tagged, 18, request), EncodeStatus::ok);
  // Tag, size, int32, int64, and the struct's own (empty) tagged fields.
  EXPECT_EQ(tagged.position(), plain.position() + 2 + 13);
  FetchRequest received;
  Decoder decoder(tagged.view());
  ASSERT_EQ(decode(decoder, 18, received), DecodeStatus::ok);
  EXPECT_EQ(received.replica_state.replica_id, 3);
  EXPECT_FALSE(received.cluster_id.has_value());
}

// ApiVersions v3 request: two compact texts, then tagged fields.
DecodeStatus decode_with_tags(std::initializer_list<int> tags) {
  std::vector<std::byte> request = bytes({2, 'a', 2, '1'});
  const auto suffix = bytes(tags);
  request.insert(request.end(), suffix.begin(), suffix.end());
  ApiVersionsRequest into;
  Decoder decoder(request);
  return decode(decoder, 3, into);
}

TEST(Codec, TaggedFieldsOfUnknownTagsAreSkipped) {
  EXPECT_EQ(decode_with_tags({0}), DecodeStatus::ok);
  EXPECT_EQ(decode_with_tags({2, 5, 2, 9, 9, 7, 0}), DecodeStatus::ok);
  EXPECT_EQ(decode_with_tags({2, 5, 0, 5, 0}), DecodeStatus::bad_tags);   // twice
  EXPECT_EQ(decode_with_tags({2, 6, 0, 5, 0}), DecodeStatus::bad_tags);   // descending
  EXPECT_EQ(decode_with_tags({1, 5, 3, 9, 9}), DecodeStatus::truncated);  // beyond the end
  EXPECT_EQ(decode_with_tags({0x81, 0x01}), DecodeStatus::bad_tags);      // 129 of them
  EXPECT_EQ(decode_with_tags({0x80, 0x80, 0x80, 0x80, 0x10, 0}), DecodeStatus::bad_varint);
}

TEST(Codec, ATaggedFieldMustFillItsSize) {
  // ApiVersions v3 response: error, no keys, throttle time, then finalizedFeaturesEpoch (tag 1) with 9 bytes instead
  // of 8.
  const auto response = bytes({0, 0, 1, 0, 0, 0, 0, 1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0});
  ApiVersionsResponse into;
  Decoder decoder(response);
  EXPECT_EQ(decode(decoder, 3, into), DecodeStatus::bad_tags);
  const auto short_of = bytes({0, 0, 1, 0, 0, 0, 0, 1, 1, 7, 0, 0, 0, 0, 0, 0, 0, 4});
  Decoder second(short_of);
  EXPECT_EQ(decode(second, 3, into), DecodeStatus::truncated);
}

TEST(Codec, LargeTaggedFieldsGetTheirSizeRight) {
  FetchResponse response;
  for (int32_t i = 0; i < 40; ++i)
    response.node_endpoints.push_back({.node_id = i, .host = "broker.example", .port = 1});
  Encoder encoder;
  ASSERT_EQ(encode(encoder, 17, response), EncodeStatus::ok);
  FetchResponse received;
  Decoder decoder(encoder.view());
  ASSERT_EQ(decode(decoder, 17, received), DecodeStatus::ok);
  EXPECT_EQ(decoder.remaining(), 0U);
  EXPECT_TRUE(equal(response, received));
}

TEST(Codec, TrailingBytesAreLeft) {
  const auto request = bytes({2, 'a', 2, '1', 0, 1, 2, 3});
  ApiVersionsRequest into;
  Decoder decoder(request);
  EXPECT_EQ(decode(decoder, 3, into), DecodeStatus::ok);
  EXPECT_EQ(decoder.remaining(), 3U);
  EXPECT_EQ(decoder.position(), 5U);
}

TEST(Codec, TextMustBeUtf8AndNotTooLong) {
  ApiVersionsRequest into;
  const auto latin = bytes({2, 0xE9, 2, '1', 0});
  Decoder decoder(latin);
  EXPECT_EQ(decode(decoder, 3, into), DecodeStatus::bad_utf8);
  CreateTopicsRequest request;
  const std::string long_name(string_bytes_max + 1, 'x');
  request.topics.push_back({.name = long_name});
  Encoder encoder;
  EXPECT_EQ(encode(encoder, 7, request), EncodeStatus::too_long);
  EXPECT_STREQ(encoder.failed_field(), "name");
}

}  // namespace
}  // namespace moldau::wire
