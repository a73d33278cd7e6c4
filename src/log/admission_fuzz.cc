// Any bytes as the records of a produce, with the crc put right so that the checks behind it are reached: what is
// admitted is sound.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/crc32c.h"
#include "log/admission.h"

using namespace moldau;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* workspace = new log::AdmissionWorkspace;
  if (size < 1) return 0;
  const uint8_t choice = data[0];
  std::vector<std::byte> records(reinterpret_cast<const std::byte*>(data + 1),
                                 reinterpret_cast<const std::byte*>(data + size));
  if (records.size() >= wire::batch_header_bytes && (choice & 0x80) == 0) {
    store_big_endian<int64_t>(records.data(), 0);
    store_big_endian<int32_t>(records.data() + 8, static_cast<int32_t>(records.size() - wire::batch_log_overhead));
    records[16] = std::byte{2};
    store_big_endian<uint32_t>(records.data() + 17, crc32c(std::span<const std::byte>(records).subspan(21)));
  }
  log::AdmissionConfig config;
  config.compacted = (choice & 1) != 0;
  config.uncompressed_bytes_max = 1 << 20;
  config.zstd_window_log_max = 20;
  if ((choice & 2) != 0) config.timestamp_type = wire::TimestampType::log_append_time;
  if ((choice & 4) != 0) config.target_codec = static_cast<compress::Codec>((choice >> 3) % 5);
  log::AdmissionInput input;
  input.records = records;
  input.topic_partition = "fuzz-0";
  input.now = 1'700'000'000'000;
  const log::Admission admission = admit(input, config, *workspace);
  if (!admission) return 0;
  const auto batch = wire::BatchView::parse_checked(admission->bytes);
  if (!batch || batch->last_offset_delta() + 1 != batch->record_count()) abort();
  const wire::BatchFacts facts = wire::validate_records(*batch, &workspace->decompressor, config.limits());
  if (facts.fault != wire::RecordFault::none || !facts.offsets_consecutive || facts.records != admission->record_count)
    abort();
  if (config.target_codec && *config.target_codec != admission->codec) abort();
  return 0;
}
