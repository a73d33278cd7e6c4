// ShardSet: the loops of one node. The first runs on the thread that owns this object (the home shard), each further
// one on a thread of its own, which sleeps in its loop until it gets mail. Threads are not pinned to processors: a
// pinned one would wait where a neighbour or our own pool runs. docs/design/shards.md
//
// Made by app/ (and tests) only.
#pragma once

#include <pthread.h>

#include <memory>
#include <vector>

#include "io/posix/loop.h"

namespace moldau::io::posix {

class ShardSet {
 public:
  /// Makes `count` loops (at least 1); starts no thread.
  static Result<std::unique_ptr<ShardSet>> make(size_t count, const LoopOptions& options = {});
  ShardSet(const ShardSet&) = delete;
  ShardSet& operator=(const ShardSet&) = delete;
  /// As stop().
  ~ShardSet();

  size_t size() const noexcept { return loops_.size(); }
  Loop& home() noexcept { return *loops_.front(); }
  Loop& loop(size_t index) noexcept { return *loops_[index]; }
  /// By number of the shard. Until start(), all of them belong to the caller's thread.
  std::vector<Surface> surfaces();

  /// Starts the further threads, which hear no signals.
  Status start();
  /// Ends the further loops after their current turn, the last one first, and waits for their threads. From then on all
  /// loops belong to the caller's thread again.
  void stop();

 private:
  ShardSet() = default;

  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<pthread_t> threads_;
};

}  // namespace moldau::io::posix
