// Producer: an idempotent producer with up to five requests in flight, as real clients are: after a lost connection or
// an error that may pass it sends what was not acknowledged again, with the same sequences. What it is told, it tells
// the shadow.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client/connection.h"
#include "io/task.h"
#include "sim/context.h"
#include "wire/batch_builder.h"

namespace moldau::sim {

class Producer {
 public:
  /// `number` names it in the shadow; it writes to the partitions given by their numbers there.
  Producer(Context& context, uint32_t number, std::vector<uint32_t> partitions);

  /// Runs until context.stopping and everything made is acknowledged.
  io::Task<void> run();
  bool done() const { return done_; }
  /// Batches made and not acknowledged.
  size_t outstanding() const { return batches_.size(); }

 private:
  struct Batch {
    uint32_t partition = 0;
    uint64_t first = 0;  // number of its first record
    uint32_t count = 0;
    compress::Codec codec = compress::Codec::none;
  };
  struct Answer {
    bool arrived = false;
    bool failed = false;  // the connection broke
    client::RawReply reply;
  };
  struct Line {  // one partition that it writes to
    uint32_t partition = 0;
    uint64_t made = 0;
  };

  io::Task<bool> get_identity();
  io::Task<bool> session();
  void make_batch();
  void send(const Batch& batch, const std::shared_ptr<Answer>& answer);
  /// What to do after an answer: go on, or end the session and send again.
  bool take(const Batch& batch, const client::RawReply& reply);
  Bytes encode(const Batch& batch);
  void abandon(uint32_t partition);

  Context& context_;
  uint32_t number_;
  io::sim::Node& node_;
  client::Client client_;
  client::ClientOptions options_;
  Prng prng_;
  std::vector<Line> lines_;
  std::deque<Batch> batches_;  // made and not acknowledged, in the order they were made
  std::unique_ptr<client::Connection> connection_;
  io::Signal answered_;
  wire::BatchBuilder builder_;
  ProducerId producer_id_ = no_producer_id;
  int16_t producer_epoch_ = -1;
  int16_t version_max_ = INT16_MAX;
  bool done_ = false;
};

}  // namespace moldau::sim
