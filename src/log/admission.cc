#include "log/admission.h"

#include <fmt/core.h>

#include <utility>

namespace moldau::log {
namespace {

using wire::BatchFault;
using wire::BatchView;
using wire::ErrorCode;
using wire::RecordFault;
using wire::TimestampType;

constexpr int16_t zstd_produce_version_min = 7;
constexpr size_t errors_shown_max = 3;

std::unexpected<Refusal> refuse(ErrorCode error, std::string detail, bool names_log_start_offset) {
  Refusal refusal;
  refusal.error = error;
  refusal.names_log_start_offset = names_log_start_offset;
  refusal.detail = std::move(detail);
  return std::unexpected(std::move(refusal));
}

// Before the partition is looked at: the request itself is wrong.
std::unexpected<Refusal> refuse_request(ErrorCode error, std::string detail) {
  return refuse(error, std::move(detail), false);
}

// The partition refuses, and its answer names its log start offset.
std::unexpected<Refusal> refuse_batch(ErrorCode error, std::string detail) {
  return refuse(error, std::move(detail), true);
}

// Whether a batch follows in `rest`: nothing for an end, which whatever does not make up a whole batch is too.
std::expected<std::optional<size_t>, BatchFault> next_batch_size(std::span<const std::byte> rest) {
  const auto size = wire::batch_size(rest);
  if (size) return *size <= rest.size() ? std::optional(*size) : std::nullopt;
  if (size.error() == BatchFault::incomplete) return std::nullopt;
  return std::unexpected(size.error());
}

// Only for the first batch does the peer say what is wrong.
std::unexpected<Refusal> refuse_first(BatchFault fault, std::span<const std::byte> bytes) {
  auto refused = refuse_request(ErrorCode::corrupt_message, wire::name_of(fault));
  refused.error().message =
      fault == BatchFault::bad_length
          ? fmt::format("Record size {} is less than the minimum record overhead ({})",
                        load_big_endian<int32_t>(bytes.data() + 8), wire::batch_length_min_any_magic)
          : fmt::format("Invalid magic found in record: {}", static_cast<int8_t>(bytes[16]));
  return refused;
}

using BatchBytes = std::expected<std::span<std::byte>, Refusal>;

// What ProduceRequest allows: exactly one batch, of magic 2, of a codec that the version knows.
BatchBytes take_batch(const AdmissionInput& input) {
  const auto size = next_batch_size(input.records);
  if (!size) return refuse_first(size.error(), input.records);
  if (!size->has_value()) return refuse_request(ErrorCode::invalid_record, "no record batch");
  const auto bytes = input.records.first(**size);
  if (static_cast<int8_t>(bytes[16]) != 2) return refuse_request(ErrorCode::invalid_record, "magic below 2");
  const int attributes = load_big_endian<int16_t>(bytes.data() + 21);
  if (input.produce_version < zstd_produce_version_min && compress::codec_of(attributes) == compress::Codec::zstd) {
    return refuse_request(ErrorCode::unsupported_compression_type, "zstd before Produce 7");
  }
  const auto second = next_batch_size(input.records.subspan(bytes.size()));
  if (!second) return refuse_request(ErrorCode::corrupt_message, wire::name_of(second.error()));
  if (second->has_value()) return refuse_request(ErrorCode::invalid_record, "more than one record batch");
  return bytes;
}

// What the log checks before it looks at the header's sense: size and checksum.
std::expected<BatchView, Refusal> open_batch(const AdmissionInput& input, std::span<const std::byte> bytes,
                                             const AdmissionConfig& config) {
  if (input.origin == AppendOrigin::client && load_big_endian<int64_t>(bytes.data()) != 0) {
    return refuse_batch(ErrorCode::invalid_record, "base offset is not 0");
  }
  if (bytes.size() > static_cast<size_t>(std::max(config.message_bytes_max, 0))) {
    return refuse_request(ErrorCode::message_too_large, "larger than max.message.bytes");
  }
  const auto batch = BatchView::parse_checked(bytes);
  if (!batch) return refuse_request(ErrorCode::corrupt_message, wire::name_of(batch.error()));
  return *batch;
}

// The header's sense. Nothing when it is sound.
std::optional<Refusal> check_header(const AdmissionInput& input, const BatchView& batch) {
  const auto invalid = [](std::string detail) {
    return refuse_batch(ErrorCode::invalid_record, std::move(detail)).error();
  };
  if (!batch.codec()) return refuse_batch(ErrorCode::unknown_server_error, "unknown compression type").error();
  if (input.origin == AppendOrigin::coordinator) return std::nullopt;
  const int64_t span = int64_t{batch.last_offset_delta()} + 1;
  if (span <= 0) return invalid("invalid offset range");
  if (batch.record_count() <= 0) return invalid("invalid record count");
  if (span != batch.record_count()) return invalid("offset range and record count differ");
  if (batch.is_control()) return invalid("control batch from a client");
  if (batch.has_producer_id() && batch.base_sequence() < 0) return invalid("producer id without sequence");
  return std::nullopt;
}

// The errors of single records, gathered while the walk goes on.
class RecordErrors {
 public:
  void add(ErrorCode error, int32_t index, std::string message) {
    ++count_;
    timestamps_ = timestamps_ || error == ErrorCode::invalid_timestamp;
    if (list_.size() < record_errors_max) list_.push_back({index, std::move(message)});
  }
  bool empty() const { return count_ == 0; }

