// FrameReader: cuts the byte stream of one connection into frames (a 32-bit size, then that many bytes). Frames lie
// where they were received; nothing below copies them. A half-received frame moves to a larger Block when it outgrows
// its own: by doubling with the bytes received, never by the size that it claims, unless earlier frames of this
// connection were as large.
//
// Invariants: a reader without a half-received frame can give its Block away, so that an idle connection holds none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "broker/block_pool.h"

namespace moldau::broker {

class FrameReader {
 public:
  enum class Next : uint8_t {
    frame,      ///< one frame was cut off
    more,       ///< the bytes received hold no further whole frame
    malformed,  ///< a size that is negative, zero or over the bound: close the connection
  };

  /// Where the next bytes go. Never empty.
  std::span<std::byte> room(BlockPool& pool);
  /// Notes that `size` bytes were read into room().
  void received(size_t size) { end_ += size; }
  /// The next frame, without its size.
  Next next(size_t frame_bytes_max, Bytes& frame);
  /// The first bytes of the next frame, without its size, if they are there already: for a look at the API key. Empty
  /// if not.
  std::span<const std::byte> peek(size_t size) const;
  /// Gives the Block away if no half-received frame is in it.
  void release(BlockPool& pool);

  size_t buffered() const noexcept { return end_ - begin_; }
  bool holds_block() const noexcept { return static_cast<bool>(block_); }
  /// Size that the half-received frame claims; -1 if it is not known.
  int32_t claimed() const noexcept;
  /// The first bytes that were received and not cut off, for a guess at what speaks.
  std::span<const std::byte> unread() const noexcept {
    return block_ ? std::span<const std::byte>(block_->data() + begin_, end_ - begin_) : std::span<const std::byte>();
  }

 private:
  static constexpr size_t size_bytes = 4;
  static constexpr size_t room_min = 2048;
  static constexpr size_t exact_frame_bytes = 64 * 1024;  // larger ones are read without what follows them
  static constexpr size_t hint_max = BlockPool::block_bytes_max;

  void move_to(BlockRef block);
  size_t block_size_for_hint() const noexcept;

  BlockRef block_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t hint_ = 0;  // size of the largest frame lately received
};

}  // namespace moldau::broker
