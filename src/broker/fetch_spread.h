// FetchSpreads: fetches over this shard's connections whose partitions other shards own, too, or alone. A fetch is
// divided into a part for each owner, which reads it as a fetch of its own (FetchPath::handle_part); what they find is
// put together here, and answered as one.
//
// States of a part:
//   asked   -- nothing heard since it was asked: to read, or (while the fetch ends) to give what it has
//   waits   -- it found too little, and tells when it has more: `available` bytes
//   done    -- its items are read; the owner has forgotten it
// The fetch is answered when all first findings are here, and min_bytes are there over all parts, or a part found what
// ends a fetch (an error, a diverging epoch, enough by itself), or the time is up. Parts that wait with something are
// asked for it then, the others are told to forget it.
//
// With one owner, the part is the whole: it waits there until the end, and one message comes back.
//
// Each part is read within the limits of the whole fetch; where they together exceed max_bytes, what comes last in the
// order of the items is left for the next fetch. Reading costs no copy, so nothing is lost but a lookup.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/01_fetch.h"
#include "broker/request.h"
#include "io/executor.h"

namespace moldau::broker {

class Shard;

/// Names a part of a fetch among those of its connection, of which there is one at a time.
struct FetchPartName {
  uint64_t fetch = 0;  ///< number of the fetch on the connection's shard
  uint32_t part = 0;   ///< of the fetch
  bool whole = false;  ///< there is no other part: it waits by itself until the fetch's time is up
};

/// What a shard is asked to read for a fetch.
struct FetchPart {
  FetchPartName name;
  ConnectionId connection;
  int16_t version = 0;
  api::FetchPlan plan;  ///< of the partitions that it owns; their keys are left out
};

/// What it found.
struct FetchFound {
  FetchPartName name{};
  bool waits = false;      ///< it goes on waiting, and tells when it has more
  uint64_t available = 0;  ///< bytes that are there, while it waits
  std::vector<api::FetchItem> items{};
  std::vector<Pieces> pieces{};  ///< none while it waits
};

/// The place of a connection among those of the node; of one after another, perhaps.
constexpr uint64_t place_of(ConnectionId connection) noexcept {
  return (uint64_t{connection.shard} << 32) | connection.index;
}

class FetchSpreads {
 public:
  explicit FetchSpreads(Shard& shard) : shard_(shard) {}
  ~FetchSpreads();

  /// Whether another shard owns something that the plan reads.
  bool needs(const api::FetchPlan& plan) const;
  void begin(Request request, api::FetchPlan plan);
  /// What a part of the connection's fetch found.
  void take(ConnectionId connection, FetchFound found);
  /// Answers with what there is; false if the connection has no fetch here.
  bool hurry(ConnectionId connection);
  void hurry_all();
  void forget(ConnectionId connection);
  size_t size() const noexcept { return spreads_.size(); }

 private:
  enum class PartState : uint8_t { asked, waits, done };
  struct Part {
    size_t owner = 0;
    PartState state = PartState::asked;
    uint64_t available = 0;
    std::vector<uint32_t> items;  ///< of the fetch
  };
  struct Spread {
    uint64_t number = 0;
    Request request;
    api::FetchPlan plan;
    std::vector<Pieces> pieces;  // by item
    std::vector<Part> parts;
    size_t asked = 0;  // parts in that state
    bool ending = false;
    io::TimerId timer = 0;
  };

  void ask(size_t owner, FetchPart part);
  void go_on(Spread& spread);
  bool enough(const Spread& spread) const;
  void end(Spread& spread);
  void respond(Spread& spread);
  static void cut_to_limit(Spread& spread);
  void hurry_part(size_t owner, ConnectionId connection);
  void forget_part(size_t owner, ConnectionId connection);
  Spread* find(ConnectionId connection);
  std::unique_ptr<Spread> take_out(ConnectionId connection);

  Shard& shard_;
  uint64_t next_number_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<Spread>> spreads_;  // by place_of()
};

}  // namespace moldau::broker
