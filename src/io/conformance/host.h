// Host: what the conformance cases run on. The same cases are compiled into test_io_sim and test_io_posix; each program
// defines make_host().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/surface.h"

namespace moldau::io::conformance {

class Host {
 public:
  virtual ~Host() = default;
  /// Where cases act and servers listen.
  virtual Surface surface() = 0;
  /// Where clients connect from; may be the same.
  virtual Surface client() = 0;
  /// A second shard of the node of surface(), on its thread, if it has one of its own: but for mailbox().post() it is
  /// used by what runs there.
  virtual Surface second() = 0;
  /// Runs turns until `done` says true or `limit` has passed; returns what it says.
  virtual bool run_until(const std::function<bool()>& done, Duration limit) = 0;
  bool run_until(const std::function<bool()>& done) { return run_until(done, seconds(20)); }
  /// An empty folder of its own.
  virtual std::string folder() = 0;
  /// Where servers listen: any free port.
  virtual Address address() = 0;
};

std::unique_ptr<Host> make_host();

}  // namespace moldau::io::conformance
