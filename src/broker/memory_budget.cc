#include "broker/memory_budget.h"

#include <algorithm>

namespace moldau::broker {
namespace {

constexpr uint64_t grain_min = uint64_t{16} << 10;
constexpr uint64_t grain_max = uint64_t{1} << 20;

}  // namespace

MemoryBudget::MemoryBudget(uint64_t bytes) noexcept
    : limit_(bytes), grain_(std::clamp(bytes / 1024, grain_min, grain_max)) {}

MemoryShare::Level MemoryShare::level(uint64_t bytes) noexcept {
  const uint64_t grain = budget_.grain_;
  const uint64_t wanted = (bytes + grain - 1) / grain * grain;
  // One grain is kept, lest a use that swings about the edge of one goes to the common count each time.
  if (wanted > claimed_) {
    budget_.claimed_.fetch_add(wanted - claimed_, std::memory_order_relaxed);
    claimed_ = wanted;
  } else if (wanted + grain < claimed_) {
    budget_.claimed_.fetch_sub(claimed_ - wanted - grain, std::memory_order_relaxed);
    claimed_ = wanted + grain;
  }
  const uint64_t all = budget_.claimed();
  if (all <= budget_.limit_) return Level::plenty;
  return all <= budget_.limit_ + budget_.limit_ / 8 ? Level::scarce : Level::exhausted;
}

}  // namespace moldau::broker
