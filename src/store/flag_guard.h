// FlagGuard: holds an atomic flag for as long as it lives; others wait. For what several threads do to one small file.
#pragma once

#include <atomic>

namespace moldau::store {

class FlagGuard {
 public:
  explicit FlagGuard(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true);
  }
  FlagGuard(const FlagGuard&) = delete;
  FlagGuard& operator=(const FlagGuard&) = delete;
  ~FlagGuard() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }

 private:
  std::atomic_flag& flag_;
};

}  // namespace moldau::store
