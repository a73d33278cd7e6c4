// BootAdmin: answers health requests while a broker recovers, which blocks the broker's own loop. A thread with a small
// loop that accepts from a duplicate of the admin socket; when it ends, the broker's loop accepts from the same socket,
// so that nobody is refused in between.
#pragma once

#include <memory>
#include <thread>

#include "broker/admin_http.h"
#include "io/posix/loop.h"

namespace moldau::app {

class BootAdmin {
 public:
  /// Begins to accept from `socket`, which stays the caller's. Null where there are no descriptors or threads for it:
  /// who comes then waits for the broker.
  static std::unique_ptr<BootAdmin> start(int socket, broker::AdminOptions options);
  BootAdmin(const BootAdmin&) = delete;
  BootAdmin& operator=(const BootAdmin&) = delete;
  /// Accepts no more, finishes what it has begun to answer (at most finish_time_max), ends the thread.
  ~BootAdmin();

  static constexpr Duration finish_time_max = milliseconds(100);

 private:
  BootAdmin(std::unique_ptr<io::posix::Loop> loop, broker::AdminOptions options);
  void run();

  std::unique_ptr<io::posix::Loop> loop_;
  std::unique_ptr<broker::AdminHttp> http_;
  std::thread thread_;
};

}  // namespace moldau::app
