// The simulated world as a host of the conformance cases.
#include "io/conformance/host.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"

namespace moldau::io::conformance {
namespace {

class SimHost final : public Host {
 public:
  explicit SimHost(uint64_t seed) : world_(seed) {
    const Status made = server_.disk().make_dir("/data");
    ASSERT(made.ok());
  }
  Surface surface() override { return server_.surface(); }
  Surface client() override { return client_.surface(); }
  Surface second() override { return server_.shard(1).surface(); }
  bool run_until(const std::function<bool()>& done, Duration limit) override { return world_.run_until(done, limit); }
  std::string folder() override { return "/data"; }
  Address address() override { return {"server", 0}; }

 private:
  sim::World world_;
  sim::Node& server_ = world_.node("server");
  sim::Node& client_ = world_.node("client");
};

}  // namespace

std::unique_ptr<Host> make_host() {
  static uint64_t seed = 0;  // every case its own world, and with --gtest_repeat ever new ones
  return std::make_unique<SimHost>(++seed);
}

}  // namespace moldau::io::conformance