  Refusal take() {
    Refusal refusal;
    refusal.names_log_start_offset = true;
    if (timestamps_) {
      refusal.error = ErrorCode::invalid_timestamp;
      refusal.message = "One or more records have been rejected due to invalid timestamp";
    } else {
      refusal.error = ErrorCode::invalid_record;
      std::string shown;
      for (size_t i = 0; i < std::min(list_.size(), errors_shown_max); ++i) {
        shown += fmt::format("{}RecordError(batchIndex={}, message={})", i == 0 ? "" : ", ", list_[i].batch_index,
                             list_[i].message.empty() ? "null" : "'" + list_[i].message + "'");
      }
      refusal.message = fmt::format(
          "One or more records have been rejected due to {} record errors in total, and only showing the first three "
          "errors at "
          "most: [{}]",
          count_, shown);
    }
    refusal.detail = *refusal.message;
    refusal.record_errors = std::move(list_);
    return refusal;
  }

 private:
  std::vector<RecordError> list_;
  size_t count_ = 0;
  bool timestamps_ = false;
};

// As the peer computes: differences wrap.
bool timestamp_out_of_bounds(WallMillis timestamp, WallMillis now, const AdmissionConfig& config) {
  const auto age = static_cast<int64_t>(static_cast<uint64_t>(now) - static_cast<uint64_t>(timestamp));
  const auto ahead = static_cast<int64_t>(-static_cast<uint64_t>(age));
  return age > config.timestamp_before_ms_max || ahead > config.timestamp_after_ms_max;
}

// Walks over the records of one batch: all must be sound, and each obey the topic's configuration.
class RecordCheck {
 public:
  RecordCheck(const AdmissionInput& input, const AdmissionConfig& config, const BatchView& batch)
      : input_(input), config_(config), batch_(batch) {
    facts_.max_timestamp = no_timestamp;
  }

  /// The fault, if the records are not sound; their errors are in errors().
  RecordFault run(compress::Decompressor& decompressor) {
    const bool append_time = batch_.timestamp_type() == TimestampType::log_append_time;
    wire::RecordScanner scanner;
    wire::RecordFacts record;
    if (scanner.start(batch_, &decompressor, config_.limits()) != RecordFault::none) return scanner.fault();
    while (scanner.next(record)) {
      const WallMillis timestamp = append_time
                                       ? batch_.max_timestamp()
                                       : BatchView::wrapping_add(batch_.base_timestamp(), record.timestamp_delta);
      check(record, timestamp);
      if (timestamp > facts_.max_timestamp) {
        facts_.max_timestamp = timestamp;
        facts_.max_timestamp_offset_delta = facts_.records;
      }
      facts_.offsets_consecutive = facts_.offsets_consecutive && record.offset_delta == facts_.records;
      ++facts_.records;
    }
    facts_.uncompressed_bytes = scanner.bytes();
    return scanner.fault();
  }

