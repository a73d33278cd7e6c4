// Hostile: a client that sends what must be refused, and checks that it is, with Kafka's error; and an administrator
// that makes and deletes topics beside the load. What it sends to audited partitions must never appear there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "io/network.h"
#include "io/task.h"
#include "sim/context.h"
#include "wire/batch_builder.h"

namespace moldau::sim {

class Hostile {
 public:
  explicit Hostile(Context& context);
  /// Misbehaves until context.stopping.
  io::Task<void> run();
  bool done() const { return done_; }

 private:
  /// Makes the bytes of a sound batch of one record.
  Bytes sound_batch(WallMillis timestamp, ProducerId producer_id = no_producer_id, int16_t epoch = -1,
                    int32_t sequence = -1);
  /// Sends `records` and expects one of the codes (0 is success).
  io::Task<bool> produce(std::string topic, Uuid id, PartitionIndex partition, Bytes records, int16_t acks,
                         int16_t version, const char* what, std::initializer_list<wire::ErrorCode> expected);
  /// Of no transaction; no_producer_id when the broker does not answer, or refuses.
  io::Task<ProducerId> fresh_producer_id();
  io::Task<void> bad_batch();
  io::Task<void> bad_place();
  io::Task<void> bad_sequences();
  io::Task<void> bad_fetch();
  io::Task<void> bad_topics();
  io::Task<void> bad_first_sequence(std::string topic);
  io::Task<void> garbage();
  io::Task<void> misdeed(uint64_t number);
  io::Task<void> pause(Duration duration);
  void expect(int16_t code, std::initializer_list<wire::ErrorCode> expected, const char* what);
  const PartitionName& any_partition() { return context_.partitions[prng_.below(context_.partitions.size())]; }

  Context& context_;
  io::sim::Node& node_;
  client::Client client_;
  Prng prng_;
  wire::BatchBuilder builder_;
  uint64_t topics_made_ = 0;
  bool done_ = false;
};

}  // namespace moldau::sim
