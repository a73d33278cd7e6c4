// kafka-producer-perf-test: stores records as fast as it can, or at a rate, and tells how fast it was.
#include <algorithm>
#include <chrono>
#include <random>

#include <fmt/core.h>

#include "cli/kafka/client_properties.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/perf_stats.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/producer.h"
#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary = "This tool is used to verify the producer performance.";
constexpr RenamedOption config_file{"command-config", "producer.config"};
constexpr RenamedOption config_pairs{"command-property", "producer-props"};

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server", "The brokers to ask first"},
    {"topic", Takes::value, "topic", "The topic to store records in; needed"},
    {"num-records", Takes::value, "count", "How many; needed", ValueKind::int64},
    {"record-size", Takes::value, "bytes", "Bytes of each record, which are random", ValueKind::int32},
    {"payload-file", Takes::value, "file", "A text file whose lines are the records, chosen at random"},
    {"payload-monotonic", Takes::nothing, "", "Records are rising numbers"},
    {"payload-delimiter", Takes::value, "text", "What stands between records of the file", ValueKind::text, "\\n"},
    {"throughput", Takes::value, "records/sec", "How many records a second; -1: as many as possible; needed",
     ValueKind::number},
    {"producer-props", Takes::value, "name=value", "The old name of --command-property", ValueKind::text, "", true},
    {"command-property", Takes::value, "name=value", "Client properties, name=value", ValueKind::text, "", true},
    {"producer.config", Takes::value, "file", "The old name of --command-config"},
    {"command-config", Takes::value, "file", "A property file for the client"},
    {"print-metrics", Takes::nothing, "", "Not served: the metrics of Kafka's client"},
    {"transactional-id", Takes::value, "id", "Not served yet"},
    {"transaction-duration-ms", Takes::value, "ms", "Not served yet", ValueKind::int64},
    {"warmup-records", Takes::value, "count", "Records at the beginning that the last line leaves out",
     ValueKind::int64, "0"},
    {"reporting-interval", Takes::value, "ms", "How often a line is printed", ValueKind::int64, "5000"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// Kafka's script takes several words behind the options for properties: each becomes an option of its own here.
std::vector<std::string_view> spread(std::span<const std::string_view> words) {
  std::vector<std::string_view> spread_words;
  std::string_view list;
  for (const std::string_view word : words) {
    const bool option = word.starts_with("-");
    if (option) list = word == "--producer-props" || word == "--command-property" ? word : std::string_view();
    const bool goes_on = !option && !list.empty() && spread_words.back() != list;
    if (goes_on) spread_words.push_back(list);
    spread_words.push_back(word);
  }
  return spread_words;
}

std::optional<std::string> check(const Options& options) {
  if (auto missing = missing_of(options, {"topic", "num-records", "throughput"})) return missing;
  const int payloads = (options.has("record-size") ? 1 : 0) + (options.has("payload-file") ? 1 : 0) +
                       (options.has("payload-monotonic") ? 1 : 0);
  if (payloads != 1) return "Exactly one of --record-size, --payload-file and --payload-monotonic is required";
  if (!options.values_ok().ok()) return options.values_ok().failure().message;
  if (options.has("record-size") && options.integer("record-size").value_or(0) <= 0) {
    return "--record-size should be greater than zero.";
  }
  if (options.integer("num-records").value_or(0) <= 0) return "--num-records should be greater than zero.";
  if (options.integer("reporting-interval").value_or(0) <= 0) {
    return "--reporting-interval should be greater than zero.";
  }
  const int64_t warmup = options.integer("warmup-records").value_or(0);
  if (warmup < 0 || warmup >= options.integer("num-records").value_or(0)) {
    return "The value for --warmup-records must be from 0 up to fewer than --num-records.";
  }
  return std::nullopt;
}

/// The records to be sent.
class Payloads {
 public:
  Status open(const Options& options) {
    monotonic_ = options.has("payload-monotonic");
    if (const auto path = options.given("payload-file")) {
      print(fmt::format("Reading payloads from: {}\n", *path));
      ASSIGN_OR_RETURN(const std::string text, read_file(*path));
      std::string delimiter(options.value("payload-delimiter"));
      if (delimiter == "\\n") delimiter = "\n";
      std::string_view rest = text;
      while (!rest.empty()) {
        const size_t end = rest.find(delimiter);
        lines_.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + delimiter.size());
      }
      if (lines_.empty()) return invalid("File does not exist or empty file provided.");
      print(fmt::format("Number of records read: {}\n", lines_.size()));
    } else if (!monotonic_) {
      random_.resize(static_cast<size_t>(options.integer("record-size").value_or(1)));
    }
    return {};
  }

  std::string_view next() {
    if (monotonic_) {
      random_ = std::to_string(number_++);
    } else if (!lines_.empty()) {
      return lines_[numbers_() % lines_.size()];
    } else {
      for (char& c : random_) c = static_cast<char>('A' + numbers_() % 26);
    }
    return random_;
  }

 private:
  bool monotonic_ = false;
  int64_t number_ = 0;
  std::vector<std::string> lines_;
  std::string random_;
  std::minstd_rand numbers_{0};
};

