// Records of __consumer_offsets: bytes that Kafka wrote, every type there and back, and what is no record.
#include "group/records.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/prng.h"
#include "wire/json.h"
#include "wire/random_message.h"

namespace moldau::group {
namespace {

using wire::DecodeStatus;

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// The record, encoded anew.
coordinator::Record encoded(const Record& record, int16_t version) {
  return std::visit(
      [&](const auto& entry) {
        return entry.value.has_value() ? make_record(entry.key, *entry.value, version) : make_tombstone(entry.key);
      },
      record);
}

TEST(GroupRecords, KafkasBytesComeBackTheSame) {
  std::ifstream file(std::filesystem::path(MOLDAU_SOURCE_DIR) / "test/group/kafka_records.txt");
  std::set<int16_t> types;
  int records = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    std::string key_text;
    std::string value_text;
    words >> key_text >> value_text;
    coordinator::Record bytes{from_hex(key_text), std::nullopt};
    if (value_text != "-") bytes.value = from_hex(value_text);
    Record record;
    int16_t version = 0;
    ASSERT_EQ(decode_record(bytes.key, coordinator::RecordView(bytes).value, record, version), DecodeStatus::ok)
        << line;
    EXPECT_EQ(encoded(record, version), bytes) << name_of(record) << " " << line;
    EXPECT_TRUE(!group_of(record).empty() || line.starts_with("00010000")) << line;  // the group "" commits, too
    EXPECT_EQ(type_of(record), record_type_of(bytes.key));
    types.insert(type_of(record));
    ++records;
  }
  EXPECT_GE(records, 15);
  EXPECT_EQ(types, (std::set<int16_t>{1, 2, 3, 5, 6, 7, 8}));
}

template <typename E>
void check_random(Prng& prng) {
  for (int16_t version = E::Value::min_version; version <= E::Value::max_version; ++version) {
    Arena arena;
    typename E::Key key;
    typename E::Value value;
    wire::fill_randomly(wire::descriptor_of<typename E::Key>(), &key, 0, prng, arena);
    wire::fill_randomly(wire::descriptor_of<typename E::Value>(), &value, version, prng, arena);
    const coordinator::Record bytes = make_record(key, value, version);
    Record record;
    int16_t read_version = -1;
    ASSERT_EQ(decode_record(bytes.key, coordinator::RecordView(bytes).value, record, read_version), DecodeStatus::ok);
    EXPECT_EQ(read_version, version);
    const E* const entry = std::get_if<E>(&record);
    ASSERT_NE(entry, nullptr) << name_of(record);
    EXPECT_TRUE(wire::equal(entry->key, key));
    EXPECT_TRUE(wire::equal(*entry->value, value)) << wire::to_json(value, version);
    // Every cut is an error, never a crash or another record.
    for (size_t size = 0; size < bytes.value->size(); ++size) {
      const std::span<const std::byte> cut(bytes.value->data(), size);
      EXPECT_NE(decode_record(bytes.key, cut, record, read_version), DecodeStatus::ok);
    }
  }
}

template <size_t... Index>
void check_all(Prng& prng, std::index_sequence<Index...>) {
  (check_random<std::variant_alternative_t<Index, Record>>(prng), ...);
}

TEST(GroupRecords, EveryTypeAndVersionComesBack) {
  Prng prng(7);
  for (int round = 0; round < 20; ++round) check_all(prng, std::make_index_sequence<std::variant_size_v<Record>>{});
}

TEST(GroupRecords, UnknownTypesAreToldFromDamage) {
  Record record;
  int16_t version = 0;
  const auto decode = [&](const std::string& key, const char* value) {
    const std::vector<std::byte> key_bytes = from_hex(key);
    std::vector<std::byte> value_bytes;
    std::optional<std::span<const std::byte>> view;
    if (value != nullptr) {
      value_bytes = from_hex(value);
      view.emplace(value_bytes);
    }
    return decode_record(key_bytes, view, record, version);
  };
  EXPECT_EQ(decode("00630001", nullptr), DecodeStatus::unknown_type);  // type 99
  EXPECT_EQ(decode("00630001", "00"), DecodeStatus::unknown_type);
  EXPECT_EQ(decode("", nullptr), DecodeStatus::truncated);
  EXPECT_EQ(decode("00", nullptr), DecodeStatus::truncated);
  EXPECT_EQ(decode("00020001", nullptr), DecodeStatus::truncated);
  EXPECT_EQ(decode("0002000167", nullptr), DecodeStatus::ok);
  EXPECT_EQ(decode("0002000167", ""), DecodeStatus::truncated);
  EXPECT_EQ(decode("0002000167", "0063"), DecodeStatus::unsupported_version);
  EXPECT_EQ(decode("0002000167", "ffff"), DecodeStatus::unsupported_version);
}

}  // namespace
}  // namespace moldau::group
