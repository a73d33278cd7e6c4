// topic consume: plans which offsets of which partitions to read, fetches them from all leaders at once and prints the
// records.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <time.h>
#include <unistd.h>

#include <fmt/core.h>

#include "cli/consume_plan.h"
#include "cli/invocation.h"
#include "cli/offsets.h"
#include "cli/output.h"
#include "cli/record_format.h"
#include "cli/session.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/fetcher.h"
#include "wire/batch.h"
#include "wire/batch_records.h"

namespace moldau::cli {
namespace {

/// Output is written in pieces of about this size, or at once when no more records are at hand.
constexpr size_t output_bytes = size_t{256} << 10;

WallMillis wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<WallMillis>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

struct PrintOptions {
  std::optional<RecordFormat> format;  // none: JSON
  bool pretty = true;
  bool meta_only = false;
  bool control_records = false;
  int64_t count_max = 0;  // 0: no end
};

/// Turns fetched batches into printed records.
class Printer {
 public:
  explicit Printer(PrintOptions options) : options_(std::move(options)) {}

  /// Prints the records of `fetched` that lie in [from, until). False when enough were printed.
  Result<bool> take(const client::Fetched& fetched, const PlannedPartition& planned);
  void flush() {
    print(out_);
    out_.clear();
  }

 private:
  bool take_record(const wire::RecordView& record, RecordText& text);

