#include "wire/encoder.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "wire/decoder.h"

namespace moldau::wire {

const char* name_of(EncodeStatus status) {
  switch (status) {
    case EncodeStatus::ok:
      return "ok";
    case EncodeStatus::unsupported_version:
      return "unsupported version";
    case EncodeStatus::unsupported_field:
      return "unsupported field";
    case EncodeStatus::unexpected_null:
      return "unexpected null";
    case EncodeStatus::too_long:
      return "too long";
  }
  return "?";
}

Encoder::Encoder(BlockRef block) : block_(std::move(block)), data_(block_->data()), capacity_(block_->capacity()) {
  ASSERT(block_->unique());
}

void Encoder::grow(size_t size) {
  const size_t wanted = std::max({first_capacity_, capacity_ * 2, size_ + size});
  auto larger = BlockRef::adopt(Block::allocate(wanted));
  if (size_ > 0) std::memcpy(larger->data(), data_, size_);
  block_ = std::move(larger);
  data_ = block_->data();
  capacity_ = wanted;
}

void Encoder::put_float64(double value) {
  put_integer(std::bit_cast<uint64_t>(value));
}

void Encoder::put_string(bool compact, std::string_view text, const char* field) {
  if (text.size() > string_bytes_max) return fail(EncodeStatus::too_long, field);
  if (compact) {
    put_varint(static_cast<uint32_t>(text.size()) + 1);
  } else {
    put_int16(static_cast<int16_t>(text.size()));
  }
  put_raw(as_bytes(text));
}

void Encoder::put_null_string(bool compact) {
  if (compact) {
    put_varint(0);
  } else {
    put_int16(-1);
  }
}

void Encoder::put_count(bool compact, size_t count, const char* field) {
  if (count > INT32_MAX) return fail(EncodeStatus::too_long, field);
  if (compact) {
    put_varint(static_cast<uint32_t>(count) + 1);
  } else {
    put_int32(static_cast<int32_t>(count));
  }
}

void Encoder::put_null_count(bool compact) {
  if (compact) {
    put_varint(0);
  } else {
    put_int32(-1);
  }
}

void Encoder::put_bytes(bool compact, std::span<const std::byte> bytes, const char* field) {
  put_count(compact, bytes.size(), field);
  if (ok()) put_raw(bytes);
}

void Encoder::put_records(bool compact, const Records& records, const char* field) {
  if (!records.external()) return put_bytes(compact, records.view, field);
  put_count(compact, records.external_size, field);
  if (records.external_size == 0) return;
  cuts_.push_back({size_, records.external_id, records.external_size});
  external_bytes_ += records.external_size;
}

size_t Encoder::begin_tagged(uint32_t tag) {
  put_varint(tag);
  put_int8(0);  // the size, if it fits into one byte
  return size_;
}

void Encoder::end_tagged(size_t start) {
  const size_t size = size_ - start;
  if (size > INT32_MAX) return fail(EncodeStatus::too_long);
  const size_t shift = varint_size(size) - 1;
  if (shift > 0) {
    claim(shift);
    std::memmove(data_ + start + shift, data_ + start, size);
    size_ += shift;
  }
  moldau::put_varint(data_ + start - 1, size);
}

void Encoder::patch_int32(size_t position, int32_t value) {
  ASSERT(position <= size_ && size_ - position >= sizeof(value));
  store_big_endian(data_ + position, value);
}

void Encoder::rewind(size_t position) {
  ASSERT(position <= size_);
  size_ = position;
  while (!cuts_.empty() && cuts_.back().position > position) {
    external_bytes_ -= cuts_.back().size;
    cuts_.pop_back();
  }
  status_ = EncodeStatus::ok;
  failed_field_ = nullptr;
}

Encoded Encoder::take() {
  Encoded result{Bytes(std::move(block_), {data_, size_}), std::exchange(cuts_, {})};
  block_ = {};
  data_ = nullptr;
  size_ = capacity_ = external_bytes_ = 0;
  status_ = EncodeStatus::ok;
  failed_field_ = nullptr;
  return result;
}

}  // namespace moldau::wire
