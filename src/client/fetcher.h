// Fetcher: reads assigned partitions of any number of topics, from all their leaders at once. It keeps one fetch under
// way per node while less than `buffered_bytes_max` waits to be taken, follows leaders as they move, and hands out
// batches as they came.
//
// Errors that may pass (a leader that moved, a lost connection) are tried again with backoff and told only when they
// have lasted for the client's retry time. Others (OFFSET_OUT_OF_RANGE, no authorization, ...) are told at once, and
// the partition rests until seek(). Fetches are sessionless: every request names its partitions.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/admin.h"
#include "client/client.h"
#include "wire/batch.h"

namespace moldau::client {

struct FetchOptions {
  Duration max_wait = milliseconds(500);
  int32_t min_bytes = 1;
  int32_t max_bytes = 50 << 20;           ///< per request
  int32_t partition_max_bytes = 1 << 20;  ///< per partition and request
  size_t buffered_bytes_max = size_t{32} << 20;
  Isolation isolation = Isolation::read_uncommitted;
  std::string rack;
};

/// A transaction that was aborted: its producer's transactional batches from `first_offset` on, up to its abort marker,
/// are void.
struct AbortedTransaction {
  ProducerId producer_id = no_producer_id;
  Offset first_offset = no_offset;
};

/// What one fetch brought of one partition: batches, or an error.
struct Fetched {
  std::string topic;
  PartitionIndex partition = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
  Failure failure{FailureKind::unavailable, ""};  ///< with network_exception: what was wrong with the node
  Offset fetch_offset = 0;  ///< what was asked; records below it in the first batch are to be skipped
  Offset next_offset = 0;   ///< where the next fetch goes on
  Offset high_watermark = no_offset;
  Offset last_stable_offset = no_offset;
  Offset log_start_offset = no_offset;
  Bytes records;                            ///< batches; the last may be cut
  std::vector<AbortedTransaction> aborted;  ///< with read_committed: those that touch `records`, by first offset
};

/// Tells the batches of one fetch that a read_committed reader skips. Batches are to be shown in order, all of them.
class AbortedFilter {
 public:
  explicit AbortedFilter(std::span<const AbortedTransaction> aborted) : pending_(aborted) {}
  /// Whether `batch` belongs to an aborted transaction. Control batches never do, but end one.
  bool is_aborted(const wire::BatchView& batch);

 private:
  std::span<const AbortedTransaction> pending_;  // ascending by first offset
  std::vector<ProducerId> open_;
};

class Fetcher {
 public:
  /// `client` must outlive the fetcher.
  Fetcher(Client& client, FetchOptions options);
  ~Fetcher();

  /// Adds a partition, to be read from `offset` on; one that is there is set to it.
  void assign(const std::string& topic, PartitionIndex partition, Offset offset);
  /// Goes on from `offset`; what was buffered of the partition is dropped. REQUIRES: it is assigned.
  void seek(const std::string& topic, PartitionIndex partition, Offset offset) { assign(topic, partition, offset); }
  /// Stops reading a partition and drops what was buffered of it.
  void remove(const std::string& topic, PartitionIndex partition);
  size_t assigned() const { return partitions_.size(); }
  /// Whether next() has something at once.
  bool ready() const { return !ready_.empty(); }

  /// The next piece of any partition; waits for one. At most one waiter. Also told: the first answer of a partition,
  /// even if it is empty, so that high watermarks are known. Not to be called while nothing is assigned.
  io::Task<Fetched> next();

 private:
  using Key = std::pair<std::string, PartitionIndex>;
  struct Partition {
    Offset offset = 0;
    uint64_t generation = 0;  // changes with every seek, so that answers to older fetches are dropped
    bool in_flight = false;
    bool resting = false;    // after an error that the caller must deal with
    bool told = false;       // something was told since the last seek
    bool looked_up = false;  // the leader was asked for since the last trouble
    Instant not_before{INT64_MIN};
    Duration backoff{};
    Instant trouble_since = Instant::never();
  };
  struct Asked {
    Key key;
    uint64_t generation = 0;
    Offset offset = 0;
  };

  void pump();
  void wake_at(Instant when);
  io::Task<void> resolve(std::vector<std::string> topics);
  io::Task<void> fetch(NodeId node, std::vector<Asked> asked);
  void take(const Asked& asked, Fetched answer);
  void trouble(const Asked& asked, wire::ErrorCode error, const Failure& failure);
  void push(Fetched fetched);

  Client& client_;
  FetchOptions options_;
  std::map<Key, Partition> partitions_;
  std::deque<Fetched> ready_;
  size_t buffered_bytes_ = 0;
  uint64_t generations_ = 0;
  std::map<NodeId, bool> busy_;
  bool resolving_ = false;
  io::Signal arrived_;
  bool waking_ = false;          // a wake of next()'s waiter is under way
  std::shared_ptr<bool> alive_;  // false once destroyed, for callbacks under way
  io::TimerId timer_ = 0;
  Instant timer_at_ = Instant::never();
  io::TaskGroup tasks_;  // last: its coroutines use the members above
};

}  // namespace moldau::client
