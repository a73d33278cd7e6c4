// Block and Bytes: refcounted memory for frames and batches. A Block is one allocation with its reference count in
// front; a Bytes is a reference to a part of a Block. Whoever reads a connection fills a Block; the batches in it are
// views that keep it alive until the last byte is written and sent. Counts are atomic, for a batch may be posted to
// another shard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace moldau {

class Block;

/// Where Blocks come from and go back to: a pool, or the heap.
class BlockOwner {
 public:
  virtual void release(Block* block) noexcept = 0;

 protected:
  ~BlockOwner() = default;
};

/// One refcounted allocation: this header, then `capacity` bytes.
class Block {
 public:
  /// Allocates a Block of `capacity` bytes on the heap, with one reference held by the caller.
  static Block* allocate(size_t capacity);
  /// Frees memory made by allocate() without asking its owner. For owners.
  static void destroy(Block* block) noexcept;

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  size_t capacity() const noexcept { return capacity_; }
  /// True when the caller's reference is the only one.
  bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }
  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }
  /// Sets who takes the Block back when the last reference goes; null frees it.
  void set_owner(BlockOwner* owner) noexcept { owner_ = owner; }
  /// Gives a Block that its owner kept a first reference again.
  void revive() noexcept { references_.store(1, std::memory_order_relaxed); }

 private:
  explicit Block(size_t capacity) noexcept : capacity_(capacity) {}
  ~Block() = default;
  void dispose() noexcept;

  std::atomic<uint32_t> references_{1};
  BlockOwner* owner_ = nullptr;
  size_t capacity_;
};

/// A counted reference to a Block; null when empty.
class BlockRef {
 public:
  BlockRef() = default;
  /// Takes over the caller's reference.
  static BlockRef adopt(Block* block) noexcept { return BlockRef(block); }
  BlockRef(const BlockRef& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->retain();
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ != nullptr) block_->release();
  }
  Block* get() const noexcept { return block_; }
  Block* operator->() const noexcept { return block_; }
  explicit operator bool() const noexcept { return block_ != nullptr; }

 private:
  explicit BlockRef(Block* block) noexcept : block_(block) {}
  Block* block_ = nullptr;
};

/// A part of a Block that stays valid as long as this object lives. Copying it costs one atomic increment.
class Bytes {
 public:
  Bytes() = default;
  Bytes(BlockRef block, std::span<std::byte> view) noexcept : block_(std::move(block)), view_(view) {}
  /// A Bytes with a copy of `from` in a Block of its own.
  static Bytes copy_of(std::span<const std::byte> from);

  std::byte* data() const noexcept { return view_.data(); }
  size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return view_.empty(); }
  std::span<std::byte> span() const noexcept { return view_; }
  std::span<const std::byte> view() const noexcept { return view_; }
  const BlockRef& block() const noexcept { return block_; }
  /// The part [offset, offset + size), sharing the Block. REQUIRES: it lies inside.
  Bytes slice(size_t offset, size_t size) const {
    ASSERT(offset <= view_.size() && size <= view_.size() - offset);
    return Bytes(block_, view_.subspan(offset, size));
  }
  /// The part of this that `inner` (a view into it, e.g. from a decoder) covers. REQUIRES: `inner` lies inside.
  Bytes slice_of(std::span<const std::byte> inner) const {
    if (inner.empty()) return Bytes(block_, view_.first(0));
    ASSERT(inner.data() >= view_.data());
    return slice(static_cast<size_t>(inner.data() - view_.data()), inner.size());
  }

 private:
  BlockRef block_;
  std::span<std::byte> view_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace moldau
