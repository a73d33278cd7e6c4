// cluster config lint, and status: whether settings could be, and whether they are in effect.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_settings.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What is wrong with a setting; empty if nothing is.
Result<std::string> fault_of(Session& session, const std::vector<client::ConfigEntry>& known, const std::string& key,
                             const std::string& value) {
  const auto found = std::ranges::find(known, key, &client::ConfigEntry::key);
  if (found == known.end()) {
    std::vector<std::string_view> keys;
    for (const auto& entry : known) keys.push_back(entry.key);
    const std::string_view near = nearest(key, keys);
    return fmt::format("there is no such setting{}", near.empty() ? "" : fmt::format("; did you mean {}?", near));
  }
  if (found->read_only) return std::string("cannot change while brokers run: it belongs in each broker's own file");
  const auto outcome =
      session.wait(client::alter_configs(session.client(), cluster_wide(), {setting_change(key, value)}, true));
  if (!outcome.ok()) return session.explain(outcome.failure());
  if (outcome->error == wire::ErrorCode::none) return std::string();
  return describe_error(outcome->error, outcome->message);
}

/// How one broker stands to the settings of the cluster.
struct BrokerStatus {
  NodeId node = no_node;
  std::vector<std::string> in_effect;
  std::vector<std::string> overridden;  // by a setting of its own
  std::vector<std::string> pending;     // it runs with another value still
  std::vector<std::string> unknown;     // it knows no such setting
};

Result<BrokerStatus> status_of(Session& session, NodeId node, const std::vector<client::ConfigEntry>& wanted) {
  BrokerStatus status;
  status.node = node;
  ASSIGN_OR_RETURN(const auto effective, effective_settings(session, node));
  for (const client::ConfigEntry& entry : wanted) {
    const auto found = std::ranges::find(effective, entry.key, &client::ConfigEntry::key);
    if (found == effective.end())
      status.unknown.push_back(entry.key);
    else if (found->source == client::ConfigSource::dynamic_broker)
      status.overridden.push_back(entry.key);
    else if (found->source == client::ConfigSource::dynamic_default_broker && found->value == entry.value)
      status.in_effect.push_back(entry.key);
    else
      status.pending.push_back(entry.key);
  }
  return status;
}

std::string bracketed(const std::vector<std::string>& keys) {
  return fmt::format("[{}]", fmt::join(keys, " "));
}

}  // namespace

int cluster_config_lint(const Invocation& invocation) {
  const auto wanted = settings_in_file(invocation, "check");
  if (!wanted.ok()) return fail(wanted.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto known = effective_settings(**session, std::nullopt);
  if (!known.ok()) return fail(known.failure());
  const std::string_view path = invocation.text("filename");
  std::string faults;
  for (const auto& [key, value] : *wanted) {
    const auto fault = fault_of(**session, *known, key, value);
    if (!fault.ok()) return fail(fault.failure());
    if (!fault->empty()) faults += fmt::format("{}: {}: {}\n", path, key, *fault);
  }
  print(faults.empty() ? fmt::format("{}: {} setting{}, nothing is wrong with them\n", path, wanted->size(),
                                     wanted->size() == 1 ? "" : "s")
                       : faults);
  return faults.empty() ? 0 : 1;
}

int cluster_config_status(const Invocation& invocation) {
  const Json keys = Json::array({"key"});
  const Json shape =
      Json::array({{{"node", 1}, {"in_effect", keys}, {"overridden", keys}, {"pending", keys}, {"unknown", keys}}});
  if (print_format_help(invocation, shape)) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto wanted = settings_of(**session, cluster_wide());
  if (!wanted.ok()) return fail(wanted.failure());
  const auto topology = (*session)->wait((*session)->client().refresh({}));
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  Json list = Json::array();
  Table table({"node", "in-effect", "overridden", "pending", "unknown"});
  for (const client::Node& node : (*topology)->nodes) {
    const auto status = status_of(**session, node.id, *wanted);
    if (!status.ok()) return fail(status.failure());
    list.push_back({{"node", node.id},
                    {"in_effect", status->in_effect},
                    {"overridden", status->overridden},
                    {"pending", status->pending},
                    {"unknown", status->unknown}});
    table.add({std::to_string(node.id), std::to_string(status->in_effect.size()), bracketed(status->overridden),
               bracketed(status->pending), bracketed(status->unknown)});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return 0;
}

}  // namespace moldau::cli
