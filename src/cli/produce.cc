// topic produce: cuts standard input into records and stores them.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "cli/input_buffer.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/producer.h"
#include "cli/record_format.h"
#include "cli/record_reader.h"
#include "cli/session.h"
#include "cli/topics.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

constexpr size_t output_bytes = size_t{64} << 10;
/// Records sent between two looks at what became of the earlier ones.
constexpr int records_per_poll = 256;
/// Topics that one run may name through %t.
constexpr size_t topics_max = 10'000;
constexpr int input_wait_ms = 10;

bool readable(int descriptor, int wait_ms) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, wait_ms) > 0;
}

struct ProduceSettings {
  std::string topic;
  std::string key;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<int32_t> partition;
  bool tombstones = false;
  bool auto_create = false;
};

class Run {
 public:
  Run(Session& session, ProduceSettings settings, RecordReader reader, std::optional<RecordFormat> output)
      : session_(session), settings_(std::move(settings)), reader_(std::move(reader)), output_(std::move(output)) {}

  Status start(const ProducerOptions& options);
  /// Sends all of standard input and waits until it is stored.
  Status all();
  void flush_output() {
    print(out_);
    out_.clear();
  }

 private:
  Status check_topic(const std::string& name);
  Status send(const InputRecord& input);
  InputSource standard_input();

  Session& session_;
  ProduceSettings settings_;
  RecordReader reader_;
  std::optional<RecordFormat> output_;
  std::unique_ptr<Producer> producer_;
  std::set<std::string, std::less<>> known_topics_;
  OutgoingRecord record_;
  std::string out_;
};

Status Run::start(const ProducerOptions& options) {
  if (!settings_.topic.empty()) RETURN_IF_FAILED(check_topic(settings_.topic));
  Producer::Delivered delivered;
  if (output_) {
    delivered = [this](const RecordText& record) {
      output_->append(out_, record);
      if (out_.size() >= output_bytes) flush_output();
    };
  }
  ASSIGN_OR_RETURN(producer_, Producer::make(options, std::move(delivered)));
  return {};
}

/// librdkafka's metadata requests let brokers create topics, so whether one exists is asked before.
Status Run::check_topic(const std::string& name) {
  if (known_topics_.contains(name)) return {};
  if (known_topics_.size() >= topics_max) return Failure{FailureKind::invalid_argument, "too many topics"};
  std::vector<std::string> names{name};
  const auto topology = session_.wait(settings_.auto_create ? session_.client().refresh(std::move(names), false, true)
                                                            : session_.client().metadata(names));
  if (!topology.ok()) return session_.explain(topology.failure());
  const client::TopicInfo* topic = (*topology)->topic(name);
  const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
  // A topic that is being created shows as one without leaders for a moment.
  const bool coming = settings_.auto_create && wire::is_retriable(error);
  if (error == wire::ErrorCode::unknown_topic_or_partition && !settings_.auto_create) {
    return Failure{FailureKind::not_found,
                   fmt::format("topic {} does not exist; create it with: moldau topic create {}", name, name)};
  }
  if (error != wire::ErrorCode::none && !coming) {
    return Failure{FailureKind::invalid_argument, fmt::format("topic {}: {}", name, describe_error(error))};
  }
  known_topics_.insert(name);
  return {};
}

InputSource Run::standard_input() {
  InputSource source;
  source.read = [this](std::span<char> into) -> Result<size_t> {
    for (;;) {
      // While nobody types, what became of earlier records is printed.
      while (!readable(STDIN_FILENO, 0)) {
        RETURN_IF_FAILED(producer_->poll(Duration{}));
        if (!out_.empty()) flush_output();
        if (readable(STDIN_FILENO, input_wait_ms)) break;
      }
      const ssize_t size = ::read(STDIN_FILENO, into.data(), into.size());
      if (size >= 0) return static_cast<size_t>(size);
      if (errno != EINTR && errno != EAGAIN) return failure_from_errno(errno, "read standard input");
    }
  };
  source.ready = []() { return readable(STDIN_FILENO, 0); };
  return source;
}

