#include "cli/record_printer.h"

#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/output.h"

namespace moldau::cli {
namespace {

/// Output is written in pieces of about this size, or at once when no more records are at hand.
constexpr size_t output_bytes = size_t{256} << 10;

std::optional<std::string_view> text_of(const std::optional<std::span<const std::byte>>& bytes) {
  if (!bytes) return std::nullopt;
  return as_text(*bytes);
}

}  // namespace

Result<PrintOptions> print_options(const Invocation& invocation) {
  PrintOptions options;
  const std::string_view format = invocation.text("format");
  if (format != "json") {
    Result<RecordFormat> compiled = RecordFormat::compile(format);
    if (!compiled.ok())
      return Failure{FailureKind::invalid_argument, "invalid --format: " + compiled.failure().message};
    options.format = std::move(compiled).value();
  }
  options.pretty = invocation.boolean("pretty-print");
  options.meta_only = invocation.boolean("meta-only");
  options.control_records = invocation.boolean("print-control-records");
  options.count_max = invocation.integer("num");
  return options;
}

void RecordPrinter::flush() {
  print(out_);
  out_.clear();
}

bool RecordPrinter::take_record(const wire::RecordView& record, RecordText& text) {
  text.offset = record.offset;
  text.timestamp = record.timestamp;
  text.key = text_of(record.key);
  text.value = text_of(record.value);
  if (!options_.format || options_.format->uses_headers()) {
    headers_.clear();
    std::span<const std::byte> rest = record.headers.bytes();
    wire::RecordHeader header;
    while (wire::RecordHeaders::next(rest, header)) headers_.push_back({header.key, text_of(header.value)});
    text.headers = headers_;
  }
  if (options_.format) {
    options_.format->append(out_, text);
  } else {
    append_record_json(out_, text, options_.pretty, options_.meta_only);
    out_ += '\n';
  }
  if (out_.size() >= output_bytes) flush();
  ++count_;
  return options_.count_max == 0 || count_ < options_.count_max;
}

/// The records of one batch; what is wrong with it, if it is damaged.
std::optional<std::string> RecordPrinter::take_records(const wire::BatchView& batch, const PlannedPartition& planned,
                                                       RecordText& text, bool& more) {
  if (!batch.crc_valid()) {
    return fmt::format("the batch at offset {} is damaged: its checksum is wrong", batch.base_offset());
  }
  text.leader_epoch = batch.leader_epoch();
  text.producer_id = batch.producer_id();
  text.producer_epoch = batch.producer_epoch();
  text.attributes = batch.attributes();
  wire::RecordFault fault = records_.start(batch);
  wire::RecordView record;
  while (fault == wire::RecordFault::none && more && records_.next(record)) {
    if (record.offset < planned.from) continue;
    if (planned.until && record.offset >= *planned.until) break;
    more = take_record(record, text);
    done_ = record.offset + 1;
    done_epoch_ = batch.leader_epoch();
  }
  if (fault == wire::RecordFault::none && more) fault = records_.fault();
  if (fault == wire::RecordFault::none) return std::nullopt;
  return fmt::format("the batch at offset {} is damaged: {}", batch.base_offset(), wire::name_of(fault));
}

Result<bool> RecordPrinter::take(const client::Fetched& fetched, const PlannedPartition& planned) {
  client::AbortedFilter aborted(fetched.aborted);
  bool more = true;
  std::optional<std::string> wrong;
  RecordText text;
  text.topic = fetched.topic;
  text.partition = fetched.partition;
  text.high_watermark = fetched.high_watermark;
  text.last_stable_offset = fetched.last_stable_offset;
  text.log_start_offset = fetched.log_start_offset;
  done_ = fetched.fetch_offset;
  done_epoch_ = no_epoch;
  const auto walk = wire::for_each_batch(fetched.records.view(), [&](const wire::BatchView& batch) {
    const bool skip = aborted.is_aborted(batch) || (batch.is_control() && !options_.control_records);
    if (planned.until && batch.base_offset() >= *planned.until) return false;
    if (!skip && batch.last_offset() >= planned.from) wrong = take_records(batch, planned, text, more);
    if (wrong || !more) return false;
    // Past what a compacted batch has no records of any more, and what is not to be shown.
    const bool all = !planned.until || batch.next_offset() <= *planned.until;
    if (all && batch.next_offset() > done_) done_ = batch.next_offset();
    return true;
  });
  const bool odd = walk.fault != wire::BatchFault::none && walk.fault != wire::BatchFault::incomplete;
  if (!wrong && odd) wrong = fmt::format("behind offset {}: {}", fetched.fetch_offset, wire::name_of(walk.fault));
  if (wrong) {
    return Failure{FailureKind::corrupt,
                   fmt::format("topic {} partition {}: {}", fetched.topic, fetched.partition, *wrong)};
  }
  return more;
}

}  // namespace moldau::cli
