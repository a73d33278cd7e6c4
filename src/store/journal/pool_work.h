// PoolWork: work in the pool that the loop may have to finish itself, or wait for.
#pragma once

#include <atomic>

namespace moldau::store {

class PoolWork {
 public:
  PoolWork() = default;
  PoolWork(const PoolWork&) = delete;
  PoolWork& operator=(const PoolWork&) = delete;
  virtual ~PoolWork() = default;

  /// Runs the work, if nobody did.
  void run() {
    int expected = waiting;
    if (!state_.compare_exchange_strong(expected, running)) return;
    work();
    state_.store(over);
    state_.notify_all();
  }
  /// Returns when it is over; runs it if it has not begun.
  void finish() {
    run();
    state_.wait(running);
  }
  /// Keeps it from running if it has not begun, else waits for it.
  void cancel() {
    int expected = waiting;
    if (state_.compare_exchange_strong(expected, over)) return;
    state_.wait(running);
  }

 protected:
  virtual void work() = 0;

 private:
  enum : int { waiting, running, over };
  std::atomic<int> state_{waiting};
};

}  // namespace moldau::store
