// Pool: the threads that may block. Work comes in four kinds, and none waits for another: each kind has its own bound
// on what runs at once, and there may be as many threads as all bounds together. So a long job holds up no sync, a name
// server that does not answer holds up no read. Syncs of different files run side by side: the file system takes them
// into one journal commit (200 files: 38 ms one after the other, 5 ms by 32 threads, at a third of the CPU time).
//
// Threads start when there is work and no idle thread, and end after `idle_max` without any: an idle process has none.
// The thread that became idle last is woken first. All signals are blocked in them. Thread-safe.
//
// Callers bound what they queue: a shard has at most one sync per log under way.
#pragma once

#include <pthread.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "io/executor.h"

namespace moldau::io::posix {

/// What work is for.
enum class WorkKind : unsigned char {
  sync,     ///< short, and an acknowledgement waits for it
  read,     ///< a read of one range, which a request waits for
  resolve,  ///< a name to be looked up
  job,      ///< of any length
};
inline constexpr size_t work_kinds = 4;

/// How much of each kind may run at once; each at least 1.
using WorkBounds = std::array<unsigned, work_kinds>;

class Pool {
 public:
  Pool(const WorkBounds& bounds, Duration idle_max);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// Waits for running work; queued work is destroyed unrun.
  ~Pool();

  /// Cost to the caller: one lock, and a futex wake unless the bound is reached; now and then the start of a thread
  /// (30 us). If the system gives no thread, the work waits for one of those there are, and runs here if there is none.
  void submit(WorkKind kind, Callback work);

  /// Threads alive now, and started so far.
  size_t threads() const;
  uint64_t threads_started() const;

 private:
  struct Worker;
  struct Task {
    WorkKind kind = WorkKind::job;
    Callback work;
  };
  struct Kind {
    unsigned running_max = 1;
    unsigned running = 0;
    std::deque<Callback> queue;
  };

  static void* thread_main(void* worker);
  void run(const std::shared_ptr<Worker>& worker);
  bool wait_for_task(const std::shared_ptr<Worker>& worker, std::unique_lock<std::mutex>& lock);
  bool next_task(Task& task);
  bool start(Task& task, std::unique_lock<std::mutex>& lock);
  Kind& of(WorkKind kind) { return kinds_[static_cast<size_t>(kind)]; }

  const Duration idle_max_;
  mutable std::mutex mutex_;
  std::array<Kind, work_kinds> kinds_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::vector<std::shared_ptr<Worker>> idle_;  // the one idle for the shortest time last
  std::vector<pthread_t> ended_;               // not joined yet
  uint64_t started_ = 0;
  bool stopping_ = false;
};

}  // namespace moldau::io::posix
