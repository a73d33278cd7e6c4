// What control groups leave a process of the memory.
#include "io/posix/memory_limit.h"

#include <gtest/gtest.h>

#include <fstream>

namespace moldau::io::posix {
namespace {

using Files = std::vector<std::string>;

TEST(MemoryLimit, FilesOfVersionTwoUpToTheRoot) {
  EXPECT_EQ(memory_limit_files("0::/system.slice/moldau.service\n", "/cg"),
            (Files{"/cg/system.slice/moldau.service/memory.max", "/cg/system.slice/memory.max", "/cg/memory.max"}));
  EXPECT_EQ(memory_limit_files("0::/\n", "/cg"), (Files{"/cg/memory.max"}));
}

TEST(MemoryLimit, FilesOfVersionOneAreThoseOfTheMemoryController) {
  EXPECT_EQ(memory_limit_files("9:name=systemd:/x\n4:memory:/a\n1:cpu:/b\n", "/cg"),
            (Files{"/cg/memory/a/memory.limit_in_bytes", "/cg/memory/memory.limit_in_bytes"}));
}

TEST(MemoryLimit, LinesThatAreNoneAreLeftOut) {
  EXPECT_EQ(memory_limit_files("", "/cg"), Files{});
  EXPECT_EQ(memory_limit_files("0:\n\nmemory\n0::relative\n", "/cg"), Files{});
}

TEST(MemoryLimit, ValuesOfBothVersions) {
  const std::string file = testing::TempDir() + "memory_limit_test";
  const auto holds = [&](const char* content) {
    std::ofstream(file) << content;
    return memory_limit_in(file);
  };
  EXPECT_EQ(holds("268435456\n"), 268435456U);
  EXPECT_EQ(holds("max\n"), UINT64_MAX);
  EXPECT_EQ(holds(""), UINT64_MAX);
  EXPECT_EQ(memory_limit_in(file + ".missing"), UINT64_MAX);
}

TEST(MemoryLimit, ThisProcessHasSome) {
  EXPECT_GT(memory_of_process(), 1U << 20);
  EXPECT_LT(memory_of_process(), UINT64_MAX);
}

}  // namespace
}  // namespace moldau::io::posix
