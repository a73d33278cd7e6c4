#include "store/tail_cache.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace moldau::store {

void RecentBatches::push(Offset base, Offset last, Bytes bytes) {
  if (!empty() && entries_.back().last + 1 != base) clear();
  size_t charge = 0;
  if (!cache_->admit(*this, bytes, charge)) {
    clear();
    return;
  }
  entries_.push_back({base, last, charge, std::move(bytes)});
}

void RecentBatches::clear() {
  if (!empty()) cache_->forget(*this);
  std::vector<Entry>().swap(entries_);
  head_ = 0;
}

size_t RecentBatches::find(Offset offset) const {
  const auto held = entries();
  return static_cast<size_t>(
      std::partition_point(held.begin(), held.end(), [offset](const Entry& entry) { return entry.last < offset; }) -
      held.begin());
}

size_t RecentBatches::pop_front() {
  ASSERT(!empty());
  const size_t charge = entries_[head_].charge;
  entries_[head_].bytes = Bytes();
  ++head_;
  if (head_ == entries_.size()) {
    std::vector<Entry>().swap(entries_);  // an idle log holds nothing
    head_ = 0;
  } else if (head_ >= 64 && head_ * 2 >= entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  return charge;
}

bool TailCache::admit(RecentBatches& owner, const Bytes& bytes, size_t& charge) {
  const Block* block = bytes.block().get();
  charge =
      block != nullptr && block == last_block_ ? 0 : std::max(bytes.size(), block != nullptr ? block->capacity() : 0);
  if (charge > bytes_max_) return false;
  while (bytes_ + charge > bytes_max_ && !order_.empty()) {
    RecentBatches* oldest = order_.front();
    order_.pop_front();
    bytes_ -= oldest->pop_front();
  }
  last_block_ = block;
  bytes_ += charge;
  order_.push_back(&owner);
  return true;
}

void TailCache::forget(RecentBatches& owner) {
  std::erase(order_, &owner);
  for (const auto& entry : owner.entries()) bytes_ -= entry.charge;
  last_block_ = nullptr;
}

}  // namespace moldau::store
