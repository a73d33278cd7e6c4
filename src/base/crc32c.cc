// CRC-32C: the table implementation (slicing by 8) and the choice among all.
#include "base/crc32c.h"

#include <array>
#include <cstring>

#include "base/crc32c_impl.h"

namespace moldau {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b]: the checksum register after byte b and k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? crc32c_impl::polynomial : 0);
    tables[0][byte] = value;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t value = tables[k - 1][byte];
      tables[k][byte] = (value >> 8) ^ tables[0][value & 0xFF];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

using Function = uint32_t (*)(std::span<const std::byte>, uint32_t) noexcept;

struct Implementation {
  Function function;
  const char* name;
};

Implementation choose() noexcept {
  if (crc32c_impl::has_vpclmulqdq()) return {crc32c_impl::crc32c_vpclmulqdq, "vpclmulqdq"};
  if (crc32c_impl::has_sse42()) return {crc32c_impl::crc32c_sse42, "sse4.2"};
  return {crc32c_portable, "table"};
}

const Implementation& chosen() noexcept {
  static const Implementation implementation = choose();
  return implementation;
}

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> bytes, uint32_t previous) noexcept {
  uint32_t crc = ~previous;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= static_cast<uint64_t>(at[i]) << (8 * i);
    word ^= crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<uint32_t>(*at)) & 0xFF];
  return ~crc;
}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t previous) noexcept {
  return chosen().function(bytes, previous);
}

const char* crc32c_implementation() noexcept {
  return chosen().name;
}

}  // namespace moldau
