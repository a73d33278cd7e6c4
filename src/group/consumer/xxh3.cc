#include "group/consumer/xxh3.h"

#include <array>
#include <bit>
#include <cstring>

namespace moldau::group::consumer {
namespace {

static_assert(std::endian::native == std::endian::little, "the words below are read as they stand");

constexpr uint64_t prime32_1 = 0x9E3779B1;
constexpr uint64_t prime32_2 = 0x85EBCA77;
constexpr uint64_t prime32_3 = 0xC2B2AE3D;
constexpr uint64_t prime64_1 = 0x9E3779B185EBCA87;
constexpr uint64_t prime64_2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t prime64_3 = 0x165667B19E3779F9;
constexpr uint64_t prime64_4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t prime64_5 = 0x27D4EB2F165667C5;
constexpr uint64_t prime_mx1 = 0x165667919E3779F9;
constexpr uint64_t prime_mx2 = 0x9FB21C651E98DF25;

constexpr size_t stripe_bytes = 64;
constexpr size_t stripes_per_block = 16;
constexpr size_t block_bytes = stripe_bytes * stripes_per_block;

/// The default secret of the specification: 192 bytes.
constexpr std::array<uint64_t, 24> secret_words = {
    0xBE4BA423396CFEB8, 0x1CAD21F72C81017C, 0xDB979083E96DD4DE, 0x1F67B3B7A4A44072, 0x78E5C0CC4EE679CB,
    0x2172FFCC7DD05A82, 0x8E2443F7744608B8, 0x4C263A81E69035E0, 0xCB00C391BB52283C, 0xA32E531B8B65D088,
    0x4EF90DA297486471, 0xD8ACDEA946EF1938, 0x3F349CE33F76FAA8, 0x1D4F0BC7C7BBDCF9, 0x3159B4CD4BE0518A,
    0x647378D9C97E9FC8, 0xC3EBD33483ACC5EA, 0xEB6313FAFFA081C5, 0x49DAF0B751DD0D17, 0x9E68D429265516D3,
    0xFCA1477D58BE162B, 0xCE31D07AD1B8F88F, 0x280416958F3ACB45, 0x7E404BBBCAFBD7AF};

uint64_t load64(const std::byte* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
uint64_t load32(const std::byte* at) {
  uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
/// Eight bytes of the secret from any of its bytes on.
uint64_t secret(size_t offset) {
  return load64(reinterpret_cast<const std::byte*>(secret_words.data()) + offset);
}

__extension__ using Wide = unsigned __int128;

uint64_t fold_product(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t avalanche(uint64_t hash) {
  hash = (hash ^ (hash >> 37)) * prime_mx1;
  return hash ^ (hash >> 32);
}

uint64_t avalanche_old(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * prime64_2;
  hash = (hash ^ (hash >> 29)) * prime64_3;
  return hash ^ (hash >> 32);
}

uint64_t mix16(const std::byte* at, size_t secret_offset) {
  return fold_product(load64(at) ^ secret(secret_offset), load64(at + 8) ^ secret(secret_offset + 8));
}

uint64_t hash_up_to_16(const std::byte* at, size_t size) {
  if (size == 0) return avalanche_old(secret(56) ^ secret(64));
  if (size < 4) {
    const auto first = static_cast<uint64_t>(at[0]);
    const auto middle = static_cast<uint64_t>(at[size >> 1]);
    const auto last = static_cast<uint64_t>(at[size - 1]);
    const uint64_t combined = (first << 16) | (middle << 24) | last | (size << 8);
    const uint64_t flip = (secret(0) & 0xFFFFFFFF) ^ (secret(4) & 0xFFFFFFFF);
    return avalanche_old(combined ^ flip);
  }
  if (size <= 8) {
    uint64_t hash = (load32(at + size - 4) + (load32(at) << 32)) ^ secret(8) ^ secret(16);
    hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
    hash *= prime_mx2;
    hash ^= (hash >> 35) + size;
    hash *= prime_mx2;
    return hash ^ (hash >> 28);
  }
  const uint64_t low = load64(at) ^ secret(24) ^ secret(32);
  const uint64_t high = load64(at + size - 8) ^ secret(40) ^ secret(48);
  return avalanche(size + __builtin_bswap64(low) + high + fold_product(low, high));
}

uint64_t hash_up_to_240(const std::byte* at, size_t size) {
  uint64_t hash = size * prime64_1;
  if (size <= 128) {
    // Pairs of 16 bytes from both ends inwards.
    for (size_t i = (size - 1) / 32 + 1; i-- > 0;) {
      hash += mix16(at + 16 * i, 32 * i);
      hash += mix16(at + size - 16 * (i + 1), 32 * i + 16);
    }
    return avalanche(hash);
  }
  for (size_t i = 0; i < 8; ++i) hash += mix16(at + 16 * i, 16 * i);
  hash = avalanche(hash);
  for (size_t i = 8; i < size / 16; ++i) hash += mix16(at + 16 * i, 16 * (i - 8) + 3);
  return avalanche(hash + mix16(at + size - 16, 136 - 17));
}

using Accumulators = std::array<uint64_t, 8>;

void accumulate(Accumulators& sums, const std::byte* stripe, size_t secret_offset) {
  for (size_t i = 0; i < sums.size(); ++i) {
    const uint64_t word = load64(stripe + 8 * i);
    const uint64_t keyed = word ^ secret(secret_offset + 8 * i);
    sums[i ^ 1] += word;
    sums[i] += (keyed & 0xFFFFFFFF) * (keyed >> 32);
  }
}

uint64_t hash_long(const std::byte* at, size_t size) {
  Accumulators sums = {prime32_3, prime64_1, prime64_2, prime64_3, prime64_4, prime32_2, prime64_5, prime32_1};
  const size_t blocks = (size - 1) / block_bytes;
  for (size_t block = 0; block < blocks; ++block) {
    for (size_t i = 0; i < stripes_per_block; ++i) {
      accumulate(sums, at + block * block_bytes + i * stripe_bytes, 8 * i);
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] = (sums[i] ^ (sums[i] >> 47) ^ secret(128 + 8 * i)) * prime32_1;
    }
  }
  const size_t rest = (size - 1 - blocks * block_bytes) / stripe_bytes;
  for (size_t i = 0; i < rest; ++i) accumulate(sums, at + blocks * block_bytes + i * stripe_bytes, 8 * i);
  accumulate(sums, at + size - stripe_bytes, 192 - stripe_bytes - 7);

  uint64_t hash = size * prime64_1;
  for (size_t i = 0; i < 4; ++i) {
    hash += fold_product(sums[2 * i] ^ secret(11 + 16 * i), sums[2 * i + 1] ^ secret(11 + 16 * i + 8));
  }
  return avalanche(hash);
}

}  // namespace

uint64_t xxh3_64(std::span<const std::byte> bytes) {
  if (bytes.size() <= 16) return hash_up_to_16(bytes.data(), bytes.size());
  if (bytes.size() <= 240) return hash_up_to_240(bytes.data(), bytes.size());
  return hash_long(bytes.data(), bytes.size());
}

}  // namespace moldau::group::consumer
