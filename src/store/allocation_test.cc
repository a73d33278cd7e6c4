// Append and read allocate per batch and per turn, never per record, and copy no stored byte.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/sanitized.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/test_kit.h"

namespace {
std::atomic<uint64_t> allocations{0};
std::atomic<uint64_t> allocated_bytes{0};
}  // namespace

#ifndef MOLDAU_SANITIZED
// Not inlined: g++ 12 would warn of free() on memory from new.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(size, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
#endif

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

struct Cost {
  uint64_t append = 0;
  uint64_t append_bytes = 0;
  uint64_t read = 0;
  uint64_t read_bytes = 0;
};

/// What appending and reading one batch costs, once everything is warm.
[[maybe_unused]] Cost cost_of(int records) {
  StoreOptions options = small_options();
  options.tail_bytes_max = 8 << 20;
  options.config_of = [](const std::string&) { return LogConfig(); };
  Rig rig(1, options);
  rig.open();
  Log* log = rig.log();
  Cost cost;
  int32_t sequence = 0;
  for (int i = 0; i < 20; ++i) {
    std::vector<BatchToAppend> batches;
    batches.push_back(make_batch({.records = records, .value_bytes = 100, .producer_id = 3, .sequence = sequence}));
    sequence += records;
    const std::byte* arrived = batches[0].bytes.data();
    Offset base = 0;
    rig.run([&] {
      const uint64_t before = allocations;
      const uint64_t bytes_before = allocated_bytes;
      const auto appended = log->append(std::move(batches), 0);
      cost.append = allocations - before;
      cost.append_bytes = allocated_bytes - bytes_before;
      base = appended->front().base_offset;
    });
    rig.settle();
    rig.run([&] {
      const uint64_t before = allocations;
      const uint64_t bytes_before = allocated_bytes;
      ReadError error = ReadError::none;
      const ReadResult result = log->read(base, log->stable_end(), 1 << 20, true, error);
      cost.read = allocations - before;
      cost.read_bytes = allocated_bytes - bytes_before;
      const auto* piece = std::get_if<Bytes>(&result.pieces.at(0));
      ASSERT_NE(piece, nullptr);
      EXPECT_EQ(piece->data(), arrived);  // the bytes that arrived, not a copy
    });
  }
  return cost;
}

TEST(store_allocations, do_not_depend_on_the_number_of_records) {
#ifdef MOLDAU_SANITIZED
  GTEST_SKIP() << "the sanitizer owns the allocator";
#else
  const Cost one = cost_of(1);
  const Cost thousand = cost_of(1000);
  EXPECT_EQ(one.append, thousand.append);
  EXPECT_EQ(one.append_bytes, thousand.append_bytes);
  EXPECT_EQ(one.read, thousand.read);
  EXPECT_EQ(one.read_bytes, thousand.read_bytes);
  EXPECT_LE(thousand.append, 6U);
  EXPECT_LE(thousand.read, 2U);
#endif
}

}  // namespace
}  // namespace moldau::store
