#include "wire/batch_records.h"

#include <algorithm>

namespace moldau::wire {
namespace {

constexpr size_t header_bytes_min = 2;  // of a record header: two lengths
constexpr int32_t record_length_max =
    INT32_MAX - static_cast<int32_t>(varint32_size_max);  // so that sizes fit their type

RecordFault fault_of(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::invalid_argument: return RecordFault::too_large;
    case FailureKind::unsupported: return RecordFault::window_too_large;
    default: return RecordFault::bad_compression;
  }
}

// Reads a zigzag varint of type T. False with `fault` set when the source ends or the number does not fit.
template <typename T, typename Source>
inline bool get_signed(Source& source, T& value, RecordFault& fault) {
  using Unsigned = std::make_unsigned_t<T>;
  constexpr unsigned bits = sizeof(T) * 8;
  Unsigned result = 0;
  for (unsigned shift = 0; shift < bits; shift += 7) {
    uint8_t byte = 0;
    if (!source.byte(byte, fault)) return false;
    if (shift + 7 > bits && (byte >> (bits - shift)) != 0) break;  // continues, or overflows the type
    result |= static_cast<Unsigned>(static_cast<Unsigned>(byte & 0x7F) << shift);
    if (byte < 0x80) {
      value = unzigzag(result);
      return true;
    }
  }
  fault = RecordFault::bad_varint;
  return false;
}

}  // namespace

const char* name_of(RecordFault fault) noexcept {
  switch (fault) {
    case RecordFault::none: return "none";
    case RecordFault::bad_count: return "negative record count";
    case RecordFault::bad_codec: return "unknown compression type";
    case RecordFault::cut: return "the batch ends within a record";
    case RecordFault::bad_varint: return "a number does not fit its type";
    case RecordFault::bad_length: return "a length is negative or leaves the record";
    case RecordFault::bad_header_count: return "impossible number of record headers";
    case RecordFault::length_mismatch: return "a record is shorter than its length";
    case RecordFault::bytes_left_over: return "bytes follow the last record";
    case RecordFault::bad_compression: return "the compressed data is damaged";
    case RecordFault::too_large: return "the batch unfolds to more than the cap";
    case RecordFault::window_too_large: return "the zstd window is larger than allowed";
  }
  return "unknown";
}

// A record that lies in one piece.
struct RecordScanner::InPlace {
  const std::byte* at;
  const std::byte* end;
  const std::byte* key = nullptr;
  const std::byte* value = nullptr;
  const std::byte* headers = nullptr;

  uint64_t left() const noexcept { return static_cast<uint64_t>(end - at); }
  bool byte(uint8_t& out, RecordFault& fault) noexcept {
    if (at == end) {
      fault = RecordFault::bad_length;
      return false;
    }
    out = static_cast<uint8_t>(*at++);
    return true;
  }
  bool skip(uint64_t size, RecordFault& fault) noexcept {
    if (size > left()) {
      fault = RecordFault::bad_length;
      return false;
    }
    at += size;
    return true;
  }
  void mark_key() noexcept { key = at; }
  void mark_value() noexcept { value = at; }
  void mark_headers() noexcept { headers = at; }
};

// A record that lies across pieces: nothing of it is kept.
struct RecordScanner::Streaming {
  RecordScanner& scanner;
  uint64_t record_left;

  uint64_t left() const noexcept { return record_left; }
  bool byte(uint8_t& out, RecordFault& fault) {
    if (record_left == 0) {
      fault = RecordFault::bad_length;
      return false;
    }
    if (scanner.at_ == scanner.end_ && !scanner.refill()) {
      fault = scanner.fault_;
      return false;
    }
    out = static_cast<uint8_t>(*scanner.at_++);
    --record_left;
    return true;
  }
  bool skip(uint64_t size, RecordFault& fault) {
    if (size > record_left) {
      fault = RecordFault::bad_length;
      return false;
    }
    record_left -= size;
    while (size > 0) {
      if (scanner.at_ == scanner.end_ && !scanner.refill()) {
        fault = scanner.fault_;
        return false;
      }
      const uint64_t step = std::min(size, static_cast<uint64_t>(scanner.end_ - scanner.at_));
      scanner.at_ += step;
      size -= step;
    }
    return true;
  }
  void mark_key() noexcept {}
  void mark_value() noexcept {}
  void mark_headers() noexcept {}
};

RecordFault RecordScanner::start(const BatchView& batch, compress::Decompressor* decompressor,
                                 const compress::Limits& limits) {
  decompressor_ = decompressor;
  at_ = end_ = nullptr;
  more_ = false;
  fault_ = RecordFault::none;
  index_ = 0;
  bytes_ = 0;
  count_ = batch.record_count();
  const auto codec = batch.codec();
  if (count_ < 0) return fault_ = RecordFault::bad_count;
  if (!codec) return fault_ = RecordFault::bad_codec;
  if (*codec == compress::Codec::none) {
    at_ = batch.payload().data();
    end_ = at_ + batch.payload().size();
    if (count_ == 0) finish();
    return fault_;
  }
  if (count_ == 0) return fault_;  // nothing to unfold
  ASSERT(decompressor != nullptr);
  if (Status started = decompressor->start(*codec, batch.payload(), limits); !started)
    return fault_ = fault_of(started.failure());
  more_ = true;
  return fault_;
}

