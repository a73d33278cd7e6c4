#include "io/timer_heap.h"

#include <utility>

#include "base/assert.h"

namespace moldau::io {

// A TimerId is the slot's number + 1 in the low half and its generation in the high half, so that an id outlives its
// timer without naming another.

TimerId TimerHeap::start(Instant deadline, Callback callback) {
  uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& fresh = slots_[slot];
  fresh.callback = std::move(callback);
  fresh.used = true;
  heap_.push_back({deadline, sequence_++, slot});
  fresh.position = static_cast<uint32_t>(heap_.size() - 1);
  sift_up(heap_.size() - 1);
  ++live_;
  return (uint64_t{slots_[slot].generation} << 32) | (slot + 1);
}

void TimerHeap::cancel(TimerId timer) {
  const uint64_t number = timer & UINT32_MAX;
  if (number == 0 || number > slots_.size()) return;
  const auto slot = static_cast<uint32_t>(number - 1);
  Slot& found = slots_[slot];
  if (!found.used || found.generation != timer >> 32) return;
  if (found.position != not_in_heap) remove_at(found.position);
  const Callback dropped = free_slot(slot);  // destroyed last: it may own what calls back here
}

size_t TimerHeap::collect_due(Instant now) {
  if (due_next_ == due_.size()) {
    due_.clear();
    due_next_ = 0;
  }
  while (!heap_.empty() && heap_.front().deadline <= now) {
    const uint32_t slot = heap_.front().slot;
    remove_at(0);
    due_.push_back({slot, slots_[slot].generation});
  }
  return due_.size() - due_next_;
}

bool TimerHeap::run_due() {
  while (due_next_ < due_.size()) {
    const Due due = due_[due_next_++];
    Slot& slot = slots_[due.slot];
    if (!slot.used || slot.generation != due.generation) continue;
    Callback callback = free_slot(due.slot);
    callback();
    return true;
  }
  return false;
}

std::vector<Callback> TimerHeap::take_all() {
  std::vector<Callback> taken;
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].used) taken.push_back(free_slot(slot));
  }
  heap_.clear();
  due_.clear();
  due_next_ = 0;
  return taken;
}

Callback TimerHeap::free_slot(uint32_t slot) {
  Slot& freed = slots_[slot];
  Callback callback = std::move(freed.callback);
  freed.callback = nullptr;
  freed.used = false;
  freed.position = not_in_heap;
  ++freed.generation;
  free_.push_back(slot);
  --live_;
  return callback;
}

void TimerHeap::place(size_t position, Entry entry) {
  heap_[position] = entry;
  slots_[entry.slot].position = static_cast<uint32_t>(position);
}

void TimerHeap::sift_up(size_t position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!(entry < heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void TimerHeap::sift_down(size_t position) {
  const Entry entry = heap_[position];
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < entry)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void TimerHeap::remove_at(size_t position) {
  ASSERT(position < heap_.size());
  slots_[heap_[position].slot].position = not_in_heap;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  place(position, last);
  sift_down(position);
  sift_up(slots_[last.slot].position);
}

}  // namespace moldau::io
