// CRC-32C: known vectors, and every implementation that this CPU has against the table.
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c_impl.h"
#include "base/prng.h"

namespace moldau {
namespace {

using Function = uint32_t (*)(std::span<const std::byte>, uint32_t) noexcept;

std::vector<std::pair<const char*, Function>> implementations() {
  std::vector<std::pair<const char*, Function>> list{{"table", crc32c_portable}, {"chosen", crc32c}};
  if (crc32c_impl::has_sse42()) list.emplace_back("sse4.2", crc32c_impl::crc32c_sse42);
  if (crc32c_impl::has_vpclmulqdq()) list.emplace_back("vpclmulqdq", crc32c_impl::crc32c_vpclmulqdq);
  return list;
}

std::vector<std::byte> random_bytes(size_t size, uint64_t seed) {
  Prng prng(seed);
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(prng.next());
  return bytes;
}

// One bit at a time, straight from the definition.
uint32_t by_definition(std::span<const std::byte> bytes, uint32_t previous) {
  uint32_t crc = ~previous;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

TEST(Crc32c, KnownVectors) {
  std::vector<std::byte> zeros(32, std::byte{0});
  std::vector<std::byte> ones(32, std::byte{0xFF});
  std::vector<std::byte> up(32);
  for (size_t i = 0; i < 32; ++i) up[i] = static_cast<std::byte>(i);
  std::vector<std::byte> down(up.rbegin(), up.rend());
  for (const auto& [name, function] : implementations()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(function({}, 0), 0U);
    EXPECT_EQ(function(as_bytes("123456789"), 0), 0xE3069283U);
    EXPECT_EQ(function(as_bytes("a"), 0), 0xC1D04330U);
    EXPECT_EQ(function(zeros, 0), 0x8A9136AAU);  // RFC 3720, appendix B.4
    EXPECT_EQ(function(ones, 0), 0x62A8AB43U);
    EXPECT_EQ(function(up, 0), 0x46DD794EU);
    EXPECT_EQ(function(down, 0), 0x113FDB5CU);
  }
}

TEST(Crc32c, EverySizeUpTo4500) {
  const auto bytes = random_bytes(4500 + 64, 1);
  uint32_t expected = 0;
  for (size_t size = 0; size <= 4500; ++size) {
    const std::span<const std::byte> part(bytes.data() + 3, size);
    if (size > 0) expected = by_definition(part.last(1), expected);
    for (const auto& [name, function] : implementations())
      ASSERT_EQ(function(part, 0), expected) << name << " " << size;
  }
}

TEST(Crc32c, RandomSizesAlignmentsAndContinuation) {
  const auto bytes = random_bytes(300'000, 2);
  Prng prng(3);
  for (int round = 0; round < 2000; ++round) {
    const size_t size = prng.below(round % 20 == 0 ? 200'000 : 9'000);
    const size_t start = prng.below(256);
    const std::span<const std::byte> part(bytes.data() + start, size);
    const auto previous = static_cast<uint32_t>(prng.next());
    const uint32_t expected = crc32c_portable(part, previous);
    const size_t cut = prng.below(size + 1);
    for (const auto& [name, function] : implementations()) {
      ASSERT_EQ(function(part, previous), expected) << name << " " << size;
      ASSERT_EQ(function(part.subspan(cut), function(part.first(cut), previous)), expected)
          << name << " " << size << " " << cut;
    }
  }
}

TEST(Crc32c, NoticesEveryFlippedBit) {
  auto bytes = random_bytes(700, 4);
  const uint32_t before = crc32c(bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    ASSERT_NE(crc32c(bytes), before) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(Crc32c, NamesItsImplementation) {
  const std::string_view name = crc32c_implementation();
  EXPECT_TRUE(name == "vpclmulqdq" || name == "sse4.2" || name == "table") << name;
  EXPECT_EQ(name == "vpclmulqdq", crc32c_impl::has_vpclmulqdq());
}

}  // namespace
}  // namespace moldau
