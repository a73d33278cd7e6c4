// Small pieces of Java that Kafka's scripts show: the order in which a hash map lists its keys, property files, text
// filters, identifiers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"

namespace re2 {
class RE2;
}

namespace moldau::cli::kafka {

/// String.hashCode of a text of ASCII (others hash by byte, which only the order of lines shows).
int32_t java_hash(std::string_view text);
/// TopicPartition.hashCode.
int32_t java_hash(std::string_view topic, int32_t partition);

/// The places of a hash map that holds `count` keys put in one by one, or that was made for `initial` ones.
size_t java_buckets(size_t count, size_t initial = 0);

/// Puts `items` into the order in which a Java hash map with these hashes lists them; they are in the order of their
/// insertion before.
template <typename Item, typename Hash>
void java_hash_order(std::vector<Item>& items, Hash hash, size_t initial = 0) {
  const size_t mask = java_buckets(items.size(), initial) - 1;
  std::vector<std::pair<size_t, size_t>> order;  // bucket, place
  for (const Item& item : items) {
    const auto bits = static_cast<uint32_t>(hash(item));
    order.emplace_back((bits ^ bits >> 16) & mask, order.size());
  }
  std::ranges::sort(order);
  std::vector<Item> sorted;
  for (const auto& [bucket, place] : order) sorted.push_back(std::move(items[place]));
  items = std::move(sorted);
}

/// The pairs of a Java property file: '=', ':' or blanks between key and value, '#' and '!' comments, continued lines,
/// escapes.
using Properties = std::map<std::string, std::string, std::less<>>;
Properties parse_properties(std::string_view text);
/// Reads a property file. Failures are worded as Java words them.
Result<Properties> load_properties(const std::string& path);
/// A whole file.
Result<std::string> read_file(const std::string& path);

/// A list of topics as scripts take it: regular expressions with commas between.
class TopicFilter {
 public:
  static Result<TopicFilter> parse(std::string_view text);
  bool allows(std::string_view topic) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

/// 22 characters of URL-safe base64.
std::string uuid_text(const Uuid& id);
Result<Uuid> parse_uuid(std::string_view text);

/// Topics of Kafka's own.
bool is_internal_topic(std::string_view name);

/// Java's text of a double: 1.0, 1048576.0, 1.0E7.
std::string java_double(double value);

}  // namespace moldau::cli::kafka
