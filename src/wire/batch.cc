#include "wire/batch.h"

#include <limits>

#include "base/crc32c.h"

namespace moldau::wire {
namespace {

constexpr size_t length_at = 8;
constexpr size_t magic_at = 16;
constexpr size_t crc_at = 17;
constexpr size_t crc_from = 21;
constexpr size_t max_timestamp_at = 35;
constexpr int16_t timestamp_type_bit = 0x08;
constexpr int16_t assigned_attribute_bits = 0x7F;

}  // namespace

const char* name_of(BatchFault fault) noexcept {
  switch (fault) {
    case BatchFault::none: return "none";
    case BatchFault::incomplete: return "incomplete batch";
    case BatchFault::bad_length: return "impossible batch length";
    case BatchFault::old_magic: return "message format of magic 0 or 1";
    case BatchFault::unknown_magic: return "unknown magic";
    case BatchFault::bad_crc: return "wrong crc";
  }
  return "unknown";
}

std::expected<size_t, BatchFault> batch_size(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < batch_log_overhead) return std::unexpected(BatchFault::incomplete);
  const auto length = load_big_endian<int32_t>(bytes.data() + length_at);
  if (length < batch_length_min_any_magic) return std::unexpected(BatchFault::bad_length);
  if (bytes.size() <= magic_at) return std::unexpected(BatchFault::incomplete);
  const auto magic = static_cast<int8_t>(bytes[magic_at]);
  if (magic < 0 || magic > 2) return std::unexpected(BatchFault::unknown_magic);
  return batch_log_overhead + static_cast<size_t>(length);
}

BatchResult BatchView::parse(std::span<const std::byte> bytes) noexcept {
  const auto size = batch_size(bytes);
  if (!size) return std::unexpected(size.error());
  if (static_cast<int8_t>(bytes[magic_at]) != 2) return std::unexpected(BatchFault::old_magic);
  if (*size < batch_header_bytes) return std::unexpected(BatchFault::bad_length);
  if (*size > bytes.size()) return std::unexpected(BatchFault::incomplete);
  return BatchView(bytes.first(*size));
}

BatchResult BatchView::parse_checked(std::span<const std::byte> bytes) noexcept {
  BatchResult batch = parse(bytes);
  if (batch && !batch->crc_valid()) return std::unexpected(BatchFault::bad_crc);
  return batch;
}

int32_t BatchView::last_sequence() const noexcept {
  const int32_t base = base_sequence();
  return base < 0 ? no_sequence : add_sequence(base, last_offset_delta());
}

uint32_t BatchView::computed_crc() const noexcept {
  return crc32c(bytes_.subspan(crc_from));
}

void set_max_timestamp(std::span<std::byte> batch, TimestampType type, WallMillis max_timestamp) noexcept {
  const auto attributes = load_big_endian<int16_t>(batch.data() + crc_from);
  const bool append_time = (attributes & timestamp_type_bit) != 0;
  const auto current = load_big_endian<int64_t>(batch.data() + max_timestamp_at);
  if (append_time == (type == TimestampType::log_append_time) && current == max_timestamp) return;
  auto bits = static_cast<int16_t>(attributes & assigned_attribute_bits & ~timestamp_type_bit);
  if (type == TimestampType::log_append_time) bits = static_cast<int16_t>(bits | timestamp_type_bit);
  store_big_endian<int16_t>(batch.data() + crc_from, bits);
  store_big_endian<int64_t>(batch.data() + max_timestamp_at, max_timestamp);
  store_big_endian<uint32_t>(batch.data() + crc_at, crc32c(batch.subspan(crc_from)));
}

}  // namespace moldau::wire
