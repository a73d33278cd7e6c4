// Reader of one codec behind Decompressor: raw snappy and its xerial framing.
#include <snappy.h>

#include <algorithm>
#include <array>

#include "base/endian.h"
#include "compress/readers.h"
#include "compress/snappy_frame.h"

namespace moldau::compress {
namespace {

// No snappy element makes more than 64 bytes out of two: a longer claim is a lie, told before memory is reserved for
// it.
constexpr uint64_t ratio_max = 64;

const char* chars(std::span<const std::byte> bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}

}  // namespace

Status SnappyReader::start(std::span<const std::byte> payload, uint64_t uncompressed_bytes_max) {
  room_ = uncompressed_bytes_max;
  rest_ = payload;
  if (capacity_ > kept_bytes_max) release();
  if (payload.empty()) return corrupt("snappy", "no data");
  framed_ = payload.size() >= snappy_frame_header_bytes &&
            std::equal(snappy_frame_magic.begin(), snappy_frame_magic.end(), payload.begin());
  if (!framed_) return {};
  rest_ = payload.subspan(snappy_frame_header_bytes);
  return {};
}

Piece SnappyReader::unfold(std::span<const std::byte> block) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(chars(block), block.size(), &size)) return corrupt("snappy", "no length");
  if (size > room_) return too_large();
  if (size > block.size() * ratio_max) return corrupt("snappy", "the length is a lie");
  if (size > capacity_) {
    capacity_ = std::max(size, size_t{64} << 10);
    output_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  }
  if (!snappy::RawUncompress(chars(block), block.size(), reinterpret_cast<char*>(output_.get()))) {
    return corrupt("snappy", "the data is damaged");
  }
  room_ -= size;
  return Piece(std::span<const std::byte>(output_.get(), size));
}

Piece SnappyReader::next() {
  if (!framed_) {
    if (rest_.empty()) return Piece(std::span<const std::byte>());
    const auto block = rest_;
    rest_ = {};
    return unfold(block);
  }
  while (!rest_.empty()) {
    if (rest_.size() < 4) return corrupt("snappy", "a block's length is cut");
    const auto size = load_big_endian<int32_t>(rest_.data());
    if (size == snappy_frame_magic_head) {  // another stream follows
      if (rest_.size() < snappy_frame_header_bytes ||
          !std::equal(snappy_frame_magic.begin(), snappy_frame_magic.end(), rest_.begin())) {
        return corrupt("snappy", "the header of a further stream is damaged");
      }
      rest_ = rest_.subspan(snappy_frame_header_bytes);
      continue;
    }
    if (size < 0 || static_cast<size_t>(size) > rest_.size() - 4) return corrupt("snappy", "a block is cut");
    const auto block = rest_.subspan(4, static_cast<size_t>(size));
    rest_ = rest_.subspan(4 + block.size());
    Piece piece = unfold(block);
    if (!piece || !piece->empty()) return piece;
  }
  return Piece(std::span<const std::byte>());
}

void SnappyReader::release() noexcept {
  output_.reset();
  capacity_ = 0;
}

}  // namespace moldau::compress
