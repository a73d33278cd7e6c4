// Core: the event loop behind posix::Loop: epoll, clock, timers, run queue, mailbox, signals. Streams, listeners and
// connectors are Watchers, known by an id that names none after its end, so that any of them may be destroyed at any
// time.
//
// A turn: wait; freeze the clock; events; timers; mail; deferred calls; ready watchers; turn-end callbacks; sends.
//
// Sockets are registered once, edge-triggered, for reading and writing: no epoll_ctl when a reader pauses or a writer
// blocks, which level-triggering would need, and epoll does not look again at sockets that had events. In return each
// Watcher remembers what is ready. Listeners and the mailbox's eventfd are level-triggered.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/posix/loop.h"
#include "io/posix/pool.h"
#include "io/posix/spin_policy.h"
#include "io/timer_heap.h"

namespace moldau::io::posix {

/// What epoll and the end of a turn report to.
class Watcher {
 public:
  virtual void on_events(uint32_t events) = 0;
  /// After Core::plan_ready.
  virtual void on_ready() {}
  /// After Core::plan_flush, at the end of the turn.
  virtual void on_flush() {}

 protected:
  ~Watcher() = default;
};

/// Names a Watcher of a Core; 0 names none.
using WatchId = uint64_t;

class Core final : public Clock, public Timers, public Entropy, public Executor, public Mailbox {
 public:
  explicit Core(const LoopOptions& options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() override;
  Status open();

  void run();
  void stop();
  bool run_until(const std::function<bool()>& done, Duration limit);
  Status on_signal(int number, Callback callback);
  /// Destroys every callback that has not run; joins the pool.
  void shut_down();

  /// Registers a descriptor; events as for epoll. One syscall.
  Result<WatchId> watch(int descriptor, uint32_t events, Watcher* watcher);
  /// Changes the events of a registered descriptor. One syscall.
  void change(WatchId id, int descriptor, uint32_t events);
  /// Forgets the Watcher; its descriptor is about to be closed.
  void forget(WatchId id);
  /// Takes a descriptor that stays open out of epoll; its Watcher keeps its id. One syscall.
  void release(int descriptor);
  bool alive(WatchId id) const { return find(id) != nullptr; }
  /// Calls on_ready in the next turn (or in this one, if its turn has not come).
  void plan_ready(WatchId id) { ready_.push_back(id); }
  /// Calls on_flush at the end of this turn.
  void plan_flush(WatchId id) { flush_.push_back(id); }
  /// Runs `work` in the pool and `done` with its result in a turn.
  template <typename T>
  void in_pool(WorkKind kind, std::move_only_function<T()> work, Completion<T> done) {
    if (pool_ == nullptr) return;  // going down
    pool_->submit(kind, [this, work = std::move(work), done = std::move(done)]() mutable {
      T result = work();
      work = nullptr;
      post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
    });
  }
  LoopCounters& counters() { return counters_; }
  /// Time since it began to run in which it neither slept nor polled.
  Duration busy() const {
    return begun_ == Instant::never() ? Duration{} : now_ - begun_ - counters_.spun - counters_.slept;
  }
  const Pool* pool() const { return pool_.get(); }
  uint64_t wakes_written() const { return wakes_written_.load(std::memory_order_relaxed); }
  /// A descriptor kept for the day when there are none left: closing it lets one connection in, to be refused.
  int& reserve() { return reserve_; }

  Instant now() const override { return now_; }
  WallMillis wall() const override;
  TimerId start(Instant deadline, Callback callback) override { return timers_.start(deadline, std::move(callback)); }
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  void fill(std::span<std::byte> into) override;
  void defer(Callback callback) override { deferred_.push_back(std::move(callback)); }
  void at_turn_end(Callback callback) override { turn_end_.push_back(std::move(callback)); }
  void offload(Callback work, Callback done) override { offload_as(WorkKind::job, std::move(work), std::move(done)); }
  void offload_sync(Callback work, Callback done) override {
    offload_as(WorkKind::sync, std::move(work), std::move(done));
  }
  Mailbox& mailbox() override { return *this; }
  void post(Callback message) override;

 private:
  static constexpr int events_max = 256;
  struct Slot {
    Watcher* watcher = nullptr;
    uint32_t generation = 1;
  };
  struct Mail {
    Callback message;
    Mail* next = nullptr;
  };
  class SignalWatcher;

  void offload_as(WorkKind kind, Callback work, Callback done);
  Watcher* find(WatchId id) const;
  void turn(Instant limit);
  bool has_immediate_work() const;
  int wait(Instant limit);
  int spin(Duration window, Instant deadline);
  int sleep(Instant deadline);
  int poll(int64_t nanoseconds);
  void dispatch(int count);
  void drain_mail();
  void run_deferred();
  void run_ready();
  void run_turn_end();
  void wake();

  const LoopOptions options_;
  int epoll_ = -1;
  int wakeup_ = -1;
  int reserve_ = -1;
  bool has_pwait2_ = true;
  std::array<epoll_event, events_max> events_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  Instant now_;
  Instant begun_ = Instant::never();
  mutable WallMillis wall_ = no_timestamp;
  bool had_event_ = false;  ///< in the last turn; timers do not count
  SpinPolicy spin_policy_;
  TimerHeap timers_;
  std::vector<Callback> deferred_;
  std::vector<Callback> turn_end_;
  std::vector<WatchId> ready_;
  std::vector<WatchId> flush_;
  std::atomic<Mail*> mail_{nullptr};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> wakes_written_{0};
  std::array<std::byte, 256> entropy_;
  size_t entropy_left_ = 0;
  std::unique_ptr<SignalWatcher> signals_;
  std::unique_ptr<Pool> pool_;
  LoopCounters counters_;
};

/// As failure_from_errno, with what a disk or socket adds to it.
Failure os_failure(int os_errno, const std::string& what);

}  // namespace moldau::io::posix
