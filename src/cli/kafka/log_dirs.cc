// kafka-log-dirs: sizes of replicas in the log directories of brokers, as one line of JSON.
#include <algorithm>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "client/admin_partitions.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary = "This tool helps to query log directory usage on the specified brokers.";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "The server(s) to use for bootstrapping", "The brokers to ask first; needed"},
    {"command-config", Takes::value, "Admin client property file", "A property file for the client"},
    {"describe", Takes::nothing, "", "Print the log directories; needed"},
    {"topic-list", Takes::value, "Topic list", "Topics, with commas between; without it all"},
    {"broker-list", Takes::value, "Broker list", "Brokers, with commas between; without it all"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

using Json = nlohmann::ordered_json;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

Result<std::vector<NodeId>> parse_brokers_list(std::string_view text) {
  std::vector<NodeId> brokers;
  for (const std::string_view one : split(text, ',')) {
    if (one.empty()) continue;
    const auto number = parse_integer(one);
    if (!number || *number < INT32_MIN || *number > INT32_MAX) {
      return invalid(fmt::format("For input string: \"{}\"", one));
    }
    const auto id = static_cast<NodeId>(*number);
    if (std::ranges::find(brokers, id) == brokers.end()) brokers.push_back(id);
  }
  java_hash_order(brokers, [](NodeId id) { return id; });
  return brokers;
}

/// The keys of Kafka's objects stand in the order of its hash maps.
Json replicas_json(std::vector<client::LogDirReplica> replicas) {
  java_hash_order(replicas, [](const auto& one) { return java_hash(one.topic, one.partition); });
  Json list = Json::array();
  for (const client::LogDirReplica& one : replicas) {
    list.push_back({{"partition", fmt::format("{}-{}", one.topic, one.partition)},
                    {"size", one.bytes},
                    {"offsetLag", one.offset_lag},
                    {"isFuture", one.future}});
  }
  return list;
}

Result<Json> broker_json(Session& session, NodeId broker, const std::vector<std::string_view>& topics) {
  auto dirs = session.wait(client::describe_log_dirs(session.client(), broker));
  if (!dirs.ok()) return session.explain(dirs.failure());
  java_hash_order(*dirs, [](const client::LogDir& dir) { return java_hash(dir.path); });
  Json list = Json::array();
  for (client::LogDir& dir : *dirs) {
    std::erase_if(dir.replicas, [&](const client::LogDirReplica& one) {
      return !topics.empty() && std::ranges::find(topics, one.topic) == topics.end();
    });
    Json error;
    if (dir.error != wire::ErrorCode::none) {
      const std::string text = exception_of(dir.error);
      error = text.substr(0, text.find(':'));
    }
    list.push_back({{"partitions", replicas_json(std::move(dir.replicas))}, {"error", error}, {"logDir", dir.path}});
  }
  return Json{{"broker", broker}, {"logDirs", std::move(list)}};
}

Status print_log_dirs(const Options& options) {
  RETURN_IF_FAILED(options.values_ok());
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, open_session(options, "log-dirs-tool"));
  std::vector<std::string_view> topics = split(options.value("topic-list"), ',');
  std::erase(topics, std::string_view());
  const auto topology = session->wait(session->client().refresh({}));
  if (!topology.ok()) return session->explain(topology.failure());
  std::vector<NodeId> all;
  for (const auto& node : (*topology)->nodes) all.push_back(node.id);
  java_hash_order(all, [](NodeId id) { return id; });
  ASSIGN_OR_RETURN(const std::vector<NodeId> asked, parse_brokers_list(options.value("broker-list")));
  std::vector<NodeId> unknown;
  for (const NodeId id : asked) {
    if (std::ranges::find(all, id) == all.end()) unknown.push_back(id);
  }
  if (!unknown.empty()) {
    return invalid(
        fmt::format("ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
                    fmt::join(unknown, ","), fmt::join(all, ",")));
  }
  const std::vector<NodeId>& chosen = asked.empty() ? all : asked;
  print("Querying brokers for log directories information\n");
  Json brokers = Json::array();
  for (const NodeId id : chosen) {
    ASSIGN_OR_RETURN(Json one, broker_json(*session, id, topics));
    brokers.push_back(std::move(one));
  }
  const Json whole = {{"brokers", std::move(brokers)}, {"version", 1}};
  print(fmt::format("Received log directory information from brokers {}\n{}\n", fmt::join(chosen, ","),
                    whole.dump(-1, ' ', false, Json::error_handler_t::replace)));
  return {};
}

}  // namespace

std::span<const Option> log_dirs_options() {
  return table;
}

int run_log_dirs(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(options.failure().message + "\n");
    return 1;
  }
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto missing = missing_of(*options, {"bootstrap-server", "describe"})) return usage(table, *missing);
  const Status done = print_log_dirs(*options);
  if (done.ok()) return 0;
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
