// topic describe: summary, settings and partitions of topics.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Sections {
  bool summary = false;
  bool configs = false;
  bool partitions = false;

  int count() const { return (summary ? 1 : 0) + (configs ? 1 : 0) + (partitions ? 1 : 0); }
};

/// Offsets of one partition.
struct PartitionOffsets {
  client::OffsetAnswer start;
  client::OffsetAnswer stable;
  client::OffsetAnswer end;
};

struct Described {
  const client::TopicInfo* topic = nullptr;
  client::ResourceConfigs configs;
  std::vector<PartitionOffsets> offsets;  // as the topic's partitions
};

/// An offset, or the name of the error in its place.
std::string text_of(const client::OffsetAnswer& answer) {
  return answer.error == wire::ErrorCode::none ? std::to_string(answer.offset) : wire::name_of(answer.error);
}

Json json_of(const Described& described, bool stable) {
  const client::TopicInfo& topic = *described.topic;
  Json summary = {{"name", topic.name},
                  {"internal", topic.internal},
                  {"partitions", topic.partitions.size()},
                  {"replicas", topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size()},
                  {"error", topic.error == wire::ErrorCode::none ? "" : describe_error(topic.error)}};
  Json configs = Json::array();
  for (const auto& entry : described.configs.entries) {
    configs.push_back({{"key", entry.key},
                       {"value", entry.sensitive ? "(sensitive)" : entry.value.value_or("")},
                       {"source", client::name_of(entry.source)}});
  }
  Json partitions = Json::array();
  for (size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto& partition = topic.partitions[i];
    std::vector<NodeId> replicas(partition.replicas);
    std::ranges::sort(replicas);
    Json entry = {{"partition", partition.index},
                  {"leader", partition.leader},
                  {"epoch", partition.leader_epoch},
                  {"replicas", replicas}};
    if (!partition.offline.empty()) entry["offline_replicas"] = partition.offline;
    if (partition.error != wire::ErrorCode::none) entry["load_error"] = describe_error(partition.error);
    if (i < described.offsets.size()) {
      const PartitionOffsets& offsets = described.offsets[i];
      entry["log_start_offset"] = offsets.start.offset;
      if (stable) entry["last_stable_offset"] = offsets.stable.offset;
      entry["high_watermark"] = offsets.end.offset;
      Json errors = Json::array();
      for (const auto* answer : {&offsets.start, &offsets.end}) {
        if (answer->error != wire::ErrorCode::none) errors.push_back(wire::name_of(answer->error));
      }
      if (!errors.empty()) entry["error"] = std::move(errors);
    }
    partitions.push_back(std::move(entry));
  }
  return {{"summary", std::move(summary)}, {"configs", std::move(configs)}, {"partitions", std::move(partitions)}};
}

std::string partitions_text(const Described& described, bool stable) {
  const auto& partitions = described.topic->partitions;
  const bool offline = std::ranges::any_of(partitions, [](const auto& one) { return !one.offline.empty(); });
  const bool errors =
      std::ranges::any_of(partitions, [](const auto& one) { return one.error != wire::ErrorCode::none; });
  std::vector<std::string> heading{"partition", "leader", "epoch", "replicas"};
  if (offline) heading.emplace_back("offline-replicas");
  if (errors) heading.emplace_back("load-error");
  heading.emplace_back("log-start-offset");
  if (stable) heading.emplace_back("last-stable-offset");
  heading.emplace_back("high-watermark");
  Table table(std::move(heading));
  for (size_t i = 0; i < partitions.size(); ++i) {
    const auto& partition = partitions[i];
    std::vector<std::string> row{std::to_string(partition.index), std::to_string(partition.leader),
                                 std::to_string(partition.leader_epoch), list_of(partition.replicas)};
    if (offline) row.push_back(list_of(partition.offline));
    if (errors) row.push_back(partition.error == wire::ErrorCode::none ? "-" : describe_error(partition.error));
    row.push_back(text_of(described.offsets[i].start));
    if (stable) row.push_back(text_of(described.offsets[i].stable));
    row.push_back(text_of(described.offsets[i].end));
    table.add(std::move(row));
  }
  return table.to_string();
}

std::string text_of(const Described& described, const Sections& sections, bool stable) {
  const client::TopicInfo& topic = *described.topic;
  const bool titles = sections.count() > 1;
  std::string out;
  if (sections.summary) {
    Table table;
    table.add({"NAME", topic.name});
    if (topic.internal) table.add({"INTERNAL", "true"});
    table.add({"PARTITIONS", std::to_string(topic.partitions.size())});
    if (!topic.partitions.empty()) table.add({"REPLICAS", std::to_string(topic.partitions.front().replicas.size())});
    if (topic.error != wire::ErrorCode::none) table.add({"ERROR", describe_error(topic.error)});
    out += (titles ? section("summary") : "") + table.to_string() + (titles ? "\n" : "");
  }
  if (sections.configs) {
    Table table({"key", "value", "source"});
    for (const auto& entry : described.configs.entries) {
      table.add({entry.key, entry.sensitive ? "(sensitive)" : entry.value.value_or(""), client::name_of(entry.source)});
    }
    out += (titles ? section("configs") : "") + table.to_string() + (titles ? "\n" : "");
  }
  if (sections.partitions) {
    out += (titles ? section("partitions") : "") + partitions_text(described, stable) + (titles ? "\n" : "");
  }
  return out;
}

