// Prints GB/s of every CRC-32C implementation at the sizes of record batches. Not part of the test run.
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/crc32c.h"
#include "base/crc32c_impl.h"

namespace {

using Function = uint32_t (*)(std::span<const std::byte>, uint32_t) noexcept;

double gigabytes_per_second(Function function, std::span<const std::byte> bytes) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double seconds = 0;
  uint64_t total = 0;
  uint32_t crc = 0;
  while (seconds < 0.1) {
    for (int i = 0; i < 64; ++i) crc = function(bytes, crc);
    total += 64 * bytes.size();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  if (crc == 1) std::puts("");  // keeps the result alive
  return static_cast<double>(total) / seconds / 1e9;
}

}  // namespace

int main() {
  const std::vector<std::byte> bytes(1 << 20, std::byte{0x5A});
  std::printf("in use: %s\n%-12s %8s %8s %8s %8s GB/s\n", moldau::crc32c_implementation(), "bytes", "100", "1024",
              "16384", "1048576");
  const auto row = [&](const char* name, Function function) {
    std::printf("%-12s", name);
    for (const size_t size : {size_t{100}, size_t{1024}, size_t{16384}, size_t{1} << 20}) {
      std::printf(" %8.2f", gigabytes_per_second(function, {bytes.data(), size}));
    }
    std::printf("\n");
  };
  row("table", moldau::crc32c_portable);
  if (moldau::crc32c_impl::has_sse42()) row("sse4.2", moldau::crc32c_impl::crc32c_sse42);
  if (moldau::crc32c_impl::has_vpclmulqdq()) row("vpclmulqdq", moldau::crc32c_impl::crc32c_vpclmulqdq);
}
