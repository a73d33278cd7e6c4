// Fetch sessions (KIP-227, KIP-516): what a fetcher asked for once is remembered, so that its next request names only
// what changed and the answer only what is new. One table per shard; 1,000 sessions by default, with Kafka's rules of
// eviction. A session may go from one shard's table to another's.
//
// Transitions of a session:
//   (none)  --full fetch (epoch 0)-->          new session at epoch 1, if the table has room or may evict another
//   open    --incremental, its epoch-->        open, epoch + 1; or gone when no partition is left
//   open    --incremental, another epoch-->    open, unchanged: INVALID_FETCH_SESSION_EPOCH
//   open    --other kind of topic naming-->    open, unchanged: FETCH_SESSION_TOPIC_ID_ERROR
//   open    --full fetch naming it-->          gone (epoch -1: and no new one)
//   open    --evicted-->                       gone; its next request gets FETCH_SESSION_ID_NOT_FOUND
//
// Invariants: at most slots_max sessions; partitions keep the order in which they came, and one that had data goes to
// the end of it, so that no partition starves behind others.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "wire/error_code.h"

namespace moldau::api {

/// A partition as a fetch names it: by topic id, or by name before version 13.
struct FetchKey {
  Uuid topic_id;
  std::string topic;
  PartitionIndex partition = 0;

  bool operator==(const FetchKey&) const = default;
};

struct FetchKeyHash {
  size_t operator()(const FetchKey& key) const noexcept {
    const size_t topic = key.topic_id.is_zero() ? std::hash<std::string>{}(key.topic) : std::hash<Uuid>{}(key.topic_id);
    return topic * 31 + static_cast<size_t>(key.partition);
  }
};

/// What a fetcher wants of one partition.
struct FetchWish {
  int32_t bytes_max = 0;
  Offset fetch_offset = 0;
  Epoch current_leader_epoch = no_epoch;
  Epoch last_fetched_epoch = no_epoch;
  Offset fetcher_log_start = no_offset;  ///< of followers
};

/// What an answer for one partition says, as far as sessions care.
struct FetchOutcome {
  wire::ErrorCode error = wire::ErrorCode::none;
  Offset high_watermark = no_offset;
  Offset log_start = no_offset;
  uint64_t records_bytes = 0;
  bool diverging = false;
  bool preferred_replica = false;
};

inline constexpr int32_t no_fetch_session = 0;
inline constexpr int32_t initial_fetch_epoch = 0;
inline constexpr int32_t final_fetch_epoch = -1;

/// The epoch after `epoch`: 1 after the largest, and none after the final one.
constexpr int32_t next_fetch_epoch(int32_t epoch) {
  return epoch < 0 ? final_fetch_epoch : epoch == INT32_MAX ? 1 : epoch + 1;
}

class FetchSession {
 public:
  struct Partition {
    FetchKey key;
    FetchWish wish;
    Offset high_watermark = no_offset;
    Offset log_start = no_offset;
  };
  using Partitions = std::list<Partition>;

  FetchSession(int32_t id, bool privileged, bool uses_topic_ids, Instant now);

  int32_t id() const noexcept { return id_; }
  int32_t epoch() const noexcept { return epoch_; }
  bool privileged() const noexcept { return privileged_; }
  bool uses_topic_ids() const noexcept { return uses_topic_ids_; }
  size_t size() const noexcept { return partitions_.size(); }
  const Partitions& partitions() const noexcept { return partitions_; }

  /// Adds a partition or replaces what is wanted of it.
  void set(const FetchKey& key, const FetchWish& wish);
  void forget(const FetchKey& key);
  /// Notes what the fetcher of a new session was told of `key`.
  void note(const FetchKey& key, Offset high_watermark, Offset log_start);
  /// Whether the answer for `key` must be sent, and takes up what the fetcher then knows. False for an unknown key.
  bool take_up(const FetchKey& key, const FetchOutcome& outcome);
  void advance_epoch() noexcept { epoch_ = next_fetch_epoch(epoch_); }

 private:
  friend class FetchSessions;
  int32_t id_;
  int32_t epoch_;
  bool privileged_;
  bool uses_topic_ids_;
  Instant created_;
  Instant last_used_;
  int64_t cached_size_ = -1;  // under which the table's indexes have it; -1: in none
  Partitions partitions_;
  std::unordered_map<FetchKey, Partitions::iterator, FetchKeyHash> index_;
};

class FetchSessions {
 public:
  /// `eviction` is how long a session must be unused to be stale, and alive to be evictable by any other.
  explicit FetchSessions(size_t slots_max = 1000, Duration eviction = seconds(120))
      : slots_max_(slots_max), eviction_(eviction) {}
  /// This table is number `own` of `tables` that make sessions: the ids that each gives are its own.
  void share_ids(uint32_t own, uint32_t tables) {
    own_ = own;
    tables_ = tables;
  }

  /// Makes a session of the answered partitions; null when there is no room. `random` picks ids.
  FetchSession* create(bool privileged, bool uses_topic_ids, size_t size, Instant now, uint64_t random);
  /// The session for an incremental request, or why not.
  FetchSession* find(int32_t id) noexcept;
  void remove(int32_t id);
  /// A session goes to another table, with its connection; null if it is not here.
  std::unique_ptr<FetchSession> take_out(int32_t id);
  /// It is dropped if there is no room.
  void put(std::unique_ptr<FetchSession> session, Instant now);
  /// Notes a use, and the session's size, after it changed.
  void touch(FetchSession& session, Instant now);
  size_t size() const noexcept { return sessions_.size(); }
  uint64_t partitions() const noexcept { return partitions_; }
  uint64_t evictions() const noexcept { return evictions_; }

 private:
  using UseKey = std::pair<Instant, int32_t>;
  using EvictKey = std::tuple<bool, int64_t, int32_t>;  // privileged, size, id

  bool try_evict(bool privileged, const EvictKey& newcomer, Instant now);
  int32_t new_id(uint64_t random) const;

  uint32_t own_ = 0;
  uint32_t tables_ = 1;
  size_t slots_max_;
  Duration eviction_;
  std::unordered_map<int32_t, std::unique_ptr<FetchSession>> sessions_;
  std::set<UseKey> by_use_;
  std::set<EvictKey> evictable_by_all_;
  std::set<EvictKey> evictable_by_privileged_;
  uint64_t partitions_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace moldau::api
