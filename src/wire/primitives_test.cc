// Decoder and encoder by themselves, headers and frames.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "wire/api/01_fetch.h"
#include "wire/api_facts.h"
#include "wire/codec.h"
#include "wire/header.h"

namespace moldau::wire {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(Decoder, TheFirstErrorSticks) {
  const auto three = bytes({1, 2, 3});
  Decoder decoder(three);
  EXPECT_EQ(decoder.read_int32(), 0);
  EXPECT_EQ(decoder.status(), DecodeStatus::truncated);
  EXPECT_EQ(decoder.read_int8(), 0);
  EXPECT_EQ(decoder.remaining(), 0U);
  decoder.fail(DecodeStatus::bad_utf8);
  EXPECT_EQ(decoder.status(), DecodeStatus::truncated);
}

TEST(Decoder, Varints) {
  const auto read = [](std::initializer_list<int> values, DecodeStatus& status) {
    const auto from = bytes(values);
    Decoder decoder(from);
    const uint32_t value = decoder.read_varint();
    status = decoder.status();
    return value;
  };
  DecodeStatus status{};
  EXPECT_EQ(read({0}, status), 0U);
  EXPECT_EQ(read({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, status), UINT32_MAX);
  EXPECT_EQ(status, DecodeStatus::ok);
  read({0xFF, 0xFF, 0xFF, 0xFF, 0x1F}, status);
  EXPECT_EQ(status, DecodeStatus::bad_varint);
  read({0x80, 0x80}, status);
  EXPECT_EQ(status, DecodeStatus::truncated);
  read({}, status);
  EXPECT_EQ(status, DecodeStatus::truncated);
}

TEST(Decoder, Utf8) {
  for (const char* good : {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "twelve bytes \xC5\x99"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "plain text \xE9", "\xC2\x41"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Decoder, RepairsTextAsJavaDoes) {
  const std::pair<const char*, const char*> cases[] = {  // asked of Kafka 4.3.1
      {"caf\xE9", "caf?"},         {"\xED\xA0\x80", "?"},   {"\xC0\xAF", "??"},          {"\xE2\x82", "?"},
      {"\xF0\x9F\x98", "?"},     {"\xFF\xFE", "??"},      {"\xF4\x90\x80\x80", "????"}, {"a\xE2(\xA1" "b", "a?(?b"},
      {"\xE0\x80\x80", "???"},   {"\xC5\x99\xE9", "\xC5\x99?"}};
  Arena arena;
  for (const auto& [given, wanted] : cases) {
    std::string expected;
    for (const char* c = wanted; *c != 0; ++c) expected += *c == '?' ? std::string("\xEF\xBF\xBD") : std::string(1, *c);
    EXPECT_EQ(repaired_utf8(given, arena), expected) << wanted;
    EXPECT_TRUE(is_utf8(expected));
  }
  const auto latin = bytes({0, 4, 'c', 'a', 'f', 0xE9, 0, 2, 'o', 'k'});
  std::shared_ptr<Arena> repairs;
  Decoder decoder(latin, &repairs);
  std::string_view text;
  EXPECT_TRUE(decoder.read_string(false, text));
  EXPECT_EQ(text, "caf\xEF\xBF\xBD");
  ASSERT_NE(repairs, nullptr);
  EXPECT_TRUE(decoder.read_string(false, text));
  EXPECT_EQ(reinterpret_cast<const std::byte*>(text.data()), latin.data() + 8);  // a view where nothing is wrong
}

TEST(Encoder, NumbersAreBigEndian) {
  Encoder encoder(1);
  encoder.put_bool(true);
  encoder.put_int16(-2);
  encoder.put_uint16(0xABCD);
  encoder.put_int32(0x01020304);
  encoder.put_int64(5);
  encoder.put_float64(1.0);
  encoder.put_varint(300);
  const auto expected =
      bytes({1, 0xFF, 0xFE, 0xAB, 0xCD, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xAC, 2});
  const auto view = encoder.view();
  EXPECT_EQ(std::vector<std::byte>(view.begin(), view.end()), expected);
}

TEST(Encoder, TakeEmptiesIt) {
  Encoder encoder;
  encoder.put_int32(1);
  const Encoded first = encoder.take();
  EXPECT_EQ(first.bytes.size(), 4U);
  EXPECT_EQ(encoder.position(), 0U);
  encoder.put_int16(2);
  const Encoded second = encoder.take();
  EXPECT_EQ(second.bytes.size(), 2U);
  EXPECT_EQ(first.bytes.view()[3], std::byte{1});
  EXPECT_TRUE(encoder.take().bytes.empty());
}

TEST(Encoder, WritesIntoAGivenBlockUntilItIsFull) {
  auto block = BlockRef::adopt(Block::allocate(8));
  const std::byte* memory = block->data();
  Encoder encoder(std::move(block));
  encoder.put_int64(1);
  EXPECT_EQ(encoder.view().data(), memory);
  encoder.put_int8(2);
  EXPECT_NE(encoder.view().data(), memory);
  EXPECT_EQ(encoder.view()[7], std::byte{1});
  EXPECT_EQ(encoder.view()[8], std::byte{2});
}

TEST(Encoder, ExternalRecordsLeaveCutsAndCountInTheFrame) {
  const auto small = bytes({7, 7, 7});
  FetchResponse response;
  auto& topic = response.responses.emplace_back();
  topic.topic_id = Uuid::of(1, 2);
  topic.partitions.resize(4);
  topic.partitions[0].records = Records{.external_size = 1000, .external_id = 11};
  topic.partitions[1].records = Records{.view = small};
  topic.partitions[2].records = Records{.external_size = 0, .external_id = 12};
  topic.partitions[3].records = Records{.external_size = 200'000, .external_id = 13};
  Encoder encoder;
  const FrameStart frame = begin_frame(encoder);
  encode_response_header(encoder, ApiKey::fetch, 16, 42);
  ASSERT_EQ(encode(encoder, 16, response), EncodeStatus::ok);
  ASSERT_EQ(finish_frame(encoder, frame), EncodeStatus::ok);
  const Encoded result = encoder.take();
  ASSERT_EQ(result.cuts.size(), 2U);
  EXPECT_EQ(result.cuts[0].external_id, 11U);
  EXPECT_EQ(result.cuts[0].size, 1000U);
  EXPECT_EQ(result.cuts[1].external_id, 13U);
  EXPECT_EQ(load_big_endian<int32_t>(result.bytes.data()),
            static_cast<int32_t>(result.bytes.size() - frame_prefix_bytes + 201'000));
  // With the external bytes put where the cuts are, it is an ordinary response.
  std::vector<std::byte> whole;
  size_t from = frame_prefix_bytes;
  for (const Cut& cut : result.cuts) {
    whole.insert(whole.end(), result.bytes.data() + from, result.bytes.data() + cut.position);
    whole.insert(whole.end(), cut.size, static_cast<std::byte>(cut.external_id));
    from = cut.position;
  }
  whole.insert(whole.end(), result.bytes.data() + from, result.bytes.data() + result.bytes.size());
  Decoder decoder(whole);
  ResponseHeader header;
  ASSERT_EQ(decode_response_header(decoder, ApiKey::fetch, 16, header), DecodeStatus::ok);
  EXPECT_EQ(header.correlation_id, 42);
  FetchResponse received;
  ASSERT_EQ(decode(decoder, 16, received), DecodeStatus::ok);
  EXPECT_EQ(decoder.remaining(), 0U);
  const auto& partitions = received.responses.at(0).partitions;
  EXPECT_EQ(partitions.at(0).records->view.size(), 1000U);
  EXPECT_EQ(partitions.at(0).records->view[999], std::byte{11});
  EXPECT_EQ(partitions.at(1).records->view.size(), 3U);
  EXPECT_EQ(partitions.at(2).records->view.size(), 0U);
  EXPECT_EQ(partitions.at(3).records->view[0], std::byte{13});
}

TEST(Encoder, RewindForgetsCutsAndErrors) {
  Encoder encoder;
  encoder.put_int32(1);
  const size_t mark = encoder.position();
  encoder.put_records(false, Records{.external_size = 10, .external_id = 1});
  encoder.fail(EncodeStatus::too_long, "x");
  encoder.rewind(mark);
  EXPECT_TRUE(encoder.ok());
  EXPECT_EQ(encoder.external_bytes(), 0U);
  EXPECT_TRUE(encoder.take().cuts.empty());
}

TEST(Encoder, AFrameOver2GiBIsRefused) {
  Encoder encoder;
  const FrameStart frame = begin_frame(encoder);
  encoder.put_records(false, Records{.external_size = INT32_MAX, .external_id = 1});
  EXPECT_EQ(finish_frame(encoder, frame), EncodeStatus::too_long);
  Encoder too_long;
  too_long.put_records(false, Records{.external_size = 1U << 31, .external_id = 1}, "records");
  EXPECT_EQ(too_long.status(), EncodeStatus::too_long);
}

TEST(Header, Versions) {
  EXPECT_EQ(request_header_version(ApiKey::api_versions, 2), 1);
  EXPECT_EQ(request_header_version(ApiKey::api_versions, 3), 2);
  EXPECT_EQ(request_header_version(ApiKey::api_versions, 99), 2);
  EXPECT_EQ(response_header_version(ApiKey::api_versions, 3), 0);
  EXPECT_EQ(request_header_version(ApiKey::produce, 8), 1);
  EXPECT_EQ(request_header_version(ApiKey::produce, 9), 2);
  EXPECT_EQ(response_header_version(ApiKey::produce, 9), 1);
  EXPECT_EQ(request_header_version(ApiKey::sasl_handshake, 1), 1);
  EXPECT_EQ(response_header_version(ApiKey::sasl_handshake, 1), 0);
  EXPECT_EQ(request_header_version(static_cast<ApiKey>(1234), 7), 1);
  EXPECT_EQ(request_header_version(static_cast<ApiKey>(-1), 7), 1);
  EXPECT_EQ(request_header_version(ApiKey::leader_and_isr, 7), 1);
}

TEST(Header, UnknownKeysAreRead) {
  const auto frame = bytes({0x04, 0xD2, 0, 7, 0, 0, 0, 9, 0, 1, 'c'});
  Decoder decoder(frame);
  RequestHeader header;
  ASSERT_EQ(decode_request_header(decoder, header), DecodeStatus::ok);
  EXPECT_EQ(header.request_api_key, 1234);
  EXPECT_EQ(header.correlation_id, 9);
  EXPECT_EQ(header.client_id, "c");
  EXPECT_EQ(facts_of(header.api_key()), nullptr);
}

TEST(Header, TheClientIdKeepsItsFixedLength) {
  Encoder encoder;
  ASSERT_EQ(encode_request_header(
                encoder, {.request_api_key = 3, .request_api_version = 12, .correlation_id = 1, .client_id = "me"}),
            EncodeStatus::ok);
  const auto expected = bytes({0, 3, 0, 12, 0, 0, 0, 1, 0, 2, 'm', 'e', 0});
  const auto view = encoder.view();
  EXPECT_EQ(std::vector<std::byte>(view.begin(), view.end()), expected);
}

}  // namespace
}  // namespace moldau::wire
