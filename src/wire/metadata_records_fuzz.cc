// Fuzz target: values of the metadata log's records, with their frame.
#include "base/assert.h"
#include "wire/metadata_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace moldau::wire;
  MetadataRecord first;
  int16_t version = 0;
  const std::span value(reinterpret_cast<const std::byte*>(data), size);
  if (decode_metadata_record(value, first, version) != DecodeStatus::ok) return 0;
  Encoder encoder;
  ASSERT(encode_metadata_record(encoder, first, version) == EncodeStatus::ok);
  MetadataRecord second;
  int16_t version_again = -1;
  ASSERT(decode_metadata_record(encoder.view(), second, version_again) == DecodeStatus::ok);
  ASSERT(version_again == version && second.index() == first.index());
  Encoder once_more;
  ASSERT(encode_metadata_record(once_more, second, version) == EncodeStatus::ok);
  ASSERT(once_more.position() == encoder.position());
  return 0;
}
