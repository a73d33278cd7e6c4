// Any bytes as a producer snapshot: what decodes encodes to the same bytes, and loads.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/crc32c.h"
#include "base/endian.h"
#include "log/producer_snapshot.h"

using namespace moldau;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::vector<std::byte> file(reinterpret_cast<const std::byte*>(data + 1),
                              reinterpret_cast<const std::byte*>(data + size));
  if (data[0] != 0 &&
      file.size() >= log::producer_snapshot_header_bytes) {  // reach what lies behind version, count and crc
    file.resize(log::producer_snapshot_header_bytes + (file.size() - log::producer_snapshot_header_bytes) /
                                                          log::producer_snapshot_entry_bytes *
                                                          log::producer_snapshot_entry_bytes);
    store_big_endian<int16_t>(file.data(), log::producer_snapshot_version);
    const size_t count = (file.size() - log::producer_snapshot_header_bytes) / log::producer_snapshot_entry_bytes;
    store_big_endian<int32_t>(file.data() + 6, static_cast<int32_t>(count));
    store_big_endian<uint32_t>(file.data() + 2, crc32c(std::span<const std::byte>(file).subspan(6)));
  }
  const auto decoded = log::decode_producer_snapshot(file);
  if (!decoded) return 0;
  log::ProducerTable table(16);
  for (const log::ProducerEntry& entry : *decoded) table.load(entry);
  if (table.size() > decoded->size()) abort();
  for (const log::ProducerEntry& entry : table.entries()) {
    (void)table.check({entry.producer_id, entry.epoch, 0, 5, 10, 15, 1, false}, true);
    table.append({entry.producer_id, entry.epoch, 7, 9, 10, 12, 1, true});
  }
  table.expire(INT64_MAX, 1);
  const auto again = log::decode_producer_snapshot(log::encode_producer_snapshot(*decoded));
  if (!again || again->size() != decoded->size()) abort();
  return 0;
}