Status Run::send(const InputRecord& input) {
  const std::string& topic = input.topic.empty() ? settings_.topic : input.topic;
  if (topic.empty())
    return Failure{FailureKind::invalid_argument, "no topic: name one, or read it with %t in the format"};
  RETURN_IF_FAILED(check_topic(topic));
  record_.topic = topic;
  const std::string& key = input.key.empty() ? settings_.key : input.key;
  record_.key.reset();
  if (!key.empty()) record_.key = key;
  record_.value = input.value;
  if (input.value.empty() && settings_.tombstones) record_.value.reset();
  record_.headers.clear();
  for (const auto& [name, value] : settings_.headers) record_.headers.emplace_back(name, value);
  for (const auto& [name, value] : input.headers) record_.headers.emplace_back(name, value);
  record_.partition = input.partition ? input.partition : settings_.partition;
  record_.timestamp = input.timestamp;
  return producer_->send(record_);
}

Status Run::all() {
  InputBuffer input(standard_input());
  InputRecord record;
  Status status;
  for (int count = 0;; ++count) {
    const Result<bool> more = reader_.read(input, record);
    if (!more.ok()) status = more.failure();
    if (!more.ok() || !*more) break;
    status = send(record);
    if (status.ok() && count % records_per_poll == 0) status = producer_->poll(Duration{});
    if (!status.ok()) return status;
  }
  // Input that does not fit ends the run, but not for the records before it.
  const Status flushed = producer_->flush();
  return flushed.ok() ? status : flushed;
}

/// The flags of verbs that are not there yet.
Status check_served(const Invocation& invocation) {
  for (const std::string_view flag : {"schema-id", "schema-key-id", "schema-type", "schema-key-type"}) {
    if (invocation.given(flag)) {
      return Failure{FailureKind::unsupported, fmt::format("--{}: there is no schema registry yet", flag)};
    }
  }
  return {};
}

Result<ProduceSettings> settings_of(const Invocation& invocation) {
  ProduceSettings settings;
  if (!invocation.arguments().empty()) settings.topic = invocation.arguments().front();
  settings.key = invocation.text("key");
  settings.tombstones = invocation.boolean("tombstone");
  settings.auto_create = invocation.boolean("allow-auto-topic-creation");
  if (invocation.integer("partition") >= 0) settings.partition = static_cast<int32_t>(invocation.integer("partition"));
  for (const std::string& header : invocation.texts("header")) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Failure{FailureKind::invalid_argument, fmt::format("-H {}: expected key:value", header)};
    }
    settings.headers.emplace_back(header.substr(0, colon), header.substr(colon + 1));
  }
  return settings;
}

Result<ProducerOptions> producer_options(const Invocation& invocation, const Session& session) {
  ProducerOptions options;
  options.brokers = session.broker_list();
  options.client_id = session.options().client_id;
  options.verbose = session.options().verbose;
  options.acks = static_cast<int>(invocation.integer("acks"));
  options.compression = invocation.text("compression");
  const Duration timeout = invocation.duration("delivery-timeout");
  if (timeout != Duration{}) {
    if (timeout < seconds(1)) return Failure{FailureKind::invalid_argument, "--delivery-timeout: at least 1s"};
    options.delivery_timeout = timeout;
  }
  if (invocation.integer("max-message-bytes") >= 0) options.message_bytes_max = invocation.integer("max-message-bytes");
  return options;
}

}  // namespace

int topic_produce(const Invocation& invocation) {
  const Status served = check_served(invocation);
  if (!served.ok()) return fail(served.failure());
  Result<ProduceSettings> settings = settings_of(invocation);
  if (!settings.ok()) return fail(settings.failure());
  Result<RecordReader> reader = RecordReader::compile(invocation.text("format"));
  if (!reader.ok()) return fail("invalid --format: " + reader.failure().message);
  if (reader->reads_partition() && !settings->partition) {
    return fail("the format reads partitions (%p): allow it with -p, which is the partition of records without one");
  }
  if (settings->topic.empty() && !reader->reads_topic())
    return fail("no topic: name one, or read it with %t in the format");
  std::optional<RecordFormat> output;
  if (const std::string_view format = invocation.text("output-format"); !format.empty()) {
    Result<RecordFormat> compiled = RecordFormat::compile(format);
    if (!compiled.ok()) return fail("invalid --output-format: " + compiled.failure().message);
    output = std::move(compiled).value();
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const Result<ProducerOptions> options = producer_options(invocation, **session);
  if (!options.ok()) return fail(options.failure());
  Run run(**session, std::move(settings).value(), std::move(reader).value(), std::move(output));
  Status status = run.start(*options);
  if (status.ok()) status = run.all();
  run.flush_output();
  return status.ok() ? 0 : fail(status.failure());
}

}  // namespace moldau::cli
