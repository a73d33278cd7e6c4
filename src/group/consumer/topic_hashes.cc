#include "group/consumer/topic_hashes.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "group/consumer/assignors.h"
#include "group/consumer/xxh3.h"

namespace moldau::group::consumer {
namespace {

/// Text as Java's strings are hashed: UTF-16, low byte first.
class Bytes {
 public:
  void put8(uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void put16(uint32_t value) {
    put8(static_cast<uint8_t>(value));
    put8(static_cast<uint8_t>(value >> 8));
  }
  void put32(uint32_t value) {
    put16(value & 0xFFFF);
    put16(value >> 16);
  }
  void put64(uint64_t value) {
    put32(static_cast<uint32_t>(value));
    put32(static_cast<uint32_t>(value >> 32));
  }
  /// Returns the number of UTF-16 units.
  uint32_t put_text(std::string_view text) {
    const size_t start = bytes_.size();
    for (size_t i = 0; i < text.size();) {
      const auto lead = static_cast<uint8_t>(text[i]);
      const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      if (i + size > text.size()) break;
      uint32_t point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
      for (size_t k = 1; k < size; ++k) point = (point << 6) | (static_cast<uint8_t>(text[i + k]) & 0x3F);
      if (point >= 0x10000) {
        put16(0xD800 + ((point - 0x10000) >> 10));
        put16(0xDC00 + ((point - 0x10000) & 0x3FF));
      } else {
        put16(point);
      }
      i += size;
    }
    return static_cast<uint32_t>((bytes_.size() - start) / 2);
  }
  uint64_t hash() const { return xxh3_64(bytes_); }
  void reserve(size_t size) { bytes_.reserve(size); }

 private:
  std::vector<std::byte> bytes_;
};

uint64_t half(const Uuid& id, size_t from) {
  uint64_t value = 0;
  for (size_t i = from; i < from + 8; ++i) value = (value << 8) | id.bytes[i];
  return value;
}

bool any_rack(const metadata::Image& image) {
  bool found = false;
  image.for_each_broker([&](const metadata::BrokerImage& broker) { found = found || broker.rack.has_value(); });
  return found;
}

/// The racks of a partition's replicas, sorted; one entry per replica.
std::vector<std::string_view> racks_of(const metadata::PartitionImage& partition, const metadata::Image& image) {
  std::vector<std::string_view> racks;
  for (const NodeId node : partition.replicas) {
    const metadata::BrokerImage* broker = image.broker(node);
    if (broker != nullptr && broker->rack) racks.push_back(*broker->rack);
  }
  std::sort(racks.begin(), racks.end(), [](std::string_view a, std::string_view b) { return java_less(a, b); });
  return racks;
}

/// Bytes before the partitions: what the numbers mean (Kafka's magic byte of the form).
constexpr uint8_t form = 0;

}  // namespace

int64_t hash_of(const metadata::TopicImage& topic, const metadata::Image& image) {
  const bool racks = any_rack(image);
  Bytes bytes;
  bytes.reserve(32 + 2 * topic.name.size() + 4 * topic.partitions.size());
  bytes.put8(form);
  bytes.put64(half(topic.id, 0));
  bytes.put64(half(topic.id, 8));
  bytes.put32(bytes.put_text(topic.name));
  const auto count = static_cast<uint32_t>(topic.partitions.size());
  bytes.put32(count);
  for (uint32_t i = 0; i < count; ++i) {
    bytes.put32(i);
    if (!racks) continue;
    const metadata::PartitionImage* partition = topic.partition(static_cast<PartitionIndex>(i));
    if (partition == nullptr) continue;
    for (const std::string_view rack : racks_of(*partition, image)) {
      Bytes measure;
      bytes.put32(measure.put_text(rack));
      bytes.put32(bytes.put_text(rack));
    }
  }
  return static_cast<int64_t>(bytes.hash());
}

int64_t combined_hash(std::span<const int64_t> hashes) {
  if (hashes.empty()) return 0;
  return static_cast<int64_t>(xxh3_64(std::as_bytes(hashes)));
}

std::optional<int64_t> TopicHashes::find(const metadata::Image& image, std::string_view name) {
  if (image.applied().offset != image_offset_) {
    known_.clear();
    image_offset_ = image.applied().offset;
  }
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;
  const metadata::TopicImage* topic = image.topic(name);
  std::optional<int64_t> hash;
  if (topic != nullptr) hash = hash_of(*topic, image);
  known_.emplace(name, hash);
  return hash;
}

}  // namespace moldau::group::consumer
