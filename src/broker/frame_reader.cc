#include "broker/frame_reader.h"

#include <algorithm>
#include <cstring>

#include "base/endian.h"

namespace moldau::broker {

int32_t FrameReader::claimed() const noexcept {
  if (buffered() < size_bytes) return -1;
  return load_big_endian<int32_t>(block_->data() + begin_);
}

size_t FrameReader::block_size_for_hint() const noexcept {
  if (hint_ <= BlockPool::receive_block_bytes / 4) return BlockPool::receive_block_bytes;
  return hint_ <= 32 * 1024 ? 4 * hint_ : std::min(hint_, hint_max);
}

std::span<std::byte> FrameReader::room(BlockPool& pool) {
  const size_t wanted = std::max(room_min, hint_);
  if (block_ && begin_ == end_) {
    if (block_->unique()) begin_ = end_ = 0;
    if (block_->capacity() - end_ < wanted) block_ = {};
  }
  if (!block_) {
    OpenBlock open = pool.borrow(wanted);
    if (!open.block) open = {pool.take(block_size_for_hint()), 0};
    block_ = std::move(open.block);
    begin_ = end_ = open.fill;
  }
  const size_t held = buffered();
  const int32_t claim = claimed();
  const size_t needed = claim < 0 ? held + size_bytes : static_cast<size_t>(claim) + size_bytes;
  size_t left = block_->capacity() - end_;
  if (left == 0 || (held > 0 && claim >= 0 && needed > block_->capacity() - begin_ && needed <= hint_)) {
    // Grow: at once where earlier frames justify it, else by doubling what has really arrived.
    size_t capacity = std::max(BlockPool::receive_block_bytes, 2 * held);
    if (needed <= hint_) capacity = std::max(capacity, needed);
    // Whole frames may wait uncut, as those of a connection that came from another shard: all of it must fit.
    if (claim >= 0 && needed > held) capacity = std::min(capacity, std::max(needed, BlockPool::receive_block_bytes));
    move_to(pool.take(capacity));
    left = block_->capacity() - end_;
  }
  if (claim >= 0 && needed >= exact_frame_bytes && needed > held) left = std::min(left, needed - held);
  return {block_->data() + end_, left};
}

void FrameReader::move_to(BlockRef block) {
  const size_t held = buffered();
  if (held > 0) std::memcpy(block->data(), block_->data() + begin_, held);
  block_ = std::move(block);
  begin_ = 0;
  end_ = held;
}

FrameReader::Next FrameReader::next(size_t frame_bytes_max, Bytes& frame) {
  const int32_t claim = buffered() < size_bytes ? INT32_MAX : claimed();
  if (buffered() < size_bytes) return Next::more;
  if (claim <= 0 || static_cast<size_t>(claim) > frame_bytes_max) return Next::malformed;
  const auto size = static_cast<size_t>(claim);
  if (buffered() < size_bytes + size) return Next::more;
  frame = Bytes(block_, {block_->data() + begin_ + size_bytes, size});
  begin_ += size_bytes + size;
  const size_t whole = std::min(size + size_bytes, hint_max);
  hint_ = whole >= hint_ ? whole : hint_ - (hint_ - whole) / 16;
  return Next::frame;
}

std::span<const std::byte> FrameReader::peek(size_t size) const {
  if (buffered() < size_bytes + size) return {};
  return {block_->data() + begin_ + size_bytes, size};
}

void FrameReader::release(BlockPool& pool) {
  if (!block_ || begin_ != end_) return;
  pool.give_back({std::move(block_), end_});
  block_ = {};
  begin_ = end_ = 0;
}

}  // namespace moldau::broker
