// TimerHeap: the timers of one shard, for both implementations of the io surface. A binary heap by (deadline, order of
// start) over a table of slots; start and cancel cost O(log n) and, once grown, no allocation of their own.
#pragma once

#include <cstdint>
#include <vector>

#include "io/executor.h"

namespace moldau::io {

class TimerHeap {
 public:
  TimerId start(Instant deadline, Callback callback);
  /// Forgets the timer and destroys its callback; an id that ran or was cancelled is no error.
  void cancel(TimerId timer);
  /// The earliest deadline; Instant::never() when there is none.
  Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().deadline; }
  /// Moves the timers that are due into the list that run_due() works off, so that those that callbacks start wait for
  /// a later turn. Returns how many are in the list.
  size_t collect_due(Instant now);
  /// Runs the next of the collected timers, in order, skipping cancelled ones; false when none is left.
  bool run_due();
  /// Timers not yet run or cancelled.
  size_t size() const { return live_; }
  /// Hands out all callbacks, unrun, and forgets the timers.
  std::vector<Callback> take_all();

 private:
  static constexpr uint32_t not_in_heap = UINT32_MAX;
  struct Entry {
    Instant deadline;
    uint64_t sequence;
    uint32_t slot;
    bool operator<(const Entry& other) const {
      return deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence;
    }
  };
  struct Slot {
    Callback callback;
    uint32_t generation = 1;
    uint32_t position = not_in_heap;
    bool used = false;
  };
  struct Due {
    uint32_t slot;
    uint32_t generation;
  };
  void place(size_t position, Entry entry);
  void sift_up(size_t position);
  void sift_down(size_t position);
  void remove_at(size_t position);
  Callback free_slot(uint32_t slot);

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<Due> due_;
  size_t due_next_ = 0;
  uint64_t sequence_ = 0;
  size_t live_ = 0;
};

}  // namespace moldau::io
