#include "wire/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/varint.h"

namespace moldau::wire {
namespace {

constexpr size_t crc_from = 21;

size_t signed_size(int64_t value) {
  return varint_size(zigzag(value));
}
std::byte* put_signed(std::byte* at, int64_t value) {
  return at + put_varint(at, zigzag(value));
}

std::byte* put_bytes(std::byte* at, std::span<const std::byte> bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

using OptionalBytes = std::optional<std::span<const std::byte>>;

size_t sized_bytes(const OptionalBytes& bytes) {
  return bytes ? signed_size(static_cast<int64_t>(bytes->size())) + bytes->size() : 1;
}
std::byte* put_sized(std::byte* at, const OptionalBytes& bytes) {
  if (!bytes) return put_signed(at, -1);
  return put_bytes(put_signed(at, static_cast<int64_t>(bytes->size())), *bytes);
}

}  // namespace

void BatchBuilder::reset(const BatchOptions& options) {
  options_ = options;
  records_.clear();
  count_ = 0;
  next_offset_delta_ = 0;
  base_timestamp_ = no_timestamp;
  max_timestamp_ = no_timestamp;
}

std::byte* BatchBuilder::grow(size_t size) {
  const size_t before = records_.size();
  if (before + size > records_.capacity()) records_.reserve(std::max(before + size, 2 * records_.capacity()));
  records_.resize(before + size);
  return records_.data() + before;
}

template <typename Headers>
void BatchBuilder::append_record(int32_t offset_delta, const Content& content, size_t headers_size,
                                 int32_t header_count, Headers&& write_headers) {
  if (count_ == 0) base_timestamp_ = options_.delete_horizon.value_or(content.timestamp);
  max_timestamp_ = count_ == 0 ? content.timestamp : std::max(max_timestamp_, content.timestamp);
  const auto timestamp_delta =
      static_cast<int64_t>(static_cast<uint64_t>(content.timestamp) - static_cast<uint64_t>(base_timestamp_));
  const size_t body = 1 + signed_size(timestamp_delta) + signed_size(offset_delta) + sized_bytes(content.key) +
                      sized_bytes(content.value) + signed_size(header_count) + headers_size;
  ASSERT(body <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  std::byte* at = grow(signed_size(static_cast<int64_t>(body)) + body);
  at = put_signed(at, static_cast<int64_t>(body));
  *at++ = static_cast<std::byte>(content.attributes);
  at = put_signed(at, timestamp_delta);
  at = put_signed(at, offset_delta);
  at = put_sized(at, content.key);
  at = put_sized(at, content.value);
  at = put_signed(at, header_count);
  at = write_headers(at);
  ASSERT(at == records_.data() + records_.size());
  ++count_;
  next_offset_delta_ = static_cast<int32_t>(static_cast<uint32_t>(offset_delta) + 1);
}

void BatchBuilder::add_at(int32_t offset_delta, const NewRecord& record) {
  size_t size = 0;
  for (const RecordHeader& header : record.headers)
    size += sized_bytes(as_bytes(header.key)) + sized_bytes(header.value);
  append_record(offset_delta, {record.timestamp, record.key, record.value, 0}, size,
                static_cast<int32_t>(record.headers.size()), [&](std::byte* at) {
                  for (const RecordHeader& header : record.headers) {
                    at = put_sized(put_sized(at, as_bytes(header.key)), header.value);
                  }
                  return at;
                });
}

void BatchBuilder::add_copy_at(int32_t offset_delta, const RecordView& record) {
  append_record(offset_delta, {record.timestamp, record.key, record.value, record.facts.attributes},
                record.headers.bytes().size(), record.headers.count(),
                [&](std::byte* at) { return put_bytes(at, record.headers.bytes()); });
}

void BatchBuilder::add(WallMillis timestamp, std::optional<std::string_view> key,
                       std::optional<std::string_view> value) {
  NewRecord record{timestamp, std::nullopt, std::nullopt, {}};
  if (key) record.key = as_bytes(*key);
  if (value) record.value = as_bytes(*value);
  add(record);
}

Result<std::span<std::byte>> BatchBuilder::finish() {
  return finish(count_ == 0 ? 0 : next_offset_delta_ - 1);
}

Result<std::span<std::byte>> BatchBuilder::finish(int32_t last_offset_delta) {
  batch_.resize(batch_header_bytes);
  const compress::Codec codec = count_ == 0 ? compress::Codec::none : options_.codec;
  RETURN_IF_FAILED(
      compressor_.compress(codec, options_.level.value_or(compress::level_default(codec)), records_, batch_));
  if (batch_.size() - batch_log_overhead > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Failure{FailureKind::invalid_argument, "too large: a batch of 2 GiB or more"};
  }
  const int attributes = static_cast<int>(codec) | (options_.append_time ? 0x08 : 0) |
                         (options_.transactional ? 0x10 : 0) | (options_.control ? 0x20 : 0) |
                         (options_.delete_horizon ? 0x40 : 0);
  std::byte* header = batch_.data();
  store_big_endian<int64_t>(header, options_.base_offset);
  store_big_endian<int32_t>(header + 8, static_cast<int32_t>(batch_.size() - batch_log_overhead));
  store_big_endian<int32_t>(header + 12, options_.leader_epoch);
  store_big_endian<int8_t>(header + 16, 2);
  store_big_endian<int16_t>(header + 21, static_cast<int16_t>(attributes));
  store_big_endian<int32_t>(header + 23, last_offset_delta);
  store_big_endian<int64_t>(header + 27,
                            count_ == 0 ? options_.delete_horizon.value_or(no_timestamp) : base_timestamp_);
  store_big_endian<int64_t>(header + 35,
                            options_.append_time.value_or(options_.max_timestamp.value_or(max_timestamp_)));
  store_big_endian<int64_t>(header + 43, options_.producer_id);
  store_big_endian<int16_t>(header + 51, options_.producer_epoch);
  store_big_endian<int32_t>(header + 53, options_.base_sequence);
  store_big_endian<int32_t>(header + 57, count_);
  store_big_endian<uint32_t>(header + 17, crc32c(std::span<const std::byte>(batch_).subspan(crc_from)));
  return Result<std::span<std::byte>>(std::span<std::byte>(batch_));
}

}  // namespace moldau::wire