// Gets the next piece. False at the end (fault cut) or a failure.
bool RecordScanner::refill() {
  if (more_) {
    auto piece = decompressor_->next();
    if (!piece) {
      fault_ = fault_of(piece.failure());
      more_ = false;
      return false;
    }
    at_ = piece->data();
    end_ = at_ + piece->size();
    if (!piece->empty()) return true;
    more_ = false;
  }
  fault_ = RecordFault::cut;
  return false;
}

// Behind the last record: nothing may follow, and the compressed stream must end well.
bool RecordScanner::finish() {
  if (at_ == end_ && more_ && !refill() && fault_ == RecordFault::cut) fault_ = RecordFault::none;
  if (at_ != end_) fault_ = RecordFault::bytes_left_over;
  count_ = index_;
  return false;
}

template <typename Source>
inline bool RecordScanner::parse(Source& source, RecordFacts& facts) {
  uint8_t attributes = 0;
  if (!source.byte(attributes, fault_)) return false;
  facts.attributes = static_cast<int8_t>(attributes);
  if (!get_signed(source, facts.timestamp_delta, fault_) || !get_signed(source, facts.offset_delta, fault_))
    return false;

  const auto sized = [&](int32_t& size, int32_t least) {
    if (!get_signed(source, size, fault_)) return false;
    if (size >= least) return true;
    fault_ = RecordFault::bad_length;
    return false;
  };
  const auto skip = [&](int32_t size) { return size <= 0 || source.skip(static_cast<uint64_t>(size), fault_); };

  if (!sized(facts.key_size, -1)) return false;
  source.mark_key();
  if (!skip(facts.key_size) || !sized(facts.value_size, -1)) return false;
  source.mark_value();
  if (!skip(facts.value_size) || !get_signed(source, facts.header_count, fault_)) return false;
  if (facts.header_count < 0 || static_cast<uint64_t>(facts.header_count) > source.left() / header_bytes_min) {
    fault_ = RecordFault::bad_header_count;
    return false;
  }
  source.mark_headers();
  for (int32_t i = 0; i < facts.header_count; ++i) {
    int32_t size = 0;
    if (!sized(size, 0) || !skip(size) || !sized(size, -1) || !skip(size)) return false;
  }
  if (source.left() == 0) return true;
  fault_ = RecordFault::length_mismatch;
  return false;
}

// The general case: length or record lie across pieces.
bool RecordScanner::next_streaming(RecordFacts& facts) {
  Streaming prefix{*this, varint32_size_max};
  int32_t length = 0;
  if (!get_signed(prefix, length, fault_)) return false;
  if (length < 0 || length > record_length_max) {
    fault_ = RecordFault::bad_length;
    return false;
  }
  Streaming source{*this, static_cast<uint64_t>(length)};
  if (!parse(source, facts)) return false;
  facts.size = static_cast<int32_t>(varint32_size_max - prefix.record_left) + length;
  return true;
}

bool RecordScanner::next(RecordFacts& facts) {
  if (fault_ != RecordFault::none || index_ == count_) return false;
  const auto available = static_cast<size_t>(end_ - at_);
  InPlace prefix{at_, at_ + std::min(available, varint32_size_max)};
  int32_t length = 0;
  RecordFault prefix_fault = RecordFault::none;
  const bool prefixed = get_signed(prefix, length, prefix_fault);
  const auto prefix_size = static_cast<size_t>(prefix.at - at_);
  if (prefixed && length >= 0 && static_cast<size_t>(length) <= available - prefix_size) {
    InPlace source{prefix.at, prefix.at + length};
    if (!parse(source, facts)) return false;
    facts.size = static_cast<int32_t>(prefix_size) + length;
    at_ = source.end;
  } else if (!next_streaming(facts)) {
    return false;
  }
  bytes_ += static_cast<uint64_t>(facts.size);
  if (++index_ == count_) {
    finish();
    // A fault behind the last record is a fault of the batch: the record itself is not handed out.
    if (fault_ != RecordFault::none) return false;
  }
  return true;
}

