// kafka-consumer-perf-test: reads records as a member of a group, and tells how fast that was.
#include <algorithm>
#include <chrono>
#include <functional>

#include <sys/random.h>
#include <time.h>

#include <fmt/core.h>

#include "cli/kafka/client_properties.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/print.h"
#include "cli/kafka/record_source.h"
#include "cli/kafka/tool.h"
#include "cli/stop_signals.h"
#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary = "This tool is used to verify the consumer performance.";
constexpr RenamedOption config_file{"command-config", "consumer.config"};
constexpr RenamedOption config_pairs{"command-property", ""};
constexpr double megabyte = 1024.0 * 1024.0;
constexpr Duration poll_time = milliseconds(100);

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first; needed"},
    {"topic", Takes::value, "topic", "The topic to read"},
    {"include", Takes::value, "Java regex (String)", "A regular expression for the topics to read"},
    {"group", Takes::value, "gid", "The group; without it a new one"},
    {"fetch-size", Takes::value, "size", "Most bytes of a partition in one answer", ValueKind::int32, "1048576"},
    {"command-property", Takes::value, "prop1=val1", "A client property, key=value; may stand several times",
     ValueKind::text, "", true},
    {"from-latest", Takes::nothing, "", "Begin with what comes from now on"},
    {"socket-buffer-size", Takes::value, "size", "Bytes of the socket's buffer", ValueKind::int32, "2097152"},
    {"consumer.config", Takes::value, "config file", "The old name of --command-config"},
    {"command-config", Takes::value, "config file", "A property file for the client"},
    {"print-metrics", Takes::nothing, "", "Not served: the metrics of Kafka's client"},
    {"show-detailed-stats", Takes::nothing, "", "Print a line for each interval"},
    {"timeout", Takes::value, "milliseconds", "How long it may take until records come", ValueKind::int64, "10000"},
    {"messages", Takes::value, "count", "The old name of --num-records", ValueKind::int64},
    {"num-records", Takes::value, "count", "How many records to read; needed", ValueKind::int64},
    {"reporting-interval", Takes::value, "interval_ms", "How often a line is printed", ValueKind::int64, "5000"},
    {"date-format", Takes::value, "date format", "Only yyyy-MM-dd HH:mm:ss:SSS", ValueKind::text,
     "yyyy-MM-dd HH:mm:ss:SSS"},
    {"hide-header", Takes::nothing, "", "Leave out the heading"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

int64_t wall_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

std::string time_text(int64_t millis) {
  const std::time_t seconds = millis / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}:{:03}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, millis % 1000);
}

std::optional<std::string> check(const Options& options) {
  if (options.has("topic") == options.has("include")) {
    return "Exactly one of the following arguments is required: [topic], [include]";
  }
  if (options.has("messages") == options.has("num-records")) {
    return "Exactly one of the following arguments is required: [messages], [num-records]";
  }
  if (auto missing = missing_of(options, {"bootstrap-server"})) return missing;
  if (options.has("messages")) print("Warning: --messages is deprecated. Use --num-records instead.\n");
  if (options.has("consumer.config")) {
    print("Warning: --consumer.config is deprecated. Use --command-config instead.\n");
  }
  if (!options.values_ok().ok()) return options.values_ok().failure().message;
  return std::nullopt;
}

struct Figures {
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t rebalance_ms = 0;
  int rebalances = 0;
};

/// Joins count as rebalance time: from the start, or the last record, until records come again.
struct Window {
  int64_t start = 0;
  Figures figures;
};

std::string detail_line(const Window& before, const Figures& now, int64_t end) {
  const double elapsed = static_cast<double>(std::max<int64_t>(end - before.start, 1));
  const double megabytes = static_cast<double>(now.bytes) / megabyte;
  const double new_megabytes = static_cast<double>(now.bytes - before.figures.bytes) / megabyte;
  const int64_t records = now.records - before.figures.records;
  const int64_t rebalance = now.rebalance_ms - before.figures.rebalance_ms;
  const int64_t fetch = std::max<int64_t>(0, end - before.start - rebalance);
  const double fetch_seconds = static_cast<double>(std::max<int64_t>(fetch, 1)) / 1000;
  return fmt::format("{}, 0, {:.4f}, {:.4f}, {}, {:.4f}, {}, {}, {:.4f}, {:.4f}\n", time_text(end), megabytes,
                     1000.0 * new_megabytes / elapsed, now.records, 1000.0 * static_cast<double>(records) / elapsed,
                     rebalance, fetch, new_megabytes / fetch_seconds, static_cast<double>(records) / fetch_seconds);
}