  PrintOptions options_;
  std::string out_;
  wire::RecordIterator records_;
  std::vector<HeaderText> headers_;
  int64_t count_ = 0;
};

std::optional<std::string_view> text_of(const std::optional<std::span<const std::byte>>& bytes) {
  if (!bytes) return std::nullopt;
  return as_text(*bytes);
}

bool Printer::take_record(const wire::RecordView& record, RecordText& text) {
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

Result<bool> Printer::take(const client::Fetched& fetched, const PlannedPartition& planned) {
  client::AbortedFilter aborted(fetched.aborted);
  bool more = true;
  std::string wrong;
  RecordText text;
  text.topic = fetched.topic;
  text.partition = fetched.partition;
  text.high_watermark = fetched.high_watermark;
  text.last_stable_offset = fetched.last_stable_offset;
  text.log_start_offset = fetched.log_start_offset;
  const auto walk = wire::for_each_batch(fetched.records.view(), [&](const wire::BatchView& batch) {
    const bool skip = aborted.is_aborted(batch) || (batch.is_control() && !options_.control_records);
    if (skip || batch.last_offset() < planned.from) return true;
    if (planned.until && batch.base_offset() >= *planned.until) return false;
    if (!batch.crc_valid()) {
      wrong = fmt::format("the batch at offset {} is damaged: its checksum is wrong", batch.base_offset());
      return false;
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
    }
    if (fault == wire::RecordFault::none) fault = records_.fault();
    if (fault != wire::RecordFault::none) {
      wrong = fmt::format("the batch at offset {} is damaged: {}", batch.base_offset(), wire::name_of(fault));
    }
    return more && wrong.empty();
  });
  const bool odd = walk.fault != wire::BatchFault::none && walk.fault != wire::BatchFault::incomplete;
  if (wrong.empty() && odd)
    wrong = fmt::format("behind offset {}: {}", fetched.fetch_offset, wire::name_of(walk.fault));
  if (!wrong.empty()) {
    return Failure{FailureKind::corrupt,
                   fmt::format("topic {} partition {}: {}", fetched.topic, fetched.partition, wrong)};
  }
  return more;
}

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

/// What is asked for and not there yet.
Status check_served(const Invocation& invocation) {
  const char* missing = nullptr;
  if (invocation.given("group")) missing = "-g: consumer groups are not served yet; without -g all partitions are read";
  if (invocation.given("use-schema-registry")) missing = "--use-schema-registry: there is no schema registry yet";
  if (missing != nullptr) return Failure{FailureKind::unsupported, missing};
  return {};
}

/// The log lost records that were to be read: goes on with the first that is left.
Status skip_to_start(Session& session, client::Fetcher& fetcher, const client::Fetched& fetched) {
  std::vector<client::OffsetQuery> queries{{fetched.topic, fetched.partition, client::earliest_offset}};
  const auto answers =
      session.wait(client::list_offsets(session.client(), std::move(queries), client::Isolation::read_uncommitted));
  if (!answers.ok()) return answers.failure();
  const client::OffsetAnswer& start = answers->front();
  const std::string what = fmt::format("topic {} partition {}", fetched.topic, fetched.partition);
  if (start.error != wire::ErrorCode::none) return client::failure_of(start.error, what);
  if (start.offset <= fetched.fetch_offset) return client::failure_of(fetched.error, what);
  fail(
      fmt::format("{}: offsets {} to {} are gone; going on behind them", what, fetched.fetch_offset, start.offset - 1));
  fetcher.seek(fetched.topic, fetched.partition, start.offset);
  return {};
}

int consume(Session& session, const std::vector<PlannedPartition>& plan, const client::FetchOptions& options,
            PrintOptions print_options) {
  client::Fetcher fetcher(session.client(), options);
  for (const PlannedPartition& planned : plan) fetcher.assign(planned.topic, planned.partition, planned.fetch_from);
  Printer printer(std::move(print_options));
  while (fetcher.assigned() > 0) {
    const client::Fetched fetched = session.wait(fetcher.next());
    const auto planned = std::ranges::find_if(plan, [&](const PlannedPartition& one) {
      return one.topic == fetched.topic && one.partition == fetched.partition;
    });
    if (planned == plan.end()) continue;
    if (fetched.error == wire::ErrorCode::offset_out_of_range) {
      const Status skipped = skip_to_start(session, fetcher, fetched);
      if (!skipped.ok()) {
        printer.flush();
        return fail(session.explain(skipped.failure()));
      }
      continue;
    }
    if (fetched.error != wire::ErrorCode::none) {
      printer.flush();
      return fail(session.explain(fetched.failure));
    }
    const Result<bool> more = printer.take(fetched, *planned);
    if (!more.ok() || !*more) {
      printer.flush();
      return more.ok() ? 0 : fail(more.failure());
    }
    if (planned->until && fetched.next_offset >= *planned->until) fetcher.remove(fetched.topic, fetched.partition);
    if (!fetcher.ready()) printer.flush();
  }
  printer.flush();
  return 0;
}

}  // namespace

int topic_consume(const Invocation& invocation) {
  const Status served = check_served(invocation);
  if (!served.ok()) return fail(served.failure());
  Result<PrintOptions> options = print_options(invocation);
  if (!options.ok()) return fail(options.failure());
  const Result<OffsetRange> range = parse_offset_range(invocation.text("offset"), wall_now());
  if (!range.ok()) return fail(range.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());

  Result<std::vector<std::string>> topics = chosen_topics(**session, invocation);
  if (!topics.ok()) return fail(topics.failure());
  if (topics->empty()) return fail("no topic matches");
  client::FetchOptions fetch;
  fetch.isolation =
      invocation.boolean("read-committed") ? client::Isolation::read_committed : client::Isolation::read_uncommitted;
  fetch.max_bytes = static_cast<int32_t>(invocation.integer("fetch-max-bytes"));
  fetch.partition_max_bytes = static_cast<int32_t>(invocation.integer("fetch-max-partition-bytes"));
  fetch.max_wait =
      invocation.given("fetch-max-wait") ? invocation.duration("fetch-max-wait") : (*session)->options().fetch_wait_max;
  fetch.rack = invocation.text("rack");
  const auto plan = plan_partitions(**session, *topics, invocation.integers("partitions"), *range, fetch.isolation);
  if (!plan.ok()) return fail((*session)->explain(plan.failure()));
  return consume(**session, *plan, fetch, std::move(options).value());
}

}  // namespace moldau::cli
