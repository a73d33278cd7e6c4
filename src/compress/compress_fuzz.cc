// Any bytes as a payload of any codec: within the cap, no crash, and what was read is what decompress() gives.
#include <cstdint>
#include <cstdlib>

#include "compress/compress.h"

using moldau::compress::Codec;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* decompressor = new moldau::compress::Decompressor;
  if (size < 2) return 0;
  const auto codec = static_cast<Codec>(data[0] % 5);
  const moldau::compress::Limits limits{uint64_t{1} << (data[1] % 21), 10 + data[1] % 18};
  const std::span<const std::byte> payload(reinterpret_cast<const std::byte*>(data + 2), size - 2);
  bool whole = false;
  uint64_t total = 0;
  if (decompressor->start(codec, payload, limits)) {
    for (;;) {
      auto piece = decompressor->next();
      if (!piece) break;
      if (piece->empty()) {
        whole = true;
        break;
      }
      total += piece->size();
      if (total > limits.uncompressed_bytes_max) abort();
    }
  }
  std::vector<std::byte> output;
  const bool again = decompress(codec, payload, limits, output).ok();
  if (again != whole || (whole && output.size() != total)) abort();
  return 0;
}
