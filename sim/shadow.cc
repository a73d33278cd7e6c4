#include "sim/shadow.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace moldau::sim {
namespace {

constexpr size_t name_bytes = 16;
constexpr uint64_t filler_bytes_max = 120;

Prng filler_of(const RecordName& name) {
  return Prng((uint64_t{name.producer} << 48) ^ (uint64_t{name.partition} << 32) ^ name.number);
}

std::string text_of(const RecordName& name) {
  return fmt::format("record {} of producer {}", name.number, name.producer);
}

}  // namespace

std::vector<std::byte> value_of(const RecordName& name) {
  Prng filler = filler_of(name);
  std::vector<std::byte> value(name_bytes + filler.below(filler_bytes_max));
  std::memcpy(value.data(), &name.producer, 4);
  std::memcpy(value.data() + 4, &name.partition, 4);
  std::memcpy(value.data() + 8, &name.number, 8);
  for (size_t i = name_bytes; i < value.size(); ++i) value[i] = static_cast<std::byte>(filler.next());
  return value;
}

std::optional<RecordName> name_of_value(std::span<const std::byte> value) {
  if (value.size() < name_bytes) return std::nullopt;
  RecordName name;
  std::memcpy(&name.producer, value.data(), 4);
  std::memcpy(&name.partition, value.data() + 4, 4);
  std::memcpy(&name.number, value.data() + 8, 8);
  const std::vector<std::byte> right = value_of(name);
  if (!std::equal(right.begin(), right.end(), value.begin(), value.end())) return std::nullopt;
  return name;
}

void Shadow::violate(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}

void Shadow::made(uint32_t producer, uint32_t partition, uint64_t records) {
  partitions_[partition].made[producer] = records;
}

void Shadow::learn(uint32_t partition, Offset offset, const RecordName& name, const char* how) {
  Partition& p = partitions_[partition];
  const auto [at, fresh] = p.known.try_emplace(offset, name);
  if (!fresh && !durable_) {
    at->second = name;
  } else if (!fresh && at->second != name) {
    violate(fmt::format("partition {} offset {}: {} was {}, but it is known as {}", partition, offset, text_of(name),
                        how, text_of(at->second)));
  }
}

void Shadow::acknowledged(const RecordName& first, uint32_t count, Offset base) {
  Partition& p = partitions_[first.partition];
  uint64_t& done = p.acknowledged[first.producer];
  if (first.number != done && durable_) {
    violate(fmt::format("partition {}: {} acknowledged, expected number {}", first.partition, text_of(first), done));
    return;
  }
  done += count;
  acknowledged_records_ += count;
  for (uint32_t i = 0; base != no_offset && i < count; ++i) {
    learn(first.partition, base + i, {first.producer, first.partition, first.number + i}, "acknowledged there");
  }
}

void Shadow::read(uint32_t partition, Offset offset, std::span<const std::byte> value) {
  const std::optional<RecordName> name = name_of_value(value);
  if (!name || name->partition != partition) {
    violate(
        fmt::format("partition {} offset {}: a value that nobody made ({} bytes)", partition, offset, value.size()));
    return;
  }
  const auto made = partitions_[partition].made.find(name->producer);
  if (made == partitions_[partition].made.end() || name->number >= made->second) {
    violate(fmt::format("partition {} offset {}: {}, which was never made", partition, offset, text_of(*name)));
    return;
  }
  learn(partition, offset, *name, "read there");
}

void Shadow::high_watermark(uint32_t partition, Offset offset) {
  Offset& largest = partitions_[partition].high_watermark;
  largest = std::max(largest, offset);
}

void Shadow::broker_died() {
  if (durable_) return;
  for (Partition& p : partitions_) {
    p.known.clear();
    p.high_watermark = 0;
  }
}

Offset Shadow::known_end(uint32_t partition) const {
  const auto& known = partitions_[partition].known;
  return known.empty() ? 0 : known.rbegin()->first + 1;
}

void Shadow::audit(uint32_t partition, Offset log_start, std::span<const std::pair<Offset, RecordName>> records) {
  Partition& p = partitions_[partition];
  std::map<uint32_t, uint64_t> next;
  Offset expected = log_start;
  for (const auto& [offset, name] : records) {
    // Below the recovery point nothing is scanned: what a disk lied about there is a gap.
    if (offset > expected && !durable_) expected = offset;
    if (offset != expected) {
      violate(fmt::format("partition {}: offset {} follows {}", partition, offset, expected - 1));
      return;
    }
    ++expected;
    uint64_t& number = next[name.producer];
    if (name.number != number && durable_) {
      violate(fmt::format("partition {} offset {}: {}, expected number {} of it", partition, offset, text_of(name),
                          number));
      return;
    }
    number = name.number + 1;
    learn(partition, offset, name, "found at the end");
  }
  if (!durable_) return;
  for (const auto& [producer, count] : p.acknowledged) {
    if (next[producer] < count) {
      violate(fmt::format("partition {}: {} records of producer {} were acknowledged, {} are there", partition, count,
                          producer, next[producer]));
    }
  }
  if (known_end(partition) > expected) {
    violate(fmt::format("partition {}: offset {} was acknowledged or read, the log ends at {}", partition,
                        known_end(partition) - 1, expected));
  }
}

}  // namespace moldau::sim
