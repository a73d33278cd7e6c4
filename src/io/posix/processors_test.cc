// What affinity and control groups leave a process of the processors.
#include "io/posix/processors.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace moldau::io::posix {
namespace {

TEST(Processors, QuotasOfBothVersionsAreRoundedUp) {
  EXPECT_EQ(processor_quota("200000 100000\n"), 2U);
  EXPECT_EQ(processor_quota("150000 100000\n"), 2U);
  EXPECT_EQ(processor_quota("50000 100000\n"), 1U);
  EXPECT_EQ(processor_quota("max 100000\n"), std::nullopt);
  EXPECT_EQ(processor_quota("400000\n", "100000\n"), 4U);
  EXPECT_EQ(processor_quota("-1\n", "100000\n"), std::nullopt);
  for (const char* const none : {"", "x", "1", "0 100000", "100000 0", "99999999999999999999999 1"}) {
    EXPECT_EQ(processor_quota(none), std::nullopt) << none;
  }
}

TEST(Processors, NoMoreThanItsThreadsMayRunOn) {
  EXPECT_GE(processors_of_process(), 1U);
  EXPECT_LE(processors_of_process(), std::thread::hardware_concurrency());
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(processors_of_process(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(Processors, IdleTimeIsThatOfAllProcessors) {
  EXPECT_EQ(idle_time_in("cpu  10 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3\n", 100), milliseconds(45'000));
  EXPECT_EQ(idle_time_in("cpu0 10 20 30 4000 500\n", 100), std::nullopt);
  EXPECT_EQ(idle_time_in("cpu  10 20 30\ncpu0 1 2 3 4 5 6\n", 100), std::nullopt);
  EXPECT_EQ(idle_time_in("", 100), std::nullopt);
  ASSERT_TRUE(idle_time_of_machine().has_value());
  EXPECT_GT(*idle_time_of_machine(), Duration{});
}

}  // namespace
}  // namespace moldau::io::posix
