// cluster logdirs describe, cluster partitions list.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
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
#include "client/admin_partitions.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A line: of a replica, or summed up.
struct DirRow {
  NodeId broker = no_node;
  std::string dir;
  std::string topic;
  PartitionIndex partition = -1;
  int64_t bytes = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
};

/// What --aggregate-into leaves of a row's columns: 1 broker, 2 dir, 3 topic, 4 all.
int columns_of(std::string_view into) {
  return into == "broker" ? 1 : into == "dir" ? 2 : into == "topic" ? 3 : 4;
}

std::vector<DirRow> summed(const std::vector<DirRow>& rows, int columns) {
  std::map<std::tuple<NodeId, std::string, std::string, PartitionIndex>, DirRow> sums;
  for (DirRow row : rows) {
    if (columns < 4) row.partition = -1;
    if (columns < 3) row.topic.clear();
    if (columns < 2) row.dir.clear();
    auto [at, fresh] = sums.try_emplace({row.broker, row.dir, row.topic, row.partition}, row);
    if (fresh) continue;
    at->second.bytes += row.bytes;
    if (row.error != wire::ErrorCode::none) at->second.error = row.error;
  }
  std::vector<DirRow> list;
  for (auto& [key, row] : sums) list.push_back(std::move(row));
  return list;
}

std::string human_size(int64_t bytes) {
  constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1000 && unit + 1 < std::size(units)) {
    size /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{}{}", bytes, units[0]) : fmt::format("{:.4g}{}", size, units[unit]);
}

Result<std::vector<DirRow>> rows_of(Session& session, const Invocation& invocation) {
  ASSIGN_OR_RETURN(const client::TopologyRef topology, session.wait(session.client().refresh({})));
  const int64_t only = invocation.integer("broker");
  if (only >= 0 && topology->node(static_cast<NodeId>(only)) == nullptr) {
    return Failure{FailureKind::not_found, fmt::format("there is no broker {} in the cluster", only)};
  }
  const std::vector<std::string> topics = invocation.list("topics");
  std::vector<DirRow> rows;
  for (const client::Node& node : topology->nodes) {
    if (only >= 0 && node.id != only) continue;
    ASSIGN_OR_RETURN(const auto dirs, session.wait(client::describe_log_dirs(session.client(), node.id)));
    for (const client::LogDir& dir : dirs) {
      if (dir.error != wire::ErrorCode::none) rows.push_back({node.id, dir.path, "", -1, 0, dir.error});
      for (const client::LogDirReplica& replica : dir.replicas) {
        if (!topics.empty() && std::ranges::find(topics, replica.topic) == topics.end()) continue;
        rows.push_back({node.id, dir.path, replica.topic, replica.partition, replica.bytes});
      }
    }
  }
  return rows;
}

Json row_json(const DirRow& row, int columns) {
  Json json = {{"broker", row.broker}};
  if (columns >= 2) json["dir"] = row.dir;
  if (columns >= 3) json["topic"] = row.topic;
  if (columns >= 4) json["partition"] = row.partition;
  json["size"] = row.bytes;
  if (row.error != wire::ErrorCode::none) json["error"] = describe_error(row.error);
  return json;
}

}  // namespace

int cluster_logdirs_describe(const Invocation& invocation) {
  const int columns = columns_of(invocation.text("aggregate-into"));
  if (print_format_help(invocation, Json::array({row_json({1, "/data", "topic", 0, 10}, columns)}))) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto found = rows_of(**session, invocation);
  if (!found.ok()) return fail((*session)->explain(found.failure()));
  std::vector<DirRow> rows = summed(*found, columns);
  if (invocation.boolean("sort-by-size")) {
    std::ranges::sort(rows, [](const DirRow& a, const DirRow& b) {
      return std::tie(b.bytes, a.topic, a.partition, a.broker) < std::tie(a.bytes, b.topic, b.partition, b.broker);
    });
  }
  const bool errors = std::ranges::any_of(rows, [](const auto& row) { return row.error != wire::ErrorCode::none; });
  Json list = Json::array();
  std::vector<std::string> heading{"broker", "dir", "topic", "partition"};
  heading.resize(static_cast<size_t>(columns));
  heading.emplace_back("size");
  if (errors) heading.emplace_back("error");
  Table table(std::move(heading));
  for (const DirRow& row : rows) {
    list.push_back(row_json(row, columns));
    std::vector<std::string> cells{std::to_string(row.broker), row.dir, row.topic,
                                   row.partition >= 0 ? std::to_string(row.partition) : ""};
    cells.resize(static_cast<size_t>(columns));
    cells.push_back(invocation.boolean("human-readable") ? human_size(row.bytes) : std::to_string(row.bytes));
    if (errors) cells.push_back(row.error == wire::ErrorCode::none ? "" : describe_error(row.error));
    table.add(std::move(cells));
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return errors ? 1 : 0;
}

int cluster_partitions_list(const Invocation& invocation) {
  const auto json_of = [](const std::string& topic, const client::PartitionInfo& partition) {
    return Json{{"topic", topic},
                {"partition", partition.index},
                {"leader_id", partition.leader},
                {"replicas", partition.replicas},
                {"in_sync", partition.in_sync},
                {"disabled", false}};
  };
  client::PartitionInfo example;
  example.leader = 1;
  example.replicas = example.in_sync = {1};
  if (print_format_help(invocation, Json::array({json_of("name", example)}))) return 0;
  const bool all = invocation.boolean("all");
  if (all != invocation.arguments().empty()) return fail("name topics, or all of them with --all");
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto topology = (*session)->wait((*session)->client().refresh(invocation.arguments(), all));
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  const auto numbers = invocation.integers("partition");
  const auto nodes = invocation.integers("node-ids");
  const auto wanted = [](const std::vector<int64_t>& list, int64_t one) {
    return list.empty() || std::ranges::find(list, one) != list.end();
  };
  int code = 0;
  Json list = Json::array();
  Table table({"topic", "partition", "leader-id", "replicas", "in-sync", "disabled"});
  for (const auto& [name, topic] : (*topology)->topics) {
    if (topic.error != wire::ErrorCode::none) {
      code = fail(fmt::format("topic {}: {}", name, describe_error(topic.error)));
      continue;
    }
    for (const client::PartitionInfo& partition : topic.partitions) {
      const bool on_node = std::ranges::any_of(partition.replicas, [&](NodeId id) { return wanted(nodes, id); });
      if (!wanted(numbers, partition.index) || !on_node || invocation.boolean("disabled-only")) continue;
      list.push_back(json_of(name, partition));
      table.add({name, std::to_string(partition.index), std::to_string(partition.leader), list_of(partition.replicas),
                 list_of(partition.in_sync), "-"});
    }
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return code;
}

}  // namespace moldau::cli
