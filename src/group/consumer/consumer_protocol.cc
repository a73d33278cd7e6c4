#include "group/consumer/consumer_protocol.h"

#include <algorithm>

#include "wire/decoder.h"
#include "wire/encoder.h"

namespace moldau::group::consumer {
namespace {

constexpr size_t topic_bytes_min = 2 + 4;

bool read_topics(wire::Decoder& decoder, std::vector<ConsumerTopic>& into) {
  size_t count = 0;
  if (!decoder.read_count(false, topic_bytes_min, sizeof(ConsumerTopic), count)) return false;
  into.reserve(count);
  for (size_t i = 0; i < count && decoder.ok(); ++i) {
    ConsumerTopic& topic = into.emplace_back();
    size_t partitions = 0;
    if (!decoder.read_string(false, topic.topic)) return false;
    if (!decoder.read_count(false, 4, sizeof(PartitionIndex), partitions)) return false;
    topic.partitions.reserve(partitions);
    for (size_t k = 0; k < partitions; ++k) topic.partitions.push_back(decoder.read_int32());
  }
  return decoder.ok();
}

}  // namespace

std::optional<int16_t> read_consumer_version(std::span<const std::byte> bytes) {
  wire::Decoder decoder(bytes);
  const int16_t version = decoder.read_int16();
  if (!decoder.ok()) return std::nullopt;
  return version;
}

std::optional<ConsumerSubscription> read_subscription(std::span<const std::byte> bytes) {
  wire::Decoder decoder(bytes);
  ConsumerSubscription result;
  result.version = decoder.read_int16();
  if (!decoder.ok() || result.version < 0) return std::nullopt;
  result.version = std::min(result.version, consumer_protocol_version_max);
  size_t count = 0;
  if (!decoder.read_count(false, 2, sizeof(std::string_view), count)) return std::nullopt;
  result.topics.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (!decoder.read_string(false, result.topics.emplace_back())) return std::nullopt;
  }
  std::span<const std::byte> user_data;
  decoder.read_bytes(false, user_data);  // may be null
  if (result.version >= 1 && !read_topics(decoder, result.owned)) return std::nullopt;
  if (result.version >= 2) result.generation = decoder.read_int32();
  if (result.version >= 3) {
    std::string_view rack;
    if (decoder.read_string(false, rack)) result.rack = rack;
  }
  if (!decoder.ok()) return std::nullopt;
  return result;
}

std::optional<ConsumerAssignment> read_assignment(std::span<const std::byte> bytes) {
  wire::Decoder decoder(bytes);
  const int16_t version = decoder.read_int16();
  if (!decoder.ok() || version < 0) return std::nullopt;
  ConsumerAssignment result;
  if (!read_topics(decoder, result.assigned)) return std::nullopt;
  std::span<const std::byte> user_data;
  result.has_user_data = decoder.read_bytes(false, user_data) && !user_data.empty();
  if (!decoder.ok()) return std::nullopt;
  return result;
}

std::vector<std::byte> write_assignment(const std::vector<ConsumerTopic>& assigned, int16_t version) {
  wire::Encoder encoder(64);
  encoder.put_int16(std::min(version, consumer_protocol_version_max));
  encoder.put_int32(static_cast<int32_t>(assigned.size()));
  for (const ConsumerTopic& topic : assigned) {
    encoder.put_string(false, topic.topic);
    encoder.put_int32(static_cast<int32_t>(topic.partitions.size()));
    for (const PartitionIndex partition : topic.partitions) encoder.put_int32(partition);
  }
  encoder.put_int32(-1);  // no user data
  const std::span<const std::byte> view = encoder.view();
  return {view.begin(), view.end()};
}

}  // namespace moldau::group::consumer
