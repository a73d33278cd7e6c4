// Any bytes as a blob of batches: walking, scanning and iterating agree and stay in bounds; what iterates builds again
// equal.
#include <cstdint>
#include <cstdlib>

#include "base/crc32c.h"
#include "wire/batch.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"

using namespace moldau;

static void check(const wire::BatchView& batch) {
  static auto* decompressor = new compress::Decompressor;
  static auto* iterator = new wire::RecordIterator;
  const compress::Limits limits{1 << 20, 20};
  const wire::BatchFacts facts = wire::validate_records(batch, decompressor, limits);
  wire::BatchOptions options;
  options.base_offset = batch.base_offset();
  wire::BatchBuilder builder(options);
  wire::RecordView record;
  int32_t count = 0;
  if (iterator->start(batch, limits) == wire::RecordFault::none) {
    while (iterator->next(record)) {
      if (record.headers.list().size() != static_cast<size_t>(record.headers.count())) abort();
      builder.add_copy_at(record.facts.offset_delta, record);
      ++count;
    }
  }
  if ((iterator->fault() == wire::RecordFault::none) != (facts.fault == wire::RecordFault::none)) abort();
  if (facts.fault != wire::RecordFault::none) return;
  if (count != facts.records || count != batch.record_count()) abort();
  const auto built = builder.finish();
  if (!built) abort();
  const auto again = wire::BatchView::parse_checked(*built);
  if (!again) abort();
  const wire::BatchFacts facts_again = wire::validate_records(*again, decompressor, limits);
  if (facts_again.fault != wire::RecordFault::none || facts_again.records != count) abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> blob(reinterpret_cast<const std::byte*>(data), size);
  const wire::BatchWalk walk = wire::for_each_batch(blob, [](const wire::BatchView& batch) {
    check(batch);
    return true;
  });
  if (walk.consumed > size || (walk.consumed < size && walk.fault == wire::BatchFault::none)) abort();
  return 0;
}
