// Variable-length integers: unsigned LEB128 and zigzag, as protocol and records use them. Decoders refuse what is
// longer than the type can hold and what overflows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moldau {

inline constexpr size_t varint32_size_max = 5;
inline constexpr size_t varint64_size_max = 10;

constexpr uint32_t zigzag(int32_t value) {
  return (static_cast<uint32_t>(value) << 1) ^ static_cast<uint32_t>(value >> 31);
}
constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int32_t unzigzag(uint32_t value) {
  return static_cast<int32_t>(value >> 1) ^ -static_cast<int32_t>(value & 1);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

/// Bytes that `value` takes as an unsigned varint: 1 to 10.
constexpr size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(__builtin_clzll(value | 1) ^ 63) / 7) + 1;
}

/// Writes `value` at `out` and returns the bytes written. REQUIRES: varint_size(value) writable bytes.
inline size_t put_varint(std::byte* out, uint64_t value) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) out[size++] = static_cast<std::byte>(value | 0x80);
  out[size++] = static_cast<std::byte>(value);
  return size;
}

/// Reads an unsigned varint of up to 32 bits from the front of `in`; returns the bytes read, 0 when `in` is too short
/// or the value does not fit.
inline size_t get_varint32(std::span<const std::byte> in, uint32_t& value) {
  uint32_t result = 0;
  for (size_t i = 0; i < in.size() && i < varint32_size_max; ++i) {
    const auto byte = static_cast<uint32_t>(in[i]);
    if (i == varint32_size_max - 1 && byte > 0x0F) return 0;
    result |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      value = result;
      return i + 1;
    }
  }
  return 0;
}

/// As get_varint32, for 64 bits.
inline size_t get_varint64(std::span<const std::byte> in, uint64_t& value) {
  uint64_t result = 0;
  for (size_t i = 0; i < in.size() && i < varint64_size_max; ++i) {
    const auto byte = static_cast<uint64_t>(in[i]);
    if (i == varint64_size_max - 1 && byte > 0x01) return 0;
    result |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      value = result;
      return i + 1;
    }
  }
  return 0;
}

}  // namespace moldau
