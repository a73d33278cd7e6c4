// kafka-console-consumer: prints the records of topics, as a member of a group or of one partition.
#include <algorithm>
#include <chrono>
#include <functional>

#include <sys/random.h>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/client_properties.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/print.h"
#include "cli/kafka/record_source.h"
#include "cli/kafka/tool.h"
#include "cli/stop_signals.h"
#include "cli/text.h"
#include "client/admin.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary =
    "This tool helps to read data from Kafka topics and outputs it to standard output.";
/// How long a signal may wait for its effect.
constexpr Duration look_interval = milliseconds(200);
constexpr size_t output_bytes = size_t{64} << 10;

constexpr RenamedOption config_file{"command-config", "consumer.config"};
constexpr RenamedOption config_pairs{"command-property", "consumer-property"};
constexpr RenamedOption format_pairs{"formatter-property", "property"};

constexpr Option table[] = {
    {"topic", Takes::value, "topic", "The topic to read"},
    {"include", Takes::value, "Java regex (String)", "A regular expression for the topics to read"},
    {"partition", Takes::value, "partition", "The partition to read, without a group", ValueKind::int32},
    {"offset", Takes::value, "consume offset", "Where to begin in it: a number, earliest or latest", ValueKind::text,
     "latest"},
    {"consumer-property", Takes::value, "consumer_prop", "The old name of --command-property", ValueKind::text, "",
     true},
    {"command-property", Takes::value, "consumer_prop", "A client property, key=value; may stand several times",
     ValueKind::text, "", true},
    {"consumer.config", Takes::value, "config file", "The old name of --command-config"},
    {"command-config", Takes::value, "config file", "A property file for the client"},
    {"formatter", Takes::value, "class", "The default, LoggingMessageFormatter or NoOpMessageFormatter",
     ValueKind::text, "org.apache.kafka.tools.consumer.DefaultMessageFormatter"},
    {"property", Takes::value, "prop", "The old name of --formatter-property", ValueKind::text, "", true},
    {"formatter-property", Takes::value, "prop",
     "What is printed: print.timestamp, .key, .offset, .delivery, .epoch, .partition, .headers, .value=true|false, "
     "key.separator, line.separator, headers.separator, null.literal; may stand several times",
     ValueKind::text, "", true},
    {"formatter-config", Takes::value, "config file", "A property file with these"},
    {"from-beginning", Takes::nothing, "", "Begin with the first record where the group has no offset yet"},
    {"max-messages", Takes::value, "num_messages", "End after so many records", ValueKind::int32, "-1"},
    {"timeout-ms", Takes::value, "timeout_ms", "End when no record came for so long", ValueKind::int64},
    {"skip-message-on-error", Takes::nothing, "", "Pass over records that cannot be printed"},
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first; needed"},
    {"key-deserializer", Takes::value, "deserializer for keys", "StringDeserializer, or ByteArrayDeserializer"},
    {"value-deserializer", Takes::value, "deserializer for values", "StringDeserializer, or ByteArrayDeserializer"},
    {"enable-systest-events", Takes::nothing, "", "Tell when it ends"},
    {"isolation-level", Takes::value, "", "read_committed leaves out what is aborted or not decided", ValueKind::text,
     "read_uncommitted"},
    {"group", Takes::value, "consumer group id", "The group to read as a member of"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

/// What the broker decides in that protocol.
constexpr std::string_view unsupported_by_consumer_protocol[] = {"partition.assignment.strategy",
                                                                 "heartbeat.interval.ms", "session.timeout.ms"};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

/// How a record is printed.
struct Format {
  bool timestamp = false;
  bool key = false;
  bool value = true;
  bool partition = false;
  bool offset = false;
  bool delivery = false;
  bool epoch = false;
  bool headers = false;
  std::string key_separator = "\t";
  std::string line_separator = "\n";
  std::string headers_separator = ",";
  std::string null_literal = "null";
  bool silent = false;  // prints nothing

  static Result<Format> make(const Options& options);
  void append(std::string& out, const ReadRecord& read) const;
};

Result<Format> Format::make(const Options& options) {
  Properties properties;
  if (const auto file = options.given("formatter-config")) {
    ASSIGN_OR_RETURN(properties, load_properties(*file));
  }
  add_pairs(properties, values_of(options, format_pairs));
  for (const std::string_view which : {"key-deserializer", "value-deserializer"}) {
    const std::string_view name = options.value(which);
    if (name.empty() || name.ends_with("StringDeserializer") || name.ends_with("ByteArrayDeserializer")) continue;
    return Failure{FailureKind::unsupported, fmt::format("--{} {}: there are no classes to load here", which, name)};
  }
  Format format;
  const std::string_view formatter = options.value("formatter");
  format.silent = formatter.ends_with("NoOpMessageFormatter") || formatter.ends_with("LoggingMessageFormatter");
  if (!format.silent && !formatter.ends_with("DefaultMessageFormatter")) {
    return Failure{FailureKind::unsupported,
                   fmt::format("--formatter {}: there are no classes to load here", formatter)};
  }
  const std::pair<std::string_view, bool*> flags[] = {
      {"print.timestamp", &format.timestamp}, {"print.key", &format.key},         {"print.value", &format.value},
      {"print.partition", &format.partition}, {"print.offset", &format.offset},   {"print.delivery", &format.delivery},
      {"print.epoch", &format.epoch},         {"print.headers", &format.headers},
  };
  for (const auto& [name, flag] : flags) {
    const auto found = properties.find(name);
    if (found != properties.end()) *flag = upper(found->second) == "TRUE";
  }
  const std::pair<std::string_view, std::string*> texts[] = {
      {"key.separator", &format.key_separator},
      {"line.separator", &format.line_separator},
      {"headers.separator", &format.headers_separator},
      {"null.literal", &format.null_literal},
  };
  for (const auto& [name, text] : texts) {
    const auto found = properties.find(name);
    if (found != properties.end()) *text = found->second;
  }
  return format;
}

std::string_view text_of(const std::optional<std::span<const std::byte>>& bytes, std::string_view otherwise) {
  if (!bytes) return otherwise;
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

void Format::append(std::string& out, const ReadRecord& read) const {
  if (silent) return;
  const wire::RecordView& record = *read.record;
  struct Column {
    bool shown;
    std::string text;
  };
  const bool log_append = (read.attributes & 0x08) != 0;
  const std::string time = record.timestamp < 0
                               ? std::string("NO_TIMESTAMP")
                               : fmt::format("{}:{}", log_append ? "LogAppendTime" : "CreateTime", record.timestamp);
  std::string header_text;
  if (headers) {
    std::span<const std::byte> rest = record.headers.bytes();
    wire::RecordHeader header;
    while (wire::RecordHeaders::next(rest, header)) {
      header_text += header_text.empty() ? "" : headers_separator;
      header_text += fmt::format("{}:{}", header.key, text_of(header.value, null_literal));
    }
    if (header_text.empty()) header_text = "NO_HEADERS";
  }
  const Column columns[] = {
      {timestamp, time},
      {partition, fmt::format("Partition:{}", read.partition)},
      {offset, fmt::format("Offset:{}", record.offset)},
      {delivery, "Delivery:NOT_PRESENT"},
      {epoch, read.leader_epoch < 0 ? "Epoch:NOT_PRESENT" : fmt::format("Epoch:{}", read.leader_epoch)},
      {headers, header_text},
      {key, key ? std::string(text_of(record.key, null_literal)) : std::string()},
      {value, value ? std::string(text_of(record.value, null_literal)) : std::string()},
  };
  bool first = true;
  for (const Column& column : columns) {
    if (!column.shown) continue;
    if (!first) out += key_separator;
    out += column.text;
    first = false;
  }
  if (!first) out += line_separator;
}

std::optional<std::string> check(const Options& options) {
  if (options.has("topic") == options.has("include")) {
    return "Exactly one of the following arguments is required: [topic], [include]";
  }
  for (const auto& [name, old_name] : {config_pairs, config_file, format_pairs}) {
    if (options.has(name) && options.has(old_name)) {
      return fmt::format("Options --{} and --{} cannot be specified together.", old_name, name);
    }
    if (!options.has(old_name)) continue;
    print(fmt::format("Option --{} is deprecated and will be removed in a future version. Use --{} instead.\n",
                      old_name, name));
  }
  if (options.has("partition") && !options.has("topic")) return "The topic is required when partition is specified.";
  if (options.has("offset") && !options.has("partition")) {
    return "The partition is required when offset is specified.";
  }
  if (options.has("from-beginning") && options.has("offset")) {
    return "Options from-beginning and offset cannot be specified together.";
  }
  if (const auto offset = options.given("offset")) {
    const auto number = parse_integer(*offset);
    const bool named = upper(*offset) == "EARLIEST" || upper(*offset) == "LATEST";
    if (!named && (!number || *number < 0)) {
      return fmt::format(
          "The provided offset value '{}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.",
          *offset);
    }
  }
  if (auto missing = missing_of(options, {"bootstrap-server"})) return missing;
  return std::nullopt;
}

int64_t start_of(const Options& options) {
  const std::string offset = upper(options.value("offset"));
  if (const auto number = parse_integer(offset)) return *number;
  const bool earliest = offset == "EARLIEST" || options.has("from-beginning");
  return earliest ? client::earliest_offset : client::latest_offset;
}

/// group.protocol, and what goes with it or not.
Status set_protocol(client::GroupConsumerOptions& made, const Properties& properties) {
  const auto text = [&](std::string_view key) {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string() : found->second;
  };
  const std::string asked = text("group.protocol");
  const std::string protocol = asked.empty() ? "CLASSIC" : upper(asked);
  if (protocol != "CLASSIC" && protocol != "CONSUMER") {
    return invalid(
        fmt::format("Invalid value {} for configuration group.protocol: String must be one of (case insensitive): "
                    "CLASSIC, CONSUMER",
                    asked));
  }
  const bool consumer = protocol == "CONSUMER";
  if (consumer) made.protocol = client::GroupProtocol::consumer;
  if (const std::string assignor = text("group.remote.assignor"); !assignor.empty()) {
    if (!consumer) return invalid("group.remote.assignor cannot be set when group.protocol=CLASSIC");
    made.remote_assignor = assignor;
  }
  for (const std::string_view key : unsupported_by_consumer_protocol) {
    if (!consumer || !properties.contains(key)) continue;
    return invalid(fmt::format("{} cannot be set when group.protocol=CONSUMER", key));
  }
  return {};
}

/// Who reads: the group of option, properties or file, which must agree; or a new one. Sets what depends on it.
Result<client::GroupConsumerOptions> group_options(const Options& options, const Properties& properties,
                                                   std::optional<std::string>& wrong_use) {
  client::GroupConsumerOptions made;
  made.create_topics = true;
  std::vector<std::string> ids;
  for (const auto& id : {options.given("group"), [&]() -> std::optional<std::string> {
                           const auto found = properties.find("group.id");
                           return found == properties.end() ? std::nullopt : std::optional(found->second);
                         }()}) {
    if (id && std::ranges::find(ids, *id) == ids.end()) ids.push_back(*id);
  }
  if (ids.size() > 1) {
    wrong_use = fmt::format(
        "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
        "'--consumer.config') do not match. Detected group ids: '{}'",
        fmt::join(ids, "', '"));
    return made;
  }
  if (!ids.empty() && options.has("partition")) {
    wrong_use = "Options group and partition cannot be specified together.";
    return made;
  }
  const auto text = [&](std::string_view key) {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string() : found->second;
  };
  if (ids.empty()) {
    uint32_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) return Failure{FailureKind::io, "no random bytes"};
    made.group = fmt::format("console-consumer-{}", number % 100000);
    made.commit_interval = {};
  } else {
    made.group = ids.front();
  }
  if (upper(text("enable.auto.commit")) == "FALSE") made.commit_interval = {};
  if (const std::string instance = text("group.instance.id"); !instance.empty()) made.instance_id = instance;
  RETURN_IF_FAILED(set_protocol(made, properties));
  const std::string reset = text("auto.offset.reset");
  if (options.has("from-beginning") && !reset.empty() && reset != "earliest") {
    return invalid(fmt::format(
        "Can't simultaneously specify --from-beginning and 'auto.offset.reset={}', please remove one option", reset));
  }
  made.reset = options.has("from-beginning") || reset == "earliest" ? client::OffsetReset::earliest
                                                                    : client::OffsetReset::latest;
  if (reset == "none") made.reset = client::OffsetReset::none;
  const std::pair<std::string_view, Duration*> durations[] = {
      {"session.timeout.ms", &made.session_timeout},
      {"heartbeat.interval.ms", &made.heartbeat_interval},
      {"max.poll.interval.ms", &made.rebalance_timeout},
      {"auto.commit.interval.ms", &made.commit_interval},
  };
  for (const auto& [key, duration] : durations) {
    const std::string value = text(key);
    if (value.empty() || (key == "auto.commit.interval.ms" && made.commit_interval == Duration{})) continue;
    const auto millis = parse_integer(value);
    if (!millis || *millis < 1) return invalid(fmt::format("Invalid value {} for configuration {}", value, key));
    *duration = milliseconds(*millis);
  }
  return made;
}

Result<std::function<bool(const std::string&)>> pattern_of(std::string_view text) {
  ASSIGN_OR_RETURN(const TopicFilter filter, TopicFilter::parse(text));
  return std::function<bool(const std::string&)>([filter](const std::string& topic) { return filter.allows(topic); });
}

Status consume(RecordSource& source, const Options& options, const Format& format, int64_t& count) {
  const auto limit = options.integer("max-messages").value_or(-1);
  const auto timeout = options.integer("timeout-ms");
  std::string out;
  const auto take = [&](const ReadRecord& read) {
    format.append(out, read);
    if (out.size() >= output_bytes) {
      print(out);
      out.clear();
    }
    ++count;
    return count != limit;
  };
  const auto now = []() { return std::chrono::steady_clock::now(); };
  auto last = now();
  while (count != limit && !stop_asked()) {
    const int64_t idle = std::chrono::duration_cast<std::chrono::milliseconds>(now() - last).count();
    if (timeout && *timeout >= 0 && idle >= *timeout) {
      print_error(
          "ERROR Error processing message, terminating consumer process: "
          "org.apache.kafka.common.errors.TimeoutException\n");
      break;
    }
    Duration wait = look_interval;
    if (timeout && *timeout >= 0) wait = std::min(wait, milliseconds(std::max<int64_t>(*timeout - idle, 1)));
    const Result<size_t> taken = source.read(wait, take);
    print(out);
    out.clear();
    if (!taken.ok()) return taken.failure();
    if (*taken > 0) last = now();
  }
  return {};
}

Result<int> run_checked(const Options& options) {
  std::optional<std::string> wrong_use;
  ASSIGN_OR_RETURN(const Properties properties, client_properties(options, config_file, config_pairs));
  ASSIGN_OR_RETURN(client::GroupConsumerOptions group, group_options(options, properties, wrong_use));
  if (wrong_use) return usage(table, *wrong_use);
  ASSIGN_OR_RETURN(const Format format, Format::make(options));
  const std::string_view level = options.value("isolation-level");
  if (upper(level) != "READ_COMMITTED" && upper(level) != "READ_UNCOMMITTED") {
    return invalid(fmt::format(
        "Invalid value {} for configuration isolation.level: String must be one of: read_committed, read_uncommitted",
        level));
  }
  client::FetchOptions fetch;
  if (upper(level) == "READ_COMMITTED") fetch.isolation = client::Isolation::read_committed;
  group.fetch = fetch;
  if (const auto text = options.given("include")) {
    ASSIGN_OR_RETURN(group.pattern, pattern_of(*text));
  } else {
    group.topics.emplace_back(options.value("topic"));
  }
  ASSIGN_OR_RETURN(SessionOptions session_options,
                   session_options_of(properties, options.value("bootstrap-server"), "console-consumer"));
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::open(std::move(session_options)));
  catch_stop_signals();
  int64_t count = 0;
  Status done;
  {
    std::unique_ptr<RecordSource> source;
    if (const auto partition = options.integer("partition")) {
      source = std::make_unique<RecordSource>(*session, std::string(options.value("topic")),
                                              static_cast<PartitionIndex>(*partition), start_of(options), fetch);
    } else {
      source = std::make_unique<RecordSource>(*session, std::move(group));
    }
    done = consume(*source, options, format, count);
    const Status closed = source->close();
    if (done.ok() && !closed.ok()) done = closed.failure();
  }
  print_error(fmt::format("Processed a total of {} messages\n", count));
  if (options.has("enable-systest-events")) print("shutdown_complete\n");
  if (!done.ok()) return done.failure();
  return 0;
}

}  // namespace

std::span<const Option> console_consumer_options() {
  return table;
}

int run_console_consumer(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) return usage(table, options.failure().message);
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  const Result<int> code = options->values_ok().ok() ? run_checked(*options) : options->values_ok().failure();
  if (code.ok()) return *code;
  print_error(code.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
