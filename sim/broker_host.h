// BrokerHost: the broker under test on its simulated machine: started, stopped in order, crashed and started again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/broker.h"
#include "io/sim/world.h"
#include "sim/context.h"

namespace moldau::sim {

class BrokerHost {
 public:
  /// `shards`: of its node.
  BrokerHost(Context& context, store::Mutant mutant, size_t shards = 1);
  ~BrokerHost() { destroy(); }
  BrokerHost(const BrokerHost&) = delete;
  BrokerHost& operator=(const BrokerHost&) = delete;

  io::sim::Node& node() { return node_; }
  const std::string& data_folder() const { return data_folder_; }
  /// Starts the broker as its main does. Blocking part only: serving() tells when it is ready.
  Status start();
  /// Asks for a stop in order; `done` comes when it has ended.
  void stop(std::function<void()> done);
  /// Frees all that ran on the node: after a crash, or at the end.
  void destroy();

  bool down() const { return broker_ == nullptr; }
  bool serving() const { return broker_ != nullptr && broker_->serving(); }
  /// Bytes of receive and response buffers that are in use.
  uint64_t buffer_bytes() const { return broker_ == nullptr ? 0 : broker_->buffer_bytes(); }
  /// Ranges that the scrubber of this life found damaged.
  uint64_t scrub_damage() const { return serving() ? broker_->store().scrub_counts().damaged_ranges : 0; }
  uint64_t scrub_rounds() const { return serving() ? broker_->store().scrub_counts().rounds : 0; }
  /// It has told that its storage failed: the process would end now.
  bool failed() const { return failed_; }

 private:
  Context& context_;
  io::sim::Node& node_;
  store::Mutant mutant_;
  size_t shards_;
  std::string data_folder_ = "data";
  std::unique_ptr<broker::Broker> broker_;
  bool failed_ = false;
  uint64_t generation_ = 0;
};

}  // namespace moldau::sim
