// The scheduling half of the io surface: clock, timers, randomness, the run queue of one shard, and its mailbox.
//
// One shard is one thread that runs turns: it collects what is ready (sockets, timers, mail, finished pool jobs), runs
// the callbacks to completion, then sends what the turn queued. Nothing here is thread-safe but Mailbox::post.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace moldau::io {

using Callback = std::move_only_function<void()>;
/// Called once with the outcome, in a later turn of the loop, never from inside the call that takes it.
template <typename T>
using Completion = std::move_only_function<void(T)>;

/// Time as the shard sees it. Both are frozen during a turn, so that one turn sees one time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallMillis wall() const = 0;
};

/// Names a started timer; 0 names none.
using TimerId = uint64_t;

class Timers {
 public:
  virtual ~Timers() = default;
  /// Runs `callback` in the first turn at or after `deadline`. Timers of equal deadlines run in the order of their
  /// start.
  virtual TimerId start(Instant deadline, Callback callback) = 0;
  /// Forgets a timer; a timer that ran or was cancelled before is no error.
  virtual void cancel(TimerId timer) = 0;
};

/// Unpredictable bytes for ids, nonces and jitter (seeded under the simulator).
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::byte> into) = 0;
  uint64_t next() {
    uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  Uuid uuid() {
    const uint64_t high = next();
    const uint64_t low = next();
    return Uuid::random(high, low);
  }
};

/// Takes messages from any thread; the owner's loop runs them in order of arrival.
class Mailbox {
 public:
  virtual ~Mailbox() = default;
  /// Thread-safe. Wakes the owner if it sleeps.
  virtual void post(Callback message) = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `callback` in the next turn.
  virtual void defer(Callback callback) = 0;
  /// Runs `callback` once at the end of the current turn, before queued bytes are sent.
  virtual void at_turn_end(Callback callback) = 0;
  /// Runs `work` where blocking is allowed (in the pool; inline under the simulator, after a virtual delay), then
  /// `done` in a turn of this shard. `work` may call Disk, and nothing else that belongs to the shard; several run at
  /// once, in no order. For work of any length: few run at a time.
  virtual void offload(Callback work, Callback done) = 0;
  /// As offload, for short work that acknowledgements wait for: syncs. Many run side by side, and none waits for what
  /// offload() was given.
  virtual void offload_sync(Callback work, Callback done) = 0;
  /// This shard's mailbox.
  virtual Mailbox& mailbox() = 0;
};

}  // namespace moldau::io
