// FetchPath: from a fetch request to its answer. Reads what is there; if that is too little, waits at the partitions
// until one of them wakes it or its time is up; brings cold bytes into memory before it answers, so that sending never
// waits for the disk.
//
// A fetch of partitions that other shards own is divided among these (fetch_spread.h); each reads, and waits for, its
// part as if it were a fetch, and tells what it found.
//
// Invariants: a waiting fetch is linked into every partition that it reads; woken fetches are looked at once per turn,
// at its end, so that one answer carries what all partitions got in that turn.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/01_fetch.h"
#include "broker/fetch_spread.h"
#include "broker/partition.h"
#include "broker/request.h"

namespace moldau::broker {

class Shard;

/// A fetch on its way, or what a shard does of one.
class PendingFetch {
 public:
  uint64_t id = 0;
  Request request;                    ///< of a part: the connection and the version only
  std::optional<FetchPartName> part;  ///< whose part it is; nothing for a fetch of this shard's own
  api::FetchPlan plan;
  std::vector<Pieces> pieces;          ///< by item
  std::unique_ptr<FetchWait[]> waits;  ///< by item; null until it waits
  std::vector<uint64_t> available;     ///< by item, while it waits: bytes that are there
  uint64_t reported = UINT64_MAX;      ///< of a part: the sum of these when it was last told
  io::TimerId timer = 0;
  uint32_t cold_reads = 0;  ///< that are on their way
  uint32_t cold_rounds = 0;
  bool woken = false;
  bool final_read = false;  ///< answer with whatever there is
};

class FetchPath {
 public:
  /// A cold read takes a round each for index, batch headers and records, and what was brought in may be gone again;
  /// after this many rounds the fetcher is answered with what there is, and asks again.
  static constexpr uint32_t cold_rounds_max = 8;

  explicit FetchPath(Shard& shard) : shard_(shard), spreads_(shard) {}
  ~FetchPath();

  void handle(Request request);
  /// Reads what the fetch of another shard, or of this one, wants here; that hears of it (FetchSpreads::take).
  void handle_part(FetchPart part);
  FetchSpreads& spreads() noexcept { return spreads_; }
  api::FetchSessions& sessions() noexcept { return sessions_; }
  /// Sends what was read, and counts it. `pieces`: by item.
  void answer(const Request& request, api::FetchPlan& plan, std::vector<Pieces> pieces);
  void wake(PendingFetch& fetch, uint32_t item);
  /// Everything that waits is answered with what there is.
  void answer_all();
  /// The connection's client sends no more: its fetch, if it waits, is answered with what there is.
  void hurry(ConnectionId connection);
  /// The connection is gone: its fetch, if it waits, is forgotten.
  void forget(ConnectionId connection);
  /// As hurry() and forget(), for what this shard does for a fetch of another one's connection.
  void hurry_part(ConnectionId connection);
  void forget_part(ConnectionId connection);
  /// Fetches that wait here, and parts of those that wait elsewhere.
  size_t waiting() const noexcept { return pending_.size(); }
  /// Fetches of this shard's connections.
  size_t fetches() const noexcept { return pending_.size() - parts_ + spreads_.size(); }
  const api::FetchSessions& sessions() const noexcept { return sessions_; }
  /// `own` is the shard's number of `shards`.
  void set_sessions(size_t slots, size_t own, size_t shards) {
    sessions_ = api::FetchSessions(slots);
    sessions_.share_ids(static_cast<uint32_t>(own), static_cast<uint32_t>(shards));
  }

 private:
  struct ReadTotals {
    uint64_t bytes = 0;
    size_t read = 0;  ///< items that were read, errors included
    bool error = false;
    bool diverging = false;
    bool moved = false;  ///< a partition went to another shard: the fetcher is to come again
    std::vector<io::FileSlice> cold;
  };

  PendingFetch& begin(Request request, api::FetchPlan plan);
  void attempt(PendingFetch& fetch);
  ReadTotals read_all(PendingFetch& fetch);
  void read_item(PendingFetch& fetch, uint32_t index, uint64_t limit, bool at_least_one, ReadTotals& totals);
  bool read_moved(api::FetchItem& item) const;
  wire::ErrorCode check_item(const PendingFetch& fetch, const api::FetchItem& item, Partition& partition) const;
  bool diverges(api::FetchItem& item, Partition& partition);
  void warm(PendingFetch& fetch, std::vector<io::FileSlice> cold);
  void wait(PendingFetch& fetch);
  void start_timer(PendingFetch& fetch);
  void look_again();
  bool enough(PendingFetch& fetch);
  void tell_available(PendingFetch& fetch);
  void tell(ConnectionId connection, const FetchPartName& name, FetchFound found);
  void count(const api::FetchItem& item);
  void respond(PendingFetch& fetch);
  PendingFetch* find(uint64_t id);
  PendingFetch* find(ConnectionId connection);
  void erase(PendingFetch& fetch);

  Shard& shard_;
  wire::FetchRequest message_;
  api::FetchSessions sessions_;
  FetchSpreads spreads_;
  uint64_t next_id_ = 1;
  size_t parts_ = 0;  // of pending_
  std::unordered_map<uint64_t, std::unique_ptr<PendingFetch>> pending_;
  std::unordered_map<uint64_t, uint64_t> by_connection_;  // shard and index of the connection -> its fetch
  std::vector<uint64_t> woken_;
  bool looking_ = false;
};

}  // namespace moldau::broker
