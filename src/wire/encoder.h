// Encoder: writes the protocol's primitives into one growing Block. Records that are not in memory leave a cut: the
// place, between two bytes of the result, where the connection sends a part of a file. The first error sticks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/uuid.h"
#include "base/varint.h"
#include "wire/records.h"

namespace moldau::wire {

/// Why a message has no form in the asked version.
enum class EncodeStatus : uint8_t {
  ok,
  unsupported_version,  ///< the message has no such version
  unsupported_field,    ///< a field with a value of its own that the version lacks and that may not be dropped
  unexpected_null,      ///< null where the version allows none
  too_long,             ///< text over 32,767 bytes, or a count, length or frame over 2^31 - 1
};

/// Short lower-case name, for diagnostics.
const char* name_of(EncodeStatus status);

/// Where `size` bytes that are not in the encoded bytes belong: before the byte at `position`.
struct Cut {
  size_t position = 0;
  uint32_t external_id = no_external;
  uint32_t size = 0;
};

/// What an Encoder made: bytes, and the places between them where external bytes belong, ascending.
struct Encoded {
  Bytes bytes;
  std::vector<Cut> cuts;
};

class Encoder {
 public:
  static constexpr size_t initial_capacity = 512;

  /// Memory is allocated at the first write; `capacity` is what to start with.
  explicit Encoder(size_t capacity = initial_capacity) : first_capacity_(capacity) {}
  /// Writes into `block` (from a pool, uniquely referenced) and onto the heap when it is full.
  explicit Encoder(BlockRef block);
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool ok() const { return status_ == EncodeStatus::ok; }
  EncodeStatus status() const { return status_; }
  /// Name of the field that the error is about; null when ok or when no field is to blame.
  const char* failed_field() const { return failed_field_; }
  void fail(EncodeStatus status, const char* field = nullptr) {
    if (status_ != EncodeStatus::ok) return;
    status_ = status;
    failed_field_ = field;
  }
  /// Bytes written so far, without external ones.
  size_t position() const { return size_; }
  /// Bytes of all cuts so far.
  size_t external_bytes() const { return external_bytes_; }
  /// What was written so far; valid until the next write.
  std::span<const std::byte> view() const { return {data_, size_}; }

  void put_bool(bool value) { put_integer<int8_t>(value ? 1 : 0); }
  void put_int8(int8_t value) { put_integer(value); }
  void put_int16(int16_t value) { put_integer(value); }
  void put_uint16(uint16_t value) { put_integer(value); }
  void put_int32(int32_t value) { put_integer(value); }
  void put_uint32(uint32_t value) { put_integer(value); }
  void put_int64(int64_t value) { put_integer(value); }
  void put_float64(double value);
  void put_uuid(const Uuid& id) { put_raw({reinterpret_cast<const std::byte*>(id.bytes.data()), id.bytes.size()}); }
  void put_varint(uint32_t value) { size_ += moldau::put_varint(claim(varint32_size_max), value); }
  void put_raw(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(claim(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  void put_string(bool compact, std::string_view text, const char* field = nullptr);
  void put_null_string(bool compact);
  void put_bytes(bool compact, std::span<const std::byte> bytes, const char* field = nullptr);
  void put_null_bytes(bool compact) { put_null_count(compact); }
  void put_records(bool compact, const Records& records, const char* field = nullptr);
  void put_count(bool compact, size_t count, const char* field = nullptr);
  void put_null_count(bool compact);

  /// Starts a tagged field: writes the tag. What is written until end_tagged() is its value.
  size_t begin_tagged(uint32_t tag);
  /// Ends the field that begin_tagged() returned `start` for: puts its size before it.
  void end_tagged(size_t start);

  /// Overwrites four bytes at `position`. REQUIRES: they were written.
  void patch_int32(size_t position, int32_t value);
  /// Cuts back to `position`, forgetting bytes, cuts and errors after it. REQUIRES: position <= position().
  void rewind(size_t position);

  /// The result; the encoder is empty afterwards.
  Encoded take();

 private:
  template <std::integral T>
  void put_integer(T value) {
    store_big_endian(claim(sizeof(T)), value);
    size_ += sizeof(T);
  }
  /// Room for `size` more bytes behind those written.
  std::byte* claim(size_t size) {
    if (size > capacity_ - size_) [[unlikely]]
      grow(size);
    return data_ + size_;
  }
  void grow(size_t size);

  BlockRef block_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t first_capacity_ = initial_capacity;
  size_t external_bytes_ = 0;
  std::vector<Cut> cuts_;
  EncodeStatus status_ = EncodeStatus::ok;
  const char* failed_field_ = nullptr;
};

}  // namespace moldau::wire
