// The machine as a host of the conformance cases.
#include <stdlib.h>

#include <cstdlib>
#include <utility>

#include "io/conformance/host.h"
#include "io/posix/shard_set.h"

namespace moldau::io::conformance {
namespace {

class PosixHost final : public Host {
 public:
  PosixHost() : shards_(std::move(posix::ShardSet::make(2)).value()) {
    const char* temporary = std::getenv("TMPDIR");
    folder_ = std::string(temporary != nullptr ? temporary : "/tmp") + "/moldau-io-XXXXXX";
    ASSERT(mkdtemp(folder_.data()) != nullptr);
  }
  ~PosixHost() override {
    shards_->stop();
    const Status removed = surface().disk.remove_tree(folder_);
    ASSERT(removed.ok());
  }
  Surface surface() override { return shards_->home().surface(); }
  Surface client() override { return shards_->home().surface(); }
  Surface second() override {
    if (!std::exchange(started_, true)) {
      const Status started = shards_->start();
      ASSERT(started.ok());
    }
    return shards_->loop(1).surface();
  }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    return shards_->home().run_until(done, limit);
  }
  std::string folder() override { return folder_; }
  Address address() override { return {"127.0.0.1", 0}; }

 private:
  std::unique_ptr<posix::ShardSet> shards_;
  bool started_ = false;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Host> make_host() { return std::make_unique<PosixHost>(); }

}  // namespace moldau::io::conformance
