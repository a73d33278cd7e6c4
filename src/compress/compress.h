// The codecs of record batches (gzip, snappy, lz4, zstd) behind two verbs: compress a whole input, read a compressed
// payload piece by piece through a bounded window. The formats are those that Kafka's Java classes write and read: gzip
// members, snappy-java's framed stream or one raw snappy block, lz4 frames of independent blocks, zstd frames.
//
// Invariants: no input makes a Decompressor hand out more than Limits::uncompressed_bytes_max bytes, nor reserve memory
// that the compressed bytes do not justify. A Compressor and a Decompressor keep their contexts between uses: one of
// each per shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace moldau::compress {

/// The codecs, numbered as in bits 0-2 of a batch's attributes.
enum class Codec : uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// The codec of a batch's attribute bits; nothing for the unassigned 5, 6 and 7.
constexpr std::optional<Codec> codec_of(int attributes) {
  const int id = attributes & 0x07;
  return id <= 4 ? std::optional(static_cast<Codec>(id)) : std::nullopt;
}
/// "none", "gzip", "snappy", "lz4" or "zstd": the names of compression.type.
std::string_view name_of(Codec codec) noexcept;
/// The codec of that name; nothing for any other text ("producer" and "uncompressed" are the caller's business).
std::optional<Codec> codec_named(std::string_view name) noexcept;

/// The level that Kafka uses where none is configured: gzip -1, lz4 9 (the fast compressor), zstd 3, else 0.
int level_default(Codec codec) noexcept;
/// True when `level` is one that Kafka's compression.*.level settings allow: gzip -1 and 1..9, lz4 1..17, zstd
/// -131072..22; codecs without levels take any.
bool level_valid(Codec codec, int level) noexcept;

/// A zstd frame may ask its reader for a window of up to 2^this bytes: the default here, and what Kafka's readers
/// allow.
inline constexpr int zstd_window_log_default = 23;
inline constexpr int zstd_window_log_kafka = 27;
/// The largest lz4 block: 4 MiB, from the frame format.
inline constexpr size_t lz4_block_bytes_max = size_t{4} << 20;
/// A Decompressor hands out gzip and zstd output in pieces of at most this size; of snappy and lz4, whole blocks.
inline constexpr size_t window_bytes = size_t{128} << 10;

/// What a reader accepts.
struct Limits {
  /// Most bytes that a payload may unfold to; over it reading fails with FailureKind::invalid_argument, "too large".
  uint64_t uncompressed_bytes_max = uint64_t{64} << 20;
  /// Largest window that a zstd frame may ask for, as a power of two: 10 to 27. Over it: FailureKind::unsupported.
  int zstd_window_log_max = zstd_window_log_default;
};

/// Compresses whole inputs; keeps one context per codec.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  /// Appends `input`, compressed, to `output`. Codec::none appends the bytes themselves. Fails with invalid_argument
  /// for a level that level_valid refuses or an input over 2 GiB, and leaves `output` as it was.
  Status compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

/// Reads one compressed payload after the other through a bounded window. Memory, made when first needed: a window of
/// 128 KiB, inflate state (40 KiB), lz4 blocks (at most twice 4 MiB), the zstd window (up to 2^zstd_window_log_max),
/// and for snappy the block (up to the cap, and at most 64 times the compressed bytes). A zstd window or snappy block
/// beyond 9 MiB is given back at the next start() of its codec.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  /// Begins `payload`, which must stay valid and unchanged until it has been read. Fails when its first bytes show that
  /// it is not of `codec` (FailureKind::corrupt) or breaks `limits`.
  Status start(Codec codec, std::span<const std::byte> payload, const Limits& limits);

  /// The next bytes, valid until the next call; empty at the end, which is reached only when the payload is whole.
  /// Failures: corrupt (malformed, damaged or cut), invalid_argument ("too large"), unsupported (zstd window). After
  /// one, only start().
  Result<std::span<const std::byte>> next();

  /// Bytes handed out since start().
  uint64_t produced() const noexcept;

  /// Gives back all memory.
  void release();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compresses with a context of its own: for tools and tests.
Status compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output);
/// Appends the whole of `payload`, decompressed, to `output`; as Decompressor, with a context of its own.
Status decompress(Codec codec, std::span<const std::byte> payload, const Limits& limits,
                  std::vector<std::byte>& output);

}  // namespace moldau::compress