/// Asks for start, stable and end offsets of all partitions.
Status load_offsets(Session& session, std::vector<Described>& all, bool stable) {
  std::vector<client::OffsetQuery> queries;
  for (const Described& described : all) {
    for (const auto& partition : described.topic->partitions) {
      queries.push_back({described.topic->name, partition.index, client::earliest_offset});
    }
  }
  const auto ask = [&](int64_t timestamp, client::Isolation isolation) {
    for (auto& query : queries) query.timestamp = timestamp;
    return session.wait(client::list_offsets(session.client(), queries, isolation));
  };
  // The stable end first: asked for after the high watermark it could look higher than it.
  ASSIGN_OR_RETURN(const auto starts, ask(client::earliest_offset, client::Isolation::read_uncommitted));
  std::vector<client::OffsetAnswer> stables(queries.size());
  if (stable) {
    ASSIGN_OR_RETURN(stables, ask(client::latest_offset, client::Isolation::read_committed));
  }
  ASSIGN_OR_RETURN(const auto ends, ask(client::latest_offset, client::Isolation::read_uncommitted));
  size_t at = 0;
  for (Described& described : all) {
    for (size_t i = 0; i < described.topic->partitions.size(); ++i, ++at) {
      described.offsets.push_back({starts[at], stables[at], ends[at]});
    }
  }
  return {};
}

Sections chosen_sections(const Invocation& invocation, size_t topics) {
  Sections sections{invocation.boolean("print-summary"), invocation.boolean("print-configs"),
                    invocation.boolean("print-partitions")};
  if (sections.count() == 0) sections = {true, true, false};
  const std::string_view format = invocation.text("format");
  const bool all = invocation.boolean("print-all") || topics > 1 || format == "json" || format == "yaml";
  return all ? Sections{true, true, true} : sections;
}

Described example_topic(const client::TopicInfo& topic) {
  Described described;
  described.topic = &topic;
  described.configs.entries.push_back({"cleanup.policy", "delete", client::ConfigSource::default_value, false, false});
  described.offsets.resize(1);
  return described;
}

}  // namespace

int topic_describe(const Invocation& invocation) {
  client::TopicInfo example;
  example.name = "name";
  example.partitions.push_back({.index = 0, .leader = 1, .leader_epoch = 0, .replicas = {1}});
  const bool stable = invocation.boolean("stable");
  if (print_format_help(invocation, Json::array({json_of(example_topic(example), stable)}))) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  Result<std::vector<std::string>> names = chosen_topics(**session, invocation);
  if (!names.ok()) return fail(names.failure());
  if (names->empty()) return fail("no topic matches");
  const auto topology = (*session)->wait((*session)->client().refresh(*names));
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  const Sections sections = chosen_sections(invocation, names->size());
  std::vector<Described> all;
  std::vector<std::string> existing;
  int code = 0;
  for (const std::string& name : *names) {
    const client::TopicInfo* topic = (*topology)->topic(name);
    if (topic == nullptr || topic->error != wire::ErrorCode::none) {
      const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
      code = fail(fmt::format("topic {}: {}", name, describe_error(error)));
      continue;
    }
    all.emplace_back().topic = topic;
    existing.push_back(name);
  }
  if (sections.configs && !all.empty()) {
    auto configs = (*session)->wait(client::describe_topic_configs((*session)->client(), existing));
    if (!configs.ok()) return fail((*session)->explain(configs.failure()));
    for (size_t i = 0; i < all.size(); ++i) {
      all[i].configs = std::move((*configs)[i]);
      const auto& result = all[i].configs;
      if (result.error != wire::ErrorCode::none) {
        code = fail(fmt::format("settings of topic {}: {}", result.name, describe_error(result.error, result.message)));
      }
    }
  }
  if (sections.partitions) {
    const Status loaded = load_offsets(**session, all, stable);
    if (!loaded.ok()) return fail((*session)->explain(loaded.failure()));
  }
  Json list = Json::array();
  for (const Described& described : all) list.push_back(json_of(described, stable));
  if (print_formatted(invocation, list)) return code;
  std::string out;
  for (const Described& described : all) out += text_of(described, sections, stable);
  print(out);
  return code;
}

}  // namespace moldau::cli