Result<ProducerOptions> producer_options(const Options& options) {
  ASSIGN_OR_RETURN(const Properties properties, client_properties(options, config_file, config_pairs));
  ASSIGN_OR_RETURN(const SessionOptions session,
                   session_options_of(properties, options.value("bootstrap-server"), "perf-producer-client"));
  ProducerOptions made;
  for (const io::Address& address : session.brokers) {
    made.brokers += (made.brokers.empty() ? "" : ",") + address.to_string();
  }
  made.client_id = session.client_id;
  made.compression = "none";
  const auto codec = properties.find("compression.type");
  if (codec != properties.end()) made.compression = codec->second;
  const auto acks = properties.find("acks");
  if (acks != properties.end()) {
    if (acks->second != "all" && acks->second != "-1" && acks->second != "0" && acks->second != "1") {
      return invalid(
          fmt::format("Invalid value {} for configuration acks: String must be one of: all, -1, 0, 1", acks->second));
    }
    made.acks = acks->second == "all" ? -1 : static_cast<int>(parse_integer(acks->second).value_or(-1));
  }
  return made;
}

Status run(const Options& options) {
  if (options.has("transactional-id") || options.has("transaction-duration-ms")) {
    return Failure{FailureKind::unsupported, "--transactional-id: transactions are not served by this script yet"};
  }
  ASSIGN_OR_RETURN(const ProducerOptions made, producer_options(options));
  Payloads payloads;
  RETURN_IF_FAILED(payloads.open(options));
  const int64_t records = options.integer("num-records").value_or(0);
  const int64_t warmup = options.integer("warmup-records").value_or(0);
  const int64_t interval = options.integer("reporting-interval").value_or(5000);
  if (warmup > 0) {
    print(fmt::format("Warmup first {} records. Steady state results will print after the complete test summary.\n",
                      warmup));
  }
  const int64_t start = now_ms();
  PerfStats stats(records, start);
  std::optional<PerfStats> steady;
  // A record carries the time of its sending as its timestamp: that is what its latency counts from.
  const auto delivered = [&](const RecordText& record) {
    const int64_t now = now_ms();
    const int64_t sent = record.timestamp;
    const auto bytes = static_cast<int64_t>(record.value ? record.value->size() : 0);
    stats.add(std::max<int64_t>(0, now - sent), bytes);
    if (stats.count() > warmup && warmup > 0) {
      if (!steady) steady.emplace(records - warmup, now);
      steady->add(std::max<int64_t>(0, now - sent), bytes);
    }
    if (now - stats.window_start() >= interval) print(stats.window_line(now));
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<Producer> producer, Producer::make(made, delivered));
  const Throttle throttle(std::strtod(std::string(options.value("throughput")).c_str(), nullptr), start);
  for (int64_t sent = 0; sent < records; ++sent) {
    OutgoingRecord record;
    record.topic = options.value("topic");
    record.value = payloads.next();
    record.timestamp = now_ms();
    RETURN_IF_FAILED(producer->send(record));
    if (sent % 64 == 0) RETURN_IF_FAILED(producer->poll(Duration{}));
    for (int64_t wait = throttle.wait_ms(sent + 1, now_ms()); wait > 0; wait = throttle.wait_ms(sent + 1, now_ms())) {
      RETURN_IF_FAILED(producer->poll(milliseconds(std::min<int64_t>(wait, 100))));
    }
  }
  RETURN_IF_FAILED(producer->flush());
  const int64_t end = now_ms();
  print(stats.total_line(end));
  if (steady) print(steady->total_line(end, " steady state"));
  return {};
}

}  // namespace

std::span<const Option> producer_perf_options() {
  return table;
}

int run_producer_perf(std::span<const std::string_view> words) {
  const std::vector<std::string_view> all = spread(words);
  const Result<Options> options = Options::parse(table, all);
  if (!options.ok()) return usage(table, options.failure().message);
  if (const auto code = first_words(*options, summary)) return options->empty() ? 0 : *code;
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  if (options->has("producer-props")) {
    print(
        "Option --producer-props has been deprecated and will be removed in a future version. Use --command-property "
        "instead.\n");
  }
  if (options->has("producer.config")) {
    print(
        "Option --producer.config has been deprecated and will be removed in a future version. Use --command-config "
        "instead.\n");
  }
  const Status done = run(*options);
  if (done.ok()) return 0;
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
