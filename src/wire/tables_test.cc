// The tables around the messages: listing, served versions, error codes, keys, metadata records, JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>

#include "wire/api/48_describe_client_quotas.h"
#include "wire/api/51_alter_user_scram_credentials.h"
#include "wire/api_facts.h"
#include "wire/error_code.h"
#include "wire/header.h"
#include "wire/json.h"
#include "wire/listing.h"
#include "wire/messages.h"
#include "wire/metadata_record.h"
#include "wire/served.h"

namespace moldau::wire {
namespace {

TEST(Listing, IsTheCommittedOne) {
  std::ifstream file(std::filesystem::path(MOLDAU_SOURCE_DIR) / "test/wire/fields.txt");
  std::stringstream committed;
  committed << file.rdbuf();
  // Not EXPECT_EQ: two thousand lines help nobody.
  EXPECT_TRUE(committed.str() == field_listing())
      << "the field lists changed: compare them with Kafka's schemas and regenerate the file (test/wire/README.md)";
}

TEST(Descriptors, NoMemberIsListedTwice) {
  const auto check = [](const auto& self, const StructDescriptor& structure) -> void {
    std::set<const void*> addresses;
    std::set<std::string> names;
    for (const FieldDescriptor& field : structure.fields) {
      EXPECT_TRUE(addresses.insert(field.get(structure.defaults)).second) << structure.name << "." << field.facts->name;
      EXPECT_TRUE(names.insert(field.facts->name).second) << structure.name << "." << field.facts->name;
      if (field.structure != nullptr) self(self, *field.structure);
    }
  };
  for (const MessageDescriptor* message : all_messages()) check(check, *message->root);
}

TEST(Descriptors, MessagesAreFound) {
  EXPECT_STREQ(find_message(MessageKind::request, 1)->name(), "FetchRequest");
  EXPECT_STREQ(find_message(MessageKind::metadata_record, 3)->name(), "PartitionRecord");
  EXPECT_EQ(find_message("VotersRecord")->kind, MessageKind::control_value);
  EXPECT_EQ(find_message(MessageKind::request, 4), nullptr);
  EXPECT_EQ(find_message("Nothing"), nullptr);
  EXPECT_EQ(all_messages().size(), 212U);
}

TEST(Served, OnlyWhatWasAddedAndWithinWhatTheCodecKnows) {
  ServedApis served;
  EXPECT_EQ(served.find(ApiKey::fetch), nullptr);
  served.add(ApiKey::metadata);
  served.add(ApiKey::produce);
  served.add(ApiKey::produce);
  ASSERT_EQ(served.list().size(), 2U);
  EXPECT_EQ(served.list()[0].key, ApiKey::produce);
  EXPECT_EQ(served.list()[0].advertised_min_version, 0);
  EXPECT_FALSE(served.serves(ApiKey::produce, 2));
  EXPECT_TRUE(served.serves(ApiKey::produce, 3));
  EXPECT_FALSE(served.serves(ApiKey::produce, 14));
  EXPECT_FALSE(served.serves(ApiKey::fetch, 4));
  EXPECT_FALSE(served.serves(static_cast<ApiKey>(-5), 0));
  EXPECT_FALSE(served.serves(static_cast<ApiKey>(9999), 0));
  for (const ServedApi& api : servable_apis()) {
    const ApiFacts* facts = facts_of(api.key);
    ASSERT_NE(facts, nullptr);
    EXPECT_GE(api.min_version, facts->versions.first) << name_of(api.key);
    EXPECT_LE(api.max_version, facts->versions.last) << name_of(api.key);
  }
}

TEST(ApiFacts, AgreeWithTheMessages) {
  int with_messages = 0;
  for (int16_t number = 0; number < api_key_count; ++number) {
    const ApiFacts* facts = facts_of(static_cast<ApiKey>(number));
    const MessageDescriptor* request = find_message(MessageKind::request, number);
    const MessageDescriptor* response = find_message(MessageKind::response, number);
    ASSERT_EQ(facts == nullptr, request == nullptr);
    ASSERT_EQ(facts == nullptr, response == nullptr);
    if (facts == nullptr) continue;
    ++with_messages;
    EXPECT_EQ(facts->flexible_since, response->flexible_since) << number;
    EXPECT_EQ(facts->valid_versions, response->valid_versions) << number;
    // Only the request's schema says that a version is unstable.
    EXPECT_EQ(facts->versions.first, response->min_version) << number;
    EXPECT_LE(facts->versions.last, response->max_version) << number;
    EXPECT_EQ(request->name(), std::string(name_of(facts->key)) + "Request");
    EXPECT_EQ(response->name(), std::string(name_of(facts->key)) + "Response");
  }
  EXPECT_EQ(with_messages, 89);
}

TEST(ErrorCode, Tables) {
  EXPECT_EQ(code_of(ErrorCode::unknown_server_error), -1);
  EXPECT_EQ(code_of(ErrorCode::none), 0);
  EXPECT_EQ(code_of(ErrorCode::share_session_limit_reached), 133);
  EXPECT_STREQ(name_of(ErrorCode::offset_out_of_range), "OFFSET_OUT_OF_RANGE");
  EXPECT_STREQ(name_of(ErrorCode::invalid_topic_exception), "INVALID_TOPIC_EXCEPTION");
  EXPECT_STREQ(name_of(static_cast<ErrorCode>(999)), "UNKNOWN_SERVER_ERROR");
  EXPECT_TRUE(is_retriable(ErrorCode::not_leader_or_follower));
  EXPECT_FALSE(is_retriable(ErrorCode::message_too_large));
  EXPECT_EQ(error_code_of(134), std::nullopt);
  EXPECT_EQ(error_code_of(-2), std::nullopt);
  std::set<std::string> messages;
  for (int16_t number = code_of(error_code_min); number <= code_of(error_code_max); ++number) {
    ASSERT_EQ(error_code_of(number), static_cast<ErrorCode>(number));
    EXPECT_TRUE(messages.insert(message_of(static_cast<ErrorCode>(number))).second) << number;
  }
}

TEST(MetadataRecord, UnknownFramesIdsAndVersionsAreRefused) {
  const auto decode_bytes = [](std::initializer_list<int> values) {
    std::vector<std::byte> value;
    for (const int byte : values) value.push_back(static_cast<std::byte>(byte));
    MetadataRecord into;
    return decode_metadata_record(value, into);
  };
  EXPECT_EQ(decode_bytes({1, 20, 0, 0}), DecodeStatus::ok);  // NoOp
  EXPECT_EQ(decode_bytes({0, 20, 0, 0}), DecodeStatus::unknown_type);
  EXPECT_EQ(decode_bytes({2, 20, 0, 0}), DecodeStatus::unknown_type);
  EXPECT_EQ(decode_bytes({1, 6, 0, 0}), DecodeStatus::unknown_type);
  EXPECT_EQ(decode_bytes({1, 29, 0, 0}), DecodeStatus::unknown_type);
  EXPECT_EQ(decode_bytes({1, 0x94, 0x80, 0x04, 0, 0}), DecodeStatus::unknown_type);  // id 65,556: not 20
  EXPECT_EQ(decode_bytes({1, 20, 1, 0}), DecodeStatus::unsupported_version);
  EXPECT_EQ(decode_bytes({1, 20, 0x80, 0x80, 0x04, 0}), DecodeStatus::unsupported_version);
  EXPECT_EQ(decode_bytes({1, 20, 0, 0, 0}), DecodeStatus::bad_length);
  EXPECT_EQ(decode_bytes({1, 20}), DecodeStatus::truncated);
  EXPECT_EQ(decode_bytes({}), DecodeStatus::truncated);
}

TEST(MetadataRecord, ComesBackAndKeepsItsType) {
  const TopicRecord topic{.name = "moldau", .topic_id = Uuid::of(1, 2)};
  Encoder encoder;
  ASSERT_EQ(encode_metadata_record(encoder, topic, 0), EncodeStatus::ok);
  MetadataRecord record = FeatureLevelRecord{};
  int16_t version = -1;
  ASSERT_EQ(decode_metadata_record(encoder.view(), record, version), DecodeStatus::ok);
  EXPECT_EQ(version, 0);
  EXPECT_EQ(key_of(record), 2);
  EXPECT_STREQ(name_of(record), "TopicRecord");
  EXPECT_EQ(std::get<TopicRecord>(record).name, "moldau");
}

TEST(Json, NumbersTextsAndBytes) {
  const auto quota = [](double value) {
    DescribeClientQuotasResponse response;
    response.entries.emplace();
    response.entries->emplace_back().values.push_back({.key = "k", .value = value});
    const std::string json = to_json(response, 1);
    const size_t start = json.find("\"value\":") + 8;
    return json.substr(start, json.find('}', start) - start);
  };
  EXPECT_EQ(quota(0), "0.0");
  EXPECT_EQ(quota(-1.5), "-1.5");
  EXPECT_EQ(quota(1e7), "1.0E7");
  EXPECT_EQ(quota(9999999), "9999999.0");
  EXPECT_EQ(quota(1.25e-4), "1.25E-4");
  EXPECT_EQ(quota(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(to_json(RequestHeader{.request_api_key = 3, .client_id = "a\"\\\n\x01\xC5\x99"}, 1),
            "{\"requestApiKey\":3,\"requestApiVersion\":0,\"correlationId\":0,"
            "\"clientId\":\"a\\\"\\\\\\n\\u0001\xC5\x99\"}");
  const std::array<std::byte, 4> salt{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{0xFF}};
  AlterUserScramCredentialsRequest request;
  request.upsertions.push_back({.name = "n", .mechanism = 1, .iterations = 4096, .salt = salt});
  EXPECT_EQ(to_json(request, 0),
            "{\"deletions\":[],\"upsertions\":[{\"name\":\"n\",\"mechanism\":1,\"iterations\":4096,"
            "\"salt\":\"AQID/w==\",\"saltedPassword\":\"\"}]}");
}

}  // namespace
}  // namespace moldau::wire
