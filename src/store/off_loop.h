// OffLoop: an io surface for work on a log that belongs to no shard yet, in the pool: time stands still, nothing
// happens later, and the disk is the shard's. What a log asks for (a turn's end, a timer) is done by whoever made it
// work, or is not needed. Internal to store/.
#pragma once

#include <span>

#include "base/prng.h"
#include "io/surface.h"

namespace moldau::store {

class OffLoop final : private io::Clock,
                      private io::Timers,
                      private io::Entropy,
                      private io::Mailbox,
                      private io::Executor {
 public:
  /// At the time of `shard`, on its disk. On that shard's thread.
  explicit OffLoop(io::Surface shard)
      : now_(shard.clock.now()),
        wall_(shard.clock.wall()),
        random_(shard.entropy.next()),
        disk_(shard.disk),
        network_(shard.network) {}

  io::Surface surface() { return {*this, *this, *this, *this, disk_, network_}; }

 private:
  Instant now() const override { return now_; }
  WallMillis wall() const override { return wall_; }
  io::TimerId start(Instant, io::Callback) override { return 1; }
  void cancel(io::TimerId) override {}
  void fill(std::span<std::byte> into) override {
    for (std::byte& byte : into) byte = static_cast<std::byte>(random_.next());
  }
  void post(io::Callback) override {}
  void defer(io::Callback) override {}
  void at_turn_end(io::Callback) override {}
  void offload(io::Callback, io::Callback) override {}
  void offload_sync(io::Callback, io::Callback) override {}
  io::Mailbox& mailbox() override { return *this; }

  const Instant now_;
  const WallMillis wall_;
  Prng random_;
  io::Disk& disk_;
  io::Network& network_;
};

}  // namespace moldau::store
