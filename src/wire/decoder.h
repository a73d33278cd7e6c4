// Decoder: reads the protocol's primitives from untrusted bytes. The first error sticks: every later read yields zero
// or nothing, so callers check once at the end. Counts and lengths are compared with the bytes that remain before
// anything is reserved for them. What it returns are views into the bytes it was given (but for repaired text).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/endian.h"
#include "base/uuid.h"
#include "wire/records.h"

namespace moldau {
class Arena;
}

namespace moldau::wire {

/// Why bytes are no message of the asked version.
enum class DecodeStatus : uint8_t {
  ok,
  truncated,            ///< a value, length or count goes beyond the end
  bad_length,           ///< a length that the type forbids
  unexpected_null,      ///< null where the version allows none
  bad_varint,           ///< longer than five bytes or more than 32 bits
  bad_utf8,             ///< text that is not UTF-8, where it is not to be repaired
  bad_tags,             ///< tagged fields out of order, repeated, too many, or of the wrong size
  too_many_elements,    ///< more array elements than memory is granted for
  unsupported_version,  ///< the message has no such version
  unknown_type,         ///< a record or API that this program does not know
};

/// Short lower-case name, for diagnostics.
const char* name_of(DecodeStatus status);

/// Longest text of the protocol, in bytes.
inline constexpr size_t string_bytes_max = 32767;
/// Most tagged fields of one struct.
inline constexpr uint32_t tagged_fields_max = 128;
/// Elements an array reserves space for at once; beyond that it grows as they are decoded.
inline constexpr size_t reserved_elements_max = 1024;
/// Memory that the elements of all arrays of one decoded message may take.
inline constexpr size_t element_bytes_max = size_t{256} << 20;

class Decoder {
 public:
  /// `repairs`: where text that is not UTF-8 goes with U+FFFD for what is wrong (see repaired_utf8), in an arena that
  /// is made for it and must outlive what is decoded; as Kafka reads requests. Null: such text is an error.
  explicit Decoder(std::span<const std::byte> bytes, std::shared_ptr<Arena>* repairs = nullptr)
      : start_(bytes.data()), next_(start_), end_(start_ + bytes.size()), repairs_(repairs) {}

  bool ok() const { return status_ == DecodeStatus::ok; }
  DecodeStatus status() const { return status_; }
  /// Bytes not read yet; 0 after an error.
  size_t remaining() const { return static_cast<size_t>(end_ - next_); }
  /// Bytes read so far.
  size_t position() const { return static_cast<size_t>(next_ - start_); }
  /// Records the first error and makes everything after it read as nothing.
  void fail(DecodeStatus status) {
    if (status_ == DecodeStatus::ok) status_ = status;
    end_ = next_;
  }

  bool read_bool() { return read_integer<int8_t>() != 0; }
  int8_t read_int8() { return read_integer<int8_t>(); }
  int16_t read_int16() { return read_integer<int16_t>(); }
  uint16_t read_uint16() { return read_integer<uint16_t>(); }
  int32_t read_int32() { return read_integer<int32_t>(); }
  uint32_t read_uint32() { return read_integer<uint32_t>(); }
  int64_t read_int64() { return read_integer<int64_t>(); }
  double read_float64();
  Uuid read_uuid();
  /// An unsigned varint of at most 32 bits.
  uint32_t read_varint();
  /// The next `size` bytes.
  std::span<const std::byte> read_raw(size_t size);

  /// Text with a length before it (a varint when `compact`, else 16 bits). Returns false for null, and after an error.
  bool read_string(bool compact, std::string_view& into);
  /// Bytes with a length before them (a varint when `compact`, else 32 bits). Returns false for null, and after an
  /// error.
  bool read_bytes(bool compact, std::span<const std::byte>& into);
  /// The count of an array whose elements take at least `element_size_min` bytes here and `element_memory` bytes in
  /// memory. Returns false for null, and after an error.
  bool read_count(bool compact, size_t element_size_min, size_t element_memory, size_t& into);
  /// Whether a nullable struct follows.
  bool read_presence() { return read_int8() >= 0 && ok(); }
  /// Fails because null stands where the version allows none.
  void fail_null() { fail(DecodeStatus::unexpected_null); }

  /// Reads over all tagged fields of a struct of which none is known.
  void skip_tagged_fields();

  /// One pass over the tagged fields of a struct: `next` yields each tag once, ascending; the caller reads exactly the
  /// field's bytes between `next` and `finish`, or `skip`s them.
  class TaggedFields {
   public:
    explicit TaggedFields(Decoder& decoder);
    bool next(uint32_t& tag);
    void finish();
    void skip();

   private:
    Decoder& decoder_;
    uint32_t left_ = 0;
    int64_t previous_ = -1;
    const std::byte* outer_end_ = nullptr;
  };

 private:
  template <std::integral T>
  T read_integer() {
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail(DecodeStatus::truncated);
      return 0;
    }
    const T value = load_big_endian<T>(next_);
    next_ += sizeof(T);
    return value;
  }
  bool read_length(bool compact, int64_t fixed_length, size_t& into);

  const std::byte* start_;
  const std::byte* next_;
  const std::byte* end_;
  std::shared_ptr<Arena>* repairs_;
  size_t elements_left_ = element_bytes_max;
  DecodeStatus status_ = DecodeStatus::ok;
};

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// `text` as Java decodes it: each longest beginning of a character that does not become one is one U+FFFD, and so is a
/// surrogate. At most three bytes for each byte.
std::string_view repaired_utf8(std::string_view text, Arena& arena);

}  // namespace moldau::wire
