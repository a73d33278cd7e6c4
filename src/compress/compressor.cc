// Compressor: whole inputs, in the formats that Kafka's Java client writes.
#define ZLIB_CONST
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/endian.h"
#include "compress/compress.h"
#include "compress/snappy_frame.h"

namespace moldau::compress {
namespace {

constexpr size_t input_bytes_max = size_t{1} << 31;
constexpr int gzip_header = 16;    // added to deflate's window bits: write a gzip member
constexpr int lz4_level_fast = 9;  // Kafka's default level means the fast compressor, any other the slow one
constexpr int lz4_level_slow_min = 3;

constexpr std::array<std::string_view, 5> names{"none", "gzip", "snappy", "lz4", "zstd"};

Bytef* zlib_bytes(std::byte* at) {
  return reinterpret_cast<Bytef*>(at);
}
const Bytef* zlib_bytes(const std::byte* at) {
  return reinterpret_cast<const Bytef*>(at);
}

}  // namespace

std::string_view name_of(Codec codec) noexcept {
  return names[static_cast<size_t>(codec)];
}

std::optional<Codec> codec_named(std::string_view name) noexcept {
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Codec>(found - names.begin());
}

int level_default(Codec codec) noexcept {
  switch (codec) {
    case Codec::gzip: return -1;
    case Codec::lz4: return lz4_level_fast;
    case Codec::zstd: return 3;
    default: return 0;
  }
}

bool level_valid(Codec codec, int level) noexcept {
  switch (codec) {
    case Codec::gzip: return level == -1 || (level >= 1 && level <= 9);
    case Codec::lz4: return level >= 1 && level <= 17;
    case Codec::zstd: return level >= -131072 && level <= 22;
    default: return true;
  }
}

struct Compressor::Contexts {
  z_stream gzip{};
  int gzip_level = -2;  // of the open stream; -2: none
  LZ4F_cctx* lz4 = nullptr;
  ZSTD_CCtx* zstd = nullptr;

  Contexts() = default;
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts() {
    if (gzip_level != -2) deflateEnd(&gzip);
    LZ4F_freeCompressionContext(lz4);
    ZSTD_freeCCtx(zstd);
  }

  void write_gzip(int level, std::span<const std::byte> input, std::vector<std::byte>& output);
  void write_snappy(std::span<const std::byte> input, std::vector<std::byte>& output);
  void write_lz4(int level, std::span<const std::byte> input, std::vector<std::byte>& output);
  void write_zstd(int level, std::span<const std::byte> input, std::vector<std::byte>& output);
};

void Compressor::Contexts::write_gzip(int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
  if (gzip_level == level) {
    ASSERT(deflateReset(&gzip) == Z_OK);
  } else {
    if (gzip_level != -2) deflateEnd(&gzip);
    gzip = {};
    ASSERT(deflateInit2(&gzip, level, Z_DEFLATED, MAX_WBITS + gzip_header, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    gzip_level = level;
  }
  const size_t before = output.size();
  output.resize(before + deflateBound(&gzip, static_cast<uLong>(input.size())));
  gzip.next_in = zlib_bytes(input.data());
  gzip.avail_in = static_cast<uInt>(input.size());
  gzip.next_out = zlib_bytes(output.data() + before);
  gzip.avail_out = static_cast<uInt>(output.size() - before);
  ASSERT(deflate(&gzip, Z_FINISH) == Z_STREAM_END);
  output.resize(output.size() - gzip.avail_out);
}

void Compressor::Contexts::write_snappy(std::span<const std::byte> input, std::vector<std::byte>& output) {
  const size_t before = output.size();
  output.resize(before + snappy_frame_header_bytes);
  std::copy(snappy_frame_magic.begin(), snappy_frame_magic.end(), output.begin() + static_cast<ptrdiff_t>(before));
  store_big_endian<int32_t>(output.data() + before + 8, snappy_frame_version);
  store_big_endian<int32_t>(output.data() + before + 12, snappy_frame_version);
  while (!input.empty()) {
    const auto block = input.first(std::min(input.size(), snappy_frame_block_bytes));
    input = input.subspan(block.size());
    const size_t at = output.size();
    output.resize(at + 4 + snappy::MaxCompressedLength(block.size()));
    size_t size = 0;
    snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                        reinterpret_cast<char*>(output.data() + at + 4), &size);
    store_big_endian<int32_t>(output.data() + at, static_cast<int32_t>(size));
    output.resize(at + 4 + size);
  }
}

void Compressor::Contexts::write_lz4(int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.compressionLevel = level == lz4_level_fast ? 0 : std::max(level, lz4_level_slow_min);
  preferences.autoFlush = 1;
  if (lz4 == nullptr) ASSERT(LZ4F_isError(LZ4F_createCompressionContext(&lz4, LZ4F_VERSION)) == 0);
  const size_t before = output.size();
  output.resize(before + LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(input.size(), &preferences));
  std::byte* at = output.data() + before;
  const auto room = [&] { return static_cast<size_t>(output.data() + output.size() - at); };
  const auto advance = [&](size_t size) {
    ASSERT(LZ4F_isError(size) == 0);
    at += size;
  };
  advance(LZ4F_compressBegin(lz4, at, room(), &preferences));
  advance(LZ4F_compressUpdate(lz4, at, room(), input.data(), input.size(), nullptr));
  advance(LZ4F_compressEnd(lz4, at, room(), nullptr));
  output.resize(static_cast<size_t>(at - output.data()));
}

void Compressor::Contexts::write_zstd(int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
  if (zstd == nullptr) zstd = ZSTD_createCCtx();
  ASSERT(zstd != nullptr);
  ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level)) == 0);
  const size_t before = output.size();
  output.resize(before + ZSTD_compressBound(input.size()));
  const size_t size = ZSTD_compress2(zstd, output.data() + before, output.size() - before, input.data(), input.size());
  ASSERT(ZSTD_isError(size) == 0);
  output.resize(before + size);
}

Compressor::Compressor() = default;
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Status Compressor::compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
  if (!level_valid(codec, level)) {
    return Failure{FailureKind::invalid_argument,
                   std::string(name_of(codec)) + " has no level " + std::to_string(level)};
  }
  if (input.size() >= input_bytes_max)
    return Failure{FailureKind::invalid_argument, "too large: 2 GiB or more at once"};
  if (codec == Codec::none) {
    output.insert(output.end(), input.begin(), input.end());
    return {};
  }
  if (contexts_ == nullptr) contexts_ = std::make_unique<Contexts>();
  switch (codec) {
    case Codec::none: break;
    case Codec::gzip: contexts_->write_gzip(level, input, output); break;
    case Codec::snappy: contexts_->write_snappy(input, output); break;
    case Codec::lz4: contexts_->write_lz4(level, input, output); break;
    case Codec::zstd: contexts_->write_zstd(level, input, output); break;
  }
  return {};
}

Status compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
  Compressor compressor;
  return compressor.compress(codec, level, input, output);
}

}  // namespace moldau::compress
