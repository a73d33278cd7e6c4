#include "broker/block_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace moldau::broker {
namespace {

constexpr size_t room_min = 2048;

}  // namespace

BlockPool::BlockPool() : core_(new Core) {}

BlockPool::~BlockPool() {
  shared_ = {};
  core_->drop();
}

size_t BlockPool::class_of(size_t capacity) noexcept {
  const size_t rounded = std::bit_ceil(capacity < block_bytes_min ? block_bytes_min : capacity);
  return static_cast<size_t>(std::countr_zero(rounded) - std::countr_zero(block_bytes_min));
}

BlockRef BlockPool::take(size_t capacity) {
  core_->collect();
  Block* block = nullptr;
  if (capacity <= block_bytes_max) {
    block = core_->reuse(class_of(capacity));
    if (block == nullptr) block = Block::allocate(block_bytes_min << class_of(capacity));
  } else {
    block = Block::allocate(capacity);
  }
  block->set_owner(core_);
  core_->references.fetch_add(1, std::memory_order_relaxed);
  core_->in_use.fetch_add(block->capacity(), std::memory_order_relaxed);
  return BlockRef::adopt(block);
}

OpenBlock BlockPool::borrow(size_t room) {
  if (!shared_.block || shared_.block->capacity() - shared_.fill < room) return {};
  return std::exchange(shared_, OpenBlock{});
}

void BlockPool::give_back(OpenBlock open) {
  if (!open.block) return;
  if (open.block->unique()) open.fill = 0;
  if (open.block->capacity() - open.fill < room_min || open.block->capacity() > block_bytes_max) return;
  const size_t room = shared_.block ? shared_.block->capacity() - shared_.fill : 0;
  if (open.block->capacity() - open.fill >= room) shared_ = std::move(open);
}

uint64_t BlockPool::bytes_in_use() const noexcept {
  return core_->in_use.load(std::memory_order_relaxed);
}

// A returned block holds the address of the one below it in its first bytes.
void BlockPool::Core::release(Block* block) noexcept {
  in_use.fetch_sub(block->capacity(), std::memory_order_relaxed);
  if (block->capacity() > block_bytes_max) {
    Block::destroy(block);
  } else {
    Block* below = returned.load(std::memory_order_relaxed);
    do {
      std::memcpy(block->data(), &below, sizeof(below));
    } while (!returned.compare_exchange_weak(below, block, std::memory_order_release, std::memory_order_relaxed));
  }
  drop();
}

// One size too large is better than fresh memory, whose first touch is a page fault per 4 KiB.
Block* BlockPool::Core::reuse(size_t index) noexcept {
  last_take[index] = ++takes;
  const size_t last = std::min(index + 1, class_count - 1);
  for (; index <= last; ++index) {
    if (free[index].empty()) continue;
    Block* block = free[index].back();
    free[index].pop_back();
    free_bytes -= block->capacity();
    block->revive();
    return block;
  }
  return nullptr;
}

// Frames change their size with the load: what is given up first is the size that nobody has asked for the longest.
void BlockPool::Core::keep(Block* block) noexcept {
  const size_t own = class_of(block->capacity());
  while (free_bytes + block->capacity() > free_bytes_max) {
    size_t oldest = own;
    for (size_t i = 0; i < class_count; ++i) {
      if (!free[i].empty() && last_take[i] < last_take[oldest]) oldest = i;
    }
    if (oldest == own) {
      Block::destroy(block);
      return;
    }
    free_bytes -= free[oldest].back()->capacity();
    Block::destroy(free[oldest].back());
    free[oldest].pop_back();
  }
  free_bytes += block->capacity();
  free[own].push_back(block);
}

void BlockPool::Core::collect() noexcept {
  if (returned.load(std::memory_order_relaxed) == nullptr) return;
  Block* block = returned.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    Block* below = nullptr;
    std::memcpy(&below, block->data(), sizeof(below));
    keep(block);
    block = below;
  }
}

BlockPool::Core::~Core() {
  collect();
  for (const auto& list : free) {
    for (Block* block : list) Block::destroy(block);
  }
}

void BlockPool::Core::drop() noexcept {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace moldau::broker
