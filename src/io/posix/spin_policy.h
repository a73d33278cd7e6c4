// SpinPolicy: how long a loop polls for the next event before it sleeps. Polling burns a processor; sleeping costs a
// wake, which takes 25-30 us until the thread runs again and some 6 us of CPU. So the window is chosen by what came
// before: the one that would have cost least, when a wake counts as wake_price of polling. (To choose a waiting time
// from past arrivals is the ski-rental problem: Karlin et al., Competitive Randomized Algorithms for Non-Uniform
// Problems, 1990.)
//
// What came before is learned from samples: each sample_every-th poll takes the whole window. An idle loop does not
// poll at all: a window opens with an event only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace moldau::io::posix {

class SpinPolicy {
 public:
  /// A wake in terms of polling: its CPU, and what its delay is worth to who waits for an answer.
  static constexpr Duration wake_price = microseconds(35);
  static constexpr uint32_t sample_every = 31;  ///< a prime: gaps that alternate are all sampled

  /// Polls for at most `longest` after an event; with `always`, for just that time. None at all if it is 0.
  SpinPolicy(Duration longest, bool always) noexcept : longest_(longest), always_(always) {
    if (always) window_ = longest;
  }

  /// How long the loop polls now. Called once for each wait that follows an event.
  Duration next() noexcept {
    sampling_ = !always_ && longest_ > Duration{} && ++waits_ % sample_every == 0;
    return sampling_ ? longest_ : window_;
  }

  /// What that poll found: an event after `gap` of polling, or none. Not told of a poll that a timer cut short.
  void polled(Duration gap, bool found) noexcept;

  /// The window that is the best by what is known.
  Duration window() const noexcept { return window_; }

 private:
  static constexpr size_t steps = 8;  ///< of the longest window
  static constexpr float weight = 1.0F / 16;

  void choose() noexcept;

  Duration longest_;
  bool always_;
  bool sampling_ = false;
  Duration window_;
  uint32_t waits_ = 0;
  std::array<float, steps> shares_{};  ///< of the gaps that ended in this step; what is missing to 1 were longer
};

}  // namespace moldau::io::posix
