#include "io/posix/pool.h"

#include <csignal>

#include <algorithm>

namespace moldau::io::posix {

static constexpr unsigned threads_max = 64;

Pool::Pool(unsigned threads) : size_(std::clamp(threads, 1U, threads_max)) {}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::start() {
  // Signals are for the loops: new threads inherit a full mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (unsigned i = 0; i < size_; ++i) threads_.emplace_back([this]() { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Pool::submit(std::deque<Callback>& queue, Callback work) {
  if (threads_.empty()) start();
  {
    const std::lock_guard lock(mutex_);
    queue.push_back(std::move(work));
  }
  wake_.notify_one();
}

void Pool::run() {
  const unsigned jobs_max = std::max(1U, size_ - 1);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&]() { return stopping_ || !quick_.empty() || (!jobs_.empty() && jobs_running_ < jobs_max); });
    if (stopping_) return;
    const bool is_job = quick_.empty();
    std::deque<Callback>& queue = is_job ? jobs_ : quick_;
    Callback work = std::move(queue.front());
    queue.pop_front();
    if (is_job) ++jobs_running_;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    if (!is_job) continue;
    --jobs_running_;
    if (!jobs_.empty()) wake_.notify_one();  // one that had to wait for this job's end
  }
}

}  // namespace moldau::io::posix
