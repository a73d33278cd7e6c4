// ProducePath: from a produce request to its answer. Admits each part's batch, checks its producer, appends it to its
// log's queue, and waits for the leaders' acknowledgements; the last one sends the answer.
//
// One turn: received frames are decoded, admitted and queued; at the turn's end each log writes its queue in one call,
// acks=1 answers leave in the same turn's send; after the commit round acks=all answers follow.
//
// Parts whose partitions other shards own go to each of those in one message, records by reference, are admitted,
// appended and waited for there as its own are, and one message back has their outcomes. What goes to one shard arrives
// in the order of the requests.
//
// Costs of a request with one part: no copy of its bytes; the message's arrays are reused; three small allocations.
// With parts of another shard: a message there and one back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/00_produce.h"
#include "broker/partition.h"
#include "broker/request.h"
#include "log/admission.h"

namespace moldau::broker {

class Shard;

class ProducePath {
 public:
  /// However little a client allows, a sync may take this long before its produce times out.
  static constexpr Duration timeout_min = milliseconds(500);

  explicit ProducePath(Shard& shard) : shard_(shard) {}

  /// Parts of a request that another shard handles, for their owner.
  struct Parts {
    struct Part {
      uint32_t place = 0;  ///< among the parts of the request, over there
      TopicPartitionId id;
      std::span<const std::byte> records;  ///< in the frame
    };
    size_t shard = 0;      ///< that asks
    uint64_t request = 0;  ///< its number there
    Bytes frame;
    int16_t version = 0;
    int16_t acks = 0;
    Instant deadline;
    std::vector<Part> parts;
  };
  /// What became of one of them.
  struct Outcome {
    uint32_t place = 0;
    wire::ErrorCode error = wire::ErrorCode::none;
    Offset base_offset = no_offset;
    WallMillis log_append_time = no_timestamp;
    Offset log_start = no_offset;
    std::optional<std::string> message;
    std::vector<std::pair<int32_t, std::string>> record_errors;
  };

  void handle(Request request);
  /// Appends what another shard asks for, which then hears of the outcomes.
  void handle_parts(std::unique_ptr<Parts> parts);
  void take_outcomes(uint64_t request, std::vector<Outcome> outcomes);
  void acknowledge(const replica::ProduceId& produce, wire::ErrorCode error);
  size_t waiting() const noexcept { return slots_.size() - free_.size(); }

 private:
  struct Pending {
    Request request;
    std::unique_ptr<Parts> asked;  ///< by another shard: what it asked for
    Arena arena;
    std::vector<api::ProducePart> parts;
    std::vector<api::ProduceTopicName> topics;
    int16_t acks = 0;
    uint32_t undecided = 0;
    uint32_t generation = 0;
    uint64_t id(uint32_t slot) const noexcept { return (static_cast<uint64_t>(generation) << 32) | slot; }
  };

  uint32_t claim();
  Pending* find(uint64_t request) noexcept;
  void append_all(uint32_t slot, Instant deadline);
  bool send_on(uint32_t slot, uint32_t index, Instant deadline);
  void hand_over();
  void append(uint32_t slot, uint32_t index, Instant deadline);
  bool admit(Pending& pending, api::ProducePart& part, Partition& partition, store::BatchToAppend& batch);
  /// False when the batch is not to be appended: a duplicate (then `end` says what to wait for), or refused.
  bool check_producer(api::ProducePart& part, Partition& partition, Offset& end);
  void refuse(Pending& pending, api::ProducePart& part, const Partition& partition, log::Refusal refusal);
  void decided(uint32_t slot);
  void count_errors(const Pending& pending);
  void answer(Pending& pending);
  void report(Pending& pending);

  Shard& shard_;
  wire::ProduceRequest message_;
  log::AdmissionWorkspace workspace_;
  log::AdmittedBatch admitted_;
  std::vector<std::unique_ptr<Pending>> slots_;
  std::vector<uint32_t> free_;
  std::vector<std::pair<size_t, std::unique_ptr<Parts>>> leaving_;  // of the request that is handled now, by owner
};

}  // namespace moldau::broker
