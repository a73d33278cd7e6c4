#include "io/posix/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "io/posix/thread.h"

namespace moldau::io::posix {
namespace {

constexpr unsigned running_max = 64;  // of one kind

}  // namespace

struct Pool::Worker : std::enable_shared_from_this<Worker> {
  explicit Worker(Pool& owner) : pool(owner) {}
  Pool& pool;
  pthread_t thread{};
  std::condition_variable wake;
  Task task;  // given while it is idle; under the pool's lock
  bool has_task = false;
};

Pool::Pool(const WorkBounds& bounds, Duration idle_max) : idle_max_(idle_max) {
  for (size_t i = 0; i < work_kinds; ++i) kinds_[i].running_max = std::clamp(bounds[i], 1U, running_max);
}

Pool::~Pool() {
  std::vector<pthread_t> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& worker : workers_) {
      threads.push_back(worker->thread);
      worker->wake.notify_one();
    }
    // Who sees stopping_ leaves these lists as they are: each thread is joined once.
    threads.insert(threads.end(), ended_.begin(), ended_.end());
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

size_t Pool::threads() const {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

uint64_t Pool::threads_started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

void Pool::submit(WorkKind kind, Callback work) {
  std::unique_lock lock(mutex_);
  Kind& mine = of(kind);
  if (mine.running >= mine.running_max) {
    mine.queue.push_back(std::move(work));
    return;
  }
  ++mine.running;
  Task task{kind, std::move(work)};
  if (!idle_.empty()) {
    const std::shared_ptr<Worker> worker = std::move(idle_.back());  // it may end before it is woken
    idle_.pop_back();
    worker->task = std::move(task);
    worker->has_task = true;
    lock.unlock();
    worker->wake.notify_one();
    return;
  }
  if (start(task, lock)) return;
  if (!workers_.empty()) {
    --mine.running;
    mine.queue.push_back(std::move(task.work));
    return;
  }
  lock.unlock();
  task.work();
  lock.lock();
  --mine.running;
}

/// Starts a thread that begins with `task`; false, and `task` is as it was, when the system gives none.
bool Pool::start(Task& task, std::unique_lock<std::mutex>& lock) {
  ASSERT(lock.owns_lock());
  for (const pthread_t thread : std::exchange(ended_, {})) pthread_join(thread, nullptr);  // on their last steps
  auto worker = std::make_shared<Worker>(*this);
  worker->task = std::move(task);
  worker->has_task = true;
  if (!start_thread(worker->thread, thread_main, worker.get())) {
    task = std::move(worker->task);
    return false;
  }
  workers_.push_back(std::move(worker));
  ++started_;
  return true;
}

void* Pool::thread_main(void* worker) {
  const std::shared_ptr<Worker> self = static_cast<Worker*>(worker)->shared_from_this();
  self->pool.run(self);
  return nullptr;
}

/// The next of what may run: the kinds in their order.
bool Pool::next_task(Task& task) {
  for (size_t i = 0; i < work_kinds; ++i) {
    Kind& kind = kinds_[i];
    if (kind.queue.empty() || kind.running >= kind.running_max) continue;
    ++kind.running;
    task = {static_cast<WorkKind>(i), std::move(kind.queue.front())};
    kind.queue.pop_front();
    return true;
  }
  return false;
}

/// False when the worker is to end: nothing came for long enough.
bool Pool::wait_for_task(const std::shared_ptr<Worker>& worker, std::unique_lock<std::mutex>& lock) {
  idle_.push_back(worker);
  worker->wake.wait_for(lock, std::chrono::nanoseconds(idle_max_.nanoseconds),
                        [&]() { return worker->has_task || stopping_; });
  if (worker->has_task) return !stopping_;
  std::erase(idle_, worker);
  return false;
}

void Pool::run(const std::shared_ptr<Worker>& worker) {
  std::unique_lock lock(mutex_);
  while (!stopping_ && (worker->has_task || wait_for_task(worker, lock))) {
    Task task = std::move(worker->task);
    worker->has_task = false;
    do {
      lock.unlock();
      task.work();
      task.work = nullptr;
      lock.lock();
      --of(task.kind).running;
    } while (!stopping_ && next_task(task));
  }
  if (stopping_) return;  // joined, and destroyed, by the destructor
  ended_.push_back(worker->thread);
  std::erase(workers_, worker);
}

}  // namespace moldau::io::posix
