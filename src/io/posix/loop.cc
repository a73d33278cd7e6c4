#include "io/posix/loop.h"

#include "io/posix/core.h"
#include "io/posix/disk.h"
#include "io/posix/network.h"

namespace moldau::io::posix {

class Loop::Impl {
 public:
  Impl(const LoopOptions& options, std::shared_ptr<Descriptors> descriptors)
      : core(options), disk(core, std::move(descriptors)), network(core, disk) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { core.shut_down(); }  // first: what is pending may own streams and files

  Core core;
  PosixDisk disk;
  PosixNetwork network;
};

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::make(const LoopOptions& options, const Loop* sibling) {
  auto impl = std::make_unique<Impl>(options, sibling != nullptr
                                                  ? sibling->impl_->disk.shared_descriptors()
                                                  : std::make_shared<Descriptors>(options.descriptors_max));
  RETURN_IF_FAILED(impl->core.open());
  return std::unique_ptr<Loop>(new Loop(std::move(impl)));
}

Surface Loop::surface() {
  return {impl_->core, impl_->core, impl_->core, impl_->core, impl_->disk, impl_->network};
}

void Loop::run() { impl_->core.run(); }
void Loop::stop() { impl_->core.stop(); }
bool Loop::run_until(const std::function<bool()>& done, Duration limit) { return impl_->core.run_until(done, limit); }

Status Loop::on_signal(int number, Callback callback) { return impl_->core.on_signal(number, std::move(callback)); }

Result<int> Loop::listening_socket(const Address& address, const ListenOptions& options) {
  return PosixNetwork::listening_socket(address, options);
}

Result<std::unique_ptr<Listener>> Loop::adopt_listener(int socket, AcceptHandler accepted) {
  return impl_->network.adopt_listener(socket, std::move(accepted));
}

LoopCounters Loop::counters() const {
  LoopCounters counters = impl_->core.counters();
  counters.busy = impl_->core.busy();
  counters.wakes_written = impl_->core.wakes_written();
  counters.files_reopened = impl_->disk.descriptors().reopened();
  counters.files_open = impl_->disk.descriptors().open_count();
  counters.pool_threads = impl_->core.pool()->threads();
  counters.pool_threads_started = impl_->core.pool()->threads_started();
  return counters;
}

}  // namespace moldau::io::posix
