// kafka-console-producer: stores the lines of standard input as records.
#include <algorithm>
#include <array>
#include <cerrno>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/kafka/client_properties.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/line_reader.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/producer.h"
#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary = "This tool helps to read data from standard input and publish it to Kafka.";
constexpr size_t input_bytes = size_t{64} << 10;

constexpr RenamedOption config_file{"command-config", "producer.config"};
constexpr RenamedOption config_pairs{"command-property", "producer-property"};
constexpr RenamedOption reader_pairs{"reader-property", "property"};

constexpr Option table[] = {
    {"topic", Takes::value, "topic", "The topic to store records in; needed"},
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first; needed"},
    {"sync", Takes::nothing, "", "Wait for each record before the next"},
    {"compression-codec", Takes::optional, "compression-codec",
     "none, gzip, snappy, lz4 or zstd; without a value gzip"},
    {"batch-size", Takes::value, "size", "Bytes of a batch", ValueKind::int32, "16384"},
    {"message-send-max-retries", Takes::value, "", "How often sending is tried again", ValueKind::int32, "3"},
    {"retry-backoff-ms", Takes::value, "", "Time between the attempts", ValueKind::int64, "100"},
    {"timeout", Takes::value, "timeout_ms", "How long records wait for a batch", ValueKind::int64, "1000"},
    {"request-required-acks", Takes::value, "request required acks", "Who must have a record: -1 or all, 1, 0",
     ValueKind::text, "-1"},
    {"request-timeout-ms", Takes::value, "request timeout ms", "Time for an answer", ValueKind::int32, "1500"},
    {"metadata-expiry-ms", Takes::value, "metadata expiration interval", "How long metadata counts", ValueKind::int64,
     "300000"},
    {"max-block-ms", Takes::value, "max block on send", "How long sending may wait", ValueKind::int64, "60000"},
    {"max-memory-bytes", Takes::value, "total memory in bytes", "Bytes that may wait", ValueKind::int64, "33554432"},
    {"max-partition-memory-bytes", Takes::value, "memory in bytes per partition", "The old name of --batch-size",
     ValueKind::int32, ""},
    {"line-reader", Takes::value, "reader_class", "Only org.apache.kafka.tools.LineMessageReader"},
    {"socket-buffer-size", Takes::value, "size", "Bytes of the socket's buffer", ValueKind::int32, "102400"},
    {"property", Takes::value, "prop", "The old name of --reader-property", ValueKind::text, "", true},
    {"reader-property", Takes::value, "prop",
     "How a line is read: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, "
     "headers.key.separator, ignore.error, null.marker; may stand several times",
     ValueKind::text, "", true},
    {"reader-config", Takes::value, "config file", "A property file with these"},
    {"producer-property", Takes::value, "producer_prop", "The old name of --command-property", ValueKind::text, "",
     true},
    {"command-property", Takes::value, "producer_prop", "A client property, key=value; may stand several times",
     ValueKind::text, "", true},
    {"producer.config", Takes::value, "config file", "The old name of --command-config"},
    {"command-config", Takes::value, "config file", "A property file for the client"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::optional<std::string> check(const Options& options) {
  if (auto missing = missing_of(options, {"topic"})) return missing;
  if (auto missing = missing_of(options, {"bootstrap-server"})) return missing;
  for (const auto& [name, old_name] : {config_file, config_pairs, reader_pairs}) {
    if (options.has(name) && options.has(old_name)) {
      return fmt::format("Options --{} and --{} cannot be specified together.", name, old_name);
    }
  }
  for (const auto& [name, old_name] : {config_pairs, config_file, reader_pairs}) {
    if (!options.has(old_name)) continue;
    print(fmt::format("Warning: --{} is deprecated and will be removed in a future version. Use --{} instead.\n",
                      old_name, name));
  }
  if (options.has("max-partition-memory-bytes")) {
    print(
        "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use "
        "--batch-size instead.\n");
  }
  return std::nullopt;
}

Result<ProducerOptions> producer_options(const Options& options) {
  ASSIGN_OR_RETURN(Properties properties, client_properties(options, config_file, config_pairs));
  // Options that were given go before properties, these before the options' defaults.
  const auto choose = [&](std::string_view option, std::string_view key) {
    const auto found = properties.find(key);
    return options.has(option) || found == properties.end() ? std::string(options.value(option)) : found->second;
  };
  ASSIGN_OR_RETURN(const SessionOptions session,
                   session_options_of(properties, options.value("bootstrap-server"), "console-producer"));
  ProducerOptions made;
  for (const io::Address& address : session.brokers) {
    made.brokers += (made.brokers.empty() ? "" : ",") + address.to_string();
  }
  made.client_id = session.client_id;
  std::string codec = choose("compression-codec", "compression.type");
  if (codec.empty()) codec = options.has("compression-codec") ? "gzip" : "none";
  static constexpr std::string_view codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  if (std::ranges::find(codecs, codec) == std::end(codecs)) {
    return invalid(
        fmt::format("Invalid value {} for configuration compression.type: String must be one of: none, "
                    "gzip, snappy, lz4, zstd",
                    codec));
  }
  made.compression = codec;
  const std::string acks = choose("request-required-acks", "acks");
  if (acks != "all" && acks != "-1" && acks != "0" && acks != "1") {
    return invalid(fmt::format("Invalid value {} for configuration acks: String must be one of: all, -1, 0, 1", acks));
  }
  made.acks = acks == "all" ? -1 : static_cast<int>(parse_integer(acks).value_or(-1));
  made.delivery_timeout = seconds(120);
  const auto delivery = properties.find("delivery.timeout.ms");
  if (delivery != properties.end()) {
    const auto millis = parse_integer(delivery->second);
    if (!millis || *millis < 1) {
      return invalid(fmt::format("Invalid value {} for configuration delivery.timeout.ms", delivery->second));
    }
    made.delivery_timeout = milliseconds(*millis);
  }
  return made;
}

Result<LineReader> line_reader(const Options& options) {
  const std::string_view reader = options.value("line-reader");
  if (!reader.empty() && !reader.ends_with("LineMessageReader")) {
    return Failure{FailureKind::unsupported,
                   fmt::format("--line-reader {}: there are no classes to load here", reader)};
  }
  Properties properties;
  if (const auto file = options.given("reader-config")) {
    ASSIGN_OR_RETURN(properties, load_properties(*file));
  }
  add_pairs(properties, values_of(options, reader_pairs));
  return LineReader::make(properties);
}

/// Cuts standard input into lines: \n, \r\n or \r ends one.
class Lines {
 public:
  /// The next line; nothing at the end.
  std::optional<std::string> next() {
    for (;;) {
      const size_t end = buffer_.find_first_of("\r\n", at_);
      const bool known = end != std::string::npos && (buffer_[end] == '\n' || end + 1 < buffer_.size() || ended_);
      if (known) {
        std::string line = buffer_.substr(at_, end - at_);
        at_ = end + (buffer_.compare(end, 2, "\r\n") == 0 ? 2 : 1);
        return line;
      }
      if (ended_) {
        if (at_ >= buffer_.size()) return std::nullopt;
        std::string line = buffer_.substr(at_);
        at_ = buffer_.size();
        return line;
      }
      fill();
    }
  }

 private:
  void fill() {
    buffer_.erase(0, at_);
    at_ = 0;
    std::array<char, input_bytes> piece{};
    ssize_t size = 0;
    do {
      size = ::read(STDIN_FILENO, piece.data(), piece.size());
    } while (size < 0 && errno == EINTR);
    if (size <= 0) {
      ended_ = true;
    } else {
      buffer_.append(piece.data(), static_cast<size_t>(size));
    }
  }

  std::string buffer_;
  size_t at_ = 0;
  bool ended_ = false;
};

Status produce(const Options& options) {
  ASSIGN_OR_RETURN(LineReader reader, line_reader(options));
  ASSIGN_OR_RETURN(const ProducerOptions made, producer_options(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Producer> producer, Producer::make(made, nullptr));
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  Lines lines;
  if (terminal) print(">");
  while (const auto line = lines.next()) {
    const Result<LineRecord> read = reader.read(*line);
    if (!read.ok()) {
      // What stood before is stored all the same.
      RETURN_IF_FAILED(producer->flush());
      return read.failure();
    }
    OutgoingRecord record;
    record.topic = options.value("topic");
    record.key = read->key;
    record.value = read->value;
    for (const auto& [key, value] : read->headers) record.headers.emplace_back(key, value.value_or(""));
    RETURN_IF_FAILED(producer->send(record));
    RETURN_IF_FAILED(options.has("sync") ? producer->flush() : producer->poll(Duration{}));
    if (terminal) print(">");
  }
  return producer->flush();
}

}  // namespace

std::span<const Option> console_producer_options() {
  return table;
}

int run_console_producer(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) return usage(table, options.failure().message);
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  Status done = options->values_ok();
  if (done.ok()) done = produce(*options);
  if (done.ok()) return 0;
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
