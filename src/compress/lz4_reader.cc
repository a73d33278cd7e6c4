// Reader of one codec behind Decompressor: lz4 frames of independent blocks.
#include <lz4frame.h>

#include "base/assert.h"
#include "compress/readers.h"

namespace moldau::compress {
namespace {

constexpr uint8_t flag_dictionary = 0x01;
constexpr uint8_t flag_independent_blocks = 0x20;
constexpr size_t frame_header_bytes_min = 7;

bool has_magic(std::span<const std::byte> frame) {
  return frame[0] == std::byte{0x04} && frame[1] == std::byte{0x22} && frame[2] == std::byte{0x4D} &&
         frame[3] == std::byte{0x18};
}

}  // namespace

Status Lz4Reader::start(std::span<const std::byte> payload) {
  ended_ = true;
  rest_ = payload;
  if (payload.size() < frame_header_bytes_min) return corrupt("lz4", "the frame header is cut");
  if (!has_magic(payload)) return corrupt("lz4", "no frame");
  const auto flags = static_cast<uint8_t>(payload[4]);
  if ((flags & flag_dictionary) != 0) return corrupt("lz4", "frames with a dictionary are not used");
  if ((flags & flag_independent_blocks) == 0) return corrupt("lz4", "frames of dependent blocks are not used");
  if (context_ == nullptr) {
    ASSERT(LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0);
  } else {
    LZ4F_resetDecompressionContext(context_);
  }
  ended_ = false;
  return {};
}

Piece Lz4Reader::next(std::span<std::byte> window) {
  while (!ended_) {
    size_t made = window.size();
    size_t taken = rest_.size();
    const size_t result = LZ4F_decompress(context_, window.data(), &made, rest_.data(), &taken, nullptr);
    if (LZ4F_isError(result) != 0) return corrupt("lz4", LZ4F_getErrorName(result));
    rest_ = rest_.subspan(taken);
    if (result == 0) {
      ended_ = true;
      if (!rest_.empty()) return corrupt("lz4", "bytes follow the frame");
    } else if (made == 0 && taken == 0) {
      return corrupt("lz4", "the frame is cut");
    }
    if (made > 0) return Piece(window.first(made));
  }
  return Piece(std::span<const std::byte>());
}

void Lz4Reader::release() noexcept {
  if (context_ != nullptr) LZ4F_freeDecompressionContext(context_);
  context_ = nullptr;
  ended_ = true;
}

}  // namespace moldau::compress
