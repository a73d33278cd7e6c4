// The in-memory tail: the newest batches of all logs of a shard, kept by reference, so that readers near the end are
// served without the disk. One budget for all logs; what was appended first goes first.
//
// What counts against the budget is the Block that a batch lies in, once for consecutive batches of one Block: a small
// batch pins the whole frame that it arrived in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace moldau::store {

class TailCache;

/// The newest batches of one log, without gaps up to its appended end; empty when the log was not written to for long.
class RecentBatches {
 public:
  struct Entry {
    Offset base = 0;
    Offset last = 0;
    size_t charge = 0;
    Bytes bytes;
  };

  explicit RecentBatches(TailCache& cache) : cache_(&cache) {}
  RecentBatches(const RecentBatches&) = delete;
  RecentBatches& operator=(const RecentBatches&) = delete;
  ~RecentBatches() { clear(); }

  /// From now on in another cache. REQUIRES: empty().
  void use(TailCache& cache) { cache_ = &cache; }
  void push(Offset base, Offset last, Bytes bytes);
  void clear();
  bool empty() const { return head_ == entries_.size(); }
  /// The batches, oldest first.
  std::span<const Entry> entries() const { return std::span(entries_).subspan(head_); }
  /// The first batch whose last offset is >= `offset`: an index into entries(); its size when there is none.
  size_t find(Offset offset) const;

 private:
  friend class TailCache;
  size_t pop_front();

  TailCache* cache_;
  std::vector<Entry> entries_;  // [head_, end) are held; compacted as head_ grows
  size_t head_ = 0;
};

class TailCache {
 public:
  explicit TailCache(size_t bytes_max) : bytes_max_(bytes_max) {}
  TailCache(const TailCache&) = delete;
  TailCache& operator=(const TailCache&) = delete;

  size_t bytes() const { return bytes_; }

 private:
  friend class RecentBatches;
  /// Makes room for `bytes`; the charge, or nothing if it can never fit.
  bool admit(RecentBatches& owner, const Bytes& bytes, size_t& charge);
  void forget(RecentBatches& owner);

  size_t bytes_max_;
  size_t bytes_ = 0;
  const Block* last_block_ = nullptr;
  std::deque<RecentBatches*> order_;  // one element per entry held, in the order of pushes
};

}  // namespace moldau::store
