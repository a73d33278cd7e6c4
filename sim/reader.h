// Reader: reads partitions from random offsets in every version, with and without sessions, waits for new records at
// the end, and gives all that it sees to the shadow. The auditor at the end is the same walk from the log start to the
// end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "io/task.h"
#include "sim/context.h"
#include "wire/batch_records.h"

namespace moldau::wire {
struct FetchResponse;
}

namespace moldau::sim {

class Reader {
 public:
  Reader(Context& context, uint32_t number);
  /// One that reads for somebody else, on its node.
  Reader(Context& context, io::sim::Node& node);

  /// Reads until context.stopping.
  io::Task<void> run();
  /// Reads every partition whole and has the shadow audit it.
  io::Task<void> audit();
  /// One fetch, for a consumer that is at `from`; where it is then.
  io::Task<Offset> consume(uint32_t partition, Offset from);
  bool done() const { return done_; }

 private:
  /// Where a walk through one partition stands.
  struct Walk {
    uint32_t partition = 0;
    Offset next = 0;
    int16_t version_max = INT16_MAX;
    int32_t session_id = 0;
    int32_t session_epoch = -1;
    Offset known_end = 0;  ///< when the request was sent: what lies below must be there
  };
  using Found = std::vector<std::pair<Offset, RecordName>>;

  io::Task<bool> fetch(Walk& walk, Found* found);
  bool take(Walk& walk, const wire::FetchResponse& response, Found* found);
  void take_records(Walk& walk, std::span<const std::byte> records, Found* found);
  io::Task<std::optional<Offset>> list_offset(uint32_t partition, int64_t timestamp);
  io::Task<void> read_some();
  io::Task<bool> audit_partition(uint32_t partition);

  Context& context_;
  io::sim::Node& node_;
  client::Client client_;
  Prng prng_;
  wire::RecordIterator iterator_;
  bool done_ = false;
};

}  // namespace moldau::sim
