// Raw produce: sends batches made elsewhere to a partition's leader, as they are. For workloads of the simulator, bench
// drivers and tests, which make their own batches, sequences and choices of partition; the command line's producer is
// librdkafka.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "client/client.h"

namespace moldau::client {

struct ProduceOptions {
  int16_t acks = -1;
  Duration timeout = seconds(5);  ///< that the broker may wait for replicas
  /// Whether errors that may pass, and lost connections, are tried again. Without a producer id that can store batches
  /// twice.
  bool retry = false;
};

struct ProduceOutcome {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
  Offset base_offset = no_offset;
  int64_t log_append_time = no_timestamp;
  Offset log_start_offset = no_offset;
};

/// Produces `batches` to one partition. A protocol error is in the outcome; a Failure means that nobody knows whether
/// the batches were stored (but for not_found: there is no such partition).
io::Task<Result<ProduceOutcome>> produce(Client& client, std::string topic, PartitionIndex partition, Bytes batches,
                                         ProduceOptions options);

}  // namespace moldau::client
