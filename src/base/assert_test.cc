// What a failed assertion does: F12 in docs/design/faults.md.
#include "base/assert.h"

#include <gtest/gtest.h>

#include <csignal>

namespace {

TEST(faults, F12_a_failed_assertion_names_its_place_and_ends_the_process) {
  const int one = 1;
  ASSERT(one == 1);
  EXPECT_DEATH(ASSERT(one == 2), "moldau: assertion failed: one == 2 \\(.*assert_test\\.cc:[0-9]+\\)");
  EXPECT_EXIT(UNREACHABLE(), testing::KilledBySignal(SIGABRT), "moldau: assertion failed: unreachable");
}

}  // namespace
