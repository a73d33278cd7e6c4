// CRC-32C with the instructions of x86-64. Identities used (all modulo the polynomial; values in reflected order):
//   crc32(r, d)  of 64 bits    = (r x^32 + d) x^32
//   clmul(a, b)  of 32 x 32    = a b x        seen as 64 bits, so crc32(0, clmul(a, x^(m-33))) = a x^m
//   clmul(a, b)  of 64 x 64    = a b x        seen as 128 bits, so a 128-bit value moves m bits ahead by multiplying
//   its first
//                                             (low) half with x^(m+63), its second with x^(m-1)
#include <cstring>

#include "base/crc32c_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace moldau::crc32c_impl {

#if defined(__x86_64__)

#define MOLDAU_SSE42 __attribute__((target("sse4.2,pclmul")))
#define MOLDAU_AVX512 __attribute__((target("sse4.2,pclmul,avx512f,avx512vl,avx512dq,vpclmulqdq")))

namespace {

constexpr size_t long_stream_bytes = 2048;
constexpr size_t short_stream_bytes = 128;

uint64_t load_word(const std::byte* at) noexcept {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// One stream: for what is too short for three, and for tails.
MOLDAU_SSE42 uint32_t serial(const std::byte* at, size_t left, uint32_t crc) noexcept {
  uint64_t register64 = crc;
  for (; left >= 8; left -= 8, at += 8) register64 = _mm_crc32_u64(register64, load_word(at));
  crc = static_cast<uint32_t>(register64);
  if (left >= 4) {
    uint32_t word;
    std::memcpy(&word, at, sizeof(word));
    crc = _mm_crc32_u32(crc, word);
    at += 4;
    left -= 4;
  }
  for (; left > 0; --left, ++at) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(*at));
  return crc;
}

MOLDAU_SSE42 __m128i product(uint64_t crc, uint32_t power) noexcept {
  return _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(static_cast<uint32_t>(crc))),
                              _mm_cvtsi32_si128(static_cast<int>(power)), 0x00);
}

// Three streams of `stream` bytes each, side by side, then joined: crc x^(16 stream) + middle x^(8 stream) + last.
template <size_t stream>
MOLDAU_SSE42 uint32_t three_streams(const std::byte* at, uint32_t crc) noexcept {
  constexpr uint32_t two_streams_ahead = power_of_x(16 * stream - 33);
  constexpr uint32_t one_stream_ahead = power_of_x(8 * stream - 33);
  uint64_t first = crc;
  uint64_t middle = 0;
  uint64_t last = 0;
  for (size_t i = 0; i < stream; i += 8) {
    first = _mm_crc32_u64(first, load_word(at + i));
    middle = _mm_crc32_u64(middle, load_word(at + stream + i));
    last = _mm_crc32_u64(last, load_word(at + 2 * stream + i));
  }
  const __m128i joined = _mm_xor_si128(product(first, two_streams_ahead), product(middle, one_stream_ahead));
  const auto word = static_cast<uint64_t>(_mm_cvtsi128_si64(joined));
  return static_cast<uint32_t>(_mm_crc32_u64(0, word) ^ last);
}

consteval long long half(uint32_t bits_ahead) {
  return static_cast<long long>(static_cast<uint64_t>(power_of_x(bits_ahead)) << 32);
}

// Each 128-bit lane of `value` moved ahead by the distance in `constants`, plus `data`.
MOLDAU_AVX512 __m512i fold(__m512i value, __m512i constants, __m512i data) noexcept {
  const __m512i low = _mm512_clmulepi64_epi128(value, constants, 0x00);
  const __m512i high = _mm512_clmulepi64_epi128(value, constants, 0x11);
  return _mm512_ternarylogic_epi64(low, high, data, 0x96);
}

template <uint32_t bits>
MOLDAU_AVX512 __m512i distance() noexcept {
  return _mm512_set_epi64(half(bits - 1), half(bits + 63), half(bits - 1), half(bits + 63), half(bits - 1),
                          half(bits + 63), half(bits - 1), half(bits + 63));
}

// The register after the 64 bytes that `value` stands for.
MOLDAU_AVX512 uint32_t reduce(__m512i value) noexcept {
  // The first three lanes move ahead onto the last, which stays where it is.
  const __m512i constants = _mm512_set_epi64(0, 0, half(127), half(191), half(255), half(319), half(383), half(447));
  const __m512i low = _mm512_clmulepi64_epi128(value, constants, 0x00);
  const __m512i moved = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(value, constants, 0x11));
  const __m128i sum =
      _mm_xor_si128(_mm_xor_si128(_mm512_extracti32x4_epi32(moved, 0), _mm512_extracti32x4_epi32(moved, 1)),
                    _mm_xor_si128(_mm512_extracti32x4_epi32(moved, 2), _mm512_extracti32x4_epi32(value, 3)));
  const uint64_t crc = _mm_crc32_u64(0, static_cast<uint64_t>(_mm_extract_epi64(sum, 0)));
  return static_cast<uint32_t>(_mm_crc32_u64(crc, static_cast<uint64_t>(_mm_extract_epi64(sum, 1))));
}

MOLDAU_AVX512 __m512i load_lanes(const std::byte* at) noexcept {
  return _mm512_loadu_si512(at);
}

}  // namespace

bool has_sse42() noexcept {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

bool has_vpclmulqdq() noexcept {
  return has_sse42() && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0;
}

MOLDAU_SSE42 uint32_t crc32c_sse42(std::span<const std::byte> bytes, uint32_t previous) noexcept {
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  uint32_t crc = ~previous;
  for (; left >= 3 * long_stream_bytes; left -= 3 * long_stream_bytes, at += 3 * long_stream_bytes) {
    crc = three_streams<long_stream_bytes>(at, crc);
  }
  for (; left >= 3 * short_stream_bytes; left -= 3 * short_stream_bytes, at += 3 * short_stream_bytes) {
    crc = three_streams<short_stream_bytes>(at, crc);
  }
  return ~serial(at, left, crc);
}

MOLDAU_AVX512 uint32_t crc32c_vpclmulqdq(std::span<const std::byte> bytes, uint32_t previous) noexcept {
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  if (left < 256) return ~serial(at, left, ~previous);

  __m512i value =
      _mm512_xor_si512(load_lanes(at), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~previous))));
  if (left >= 512) {
    __m512i second = load_lanes(at + 64);
    __m512i third = load_lanes(at + 128);
    __m512i fourth = load_lanes(at + 192);
    const __m512i ahead = distance<2048>();
    for (at += 256, left -= 256; left >= 256; at += 256, left -= 256) {
      value = fold(value, ahead, load_lanes(at));
      second = fold(second, ahead, load_lanes(at + 64));
      third = fold(third, ahead, load_lanes(at + 128));
      fourth = fold(fourth, ahead, load_lanes(at + 192));
    }
    const __m512i next = distance<512>();
    value = fold(fold(fold(value, next, second), next, third), next, fourth);
  } else {
    at += 64;
    left -= 64;
  }
  const __m512i next = distance<512>();
  for (; left >= 64; at += 64, left -= 64) value = fold(value, next, load_lanes(at));
  return ~serial(at, left, reduce(value));
}

#else

bool has_sse42() noexcept {
  return false;
}
bool has_vpclmulqdq() noexcept {
  return false;
}
uint32_t crc32c_sse42(std::span<const std::byte>, uint32_t previous) noexcept {
  return previous;
}
uint32_t crc32c_vpclmulqdq(std::span<const std::byte>, uint32_t previous) noexcept {
  return previous;
}

#endif

}  // namespace moldau::crc32c_impl
