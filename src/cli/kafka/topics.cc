// kafka-topics: create, delete, describe, list and grow topics.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "client/admin_configs.h"
#include "client/admin_partitions.h"

namespace moldau::cli::kafka {
namespace {

constexpr Duration request_time = seconds(60);
constexpr int64_t page_partitions_default = 2000;
constexpr std::string_view summary = "This tool helps to create, delete, describe, or change a topic.";
constexpr std::string_view configs_hint = " (To alter topic configurations, the kafka-configs tool can be used.)";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first; needed"},
    {"command-config", Takes::value, "command config property file", "A property file for the client"},
    {"list", Takes::nothing, "", "Print the names of topics"},
    {"create", Takes::nothing, "", "Create a topic"},
    {"delete", Takes::nothing, "", "Delete topics"},
    {"alter", Takes::nothing, "", "Add partitions to topics; their settings are changed by kafka-configs"},
    {"describe", Takes::nothing, "", "Print what topics are"},
    {"topic", Takes::value, "topic", "The topic; except with --create a regular expression, or several with commas"},
    {"topic-id", Takes::value, "topic-id", "The id of a topic to describe"},
    {"config", Takes::value, "name=value", "A setting of the topic to create; may stand several times", ValueKind::text,
     "", true},
    {"delete-config", Takes::value, "name", "Not served any more", ValueKind::text, "", true},
    {"partitions", Takes::value, "# of partitions", "How many partitions; without it the cluster's default",
     ValueKind::int32},
    {"replication-factor", Takes::value, "replication factor", "Replicas of each partition; without it the default",
     ValueKind::int32},
    {"replica-assignment", Takes::value, "broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , ...",
     "The brokers of each partition"},
    {"under-replicated-partitions", Takes::nothing, "", "Describe only partitions that miss replicas in sync"},
    {"unavailable-partitions", Takes::nothing, "", "Describe only partitions without a leader"},
    {"under-min-isr-partitions", Takes::nothing, "", "Describe only partitions below min.insync.replicas"},
    {"at-min-isr-partitions", Takes::nothing, "", "Describe only partitions exactly at min.insync.replicas"},
    {"topics-with-overrides", Takes::nothing, "", "Describe only topics with settings of their own"},
    {"if-exists", Takes::nothing, "", "A topic that does not exist is no error"},
    {"if-not-exists", Takes::nothing, "", "A topic that exists is no error"},
    {"exclude-internal", Takes::nothing, "", "Leave out internal topics"},
    {"partition-size-limit-per-response", Takes::value, "maximum number of partitions per response",
     "Partitions of one page of a description", ValueKind::int32},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

constexpr std::string_view actions[] = {"alter", "create", "describe", "list", "delete"};

/// What a wrong combination of options is told; nothing if it is right.
std::optional<std::string> wrong_use(const Options& options, std::string_view used,
                                     std::initializer_list<std::string_view> allowed,
                                     std::initializer_list<std::string_view> others = {}) {
  if (!options.has(used)) return std::nullopt;
  for (const std::string_view action : actions) {
    if (std::ranges::find(allowed, action) != allowed.end()) continue;
    if (auto wrong = conflict_of(options, used, {action})) return wrong;
  }
  return conflict_of(options, used, others);
}

std::optional<std::string> check(const Options& options) {
  const auto chosen = std::ranges::count_if(actions, [&](std::string_view action) { return options.has(action); });
  if (chosen != 1) {
    return "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
  }
  if (options.has("delete-config")) {
    print_error(
        "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully "
        "removed in future releases.\n");
  }
  if (options.has("describe") && options.has("if-exists")) {
    if (!options.has("topic") && !options.has("topic-id")) {
      return "--topic or --topic-id is required to describe a topic";
    }
    if (options.has("topic") && options.has("topic-id")) {
      print(
          "Only topic id will be used when both --topic and --topic-id are specified and topicId is not "
          "Uuid.ZERO_UUID\n");
    }
  }
  if (!options.has("list") && !options.has("describe")) {
    if (auto missing = missing_of(options, {"topic"})) return missing;
  }
  if (options.has("alter")) {
    if (options.has("config")) {
      return fmt::format(
          "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\"{}",
          configs_hint);
    }
    if (auto missing = missing_of(options, {"partitions"})) return missing;
  }
  if (auto wrong = wrong_use(options, "config", {"alter", "create"})) return wrong;
  if (auto wrong = wrong_use(options, "partitions", {"alter", "create"})) return wrong;
  if (auto wrong = wrong_use(options, "replication-factor", {"create"})) return wrong;
  if (auto wrong = wrong_use(options, "replica-assignment", {"alter", "create"})) return wrong;
  if (options.has("create")) {
    if (auto wrong = conflict_of(options, "replica-assignment", {"partitions", "replication-factor"})) return wrong;
  }
  for (const std::string_view report :
       {"under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions"}) {
    if (auto wrong = wrong_use(options, report, {"describe"}, {"topics-with-overrides"})) return wrong;
  }
  if (auto wrong = wrong_use(options, "topics-with-overrides", {"describe"},
                             {"under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions",
                              "unavailable-partitions"})) {
    return wrong;
  }
  if (auto wrong = wrong_use(options, "if-exists", {"alter", "delete", "describe"})) return wrong;
  if (auto wrong = wrong_use(options, "if-not-exists", {"create"})) return wrong;
  return wrong_use(options, "exclude-internal", {"list", "describe"});
}

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

using Assignment = std::vector<std::vector<NodeId>>;

Result<Assignment> parse_assignment(std::string_view text) {
  Assignment assignment;
  if (text.empty()) return assignment;
  for (const std::string_view partition : split(text, ',')) {
    std::vector<NodeId>& brokers = assignment.emplace_back();
    std::vector<NodeId> repeated;
    for (std::string_view broker : split(partition, ':')) {
      while (broker.starts_with(' ')) broker.remove_prefix(1);
      while (broker.ends_with(' ')) broker.remove_suffix(1);
      const auto number = parse_integer(broker);
      if (!number || *number < INT32_MIN || *number > INT32_MAX) {
        return invalid(fmt::format("For input string: \"{}\"", broker));
      }
      const auto id = static_cast<NodeId>(*number);
      if (std::ranges::find(brokers, id) != brokers.end()) repeated.push_back(id);
      brokers.push_back(id);
    }
    if (!repeated.empty()) {
      return invalid(
          fmt::format("Partition replica lists may not contain duplicate entries: {}", fmt::join(repeated, ",")));
    }
    if (brokers.size() != assignment.front().size()) {
      return invalid(fmt::format("Partition {} has different replication factor: [{}]", assignment.size() - 1,
                                 fmt::join(brokers, ", ")));
    }
  }
  return assignment;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_configs(std::span<const std::string> texts) {
  std::vector<std::pair<std::string, std::string>> configs;
  for (const std::string& text : texts) {
    std::vector<std::string_view> parts = split(text, '=');
    while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
    if (parts.size() != 2) {
      return invalid(
          "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\".");
    }
    configs.emplace_back(std::string(trimmed(parts[0])), std::string(trimmed(parts[1])));
  }
  return configs;
}

class TopicService {
 public:
  TopicService(Session& session, const Options& options) : session_(session), options_(options) {}

  Status create();
  Status list();
  Status alter();
  Status describe();
  Status remove();

 private:
  Failure world(const Failure& failure) const { return session_.explain(failure); }
  Result<client::TopologyRef> topology() { return all_topics(session_); }
  Result<std::vector<std::string>> named(const client::Topology& topology) const;
  Status expect(const std::vector<std::string>& names) const;
  Result<std::vector<client::DescribedTopic>> described_topics(const client::Topology& topology);
  void print_topic(const client::DescribedTopic& topic, const client::DescribedConfigs& configs,
                   const client::Topology& topology) const;
  bool shows(const client::DescribedPartition& partition, int64_t min_isr, const client::Topology& topology) const;

  Session& session_;
  const Options& options_;
};

Result<std::vector<std::string>> TopicService::named(const client::Topology& topology) const {
  const bool external_only = options_.has("exclude-internal");
  std::optional<TopicFilter> filter;
  if (const auto text = options_.given("topic")) {
    ASSIGN_OR_RETURN(filter, TopicFilter::parse(*text));
  }
  std::vector<std::string> names;
  for (const auto& [name, topic] : topology.topics) {
    if (external_only && (topic.internal || is_internal_topic(name))) continue;
    if (!filter || filter->allows(name)) names.push_back(name);
  }
  return names;
}

Status TopicService::expect(const std::vector<std::string>& names) const {
  const auto topic = options_.given("topic");
  if (!topic || topic->empty() || !names.empty() || options_.has("if-exists")) return {};
  return invalid(fmt::format("Topic '{}' does not exist as expected", *topic));
}

Status TopicService::create() {
  const std::string name(options_.value("topic"));
  RETURN_IF_FAILED(options_.values_ok());
  client::NewTopic topic;
  topic.name = name;
  ASSIGN_OR_RETURN(topic.assignment, parse_assignment(options_.value("replica-assignment")));
  ASSIGN_OR_RETURN(topic.configs, parse_configs(options_.values("config")));
  if (name.find_first_of("._") != std::string::npos) {
    print(
        "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. "
        "To avoid issues it is best to use either, but not both.\n");
  }
  const auto replicas = options_.integer("replication-factor");
  if (replicas && (*replicas > INT16_MAX || *replicas < 1)) {
    return invalid(fmt::format("The replication factor must be between 1 and {} inclusive", INT16_MAX));
  }
  const auto partitions = options_.integer("partitions");
  if (partitions && *partitions < 1) return invalid("The partitions must be greater than 0");
  if (partitions) topic.partitions = static_cast<int32_t>(*partitions);
  if (replicas) topic.replicas = static_cast<int16_t>(*replicas);
  std::vector<client::NewTopic> topics;
  topics.push_back(std::move(topic));
  const auto outcomes = session_.wait(client::create_topics(session_.client(), std::move(topics), false, request_time));
  if (!outcomes.ok()) return world(outcomes.failure());
  const auto& outcome = outcomes->front();
  if (outcome.error == wire::ErrorCode::none) {
    print(fmt::format("Created topic {}.\n", name));
    return {};
  }
  if (outcome.error == wire::ErrorCode::topic_already_exists && options_.has("if-not-exists")) return {};
  return invalid(words_of(outcome.error, outcome.message));
}

Status TopicService::list() {
  RETURN_IF_FAILED(options_.values_ok());
  ASSIGN_OR_RETURN(const client::TopologyRef known, topology());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, named(*known));
  print(fmt::format("{}\n", fmt::join(names, "\n")));
  return {};
}

Status TopicService::alter() {
  RETURN_IF_FAILED(options_.values_ok());
  ASSIGN_OR_RETURN(const Assignment assignment, parse_assignment(options_.value("replica-assignment")));
  ASSIGN_OR_RETURN(const client::TopologyRef known, topology());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, named(*known));
  RETURN_IF_FAILED(expect(names));
  if (names.empty()) return {};
  std::vector<client::NewPartitions> changes;
  for (const std::string& name : names) {
    client::NewPartitions& change = changes.emplace_back();
    change.topic = name;
    change.count = static_cast<int32_t>(options_.integer("partitions").value_or(0));
    if (assignment.empty()) continue;
    // The list names the brokers of the partitions that are there, too.
    const size_t present = std::min(known->topic(name)->partitions.size(), assignment.size());
    change.assignment.emplace(assignment.begin() + static_cast<std::ptrdiff_t>(present), assignment.end());
  }
  const auto outcomes =
      session_.wait(client::create_partitions(session_.client(), std::move(changes), false, request_time));
  if (!outcomes.ok()) return world(outcomes.failure());
  for (const auto& outcome : *outcomes) {
    if (outcome.error != wire::ErrorCode::none) return invalid(words_of(outcome.error, outcome.message));
  }
  return {};
}

Status TopicService::remove() {
  RETURN_IF_FAILED(options_.values_ok());
  ASSIGN_OR_RETURN(const client::TopologyRef known, topology());
  ASSIGN_OR_RETURN(std::vector<std::string> names, named(*known));
  RETURN_IF_FAILED(expect(names));
  if (names.empty()) return {};
  const auto outcomes = session_.wait(client::delete_topics(session_.client(), std::move(names), request_time));
  if (!outcomes.ok()) return world(outcomes.failure());
  for (const auto& outcome : *outcomes) {
    if (outcome.error != wire::ErrorCode::none) return invalid(words_of(outcome.error, outcome.message));
  }
  return {};
}

// --- describe ---

template <typename Ids>
std::string ids_text(const Ids& ids) {
  return fmt::format("{}", fmt::join(ids, ","));
}

std::string ids_or_unknown(const std::optional<std::vector<NodeId>>& ids) {
  return ids ? ids_text(*ids) : "N/A";
}

Result<std::vector<client::DescribedTopic>> TopicService::described_topics(const client::Topology& topology) {
  std::vector<std::string> names;
  std::optional<Uuid> id;
  if (const auto text = options_.given("topic-id")) {
    ASSIGN_OR_RETURN(id, parse_uuid(*text));
    if (id->is_zero()) id.reset();
  }
  if (id) {
    for (const auto& [name, topic] : topology.topics) {
      if (topic.id == *id && !(topic.internal && options_.has("exclude-internal"))) names.push_back(name);
    }
    if (names.empty() && !options_.has("if-exists")) {
      return invalid(fmt::format("TopicId '{}' does not exist as expected", uuid_text(*id)));
    }
  } else {
    ASSIGN_OR_RETURN(names, named(topology));
    RETURN_IF_FAILED(expect(names));
  }
  const auto page = options_.integer("partition-size-limit-per-response").value_or(page_partitions_default);
  auto topics = session_.wait(client::describe_topics(session_.client(), std::move(names), static_cast<int32_t>(page)));
  if (!topics.ok()) return world(topics.failure());
  for (const auto& topic : *topics) {
    if (topic.error != wire::ErrorCode::none) return invalid(words_of(topic.error));
  }
  java_hash_order(*topics, [](const client::DescribedTopic& topic) { return java_hash(topic.name); }, topics->size());
  return topics;
}

bool TopicService::shows(const client::DescribedPartition& partition, int64_t min_isr,
                         const client::Topology& topology) const {
  const auto in_sync = static_cast<int64_t>(partition.in_sync.size());
  const bool leader = partition.leader >= 0;
  const bool missing = options_.has("under-replicated-partitions");
  const bool unavailable = options_.has("unavailable-partitions");
  const bool under = options_.has("under-min-isr-partitions");
  const bool at = options_.has("at-min-isr-partitions");
  if (!missing && !unavailable && !under && !at) return true;
  return (missing && partition.replicas.size() > partition.in_sync.size()) ||
         (unavailable && (!leader || topology.node(partition.leader) == nullptr)) ||
         (under && (!leader || in_sync < min_isr)) || (at && in_sync == min_isr);
}

void TopicService::print_topic(const client::DescribedTopic& topic, const client::DescribedConfigs& configs,
                               const client::Topology& topology) const {
  std::vector<std::string> overrides;
  int64_t min_isr = 1;
  for (const auto& config : configs.configs) {
    const auto& entry = config.entry;
    if (entry.key == "min.insync.replicas") min_isr = parse_integer(entry.value.value_or("")).value_or(1);
    if (entry.source == client::ConfigSource::default_value) continue;
    overrides.push_back(fmt::format("{}={}", entry.key, entry.value.value_or("null")));
  }
  const bool some_partitions = options_.has("under-replicated-partitions") || options_.has("unavailable-partitions") ||
                               options_.has("under-min-isr-partitions") || options_.has("at-min-isr-partitions");
  const bool only_overrides = options_.has("topics-with-overrides");
  std::string out;
  if (!some_partitions && (!only_overrides || !overrides.empty())) {
    out += fmt::format("Topic: {}", topic.name);
    if (!topic.id.is_zero()) out += fmt::format("\tTopicId: {}", uuid_text(topic.id));
    const size_t replicas = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    out += fmt::format("\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n", topic.partitions.size(), replicas,
                       fmt::join(overrides, ","));
  }
  for (const auto& partition : topic.partitions) {
    if (only_overrides || !shows(partition, min_isr, topology)) continue;
    const std::string leader = partition.leader >= 0 ? std::to_string(partition.leader) : "none";
    out += fmt::format("\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}\tElr: {}\tLastKnownElr: {}\n",
                       topic.name, partition.index, leader, ids_text(partition.replicas), ids_text(partition.in_sync),
                       ids_or_unknown(partition.eligible), ids_or_unknown(partition.last_known));
  }
  print(out);
}

Status TopicService::describe() {
  RETURN_IF_FAILED(options_.values_ok());
  ASSIGN_OR_RETURN(const client::TopologyRef known, topology());
  ASSIGN_OR_RETURN(const std::vector<client::DescribedTopic> topics, described_topics(*known));
  for (const auto& topic : topics) {
    client::ConfigResource resource{client::ResourceType::topic, topic.name};
    const auto configs = session_.wait(client::describe_configs(session_.client(), std::move(resource), false));
    if (!configs.ok()) return world(configs.failure());
    if (configs->error != wire::ErrorCode::none) return invalid(words_of(configs->error, configs->message));
    print_topic(topic, *configs, *known);
  }
  return {};
}

}  // namespace

std::span<const Option> topics_options() {
  return table;
}

int run_topics(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(options.failure().message + "\n");
    return 1;
  }
  if (options->empty()) return usage(table, "Create, delete, describe, or change a topic.");
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  if (!options->has("bootstrap-server")) {
    print_error("--bootstrap-server must be specified\n");
    return 1;
  }
  const auto session = open_session(*options, "adminclient-1");
  if (!session.ok()) {
    print_error(session.failure().message + "\n");
    return 1;
  }
  TopicService service(**session, *options);
  Status done;
  if (options->has("create")) done = service.create();
  if (options->has("alter")) done = service.alter();
  if (options->has("list")) done = service.list();
  if (options->has("describe")) done = service.describe();
  if (options->has("delete")) done = service.remove();
  if (done.ok()) return 0;
  print(fmt::format("Error while executing topic command : {}\n", done.failure().message));
  return 1;
}

}  // namespace moldau::cli::kafka
