// BatchBuilder makes v2 batches: for the metadata log, markers, recompression, the client, tools and tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compress/compress.h"
#include "wire/batch.h"
#include "wire/batch_records.h"

namespace moldau::wire {

/// The header of the batch to build.
struct BatchOptions {
  compress::Codec codec = compress::Codec::none;
  std::optional<int> level;  ///< of the codec; its default if absent
  Offset base_offset = 0;
  Epoch leader_epoch = no_epoch;
  ProducerId producer_id = no_producer_id;
  int16_t producer_epoch = no_producer_epoch;
  int32_t base_sequence = no_sequence;
  bool transactional = false;
  bool control = false;
  /// Set: timestamp type LogAppendTime with this as the batch's maximum timestamp.
  std::optional<WallMillis> append_time;
  /// Set: the batch carries a delete horizon in place of its base timestamp.
  std::optional<WallMillis> delete_horizon;
  /// Set: the header's maximum timestamp, in place of that of the records: compaction keeps that of the original batch.
  std::optional<WallMillis> max_timestamp;
};

/// One record to add; views are copied.
struct NewRecord {
  WallMillis timestamp = 0;
  std::optional<std::span<const std::byte>> key;
  std::optional<std::span<const std::byte>> value;
  std::span<const RecordHeader> headers;
};

/// Builds one batch after the other in reused memory.
class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchOptions& options = {}) { reset(options); }

  /// Forgets all records and begins a batch with `options`.
  void reset(const BatchOptions& options);
  /// Adds a record with the next offset delta.
  void add(const NewRecord& record) { add_at(next_offset_delta_, record); }
  /// Adds a record with an offset delta of the caller's: compaction keeps gaps. REQUIRES: deltas ascend, unless a test
  /// lies.
  void add_at(int32_t offset_delta, const NewRecord& record);
  /// Adds a copy of `record` with the next offset delta.
  void add_copy(const RecordView& record) { add_copy_at(next_offset_delta_, record); }
  /// Adds a copy of `record` with an offset delta of the caller's.
  void add_copy_at(int32_t offset_delta, const RecordView& record);
  /// Text key and value.
  void add(WallMillis timestamp, std::optional<std::string_view> key, std::optional<std::string_view> value);

  int32_t count() const noexcept { return count_; }
  /// Bytes of the batch were it finished now without compression.
  size_t uncompressed_size() const noexcept { return batch_header_bytes + records_.size(); }
  WallMillis max_timestamp() const noexcept { return max_timestamp_; }

  /// The finished batch with its crc; valid until the next call of reset() or finish(). The batch stays open for more
  /// records. Fails only as Compressor::compress does.
  Result<std::span<std::byte>> finish();
  /// As finish(), with the header's last offset delta given: compaction keeps that of the original batch.
  Result<std::span<std::byte>> finish(int32_t last_offset_delta);

 private:
  struct Content {
    WallMillis timestamp;
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
    int8_t attributes;
  };
  template <typename Headers>
  void append_record(int32_t offset_delta, const Content& content, size_t headers_size, int32_t header_count,
                     Headers&& write_headers);
  std::byte* grow(size_t size);

  BatchOptions options_;
  std::vector<std::byte> records_;
  std::vector<std::byte> batch_;
  compress::Compressor compressor_;
  int32_t count_ = 0;
  int32_t next_offset_delta_ = 0;
  WallMillis base_timestamp_ = no_timestamp;
  WallMillis max_timestamp_ = no_timestamp;
};

}  // namespace moldau::wire