BatchFacts validate_records(const BatchView& batch, compress::Decompressor* decompressor,
                            const compress::Limits& limits) {
  BatchFacts facts;
  RecordScanner scanner;
  facts.fault = scanner.start(batch, decompressor, limits);
  const bool append_time = batch.timestamp_type() == TimestampType::log_append_time;
  const WallMillis base = batch.base_timestamp();
  RecordFacts record;
  while (scanner.next(record)) {
    const WallMillis timestamp =
        append_time ? batch.max_timestamp() : BatchView::wrapping_add(base, record.timestamp_delta);
    if (timestamp > facts.max_timestamp) {
      facts.max_timestamp = timestamp;
      facts.max_timestamp_offset_delta = record.offset_delta;
    }
    facts.offsets_consecutive = facts.offsets_consecutive && record.offset_delta == facts.records;
    facts.all_keys_present = facts.all_keys_present && record.key_size >= 0;
    ++facts.records;
  }
  facts.fault = scanner.fault();
  facts.uncompressed_bytes = scanner.bytes();
  return facts;
}

bool RecordHeaders::next(std::span<const std::byte>& rest, RecordHeader& header) noexcept {
  if (rest.empty()) return false;
  const auto take = [&](uint32_t& number) {
    const size_t size = get_varint32(rest, number);
    rest = rest.subspan(size);
    return size > 0;
  };
  const auto slice = [&](size_t size) {
    const auto part = rest.first(size);
    rest = rest.subspan(size);
    return part;
  };
  uint32_t number = 0;
  if (!take(number)) return false;
  const int32_t key_size = unzigzag(number);
  if (key_size < 0 || static_cast<size_t>(key_size) > rest.size()) return false;
  header.key = as_text(slice(static_cast<size_t>(key_size)));
  if (!take(number)) return false;
  const int32_t value_size = unzigzag(number);
  if (value_size < 0) {
    header.value.reset();
    return true;
  }
  if (static_cast<size_t>(value_size) > rest.size()) return false;
  header.value = slice(static_cast<size_t>(value_size));
  return true;
}

std::vector<RecordHeader> RecordHeaders::list() const {
  std::vector<RecordHeader> headers;
  headers.reserve(static_cast<size_t>(count_));
  auto rest = bytes_;
  for (RecordHeader header; next(rest, header);) headers.push_back(header);
  return headers;
}

RecordFault RecordIterator::start(const BatchView& batch, const compress::Limits& limits) {
  base_offset_ = batch.base_offset();
  base_timestamp_ = batch.base_timestamp();
  append_time_.reset();
  if (batch.timestamp_type() == TimestampType::log_append_time) append_time_ = batch.max_timestamp();
  if (room_.capacity() > room_kept_bytes_max) room_ = {};
  return scanner_.start(batch, &decompressor_, limits);
}

// The next record's body in one piece: where it lies, or gathered in room_ as its bytes arrive.
bool RecordIterator::take_record(std::span<const std::byte>& body, int32_t& size) {
  RecordScanner& scanner = scanner_;
  RecordScanner::Streaming prefix{scanner, varint32_size_max};
  int32_t length = 0;
  if (!get_signed(prefix, length, scanner.fault_)) return false;
  if (length < 0 || length > record_length_max) {
    scanner.fault_ = RecordFault::bad_length;
    return false;
  }
  size = static_cast<int32_t>(varint32_size_max - prefix.record_left) + length;
  auto left = static_cast<size_t>(length);
  if (left <= static_cast<size_t>(scanner.end_ - scanner.at_)) {
    body = {scanner.at_, left};
    scanner.at_ += left;
    return true;
  }
  room_.clear();
  while (left > 0) {
    if (scanner.at_ == scanner.end_ && !scanner.refill()) return false;
    const size_t step = std::min(left, static_cast<size_t>(scanner.end_ - scanner.at_));
    room_.insert(room_.end(), scanner.at_, scanner.at_ + step);
    scanner.at_ += step;
    left -= step;
  }
  body = room_;
  return true;
}

bool RecordIterator::next(RecordView& record) {
  RecordScanner& scanner = scanner_;
  if (scanner.fault_ != RecordFault::none) return false;
  if (scanner.index_ == scanner.count_) {
    if (scanner.count_ > 0) scanner.finish();
    return false;
  }
  std::span<const std::byte> body;
  if (!take_record(body, record.facts.size)) return false;
  RecordScanner::InPlace source{body.data(), body.data() + body.size()};
  if (!scanner.parse(source, record.facts)) return false;
  scanner.bytes_ += static_cast<uint64_t>(record.facts.size);
  ++scanner.index_;

  const RecordFacts& facts = record.facts;
  const auto view = [](const std::byte* at, int32_t size) {
    return size < 0 ? std::nullopt : std::optional(std::span<const std::byte>(at, static_cast<size_t>(size)));
  };
  record.offset = BatchView::wrapping_add(base_offset_, facts.offset_delta);
  record.timestamp = append_time_ ? *append_time_ : BatchView::wrapping_add(base_timestamp_, facts.timestamp_delta);
  record.key = view(source.key, facts.key_size);
  record.value = view(source.value, facts.value_size);
  record.headers = RecordHeaders({source.headers, source.end}, facts.header_count);
  return true;
}

}  // namespace moldau::wire
