// Pool: the few threads that may block. Quick work (syncs, reads of one range) goes before jobs (offloaded work of any
// length), and jobs never take the last thread, so that a long job cannot hold up a commit. Threads start with the
// first work and block all signals. Callers bound what they queue: a shard has at most one sync per dirty file under
// way.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "io/executor.h"

namespace moldau::io::posix {

class Pool {
 public:
  explicit Pool(unsigned threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// Waits for running work; queued work is destroyed unrun.
  ~Pool();

  /// Cost to the caller: one uncontended lock, and a futex wake if a thread sleeps.
  void submit_quick(Callback work) { submit(quick_, std::move(work)); }
  void submit_job(Callback work) { submit(jobs_, std::move(work)); }

 private:
  void submit(std::deque<Callback>& queue, Callback work);
  void start();
  void run();

  const unsigned size_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Callback> quick_;
  std::deque<Callback> jobs_;
  unsigned jobs_running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace moldau::io::posix
