// Big-endian loads and stores on raw bytes (the order of the Kafka protocol and files).
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace moldau {

template <std::integral T>
constexpr T from_big_endian(T value) {
  if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  } else {
    static_assert(sizeof(T) == 8);
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  }
}

/// Loads a T from `bytes`, which need not be aligned. REQUIRES: sizeof(T) readable bytes.
template <std::integral T>
T load_big_endian(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return from_big_endian(value);
}

/// Stores `value` at `bytes`. REQUIRES: sizeof(T) writable bytes.
template <std::integral T>
void store_big_endian(std::byte* bytes, T value) {
  value = from_big_endian(value);
  std::memcpy(bytes, &value, sizeof(T));
}

}  // namespace moldau
