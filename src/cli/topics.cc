#include "cli/topics.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>
#include <re2/re2.h>
#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "client/admin.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

Json id_list(const std::vector<NodeId>& ids) {
  std::vector<NodeId> sorted(ids);
  std::ranges::sort(sorted);
  return Json(sorted);
}

/// Replicas of a topic, by its first partition.
size_t replicas_of(const client::TopicInfo& topic) {
  return topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
}

/// Prints a table of topics and what became of them; exit code 1 if one failed.
int print_outcomes(const Invocation& invocation, const std::vector<client::TopicOutcome>& outcomes, bool exists_is_fine,
                   bool formatted) {
  Table table({"topic", "status"});
  Json list = Json::array();
  int code = 0;
  for (const auto& outcome : outcomes) {
    std::string status = "OK";
    if (outcome.error == wire::ErrorCode::topic_already_exists && exists_is_fine) {
      status = "EXISTS";
    } else if (outcome.error != wire::ErrorCode::none) {
      status = describe_error(outcome.error, outcome.message);
      code = 1;
    }
    list.push_back({{"topic", outcome.name}, {"status", status}});
    table.add({outcome.name, std::move(status)});
  }
  if (!formatted || !print_formatted(invocation, list)) print(table.to_string());
  return code;
}

}  // namespace

std::string describe_error(wire::ErrorCode error, std::string_view message) {
  return fmt::format("{}: {}", wire::name_of(error),
                     message.empty() ? std::string_view(wire::message_of(error)) : message);
}

Result<client::TopologyRef> all_topics(Session& session) {
  std::vector<std::string> none;
  Result<client::TopologyRef> topology = session.wait(session.client().refresh(std::move(none), true));
  if (!topology.ok()) return session.explain(topology.failure());
  return topology;
}

Result<std::vector<std::string>> matching_names(const std::vector<std::string>& patterns,
                                                const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<re2::RE2>> expressions;
  for (const std::string& pattern : patterns) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    expressions.push_back(std::make_unique<re2::RE2>(pattern == "*" ? ".*" : pattern, options));
    if (!expressions.back()->ok()) {
      return Failure{FailureKind::invalid_argument,
                     fmt::format("'{}' is no regular expression: {}", pattern, expressions.back()->error())};
    }
  }
  std::vector<std::string> matching;
  for (const std::string& name : names) {
    const bool matches =
        std::ranges::any_of(expressions, [&](const auto& one) { return re2::RE2::FullMatch(name, *one); });
    if (matches) matching.push_back(name);
  }
  return matching;
}

Result<std::vector<std::string>> matching_topics(const std::vector<std::string>& patterns,
                                                 const client::Topology& topology) {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topology.topics) {
    if (!topic.internal) names.push_back(name);
  }
  return matching_names(patterns, names);
}

Result<std::vector<std::string>> chosen_topics(Session& session, const Invocation& invocation) {
  if (!invocation.boolean("regex")) return invocation.arguments();
  ASSIGN_OR_RETURN(const client::TopologyRef topology, all_topics(session));
  return matching_topics(invocation.arguments(), *topology);
}

