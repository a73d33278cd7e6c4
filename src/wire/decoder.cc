#include "wire/decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "base/arena.h"
#include "base/varint.h"

namespace moldau::wire {

const char* name_of(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::ok:
      return "ok";
    case DecodeStatus::truncated:
      return "truncated";
    case DecodeStatus::bad_length:
      return "bad length";
    case DecodeStatus::unexpected_null:
      return "unexpected null";
    case DecodeStatus::bad_varint:
      return "bad varint";
    case DecodeStatus::bad_utf8:
      return "bad UTF-8";
    case DecodeStatus::bad_tags:
      return "bad tagged fields";
    case DecodeStatus::too_many_elements:
      return "too many elements";
    case DecodeStatus::unsupported_version:
      return "unsupported version";
    case DecodeStatus::unknown_type:
      return "unknown type";
  }
  return "?";
}

bool is_utf8(std::string_view text) {
  const auto* next = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* end = next + text.size();
  while (next < end) {
    if (end - next >= 8) {
      uint64_t word;
      std::memcpy(&word, next, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        next += 8;
        continue;
      }
    }
    const unsigned char first = *next++;
    if (first < 0x80) continue;
    // Table 3-7 of the Unicode standard: how many bytes follow, and the bounds of the first of them.
    int following = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
      following = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
      following = 2;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      following = 3;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (end - next < following) return false;
    if (*next < low || *next > high) return false;
    for (int i = 1; i < following; ++i) {
      if ((next[i] & 0xC0) != 0x80) return false;
    }
    next += following;
  }
  return true;
}

namespace {

/// How many bytes a character takes that begins so, and the bounds of its second byte; 0: none begins so. Surrogates
/// pass here.
struct Utf8Form {
  size_t size = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Utf8Form form_of(unsigned char first) {
  if (first < 0x80) return {1};
  if (first >= 0xC2 && first <= 0xDF) return {2};
  if (first >= 0xE0 && first <= 0xEF) return {3, static_cast<unsigned char>(first == 0xE0 ? 0xA0 : 0x80)};
  if (first == 0xF0) return {4, 0x90};
  if (first > 0xF0 && first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

std::string_view repaired_utf8(std::string_view text, Arena& arena) {
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string repaired;
  for (size_t at = 0; at < text.size();) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const Utf8Form form = form_of(byte(0));
    size_t matched = 1;
    while (matched < form.size && at + matched < text.size()) {
      const bool second = matched == 1;
      if (byte(matched) < (second ? form.low : 0x80) || byte(matched) > (second ? form.high : 0xBF)) break;
      ++matched;
    }
    const bool surrogate = form.size == 3 && matched == 3 && byte(0) == 0xED && byte(1) >= 0xA0;
    repaired += matched == form.size && !surrogate ? text.substr(at, matched) : replacement;
    at += matched;
  }
  return arena.keep(repaired);
}

double Decoder::read_float64() {
  return std::bit_cast<double>(read_integer<uint64_t>());
}

Uuid Decoder::read_uuid() {
  Uuid id;
  const auto bytes = read_raw(id.bytes.size());
  if (!bytes.empty()) std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
  return id;
}

uint32_t Decoder::read_varint() {
  uint32_t value = 0;
  const size_t size = get_varint32({next_, remaining()}, value);
  if (size == 0) [[unlikely]] {
    fail(remaining() < varint32_size_max ? DecodeStatus::truncated : DecodeStatus::bad_varint);
    return 0;
  }
  next_ += size;
  return value;
}

std::span<const std::byte> Decoder::read_raw(size_t size) {
  if (size > remaining()) [[unlikely]] {
    fail(DecodeStatus::truncated);
    return {};
  }
  const std::span<const std::byte> bytes(next_, size);
  next_ += size;
  return bytes;
}

// `fixed_length` is the length already read when not compact. Null: false without an error.
bool Decoder::read_length(bool compact, int64_t fixed_length, size_t& into) {
  const int64_t length = compact ? int64_t{read_varint()} - 1 : fixed_length;
  if (!ok() || length < 0) return false;
  into = static_cast<size_t>(length);
  return true;
}

bool Decoder::read_string(bool compact, std::string_view& into) {
  size_t length = 0;
  if (!read_length(compact, compact ? 0 : read_int16(), length)) return false;
  if (length > string_bytes_max) {
    fail(DecodeStatus::bad_length);
    return false;
  }
  const auto bytes = read_raw(length);
  into = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (is_utf8(into)) return ok();
  if (repairs_ == nullptr) {
    fail(DecodeStatus::bad_utf8);
    return false;
  }
  if (*repairs_ == nullptr) *repairs_ = std::make_shared<Arena>();
  into = repaired_utf8(into, **repairs_);
  return ok();
}

bool Decoder::read_bytes(bool compact, std::span<const std::byte>& into) {
  size_t length = 0;
  if (!read_length(compact, compact ? 0 : read_int32(), length)) return false;
  into = read_raw(length);
  return ok();
}

bool Decoder::read_count(bool compact, size_t element_size_min, size_t element_memory, size_t& into) {
  size_t count = 0;
  if (!read_length(compact, compact ? 0 : read_int32(), count)) return false;
  if (count > remaining() / std::max<size_t>(element_size_min, 1)) {
    fail(DecodeStatus::truncated);
    return false;
  }
  if (count > elements_left_ / std::max<size_t>(element_memory, 1)) {
    fail(DecodeStatus::too_many_elements);
    return false;
  }
  elements_left_ -= count * element_memory;
  into = count;
  return true;
}

void Decoder::skip_tagged_fields() {
  TaggedFields fields(*this);
  for (uint32_t tag = 0; fields.next(tag);) fields.skip();
}

Decoder::TaggedFields::TaggedFields(Decoder& decoder) : decoder_(decoder), left_(decoder.read_varint()) {
  if (left_ > tagged_fields_max) {
    decoder_.fail(DecodeStatus::bad_tags);
    left_ = 0;
  }
}

bool Decoder::TaggedFields::next(uint32_t& tag) {
  if (left_ == 0 || !decoder_.ok()) return false;
  --left_;
  tag = decoder_.read_varint();
  const uint32_t size = decoder_.read_varint();
  if (!decoder_.ok()) return false;
  if (int64_t{tag} <= previous_) {
    decoder_.fail(DecodeStatus::bad_tags);
    return false;
  }
  if (size > decoder_.remaining()) {
    decoder_.fail(DecodeStatus::truncated);
    return false;
  }
  previous_ = tag;
  outer_end_ = decoder_.end_;
  decoder_.end_ = decoder_.next_ + size;
  return true;
}

void Decoder::TaggedFields::finish() {
  if (!decoder_.ok()) return;
  if (decoder_.next_ != decoder_.end_) {
    decoder_.fail(DecodeStatus::bad_tags);
    return;
  }
  decoder_.end_ = outer_end_;
}

void Decoder::TaggedFields::skip() {
  decoder_.next_ = decoder_.end_;
  finish();
}

}  // namespace moldau::wire
