// Decompressor: picks the codec's reader and watches the cap.
#include <utility>

#include "base/assert.h"
#include "compress/compress.h"
#include "compress/readers.h"

namespace moldau::compress {

struct Decompressor::State {
  Codec codec = Codec::none;
  bool ended = true;
  uint64_t produced = 0;
  Limits limits;
  std::span<const std::byte> plain;
  std::unique_ptr<std::byte[]> window;
  GzipReader gzip;
  SnappyReader snappy;
  Lz4Reader lz4;
  ZstdReader zstd;

  std::span<std::byte> room() {
    if (window == nullptr) window = std::make_unique_for_overwrite<std::byte[]>(window_bytes);
    return {window.get(), window_bytes};
  }

  Piece read() {
    switch (codec) {
      case Codec::none: return Piece(std::exchange(plain, {}));
      case Codec::gzip: return gzip.next(room());
      case Codec::snappy: return snappy.next();
      case Codec::lz4: return lz4.next(room());
      case Codec::zstd: return zstd.next(room());
    }
    UNREACHABLE();
  }
};

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Status Decompressor::start(Codec codec, std::span<const std::byte> payload, const Limits& limits) {
  if (state_ == nullptr) state_ = std::make_unique<State>();
  State& state = *state_;
  state.codec = codec;
  state.limits = limits;
  state.produced = 0;
  state.ended = true;
  switch (codec) {
    case Codec::none: state.plain = payload; break;
    case Codec::gzip: RETURN_IF_FAILED(state.gzip.start(payload)); break;
    case Codec::snappy: RETURN_IF_FAILED(state.snappy.start(payload, limits.uncompressed_bytes_max)); break;
    case Codec::lz4: RETURN_IF_FAILED(state.lz4.start(payload)); break;
    case Codec::zstd: RETURN_IF_FAILED(state.zstd.start(payload, limits.zstd_window_log_max)); break;
  }
  state.ended = false;
  return {};
}

Result<std::span<const std::byte>> Decompressor::next() {
  if (state_ == nullptr || state_->ended) return Piece(std::span<const std::byte>());
  State& state = *state_;
  Piece piece = state.read();
  if (!piece || piece->empty()) {
    state.ended = true;
    return piece;
  }
  if (piece->size() > state.limits.uncompressed_bytes_max - state.produced) {
    state.ended = true;
    return too_large();
  }
  state.produced += piece->size();
  return piece;
}

uint64_t Decompressor::produced() const noexcept {
  return state_ == nullptr ? 0 : state_->produced;
}

void Decompressor::release() {
  state_.reset();
}

Status decompress(Codec codec, std::span<const std::byte> payload, const Limits& limits,
                  std::vector<std::byte>& output) {
  Decompressor decompressor;
  RETURN_IF_FAILED(decompressor.start(codec, payload, limits));
  const size_t before = output.size();
  for (;;) {
    Piece piece = decompressor.next();
    if (!piece) {
      output.resize(before);
      return std::move(piece).failure();
    }
    if (piece->empty()) return {};
    output.insert(output.end(), piece->begin(), piece->end());
  }
}

}  // namespace moldau::compress
