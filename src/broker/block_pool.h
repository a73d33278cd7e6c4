// BlockPool: where a shard's receive and response buffers come from. Blocks come in powers of two from 1 KiB to 2 MiB;
// those that return are kept for reuse up to a bound, larger ones go to the heap and back.
//
// Belongs to one shard. A Block may return on another thread (the last reference to a batch can be dropped anywhere):
// what returns is put on a stack without a lock, from which take() sorts it into the free lists. Blocks may outlive the
// pool: what they need of it lives until the last one is back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace moldau::broker {

/// The block that connections without a half-received frame read into, and how far it is filled.
struct OpenBlock {
  BlockRef block;
  size_t fill = 0;
};

class BlockPool {
 public:
  static constexpr size_t block_bytes_min = 1024;
  static constexpr size_t block_bytes_max = size_t{2} << 20;
  static constexpr size_t receive_block_bytes = 16 * 1024;
  static constexpr size_t free_bytes_max = size_t{4} << 20;

  BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  /// A Block of at least `capacity` bytes, referenced by the caller alone.
  BlockRef take(size_t capacity);
  /// Takes the shared receive block if it has `room` bytes left; null otherwise.
  OpenBlock borrow(size_t room);
  /// Gives back what borrow() or take() gave, filled up to `fill`, for the next reader. One that nobody else references
  /// starts anew; one with little room left is dropped.
  void give_back(OpenBlock open);

  /// Bytes of Blocks handed out and not returned.
  uint64_t bytes_in_use() const noexcept;

 private:
  static constexpr size_t class_count = 12;
  // Shared with the blocks; deletes itself when the pool and all its blocks are gone.
  class Core final : public BlockOwner {
   public:
    ~Core();
    void release(Block* block) noexcept override;
    void drop() noexcept;
    /// Sorts what came back into the lists. For the owner alone.
    void collect() noexcept;
    /// A free Block of class `index` or of the next; null if there is none.
    Block* reuse(size_t index) noexcept;
    /// Puts a Block into its list, in place of less wanted ones if the bound is reached; destroys it if there are none.
    void keep(Block* block) noexcept;

    std::atomic<uint64_t> references{1};
    std::atomic<uint64_t> in_use{0};
    std::atomic<Block*> returned{nullptr};
    std::array<std::vector<Block*>, class_count> free;
    std::array<uint64_t, class_count> last_take{};  // the value of `takes` when a class was asked for last
    uint64_t takes = 0;
    size_t free_bytes = 0;
  };
  static size_t class_of(size_t capacity) noexcept;

  Core* core_;
  OpenBlock shared_;
};

}  // namespace moldau::broker
