// Effects: what a pure machine asks its shell to do, in order, gathered by one step.
#pragma once

#include <utility>
#include <vector>

namespace moldau {

template <typename Effect>
class Effects {
 public:
  template <typename E>
  void add(E&& effect) {
    list_.emplace_back(std::forward<E>(effect));
  }
  /// Hands out what was gathered and starts anew.
  std::vector<Effect> take() { return std::exchange(list_, {}); }
  void clear() noexcept { list_.clear(); }
  bool empty() const noexcept { return list_.empty(); }
  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }
  auto begin() noexcept { return list_.begin(); }
  auto end() noexcept { return list_.end(); }

 private:
  std::vector<Effect> list_;
};

}  // namespace moldau
