#include "app/boot_admin.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace moldau::app {

std::unique_ptr<BootAdmin> BootAdmin::start(int socket, broker::AdminOptions options) {
  Result<std::unique_ptr<io::posix::Loop>> loop = io::posix::Loop::make({.spin = Duration{}});
  if (!loop.ok()) return nullptr;
  std::unique_ptr<BootAdmin> admin(new BootAdmin(std::move(loop).value(), std::move(options)));
  const int own = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return nullptr;
  Result<std::unique_ptr<io::Listener>> listener = admin->loop_->adopt_listener(own, admin->http_->acceptor());
  if (!listener.ok()) return nullptr;
  admin->http_->adopt(std::move(listener).value());
  try {
    admin->thread_ = std::thread([self = admin.get()] { self->run(); });
  } catch (const std::system_error&) {
    return nullptr;
  }
  return admin;
}

BootAdmin::BootAdmin(std::unique_ptr<io::posix::Loop> loop, broker::AdminOptions options)
    : loop_(std::move(loop)),
      http_(std::make_unique<broker::AdminHttp>(loop_->surface(), nullptr, std::move(options))) {}

BootAdmin::~BootAdmin() {
  loop_->stop();
  if (thread_.joinable()) thread_.join();
  http_.reset();  // before its loop
}

void BootAdmin::run() {
  loop_->run();
  http_->adopt(nullptr);
  (void)loop_->run_until([this] { return http_->open_requests() == 0; }, finish_time_max);
}

}  // namespace moldau::app