int topic_create(const Invocation& invocation) {
  std::vector<std::pair<std::string, std::string>> configs;
  for (const std::string& config : invocation.texts("topic-config")) {
    const size_t equals = config.find('=');
    if (equals == std::string::npos || equals == 0) return fail(fmt::format("-c {}: expected key=value", config));
    configs.emplace_back(config.substr(0, equals), config.substr(equals + 1));
  }
  std::vector<client::NewTopic> topics;
  for (const std::string& name : invocation.arguments()) {
    topics.push_back({name, static_cast<int32_t>(invocation.integer("partitions")),
                      static_cast<int16_t>(invocation.integer("replicas")), configs});
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto outcomes = (*session)->wait(client::create_topics(
      (*session)->client(), std::move(topics), invocation.boolean("dry"), (*session)->options().command_timeout));
  if (!outcomes.ok()) return fail((*session)->explain(outcomes.failure()));
  return print_outcomes(invocation, *outcomes, invocation.boolean("if-not-exists"), false);
}

int topic_delete(const Invocation& invocation) {
  const Json example = Json::array({{{"topic", "name"}, {"status", "OK, or NAME: what went wrong"}}});
  if (print_format_help(invocation, example)) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  Result<std::vector<std::string>> names = chosen_topics(**session, invocation);
  if (!names.ok()) return fail(names.failure());
  if (names->empty()) return fail("no topic matches");
  auto outcomes = (*session)->wait(
      client::delete_topics((*session)->client(), std::move(names).value(), (*session)->options().command_timeout));
  if (!outcomes.ok()) return fail((*session)->explain(outcomes.failure()));
  std::ranges::sort(*outcomes, {}, &client::TopicOutcome::name);
  return print_outcomes(invocation, *outcomes, false, true);
}

// --- topic list
// ------------------------------------------------------------------------------------------------------------------

namespace {

Json summary_json(const client::TopicInfo& topic) {
  return {{"name", topic.name}, {"partitions", topic.partitions.size()}, {"replicas", replicas_of(topic)}};
}

Json detailed_json(const client::TopicInfo& topic) {
  Json json = summary_json(topic);
  Json partitions = Json::array();
  for (const auto& partition : topic.partitions) {
    Json entry = {{"partition", partition.index}, {"leader", partition.leader}};
    if (partition.leader_epoch >= 0) entry["epoch"] = partition.leader_epoch;
    entry["replicas"] = id_list(partition.replicas);
    entry["offline_replicas"] = id_list(partition.offline);
    entry["load_error"] = partition.error == wire::ErrorCode::none ? "" : describe_error(partition.error);
    partitions.push_back(std::move(entry));
  }
  json["partition_list"] = std::move(partitions);
  return json;
}

bool any_partition(const client::TopicInfo& topic, auto predicate) {
  return std::ranges::any_of(topic.partitions, predicate);
}

std::string detailed_text(const client::TopicInfo& topic) {
  const bool epochs = any_partition(topic, [](const auto& one) { return one.leader_epoch >= 0; });
  const bool offline = any_partition(topic, [](const auto& one) { return !one.offline.empty(); });
  const bool errors = any_partition(topic, [](const auto& one) { return one.error != wire::ErrorCode::none; });
  std::vector<std::string> heading{"", "partition", "leader"};
  if (epochs) heading.emplace_back("epoch");
  heading.emplace_back("replicas");
  if (offline) heading.emplace_back("offline-replicas");
  if (errors) heading.emplace_back("load-error");
  Table table(std::move(heading));
  for (const auto& partition : topic.partitions) {
    std::vector<std::string> row{"", std::to_string(partition.index), std::to_string(partition.leader)};
    if (epochs) row.push_back(std::to_string(partition.leader_epoch));
    row.push_back(list_of(partition.replicas));
    if (offline) row.push_back(list_of(partition.offline));
    if (errors) row.push_back(partition.error == wire::ErrorCode::none ? "-" : describe_error(partition.error));
    table.add(std::move(row));
  }
  return fmt::format("{}{}, {} partitions, {} replicas\n{}", topic.name, topic.internal ? " (internal)" : "",
                     topic.partitions.size(), replicas_of(topic), table.to_string());
}

}  // namespace

std::string topics_text(const std::vector<const client::TopicInfo*>& topics, bool detailed) {
  std::string out;
  if (!detailed) {
    Table table({"name", "partitions", "replicas"});
    for (const auto* topic : topics) {
      table.add({topic->name, std::to_string(topic->partitions.size()), std::to_string(replicas_of(*topic))});
    }
    return table.to_string();
  }
  for (const auto* topic : topics) out += (out.empty() ? "" : "\n") + detailed_text(*topic);
  return out;
}

Json topics_json(const std::vector<const client::TopicInfo*>& topics, bool detailed) {
  Json list = Json::array();
  for (const auto* topic : topics) list.push_back(detailed ? detailed_json(*topic) : summary_json(*topic));
  return list;
}

int topic_list(const Invocation& invocation) {
  const bool detailed = invocation.boolean("detailed");
  client::TopicInfo example;
  example.name = "name";
  example.partitions.push_back({.index = 0, .leader = 1, .leader_epoch = 0, .replicas = {1}});
  if (print_format_help(invocation, topics_json({&example}, detailed))) return 0;
  if (invocation.boolean("internal") && invocation.boolean("regex")) {
    return fail("-i and -r do not go together: expressions never match internal topics");
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  // Named topics are asked for by name, which does not create them and shows what is wrong with each.
  Result<std::vector<std::string>> names = chosen_topics(**session, invocation);
  if (!names.ok()) return fail(names.failure());
  const bool by_name = !invocation.arguments().empty();
  const Result<client::TopologyRef> topology =
      by_name ? (*session)->wait((*session)->client().refresh(*names)) : all_topics(**session);
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  std::vector<const client::TopicInfo*> shown;
  int code = 0;
  for (const auto& [name, topic] : (*topology)->topics) {
    const bool named = std::ranges::find(*names, name) != names->end();
    if (by_name ? !named : topic.internal && !invocation.boolean("internal")) continue;
    if (topic.error != wire::ErrorCode::none) {
      code = fail(fmt::format("topic {}: {}", name, describe_error(topic.error)));
      continue;
    }
    shown.push_back(&topic);
  }
  if (!print_formatted(invocation, topics_json(shown, detailed))) print(topics_text(shown, detailed));
  return code;
}

}  // namespace moldau::cli
