// Guarded: something whose callbacks may outlive it: those made here then do nothing.
#pragma once

#include <memory>
#include <utility>

#include "io/executor.h"

namespace moldau::broker {

class Guarded {
 public:
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  /// Wraps a callback so that it does nothing once this object is gone.
  template <typename T, typename F>
  io::Completion<T> guarded(F call) {
    return [life = life(), call = std::move(call)](T value) mutable {
      if (!life.expired()) call(std::forward<T>(value));
    };
  }
  template <typename F>
  io::Callback guarded_call(F call) {
    return [life = life(), call = std::move(call)]() mutable {
      if (!life.expired()) call();
    };
  }
  /// Expires with this object. Any thread may ask for it.
  std::weak_ptr<const int> life() const { return alive_; }

 protected:
  Guarded() = default;
  ~Guarded() = default;
  /// To be called first in the destructor.
  void end_life() { alive_.reset(); }

 private:
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace moldau::broker
