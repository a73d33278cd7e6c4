// Bytes of a metadata log or snapshot: read, folded, and written again to the same image.
#include <cstddef>
#include <cstdint>

#include "metadata/snapshot.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace moldau;
  using namespace moldau::metadata;
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  static_cast<void>(read_snapshot(bytes));
  // The first byte splits the rest into single records: checksums keep a fuzzer out of them otherwise.
  ImageBuilder builder;
  for (size_t at = 0; at < size;) {
    const size_t length = static_cast<size_t>(bytes[at]);
    const auto record = bytes.subspan(at + 1).first(std::min(length, size - at - 1));
    if (!builder.apply(record, static_cast<Offset>(at)).ok()) return 0;
    at += 1 + length;
  }
  const ImageRef image = builder.build();
  ImageBuilder again;
  for (const EncodedRecord& record : records_of(*image)) ASSERT(again.apply(record, 0).ok());
  return 0;
}
