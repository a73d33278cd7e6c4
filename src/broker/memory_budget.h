// MemoryBudget: what the bytes of clients may take of a node's memory: requests that are received or wait, the newest
// batches, answers on their way out. All of them lie in Blocks of the shards' pools. docs/design/memory.md
//
// The shards share one budget. Each holds a MemoryShare, which claims and returns whole grains, so that a shard looks
// at what is common only when its own use has moved by that much. Safe for all threads; a share belongs to its shard.
#pragma once

#include <atomic>
#include <cstdint>

namespace moldau::broker {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) noexcept;
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  uint64_t limit() const noexcept { return limit_; }
  /// Claimed by all shards; a grain or two each more than they use.
  uint64_t claimed() const noexcept { return claimed_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryShare;

  const uint64_t limit_;
  const uint64_t grain_;
  std::atomic<uint64_t> claimed_{0};
};

class MemoryShare {
 public:
  enum class Level : uint8_t {
    plenty,
    scarce,     ///< the budget is used up: small frames are still received
    exhausted,  ///< and a reserve of an eighth for those, too
  };

  explicit MemoryShare(MemoryBudget& budget) noexcept : budget_(budget) {}
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;
  ~MemoryShare() { budget_.claimed_.fetch_sub(claimed_, std::memory_order_relaxed); }

  /// Accounts that this shard uses `bytes` now, and tells how the node stands. What is in use is always accounted,
  /// beyond the limit, too. One load when nothing moved by a grain.
  Level level(uint64_t bytes) noexcept;

 private:
  MemoryBudget& budget_;
  uint64_t claimed_ = 0;
};

}  // namespace moldau::broker
