#include "base/bytes.h"

#include <new>

namespace moldau {

Block* Block::allocate(size_t capacity) {
  void* memory = ::operator new(sizeof(Block) + capacity);
  return new (memory) Block(capacity);
}

void Block::destroy(Block* block) noexcept {
  block->~Block();
  ::operator delete(block);
}

void Block::dispose() noexcept {
  if (owner_ != nullptr) {
    owner_->release(this);
  } else {
    destroy(this);
  }
}

Bytes Bytes::copy_of(std::span<const std::byte> from) {
  BlockRef block = BlockRef::adopt(Block::allocate(from.size()));
  if (!from.empty()) std::memcpy(block->data(), from.data(), from.size());
  std::byte* data = block->data();
  return Bytes(std::move(block), {data, from.size()});
}

}  // namespace moldau
