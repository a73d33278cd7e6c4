// Admission: may this produce of one partition enter the log, and as which bytes? Step 4 of the straight line, called
// by the partition's shard for every produced batch before offsets are assigned. Pure: the clock's reading, the
// configuration and working memory come in; an admitted batch, or Kafka's error for it, comes out.
//
// Invariants: every record of an admitted batch has been checked, its crc is right, its offset deltas are 0..n-1 and
// its header's maximum timestamp is true. The bytes that arrived are the bytes admitted, but for: timestamp type and
// maximum timestamp where they differ from the topic's (patched in place), and recompression (new bytes in the
// workspace). No allocation per record unless records are refused.
//
// The checks, in order, each with what it answers (as Kafka 4.3):
//   request    no batch; magic below 2; a second batch -> INVALID_RECORD; zstd before Produce 7 ->
//   UNSUPPORTED_COMPRESSION_TYPE;
//              a length no batch can have, magic above 2 -> CORRUPT_MESSAGE
//   batch      base offset not 0 -> INVALID_RECORD; larger than max.message.bytes -> MESSAGE_TOO_LARGE; crc ->
//   CORRUPT_MESSAGE;
//              offset range, record count, control bit, sequence -> INVALID_RECORD
//   records    structure, offset deltas, a cap on what they unfold to -> INVALID_RECORD; damaged compression or an
//   unknown codec
//              -> UNKNOWN_SERVER_ERROR; no key in a compacted topic -> INVALID_RECORD, timestamp out of bounds ->
//              INVALID_TIMESTAMP, both with a message per record
//   result     recompressed beyond max.message.bytes -> MESSAGE_TOO_LARGE; beyond segment.bytes ->
//   RECORD_LIST_TOO_LARGE
//
// Stricter than Kafka, which stores them: wrong offset deltas in an uncompressed batch, lengths below -1, varints that
// overflow their type, record lengths that a compressed record contradicts, bytes behind an lz4 frame or a snappy
// stream.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "compress/compress.h"
#include "wire/batch.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"
#include "wire/error_code.h"

namespace moldau::log {

/// Who appends: a client's produce is checked in full; a coordinator of this broker may write control batches and any
/// sequence.
enum class AppendOrigin : uint8_t { client, coordinator };

/// The part of a topic's configuration that admission obeys.
struct AdmissionConfig {
  int32_t message_bytes_max = 1'048'588;                                  ///< max.message.bytes
  int32_t segment_bytes_max = 1 << 30;                                    ///< segment.bytes
  wire::TimestampType timestamp_type = wire::TimestampType::create_time;  ///< message.timestamp.type
  int64_t timestamp_before_ms_max = INT64_MAX;                            ///< message.timestamp.before.max.ms
  int64_t timestamp_after_ms_max = 3'600'000;                             ///< message.timestamp.after.max.ms
  bool compacted = false;                       ///< cleanup.policy has "compact": records need keys
  std::optional<compress::Codec> target_codec;  ///< compression.type; absent: as the producer sent it
  std::optional<int> target_level;              ///< compression.<codec>.level; absent: the codec's default
  /// Most bytes a compressed batch may unfold to; 0 means max(16 x message_bytes_max, 64 MiB). Over it: INVALID_RECORD.
  uint64_t uncompressed_bytes_max = 0;
  /// Largest zstd window, as a power of two. Kafka's readers take 27, so producers at level 20 and above work.
  int zstd_window_log_max = compress::zstd_window_log_kafka;

  compress::Limits limits() const noexcept {
    const uint64_t cap =
        uncompressed_bytes_max != 0
            ? uncompressed_bytes_max
            : std::max(uint64_t{16} * static_cast<uint64_t>(std::max(message_bytes_max, 0)), uint64_t{64} << 20);
    return {cap, zstd_window_log_max};
  }
};

/// What one partition of a produce request brings.
struct AdmissionInput {
  std::span<std::byte> records;      ///< the records field, in the frame
  std::string_view topic_partition;  ///< "orders-3", for messages
  int16_t produce_version = 13;      ///< of the request
  WallMillis now = 0;
  AppendOrigin origin = AppendOrigin::client;
};

/// Working memory of admission, one per shard.
struct AdmissionWorkspace {
  compress::Decompressor decompressor;
  wire::RecordIterator iterator;
  wire::BatchBuilder builder;
};

/// A batch that may be appended once its producer state agrees and offset and leader epoch are patched in.
struct AdmittedBatch {
  std::span<std::byte> bytes;  ///< the whole batch: in the frame, or in the workspace until its next use
  bool in_workspace = false;
  compress::Codec codec = compress::Codec::none;
  int32_t record_count = 0;
  int32_t last_offset_delta = 0;
  WallMillis max_timestamp = no_timestamp;
  int32_t max_timestamp_offset_delta =
      -1;  ///< of the first record with max_timestamp; with append time, of the last record
  WallMillis log_append_time = no_timestamp;  ///< for the response; no_timestamp with create time
  ProducerId producer_id = no_producer_id;
  int16_t producer_epoch = wire::no_producer_epoch;
  int32_t base_sequence = wire::no_sequence;
  int32_t last_sequence = wire::no_sequence;
  bool transactional = false;
  uint64_t uncompressed_bytes = 0;  ///< of the records, without the header
};

/// Most record errors that one refusal lists; the message counts them all.
inline constexpr size_t record_errors_max = 4096;

/// One entry of a produce response's record_errors.
struct RecordError {
  int32_t batch_index = 0;  ///< of the record within its batch
  std::string message;
};

/// Kafka's answer to what may not enter.
struct Refusal {
  wire::ErrorCode error{};
  std::optional<std::string> message;  ///< the response's error_message; null if absent
  std::vector<RecordError> record_errors;
  /// Whether the response names the partition's log start offset (else -1).
  bool names_log_start_offset = false;
  std::string detail;  ///< for the operator's trace; not sent
};

using Admission = std::expected<AdmittedBatch, Refusal>;

/// Decides on one produce. May patch `input.records` in place (timestamp type, maximum timestamp, crc).
Admission admit(const AdmissionInput& input, const AdmissionConfig& config, AdmissionWorkspace& workspace);

}  // namespace moldau::log
