// FetchPath: from a fetch request to its answer. Reads what is there; if that is too little, waits at the partitions
// until one of them wakes it or its time is up; brings cold bytes into memory before it answers, so that sending never
// waits for the disk.
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
#include "broker/partition.h"
#include "broker/request.h"

namespace moldau::broker {

class Shard;

/// A fetch on its way.
class PendingFetch {
 public:
  uint64_t id = 0;
  Request request;
  api::FetchPlan plan;
  std::vector<Pieces> pieces;          ///< by item
  std::unique_ptr<FetchWait[]> waits;  ///< by item; null until it waits
  std::vector<uint64_t> available;     ///< by item, while it waits: bytes that are there
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

  explicit FetchPath(Shard& shard) : shard_(shard) {}
  ~FetchPath();

  void handle(Request request);
  void wake(PendingFetch& fetch, uint32_t item);
  /// Everything that waits is answered with what there is.
  void answer_all();
  /// The connection's client sends no more: its fetch, if it waits, is answered with what there is.
  void hurry(ConnectionId connection);
  /// The connection is gone: its fetch, if it waits, is forgotten.
  void forget(ConnectionId connection);
  size_t waiting() const noexcept { return pending_.size(); }
  const api::FetchSessions& sessions() const noexcept { return sessions_; }
  void set_sessions_max(size_t slots) { sessions_ = api::FetchSessions(slots); }

 private:
  struct ReadTotals {
    uint64_t bytes = 0;
    size_t read = 0;  ///< items that were read, errors included
    bool error = false;
    bool diverging = false;
    std::vector<io::FileSlice> cold;
  };

  static uint64_t place_of(ConnectionId connection) noexcept {
    return (uint64_t{connection.shard} << 32) | connection.index;
  }
  void attempt(PendingFetch& fetch);
  ReadTotals read_all(PendingFetch& fetch);
  void read_item(PendingFetch& fetch, uint32_t index, uint64_t limit, bool at_least_one, ReadTotals& totals);
  wire::ErrorCode check_item(const PendingFetch& fetch, const api::FetchItem& item, Partition& partition) const;
  bool diverges(api::FetchItem& item, Partition& partition);
  void warm(PendingFetch& fetch, std::vector<io::FileSlice> cold);
  void wait(PendingFetch& fetch);
  void look_again();
  bool enough(PendingFetch& fetch);
  void count(const api::FetchItem& item);
  void respond(PendingFetch& fetch);
  PendingFetch* find(uint64_t id);
  void erase(PendingFetch& fetch);

  Shard& shard_;
  wire::FetchRequest message_;
  api::FetchSessions sessions_;
  uint64_t next_id_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<PendingFetch>> pending_;
  std::unordered_map<uint64_t, uint64_t> by_connection_;  // shard and index of the connection -> its fetch
  std::vector<uint64_t> woken_;
  bool looking_ = false;
};

}  // namespace moldau::broker
