// ProducePath: from a produce request to its answer. Admits each part's batch, checks its producer, appends it to its
// log's queue, and waits for the leaders' acknowledgements; the last one sends the answer.
//
// One turn: received frames are decoded, admitted and queued; at the turn's end each log writes its queue in one call,
// acks=1 answers leave in the same turn's send; after the commit round acks=all answers follow.
//
// Costs of a request with one part: no copy of its bytes; the message's arrays are reused; three small allocations.
#pragma once

#include <cstdint>
#include <memory>
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

  void handle(Request request);
  void acknowledge(const replica::ProduceId& produce, wire::ErrorCode error);
  size_t waiting() const noexcept { return slots_.size() - free_.size(); }

 private:
  struct Pending {
    Request request;
    Arena arena;
    std::vector<api::ProducePart> parts;
    std::vector<api::ProduceTopicName> topics;
    int16_t acks = 0;
    uint32_t undecided = 0;
    uint32_t generation = 0;
  };

  uint32_t claim();
  void append(uint32_t slot, uint32_t index, Instant deadline);
  bool admit(Pending& pending, api::ProducePart& part, Partition& partition, store::BatchToAppend& batch);
  /// False when the batch is not to be appended: a duplicate (then `end` says what to wait for), or refused.
  bool check_producer(api::ProducePart& part, Partition& partition, Offset& end);
  void refuse(Pending& pending, api::ProducePart& part, log::Refusal refusal);
  void decided(uint32_t slot);
  void answer(Pending& pending);

  Shard& shard_;
  wire::ProduceRequest message_;
  log::AdmissionWorkspace workspace_;
  log::AdmittedBatch admitted_;
  std::vector<std::unique_ptr<Pending>> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace moldau::broker
