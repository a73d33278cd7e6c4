// kafka-get-offsets: the first, the last, or the offset of a time, of partitions.
#include <algorithm>
#include <climits>

#include <fmt/core.h>

#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "client/admin.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary = "An interactive shell for getting topic-partition offsets.";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "HOST1:PORT1,...,HOST3:PORT3", "The brokers to ask first; needed"},
    {"topic-partitions", Takes::value, "topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
     "Patterns of topics, each with a partition or a range of them behind a colon (its end is not included)"},
    {"topic", Takes::value, "topic", "A regular expression for topics; without it all"},
    {"partitions", Takes::value, "partition ids", "Partitions, with commas between; without it all"},
    {"time", Takes::value,
     "<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered "
     "/ -6 or earliest-pending-upload",
     "Which offset: of the first record that is not older than a time, or a special one", ValueKind::text, "latest"},
    {"command-config", Takes::value, "config file", "A property file for the client"},
    {"exclude-internal-topics", Takes::nothing, "", "Leave out internal topics"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

/// Some topics, and some of their partitions.
struct Rule {
  TopicFilter topics;
  std::vector<int64_t> partitions;  // empty: the range
  int64_t from = 0;
  int64_t until = INT_MAX;

  bool allows(int64_t partition) const {
    if (!partitions.empty()) return std::ranges::find(partitions, partition) != partitions.end();
    return partition >= from && partition < until;
  }
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

bool digits_only(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// TOPICS, TOPICS:N, TOPICS:A-B, TOPICS:A-, TOPICS:-B, with TOPICS possibly empty.
Result<Rule> parse_rule(std::string_view text) {
  const Failure wrong =
      invalid(fmt::format("org.apache.kafka.tools.TerseException: Invalid rule specification: {}", text));
  const size_t colon = text.find(':');
  const std::string_view topics = text.substr(0, colon);
  Rule rule;
  ASSIGN_OR_RETURN(rule.topics, TopicFilter::parse(topics.empty() ? ".*" : topics));
  if (colon == std::string_view::npos) return rule;
  const std::string_view range = text.substr(colon + 1);
  const size_t dash = range.find('-');
  const std::string_view first = range.substr(0, dash);
  const std::string_view last = dash == std::string_view::npos ? std::string_view() : range.substr(dash + 1);
  if (!digits_only(first) || !digits_only(last)) return wrong;
  if (dash == std::string_view::npos) {
    if (!first.empty()) rule.partitions.push_back(parse_integer(first).value_or(-1));
    return rule;
  }
  if (!first.empty()) rule.from = parse_integer(first).value_or(INT_MAX);
  if (!last.empty()) rule.until = parse_integer(last).value_or(INT_MAX);
  return rule;
}

Result<std::vector<Rule>> parse_rules(const Options& options) {
  std::vector<Rule> rules;
  if (const auto text = options.given("topic-partitions")) {
    for (const std::string_view one : split(*text, ',')) {
      ASSIGN_OR_RETURN(Rule rule, parse_rule(one));
      rules.push_back(std::move(rule));
    }
    return rules;
  }
  Rule rule;
  ASSIGN_OR_RETURN(rule.topics, TopicFilter::parse(options.has("topic") ? options.value("topic") : ".*"));
  const std::string partitions(options.value("partitions"));
  for (const std::string_view one : split(partitions, ',')) {
    if (partitions.empty()) break;
    const auto number = parse_integer(one);
    if (!number) {
      return invalid(fmt::format(
          "--partitions expects a comma separated list of numeric partition ids, but received: {}", partitions));
    }
    rule.partitions.push_back(*number);
  }
  rules.push_back(std::move(rule));
  return rules;
}

Result<int64_t> parse_time(std::string_view text) {
  static constexpr std::pair<std::string_view, int64_t> names[] = {
      {"latest", -1},         {"earliest", -2},      {"max-timestamp", -3},
      {"earliest-local", -4}, {"latest-tiered", -5}, {"earliest-pending-upload", -6},
  };
  for (const auto& [name, time] : names) {
    if (text == name) return time;
  }
  if (const auto number = parse_integer(text)) return *number;
  return invalid(fmt::format(
      "Malformed time argument {}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or "
      "earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp",
      text));
}

Result<std::vector<client::OffsetQuery>> queries_of(const client::Topology& topology, const std::vector<Rule>& rules,
                                                    int64_t time, bool internal) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& [name, topic] : topology.topics) {
    if (topic.internal && !internal) continue;
    for (const auto& partition : topic.partitions) {
      const bool chosen = std::ranges::any_of(
          rules, [&](const Rule& rule) { return rule.topics.allows(name) && rule.allows(partition.index); });
      if (chosen) queries.push_back({name, partition.index, time});
    }
  }
  if (queries.empty()) return invalid("Could not match any topic-partitions with the specified filters");
  return queries;
}

std::string name_of_partition(const client::OffsetQuery& query) {
  return fmt::format("{}-{}", query.topic, query.partition);
}

Status print_offsets(const Options& options) {
  RETURN_IF_FAILED(options.values_ok());
  if (options.has("topic-partitions") && (options.has("topic") || options.has("partitions"))) {
    return invalid("--topic-partitions cannot be used with --topic or --partitions");
  }
  ASSIGN_OR_RETURN(const int64_t time, parse_time(options.value("time")));
  ASSIGN_OR_RETURN(const std::vector<Rule> rules, parse_rules(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, open_session(options, "GetOffsetShell"));
  const auto topology = all_topics(*session);
  if (!topology.ok()) return session->explain(topology.failure());
  ASSIGN_OR_RETURN(std::vector<client::OffsetQuery> queries,
                   queries_of(**topology, rules, time, !options.has("exclude-internal-topics")));
  std::ranges::sort(queries, {}, name_of_partition);
  const auto answers =
      session->wait(client::list_offsets(session->client(), queries, client::Isolation::read_uncommitted));
  if (!answers.ok()) return session->explain(answers.failure());
  std::string out;
  for (size_t i = 0; i < queries.size(); ++i) {
    const client::OffsetAnswer& answer = (*answers)[i];
    if (answer.error != wire::ErrorCode::none) {
      print_error(fmt::format("Skip getting offsets for topic-partition {} due to error: {}\n",
                              name_of_partition(queries[i]), exception_of(answer.error)));
    } else if (answer.offset != no_offset) {
      out += fmt::format("{}:{}:{}\n", queries[i].topic, queries[i].partition, answer.offset);
    }
  }
  print(out);
  return {};
}

}  // namespace

std::span<const Option> get_offsets_options() {
  return table;
}

int run_get_offsets(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(fmt::format("Error occurred: {}\n", options.failure().message));
    return 1;
  }
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto missing = missing_of(*options, {"bootstrap-server"})) return usage(table, *missing);
  const Status done = print_offsets(*options);
  if (done.ok()) return 0;
  print_error(fmt::format("Error occurred: {}\n", done.failure().message));
  return 1;
}

}  // namespace moldau::cli::kafka
