// cluster info and cluster health.
#include <algorithm>
#include <map>
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
#include "wire/api/60_describe_cluster.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int unhealthy_exit_code = 10;
constexpr Duration watch_pause = seconds(2);
/// Partitions named in a report; the rest are counted.
constexpr size_t partitions_shown_max = 128;

std::string brokers_text(const client::Topology& topology) {
  const bool racks = std::ranges::any_of(topology.nodes, [](const auto& node) { return node.rack.has_value(); });
  std::vector<std::string> heading{"id", "host", "port"};
  if (racks) heading.emplace_back("rack");
  Table table(std::move(heading));
  for (const auto& node : topology.nodes) {
    std::vector<std::string> row{fmt::format("{}{}", node.id, node.id == topology.controller ? "*" : ""),
                                 node.address.host, std::to_string(node.address.port)};
    if (racks) row.push_back(node.rack.value_or(""));
    table.add(std::move(row));
  }
  return table.to_string();
}

Json info_json(const client::Topology& topology, const std::vector<const client::TopicInfo*>& topics) {
  Json brokers = Json::array();
  for (const auto& node : topology.nodes) {
    Json broker = {{"id", node.id}, {"host", node.address.host}, {"port", node.address.port}};
    if (node.rack) broker["rack"] = *node.rack;
    broker["is_controller"] = node.id == topology.controller;
    brokers.push_back(std::move(broker));
  }
  return {{"cluster", topology.cluster_id}, {"brokers", std::move(brokers)}, {"topics", topics_json(topics, true)}};
}

}  // namespace

int cluster_info(const Invocation& invocation) {
  client::Topology example;
  example.cluster_id = "id";
  example.nodes.push_back({1, {"127.0.0.1", 9092}, {}});
  example.controller = 1;
  if (print_format_help(invocation, info_json(example, {}))) return 0;
  bool cluster = invocation.boolean("print-cluster");
  bool brokers = invocation.boolean("print-brokers");
  bool topics = invocation.boolean("print-topics");
  bool internal = invocation.boolean("print-internal-topics");
  const bool detailed = invocation.boolean("print-detailed-topics");
  const bool named = !invocation.arguments().empty();
  const std::string_view format = invocation.text("format");
  const bool nothing_chosen = !cluster && !brokers && !topics;
  topics = topics || internal || detailed || named;
  if (nothing_chosen || format == "json" || format == "yaml") {
    internal = internal || !topics;
    cluster = brokers = topics = true;
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto topology = (*session)->wait((*session)->client().refresh(invocation.arguments(), topics && !named));
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  std::vector<const client::TopicInfo*> shown;
  int code = 0;
  for (const auto& [name, topic] : (*topology)->topics) {
    if (topic.internal && !internal && !named) continue;
    if (topic.error != wire::ErrorCode::none) {
      code = fail(fmt::format("topic {}: {}", name, describe_error(topic.error)));
      continue;
    }
    shown.push_back(&topic);
  }
  if (print_formatted(invocation, info_json(**topology, shown))) return code;
  const bool titles = (cluster ? 1 : 0) + (brokers ? 1 : 0) + (topics ? 1 : 0) > 1;
  std::string out;
  const auto add = [&](bool wanted, std::string_view title, const std::string& text) {
    if (!wanted) return;
    out += (titles ? section(title) : "") + text + (titles ? "\n" : "");
  };
  add(cluster && !(*topology)->cluster_id.empty(), "cluster", (*topology)->cluster_id + "\n");
  add(brokers, "brokers", brokers_text(**topology));
  add(topics && !shown.empty(), "topics", topics_text(shown, detailed));
  print(out);
  return code;
}

// --- cluster health
// --------------------------------------------------------------------------------------------------------------

namespace {

struct Health {
  bool healthy = false;
  std::vector<std::string> reasons;
  NodeId controller = no_node;
  std::vector<NodeId> nodes;
  std::vector<NodeId> down;
  std::vector<std::string> leaderless;
  std::vector<std::string> under_replicated;
  size_t leaderless_count = 0;
  size_t under_replicated_count = 0;

  bool operator==(const Health&) const = default;
};

/// Nodes that are registered, with whether the cluster takes them for alive.
Result<std::map<NodeId, bool>> registered_nodes(Session& session) {
  wire::DescribeClusterRequest request;
  request.include_fenced_brokers = true;
  client::SendOptions options;
  options.version_min = 2;
  const auto reply = session.wait(session.client().send<wire::DescribeClusterRequest, wire::DescribeClusterResponse>(
      client::any_node, request, options));
  std::map<NodeId, bool> nodes;
  if (!reply.ok() && reply.failure().kind != FailureKind::unsupported) return reply.failure();
  // Older brokers tell of living nodes only.
  for (const auto& node : session.client().known()->nodes) nodes[node.id] = true;
  if (reply.ok()) {
    for (const auto& broker : reply->message.brokers) nodes[broker.broker_id] = !broker.is_fenced;
  }
  return nodes;
}

void add_partition(std::vector<std::string>& list, size_t& count, const std::string& topic, PartitionIndex partition) {
  ++count;
  if (list.size() < partitions_shown_max)
    list.push_back(fmt::format("{}/{}", topic, partition));
  else if (list.size() == partitions_shown_max)
    list.emplace_back("...");
}

Result<Health> examine(Session& session) {
  ASSIGN_OR_RETURN(const client::TopologyRef topology, all_topics(session));
  ASSIGN_OR_RETURN(const auto nodes, registered_nodes(session));
  Health health;
  health.controller = topology->controller;
  for (const auto& [id, alive] : nodes) {
    health.nodes.push_back(id);
    const bool answers = alive && session.wait(session.client().connect_to(id)).ok();
    if (!answers) health.down.push_back(id);
  }
  for (const auto& [name, topic] : topology->topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.leader < 0) add_partition(health.leaderless, health.leaderless_count, name, partition.index);
      if (partition.in_sync.size() < partition.replicas.size()) {
        add_partition(health.under_replicated, health.under_replicated_count, name, partition.index);
      }
    }
  }
  if (health.controller < 0) health.reasons.emplace_back("no_elected_controller");
  if (!health.down.empty()) health.reasons.emplace_back("nodes_down");
  if (health.leaderless_count > 0) health.reasons.emplace_back("leaderless_partitions");
  health.healthy = health.reasons.empty();
  return health;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out = "[";
  for (const std::string& part : parts) out += (out.size() > 1 ? " " : "") + part;
  return out + "]";
}

