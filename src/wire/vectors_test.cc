// Captured and golden bytes (test/wire/): each vector decodes to the JSON beside it and is encoded to the same bytes
// again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "wire/header.h"
#include "wire/json.h"
#include "wire/messages.h"
#include "wire/metadata_record.h"

namespace moldau::wire {
namespace {

struct Vector {
  std::map<std::string, std::string> facts;
  std::vector<std::byte> bytes;
  std::string json;

  int number(const std::string& name) const { return std::stoi(facts.at(name)); }
  bool has(const std::string& name, const std::string& value) const {
    const auto found = facts.find(name);
    return found != facts.end() && found->second == value;
  }
};

std::vector<std::byte> from_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

Vector read_vector(const std::filesystem::path& path) {
  Vector vector;
  std::ifstream file(path);
  std::string hex;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) {
      std::istringstream words(line.substr(2));
      for (std::string word; words >> word;) {
        const size_t equals = word.find('=');
        if (equals != std::string::npos) vector.facts[word.substr(0, equals)] = word.substr(equals + 1);
      }
    } else if (line == "--- json") {
      std::getline(file, vector.json);
    } else {
      hex += line;
    }
  }
  vector.bytes = from_hex(hex);
  return vector;
}

void expect_same_bytes(const Vector& vector, const Encoder& encoder) {
  ASSERT_STREQ(name_of(encoder.status()), name_of(EncodeStatus::ok));
  // Tagged fields that nobody knows are not kept.
  if (vector.has("variant", "unknown-tags")) return;
  const auto view = encoder.view();
  EXPECT_EQ(std::vector<std::byte>(view.begin(), view.end()), vector.bytes);
}

void check_message(const Vector& vector) {
  const MessageDescriptor* descriptor = find_message(vector.facts.at("name"));
  ASSERT_NE(descriptor, nullptr);
  const auto version = static_cast<int16_t>(vector.number("version"));
  AnyMessage message(*descriptor);
  Decoder decoder(vector.bytes);
  ASSERT_STREQ(name_of(message.decode(decoder, version)), name_of(DecodeStatus::ok));
  EXPECT_EQ(decoder.remaining(), 0U);
  EXPECT_EQ(to_json(*descriptor, message.data(), version, RecordsAs::base64), vector.json);
  Encoder encoder;
  message.encode(encoder, version);
  expect_same_bytes(vector, encoder);
}

void check_frame(const Vector& vector) {
  const MessageDescriptor* descriptor = find_message(vector.facts.at("name"));
  ASSERT_NE(descriptor, nullptr);
  const auto key = static_cast<ApiKey>(vector.number("api"));
  auto version = static_cast<int16_t>(vector.number("version"));
  const bool request = vector.has("kind", "request-frame");
  Decoder decoder(vector.bytes);
  Encoder encoder;
  std::string header_json;
  if (request) {
    RequestHeader header;
    ASSERT_EQ(decode_request_header(decoder, header), DecodeStatus::ok);
    EXPECT_EQ(header.api_key(), key);
    EXPECT_EQ(header.request_api_version, version);
    EXPECT_EQ(request_header_version(key, version), vector.number("header"));
    header_json = to_json(header, request_header_version(key, version));
    encode_request_header(encoder, header);
  } else {
    ResponseHeader header;
    ASSERT_EQ(decode_response_header(decoder, key, version, header), DecodeStatus::ok);
    EXPECT_EQ(response_header_version(key, version), vector.number("header"));
    header_json = to_json(header, response_header_version(key, version));
    encode_response_header(encoder, key, version, header.correlation_id);
  }
  AnyMessage message(*descriptor);
  // A version that the peer did not know: of the request only the header can be read, and the answer is of version 0.
  const bool known = version <= descriptor->max_version;
  if (request && !known) {
    EXPECT_EQ(message.decode(decoder, version), DecodeStatus::unsupported_version);
    EXPECT_EQ("{\"header\":" + header_json + "}", vector.json);
    return;
  }
  if (!known) version = 0;
  ASSERT_STREQ(name_of(message.decode(decoder, version)), name_of(DecodeStatus::ok));
  EXPECT_EQ(decoder.remaining(), 0U);
  const std::string body_json = to_json(*descriptor, message.data(), version, RecordsAs::base64);
  EXPECT_EQ("{\"header\":" + header_json + ",\"body\":" + body_json + "}", vector.json);
  message.encode(encoder, version);
  expect_same_bytes(vector, encoder);
}

// The vector's bytes are the record without its frame, which is given as a fact.
void check_metadata_record(const Vector& vector) {
  check_message(vector);
  std::vector<std::byte> value = from_hex(vector.facts.at("frame"));
  const size_t frame_size = value.size();
  value.insert(value.end(), vector.bytes.begin(), vector.bytes.end());
  MetadataRecord record;
  int16_t version = -1;
  ASSERT_STREQ(name_of(decode_metadata_record(value, record, version)), name_of(DecodeStatus::ok));
  EXPECT_EQ(version, vector.number("version"));
  EXPECT_EQ(key_of(record), vector.number("api"));
  EXPECT_EQ(name_of(record), vector.facts.at("name"));
  Encoder encoder;
  encode_metadata_record(encoder, record, version);
  const auto frame = encoder.view().first(frame_size);
  EXPECT_TRUE(std::equal(frame.begin(), frame.end(), value.begin()));
}

TEST(Vectors, DecodeToTheirJsonAndEncodeToTheirBytes) {
  std::map<std::string, int> checked;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(MOLDAU_SOURCE_DIR) / "test/wire")) {
    if (entry.path().extension() != ".hex") continue;
    SCOPED_TRACE(entry.path().string());
    const Vector vector = read_vector(entry.path());
    ASSERT_TRUE(vector.facts.contains("kind"));
    const std::string& kind = vector.facts.at("kind");
    if (kind == "producer-snapshot") continue;  // a file's format: log/ reads it
    if (kind == "request-frame" || kind == "response-frame") {
      check_frame(vector);
    } else if (kind == "metadata-record") {
      check_metadata_record(vector);
    } else {
      check_message(vector);
    }
    ++checked[kind];
  }
  for (const char* kind :
       {"request", "response", "request-frame", "response-frame", "header", "metadata-record", "control-record"}) {
    EXPECT_GT(checked[kind], 0) << kind;
    RecordProperty(kind, checked[kind]);
  }
}

}  // namespace
}  // namespace moldau::wire