std::string total_line(int64_t start, int64_t end, const Figures& figures) {
  const double elapsed = static_cast<double>(std::max<int64_t>(end - start, 1)) / 1000;
  const double megabytes = static_cast<double>(figures.bytes) / megabyte;
  const double records = static_cast<double>(figures.records);
  const int64_t fetch = std::max<int64_t>(0, end - start - figures.rebalance_ms);
  const double fetch_seconds = static_cast<double>(std::max<int64_t>(fetch, 1)) / 1000;
  return fmt::format("{}, {}, {:.4f}, {:.4f}, {}, {:.4f}, {}, {}, {:.4f}, {:.4f}\n", time_text(start), time_text(end),
                     megabytes, megabytes / elapsed, figures.records, records / elapsed, figures.rebalance_ms, fetch,
                     megabytes / fetch_seconds, records / fetch_seconds);
}

Result<client::GroupConsumerOptions> group_options(const Options& options, const Properties& properties) {
  client::GroupConsumerOptions made;
  made.create_topics = true;
  made.commit_interval = {};
  const auto group = properties.find("group.id");
  if (const auto id = options.given("group")) {
    made.group = *id;
  } else if (group != properties.end()) {
    made.group = group->second;
  } else {
    uint32_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) return Failure{FailureKind::io, "no random bytes"};
    made.group = fmt::format("perf-consumer-{}", number % 100000);
  }
  made.reset = options.has("from-latest") ? client::OffsetReset::latest : client::OffsetReset::earliest;
  made.fetch.partition_max_bytes = static_cast<int32_t>(options.integer("fetch-size").value_or(1 << 20));
  if (const auto text = options.given("include")) {
    ASSIGN_OR_RETURN(const TopicFilter filter, TopicFilter::parse(*text));
    made.pattern = [filter](const std::string& topic) { return filter.allows(topic); };
  } else {
    made.topics.emplace_back(options.value("topic"));
  }
  return made;
}

Status measure(RecordSource& source, const Options& options) {
  const int64_t wanted = options.integer(options.has("messages") ? "messages" : "num-records").value_or(0);
  const int64_t timeout = options.integer("timeout").value_or(10000);
  const int64_t interval = options.integer("reporting-interval").value_or(5000);
  if (interval <= 0) return invalid("Reporting interval must be greater than 0.");
  const bool detailed = options.has("show-detailed-stats");
  Figures figures;
  const int64_t start = wall_ms();
  Window window{start, {}};
  int64_t last = start;
  const auto take = [&](const ReadRecord& read) {
    ++figures.records;
    if (read.record->key) figures.bytes += static_cast<int64_t>(read.record->key->size());
    if (read.record->value) figures.bytes += static_cast<int64_t>(read.record->value->size());
    return true;
  };
  while (figures.records < wanted && !stop_asked() && wall_ms() - last <= timeout) {
    const int64_t before = wall_ms();
    const Result<size_t> taken = source.read(poll_time, take);
    if (!taken.ok()) return taken.failure();
    const int64_t now = wall_ms();
    if (source.rebalances() != figures.rebalances) {
      figures.rebalances = source.rebalances();
      figures.rebalance_ms += now - before;
    }
    if (*taken > 0) last = now;
    if (detailed && now - window.start >= interval) {
      print(detail_line(window, figures, now));
      window = {now, figures};
    }
  }
  const int64_t end = wall_ms();
  if (figures.records < wanted) {
    print(
        fmt::format("WARNING: Exiting before consuming the expected number of records: timeout ({} ms) exceeded. You "
                    "can use the --timeout option to increase the timeout.\n",
                    timeout));
  }
  if (!detailed) print(total_line(start, end, figures));
  return {};
}

Status run(const Options& options) {
  ASSIGN_OR_RETURN(const Properties properties, client_properties(options, config_file, config_pairs));
  ASSIGN_OR_RETURN(client::GroupConsumerOptions group, group_options(options, properties));
  ASSIGN_OR_RETURN(SessionOptions session_options,
                   session_options_of(properties, options.value("bootstrap-server"), "perf-consumer-client"));
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::open(std::move(session_options)));
  if (!options.has("hide-header")) {
    const std::string_view more = ", rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
    const std::string_view first = options.has("show-detailed-stats") ? "time, threadId" : "start.time, end.time";
    print(fmt::format("{}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec{}\n", first, more));
  }
  catch_stop_signals();
  RecordSource source(*session, std::move(group));
  const Status done = measure(source, options);
  const Status closed = source.close();
  return done.ok() ? closed : done;
}

}  // namespace

std::span<const Option> consumer_perf_options() {
  return table;
}

int run_consumer_perf(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) return usage(table, options.failure().message);
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  const Status done = run(*options);
  if (done.ok()) return 0;
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
