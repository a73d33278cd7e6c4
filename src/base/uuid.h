// Kafka's 16-byte ids (topics, directories, clusters) and their URL-safe base64 form without padding, 22 characters.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace moldau {

/// A 16-byte id in the byte order of the wire. The zero id means "none".
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  constexpr auto operator<=>(const Uuid&) const = default;
  constexpr bool is_zero() const { return *this == Uuid{}; }

  /// The id whose 128 bits are `high` and `low`, as Java's UUID(mostSigBits, leastSigBits).
  static constexpr Uuid of(uint64_t high, uint64_t low) {
    Uuid id;
    for (int i = 0; i < 8; ++i) {
      id.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(high >> (56 - 8 * i));
      id.bytes[static_cast<size_t>(i + 8)] = static_cast<uint8_t>(low >> (56 - 8 * i));
    }
    return id;
  }
  /// Makes a version 4 (random) id from 128 random bits.
  static constexpr Uuid random(uint64_t high, uint64_t low) {
    return of((high & ~0xF000ULL) | 0x4000ULL, (low & ~(3ULL << 62)) | (1ULL << 63));
  }
  /// Kafka's form: URL-safe base64 without padding.
  std::string to_string() const;
  /// Parses Kafka's form; nothing for any other text.
  static std::optional<Uuid> parse(std::string_view text);
};

/// The id of the topic __cluster_metadata: AAAAAAAAAAAAAAAAAAAAAQ.
inline constexpr Uuid metadata_topic_id = Uuid::of(0, 1);

}  // namespace moldau

template <>
struct std::hash<moldau::Uuid> {
  size_t operator()(const moldau::Uuid& id) const noexcept {
    uint64_t high = 0;
    uint64_t low = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    std::memcpy(&low, id.bytes.data() + 8, 8);
    return high ^ (low * 0x9E3779B97F4A7C15ULL);
  }
};
