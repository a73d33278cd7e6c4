// The four readers behind Decompressor: one per codec, each of the shape
//   Status start(payload, limits);   Piece next();   void release();
// next() writes into the shared window (gzip, lz4, zstd) or memory of its own (snappy) and returns an empty piece at
// the end. The cap on output is the Decompressor's business, except where memory is reserved for a claimed size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "compress/compress.h"

struct z_stream_s;
struct LZ4F_dctx_s;
struct ZSTD_DCtx_s;

namespace moldau::compress {

using Piece = Result<std::span<const std::byte>>;

/// Memory that a reader keeps beyond one payload: enough for the windows of ordinary levels, not for a bomb's.
inline constexpr size_t kept_bytes_max = size_t{9} << 20;

inline Failure corrupt(const char* codec, const char* what) {
  return {FailureKind::corrupt, std::string(codec) + ": " + what};
}
inline Failure too_large() {
  return {FailureKind::invalid_argument, "too large: the payload unfolds to more than the cap"};
}

/// gzip members (RFC 1952), joined as Java's GZIPInputStream over an 8 KiB buffer joins them: another member is looked
/// for only where more than 26 bytes of the buffer follow the last one's data, and what does not begin one ends the
/// stream silently.
class GzipReader {
 public:
  GzipReader() = default;
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  ~GzipReader() { release(); }

  Status start(std::span<const std::byte> payload);
  Piece next(std::span<std::byte> window);
  void release() noexcept;

 private:
  size_t header_size(size_t at) const noexcept;
  bool begin_member(size_t header) noexcept;
  Status end_member();

  z_stream_s* stream_ = nullptr;
  std::span<const std::byte> payload_;
  size_t at_ = 0;          // next unread byte
  size_t buffer_end_ = 0;  // where the 8 KiB buffer ends that at_ lies in
  uint32_t crc_ = 0;
  uint32_t size_ = 0;  // of the member's content, modulo 2^32
  bool ended_ = true;
};

/// snappy-java's stream (16 bytes of header, then blocks with a length in front), or else one raw block.
class SnappyReader {
 public:
  Status start(std::span<const std::byte> payload, uint64_t uncompressed_bytes_max);
  Piece next();
  void release() noexcept;

 private:
  Piece unfold(std::span<const std::byte> block);

  std::span<const std::byte> rest_;
  uint64_t room_ = 0;  // bytes that may still be handed out
  bool framed_ = false;
  std::unique_ptr<std::byte[]> output_;
  size_t capacity_ = 0;
};

/// One lz4 frame of independent blocks.
class Lz4Reader {
 public:
  Lz4Reader() = default;
  Lz4Reader(const Lz4Reader&) = delete;
  Lz4Reader& operator=(const Lz4Reader&) = delete;
  ~Lz4Reader() { release(); }

  Status start(std::span<const std::byte> payload);
  Piece next(std::span<std::byte> window);
  void release() noexcept;

 private:
  LZ4F_dctx_s* context_ = nullptr;
  std::span<const std::byte> rest_;
  bool ended_ = true;
};

/// zstd frames, one after the other.
class ZstdReader {
 public:
  ZstdReader() = default;
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;
  ~ZstdReader() { release(); }

  Status start(std::span<const std::byte> payload, int window_log_max);
  Piece next(std::span<std::byte> window);
  void release() noexcept;

 private:
  ZSTD_DCtx_s* context_ = nullptr;
  std::span<const std::byte> rest_;
  bool within_frame_ = false;
};

}  // namespace moldau::compress
