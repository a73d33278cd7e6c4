// The records inside a v2 batch, one after the other, whatever its codec. RecordScanner checks and measures every
// record and materialises none: uncompressed batches in place, compressed ones through the window of a Decompressor.
// RecordIterator also hands out keys, values and headers as views. Neither allocates per record. Callers:
// log/admission, the reader tools, compaction, the metadata log.
//
// A record: length varint | attributes i8 | timestamp delta varlong | offset delta varint | key | value | header count
// | headers
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/varint.h"
#include "compress/compress.h"
#include "wire/batch.h"

namespace moldau::wire {

/// Why the records of a batch are not sound.
enum class RecordFault : uint8_t {
  none,
  bad_count,         ///< the header's record count is negative
  bad_codec,         ///< the codec number is not assigned
  cut,               ///< the payload ends within a record
  bad_varint,        ///< a varint is longer than its type allows, or overflows it
  bad_length,        ///< a record's, key's, value's or header's length is negative, or leaves the record
  bad_header_count,  ///< a header count is negative or more than the bytes left could hold
  length_mismatch,   ///< a record's content is shorter than its length says
  bytes_left_over,   ///< bytes follow the last record
  bad_compression,   ///< the payload is not a whole, sound stream of its codec
  too_large,         ///< the payload unfolds to more than the cap
  window_too_large,  ///< a zstd frame asks for a larger window than allowed
};

/// Short lower-case description of `fault`.
const char* name_of(RecordFault fault) noexcept;

/// What one record is, without its content.
struct RecordFacts {
  int32_t size = 0;  ///< bytes, with its length prefix
  int8_t attributes = 0;
  int64_t timestamp_delta = 0;  ///< to the batch's base timestamp
  int32_t offset_delta = 0;     ///< to the batch's base offset
  int32_t key_size = -1;        ///< -1: null
  int32_t value_size = -1;      ///< -1: null
  int32_t header_count = 0;
};

/// Walks and checks the records of a batch.
class RecordScanner {
 public:
  /// Begins `batch`, whose bytes must stay valid. `decompressor` is used, and must outlive the walk, when the batch is
  /// compressed; null is allowed when it is not. Returns the fault, if the walk cannot begin.
  RecordFault start(const BatchView& batch, compress::Decompressor* decompressor, const compress::Limits& limits);
  /// Moves to the next record. False at the end (all records of the header's count were sound and nothing follows them)
  /// or at a fault.
  bool next(RecordFacts& facts);
  RecordFault fault() const noexcept { return fault_; }
  /// Records read so far; at a fault, the index of the faulty one.
  int32_t index() const noexcept { return index_; }
  /// Uncompressed bytes of the records read so far.
  uint64_t bytes() const noexcept { return bytes_; }

 private:
  friend class RecordIterator;
  struct InPlace;
  struct Streaming;
  bool refill();
  bool finish();
  bool next_streaming(RecordFacts& facts);
  template <typename Source>
  bool parse(Source& source, RecordFacts& facts);

  compress::Decompressor* decompressor_ = nullptr;
  const std::byte* at_ = nullptr;  // unread part of the current piece
  const std::byte* end_ = nullptr;
  bool more_ = false;  // the decompressor may have another piece
  RecordFault fault_ = RecordFault::none;
  int32_t count_ = 0;
  int32_t index_ = 0;
  uint64_t bytes_ = 0;
};

/// What a walk over all records of a batch found.
struct BatchFacts {
  RecordFault fault = RecordFault::none;
  int32_t records = 0;                      ///< sound records; at a fault, the index of the faulty one
  uint64_t uncompressed_bytes = 0;          ///< of the records, without the header
  WallMillis max_timestamp = no_timestamp;  ///< of a log-append-time batch, that of its header
  int32_t max_timestamp_offset_delta = -1;  ///< of the first record that has it
  bool offsets_consecutive = true;          ///< the records' offset deltas are 0, 1, 2 ...
  bool all_keys_present = true;
};

/// Checks every record of `batch` (RecordScanner) and sums up. No allocation per record.
BatchFacts validate_records(const BatchView& batch, compress::Decompressor* decompressor,
                            const compress::Limits& limits);

/// One header of a record.
struct RecordHeader {
  std::string_view key;
  std::optional<std::span<const std::byte>> value;
};

/// The headers of a record, decoded while walked over.
class RecordHeaders {
 public:
  RecordHeaders() = default;
  /// REQUIRES: `bytes` are `count` headers that a scan found sound.
  RecordHeaders(std::span<const std::byte> bytes, int32_t count) noexcept : bytes_(bytes), count_(count) {}
  int32_t count() const noexcept { return count_; }
  /// The encoded headers, without their count.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// The headers as a list.
  std::vector<RecordHeader> list() const;
  /// Takes the next header off the front of `rest` (start with bytes()). False when there is none.
  static bool next(std::span<const std::byte>& rest, RecordHeader& header) noexcept;

 private:
  std::span<const std::byte> bytes_;
  int32_t count_ = 0;
};

/// A record; its views last until the iterator moves on.
struct RecordView {
  Offset offset = no_offset;
  WallMillis timestamp = no_timestamp;
  RecordFacts facts;
  std::optional<std::span<const std::byte>> key;
  std::optional<std::span<const std::byte>> value;
  RecordHeaders headers;
};

/// Walks the records of one batch after the other (a fault behind the last record shows only after it); keeps a
/// decompressor and room for one record (of a compressed batch) between batches, so keep one per shard.
class RecordIterator {
 public:
  /// Begins `batch`, whose bytes must stay valid. Returns the fault, if the walk cannot begin.
  RecordFault start(const BatchView& batch, const compress::Limits& limits = {});
  /// Moves to the next record. False at the end or at a fault.
  bool next(RecordView& record);
  RecordFault fault() const noexcept { return scanner_.fault(); }
  int32_t index() const noexcept { return scanner_.index(); }

 private:
  /// Room for one record that is kept between batches.
  static constexpr size_t room_kept_bytes_max = size_t{1} << 20;

  bool take_record(std::span<const std::byte>& body, int32_t& size);

  RecordScanner scanner_;
  compress::Decompressor decompressor_;
  std::vector<std::byte> room_;
  Offset base_offset_ = 0;
  WallMillis base_timestamp_ = 0;
  std::optional<WallMillis> append_time_;
};

}  // namespace moldau::wire