  RecordErrors& errors() { return errors_; }
  const wire::BatchFacts& facts() const { return facts_; }

 private:
  void check(const wire::RecordFacts& record, WallMillis timestamp) {
    if (config_.compacted && record.key_size < 0) {
      errors_.add(ErrorCode::invalid_record, facts_.records,
                  fmt::format("Compacted topic cannot accept message without key in topic partition {}",
                              input_.topic_partition));
    } else if (config_.timestamp_type == TimestampType::create_time && timestamp != no_timestamp) {
      if (timestamp_out_of_bounds(timestamp, input_.now, config_)) refuse_timestamp(record, timestamp);
    } else if (batch_.timestamp_type() == TimestampType::log_append_time) {
      errors_.add(
          ErrorCode::invalid_timestamp, facts_.records,
          fmt::format("Invalid timestamp type in message {}. Producer should not set timestamp type to LogAppendTime.",
                      describe(record, timestamp)));
    }
  }

  void refuse_timestamp(const wire::RecordFacts& record, WallMillis timestamp) {
    const auto from = BatchView::wrapping_add(
        input_.now, static_cast<int64_t>(-static_cast<uint64_t>(config_.timestamp_before_ms_max)));
    errors_.add(
        ErrorCode::invalid_timestamp, facts_.records,
        fmt::format("Timestamp {} of message with offset {} is out of range. The timestamp should be within [{}, {}]",
                    timestamp, BatchView::wrapping_add(batch_.base_offset(), record.offset_delta), from,
                    BatchView::wrapping_add(input_.now, config_.timestamp_after_ms_max)));
  }

  std::string describe(const wire::RecordFacts& record, WallMillis timestamp) const {
    const bool streamed = batch_.codec() != compress::Codec::none;
    return fmt::format("{}(offset={}, timestamp={}, key={} bytes, value={} bytes)",
                       streamed ? "PartialDefaultRecord" : "DefaultRecord",
                       BatchView::wrapping_add(batch_.base_offset(), record.offset_delta), timestamp,
                       streamed ? record.key_size : std::max(record.key_size, 0),
                       streamed ? record.value_size : std::max(record.value_size, 0));
  }

