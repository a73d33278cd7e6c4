#include "io/posix/shard_set.h"

#include <algorithm>
#include <string>
#include <utility>

#include "io/posix/thread.h"

namespace moldau::io::posix {
namespace {

void* thread_main(void* loop) {
  static_cast<Loop*>(loop)->run();
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<ShardSet>> ShardSet::make(size_t count, const LoopOptions& options) {
  std::unique_ptr<ShardSet> set(new ShardSet);
  for (size_t i = 0; i < std::max<size_t>(count, 1); ++i) {
    const Loop* const sibling = set->loops_.empty() ? nullptr : set->loops_.front().get();
    ASSIGN_OR_RETURN(std::unique_ptr<Loop> loop, Loop::make(options, sibling));
    set->loops_.push_back(std::move(loop));
  }
  return set;
}

ShardSet::~ShardSet() { stop(); }

std::vector<Surface> ShardSet::surfaces() {
  std::vector<Surface> all;
  for (const auto& loop : loops_) all.push_back(loop->surface());
  return all;
}

Status ShardSet::start() {
  for (size_t i = 1; i < loops_.size(); ++i) {
    pthread_t thread{};
    if (!start_thread(thread, thread_main, loops_[i].get())) {
      stop();
      return Failure{FailureKind::unavailable, "there can be no more threads"};
    }
    threads_.push_back(thread);
    pthread_setname_np(thread, ("shard-" + std::to_string(i)).c_str());
  }
  return {};
}

void ShardSet::stop() {
  while (!threads_.empty()) {
    loops_[threads_.size()]->stop();
    pthread_join(threads_.back(), nullptr);
    threads_.pop_back();
  }
}

}  // namespace moldau::io::posix
