// What tests of damaged folders share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/trace.h"
#include "store/test_kit.h"

namespace moldau::store::testing::faults {

/// No lines of the log below errors from here on.
struct Quiet {
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

inline void replace(Rig& rig, const std::string& path, std::string_view text) {
  ASSERT_TRUE(io::replace_file(rig.disk(), path, as_bytes(text)).ok());
}

inline std::string content(Rig& rig, const std::string& path) {
  const auto bytes = io::read_file(rig.disk(), path, 1 << 26);
  return bytes.ok() ? std::string(as_text(*bytes)) : std::string("<none>");
}

inline void stop(Rig& rig) {
  Status closed;
  rig.run([&] { closed = rig.store->close(1); });
  ASSERT_TRUE(closed.ok()) << closed.failure().message;
  rig.store.reset();
  rig.settle(milliseconds(2));  // what is changed now is changed later
}

inline StoreOptions checkpointing() {
  StoreOptions options = small_options();
  options.checkpoint_interval_ms = 100;
  return options;
}

}  // namespace moldau::store::testing::faults