  const AdmissionInput& input_;
  const AdmissionConfig& config_;
  const BatchView& batch_;
  wire::BatchFacts facts_;
  RecordErrors errors_;
};

// What a fault in the records is called on the wire.
ErrorCode error_of(RecordFault fault) {
  return fault == RecordFault::bad_compression ? ErrorCode::unknown_server_error : ErrorCode::invalid_record;
}

// Builds the batch anew, with another codec.
std::expected<std::span<std::byte>, Refusal> rebuild(const AdmissionInput& input, const AdmissionConfig& config,
                                                     const BatchView& batch, compress::Codec codec,
                                                     AdmissionWorkspace& workspace) {
  wire::BatchOptions options;
  options.codec = codec;
  if (config.target_level && compress::level_valid(codec, *config.target_level)) options.level = config.target_level;
  options.producer_id = batch.producer_id();
  options.producer_epoch = batch.producer_epoch();
  options.base_sequence = batch.base_sequence();
  options.transactional = batch.is_transactional();
  options.control = batch.is_control();
  if (config.timestamp_type == TimestampType::log_append_time) options.append_time = input.now;
  workspace.builder.reset(options);
  wire::RecordView record;
  if (const auto fault = workspace.iterator.start(batch, config.limits()); fault != RecordFault::none) {
    return refuse_batch(error_of(fault), wire::name_of(fault));
  }
  const auto room = static_cast<size_t>(std::max(config.message_bytes_max, 0));
  while (workspace.iterator.next(record)) {
    if (codec == compress::Codec::none && workspace.builder.uncompressed_size() > room) break;
    workspace.builder.add_copy(record);
  }
  if (workspace.iterator.fault() != RecordFault::none) {
    return refuse_batch(error_of(workspace.iterator.fault()), wire::name_of(workspace.iterator.fault()));
  }
  auto bytes = workspace.builder.finish();
  if (!bytes || bytes->size() > room) {
    return refuse_request(ErrorCode::message_too_large, "larger than max.message.bytes after recompression");
  }
  return *bytes;
}

AdmittedBatch facts_of(std::span<std::byte> bytes, const BatchView& batch, const wire::BatchFacts& records,
                       const AdmissionConfig& config, WallMillis now) {
  AdmittedBatch admitted;
  admitted.bytes = bytes;
  admitted.codec = *batch.codec();
  admitted.record_count = batch.record_count();
  admitted.last_offset_delta = batch.last_offset_delta();
  admitted.max_timestamp = records.max_timestamp;
  admitted.max_timestamp_offset_delta = records.max_timestamp_offset_delta;
  if (config.timestamp_type == TimestampType::log_append_time) {
    admitted.max_timestamp = now;
    admitted.max_timestamp_offset_delta = batch.last_offset_delta();
    admitted.log_append_time = now;
  }
  admitted.producer_id = batch.producer_id();
  admitted.producer_epoch = batch.producer_epoch();
  admitted.base_sequence = batch.base_sequence();
  admitted.last_sequence = batch.last_sequence();
  admitted.transactional = batch.is_transactional();
  admitted.uncompressed_bytes = records.uncompressed_bytes;
  return admitted;
}

}  // namespace

Admission admit(const AdmissionInput& input, const AdmissionConfig& config, AdmissionWorkspace& workspace) {
  const BatchBytes taken = take_batch(input);
  if (!taken) return std::unexpected(taken.error());
  std::span<std::byte> bytes = *taken;
  const auto opened = open_batch(input, bytes, config);
  if (!opened) return std::unexpected(opened.error());
  const BatchView& batch = *opened;
  if (auto refusal = check_header(input, batch)) return std::unexpected(std::move(*refusal));

  RecordCheck check(input, config, batch);
  if (const RecordFault fault = check.run(workspace.decompressor); fault != RecordFault::none) {
    return refuse_batch(error_of(fault), wire::name_of(fault));
  }
  if (!check.errors().empty()) return std::unexpected(check.errors().take());
  if (!check.facts().offsets_consecutive)
    return refuse_batch(ErrorCode::invalid_record, "the records' offset deltas are not 0, 1, 2 ...");

  // Control batches stay uncompressed unless they came compressed.
  const bool keeps_codec = batch.is_control() && batch.codec() == compress::Codec::none;
  const compress::Codec codec = keeps_codec ? *batch.codec() : config.target_codec.value_or(*batch.codec());
  const bool in_place = codec == *batch.codec();
  if (in_place) {
    const bool append_time = config.timestamp_type == TimestampType::log_append_time;
    wire::set_max_timestamp(bytes, config.timestamp_type, append_time ? input.now : check.facts().max_timestamp);
  } else {
    const auto rebuilt = rebuild(input, config, batch, codec, workspace);
    if (!rebuilt) return std::unexpected(rebuilt.error());
    bytes = *rebuilt;
  }
  if (bytes.size() > static_cast<size_t>(std::max(config.segment_bytes_max, 0))) {
    return refuse_request(ErrorCode::record_list_too_large, "larger than segment.bytes");
  }
  const auto result = BatchView::parse(bytes);
  ASSERT(result.has_value());
  AdmittedBatch admitted = facts_of(bytes, *result, check.facts(), config, input.now);
  admitted.in_workspace = !in_place;
  return admitted;
}

}  // namespace moldau::log