std::string health_text(const Health& health) {
  Table table;
  table.add({"Healthy:", health.healthy ? "true" : "false"});
  table.add({"Unhealthy reasons:", joined(health.reasons)});
  table.add({"Controller ID:", std::to_string(health.controller)});
  table.add({"All nodes:", list_of(health.nodes)});
  table.add({"Nodes down:", list_of(health.down)});
  table.add({fmt::format("Leaderless partitions ({}):", health.leaderless_count), joined(health.leaderless)});
  table.add({fmt::format("Under-replicated partitions ({}):", health.under_replicated_count),
             joined(health.under_replicated)});
  return section("cluster health overview") + table.to_string();
}

Json health_json(const Health& health) {
  return {{"is_healthy", health.healthy},
          {"unhealthy_reasons", health.reasons},
          {"controller_id", health.controller},
          {"all_nodes", health.nodes},
          {"nodes_down", health.down},
          {"leaderless_count", health.leaderless_count},
          {"leaderless_partitions", health.leaderless},
          {"under_replicated_count", health.under_replicated_count},
          {"under_replicated_partitions", health.under_replicated}};
}

}  // namespace

int cluster_health(const Invocation& invocation) {
  if (print_format_help(invocation, health_json({}))) return 0;
  const bool until_healthy = invocation.boolean("exit-when-healthy");
  const bool watch = until_healthy || invocation.boolean("watch");
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  Health last;
  bool printed = false;
  std::string last_failure;
  for (;;) {
    const Result<Health> health = examine(**session);
    if (!health.ok()) {
      const Failure failure = (*session)->explain(health.failure());
      if (!watch) return fail(failure);
      // Whoever waits for a cluster may well begin before it does.
      if (failure.message != std::exchange(last_failure, failure.message)) fail(failure);
    } else if (!printed || !(*health == last)) {
      if (!print_formatted(invocation, health_json(*health))) print(health_text(*health));
      last = *health;
      printed = true;
      last_failure.clear();
    }
    const bool healthy = health.ok() && health->healthy;
    if (!watch) return healthy ? 0 : unhealthy_exit_code;
    if (until_healthy && healthy) return 0;
    (*session)->sleep(until_healthy ? milliseconds(200) : watch_pause);
  }
}

}  // namespace moldau::cli
