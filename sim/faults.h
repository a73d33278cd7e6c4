// FaultDriver: makes the faults of the profile happen while the clients work, and heals all at the end.
#pragma once

#include <cstdint>

#include "io/task.h"
#include "sim/broker_host.h"
#include "sim/context.h"

namespace moldau::sim {

class FaultDriver {
 public:
  FaultDriver(Context& context, BrokerHost& host)
      : context_(context), host_(host), prng_(context.world.prng().split()) {}

  /// Starts the faults that come and go, and the crashes, spread over the run's operations.
  void start();
  /// No fault begins any more; those that are on end.
  void heal();
  /// A disk that lied left a folder that the broker rightly refuses: the run ends here.
  bool given_up() const { return given_up_; }
  bool crashes_done() const { return crashes_begun_ >= context_.profile.crashes && !host_.down(); }

 private:
  void next_fault();
  void next_crash();
  void watch();
  void check_invariants();
  void broker_ended();
  void crash();
  void clean_stop();
  void restart_later();
  void restart();
  void damage_files();
  void append_garbage();
  void fill_disk();

  Context& context_;
  BrokerHost& host_;
  Prng prng_;
  uint32_t crashes_begun_ = 0;
  bool healed_ = false;
  bool scrubbed_ = false;
  bool given_up_ = false;
  bool restarting_ = false;
  bool stopped_in_order_ = false;
};

}  // namespace moldau::sim
