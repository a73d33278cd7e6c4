// The machine as a host of the conformance cases.
#include <stdlib.h>

#include <cstdlib>

#include "io/conformance/host.h"
#include "io/posix/loop.h"

namespace moldau::io::conformance {
namespace {

class PosixHost final : public Host {
 public:
  PosixHost() : loop_(std::move(posix::Loop::make()).value()) {
    const char* temporary = std::getenv("TMPDIR");
    folder_ = std::string(temporary != nullptr ? temporary : "/tmp") + "/moldau-io-XXXXXX";
    ASSERT(mkdtemp(folder_.data()) != nullptr);
  }
  ~PosixHost() override {
    const Status removed = loop_->surface().disk.remove_tree(folder_);
    ASSERT(removed.ok());
  }
  Surface surface() override { return loop_->surface(); }
  Surface client() override { return loop_->surface(); }
  bool run_until(const std::function<bool()>& done, Duration limit) override { return loop_->run_until(done, limit); }
  std::string folder() override { return folder_; }
  Address address() override { return {"127.0.0.1", 0}; }

 private:
  std::unique_ptr<posix::Loop> loop_;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Host> make_host() { return std::make_unique<PosixHost>(); }

}  // namespace moldau::io::conformance
