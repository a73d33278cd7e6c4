// The implementations behind crc32c(), for its dispatcher, tests and bench. The polynomial and its powers are in
// reflected bit order throughout: bit i of a 32-bit value stands for x^(31-i).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moldau::crc32c_impl {

inline constexpr uint32_t polynomial = 0x82F63B78;

/// x^n modulo the polynomial. For constants: takes n steps.
constexpr uint32_t power_of_x(uint32_t n) {
  uint32_t value = 0x80000000;
  for (uint32_t i = 0; i < n; ++i) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
  return value;
}

/// True when this CPU and its operating system can run crc32c_sse42, or crc32c_vpclmulqdq.
bool has_sse42() noexcept;
bool has_vpclmulqdq() noexcept;

/// Three streams of the crc32 instruction, joined by carry-less multiplication. REQUIRES: has_sse42().
uint32_t crc32c_sse42(std::span<const std::byte> bytes, uint32_t previous) noexcept;
/// 256 bytes a step, folded by 512-bit carry-less multiplication. REQUIRES: has_vpclmulqdq().
uint32_t crc32c_vpclmulqdq(std::span<const std::byte> bytes, uint32_t previous) noexcept;

}  // namespace moldau::crc32c_impl
