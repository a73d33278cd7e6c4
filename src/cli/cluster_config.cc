// cluster config: settings that hold for all brokers (Kafka's cluster-wide dynamic configuration), and what brokers run
// with. A key that a broker was given by itself wins over the cluster's.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/config_changes.h"
#include "cli/flat_yaml.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_configs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What all brokers are configured to, by name: the empty one means the cluster.
const client::ConfigResource cluster_wide{client::ResourceType::broker, ""};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

Result<std::vector<client::ConfigEntry>> entries_of(Session& session, const client::ConfigResource& resource) {
  auto described = session.wait(client::describe_configs(session.client(), resource, false));
  if (!described.ok()) return session.explain(described.failure());
  if (described->error != wire::ErrorCode::none) {
    return invalid(fmt::format("settings of {}: {}", resource.name.empty() ? "the cluster" : "broker " + resource.name,
                               describe_error(described->error, described->message)));
  }
  std::vector<client::ConfigEntry> entries;
  for (auto& config : described->configs) entries.push_back(std::move(config.entry));
  std::ranges::sort(entries, {}, &client::ConfigEntry::key);
  return entries;
}

/// What a broker runs with: the one of `node`, or the controller's.
Result<std::vector<client::ConfigEntry>> effective(Session& session, std::optional<int64_t> node) {
  auto topology = session.wait(session.client().refresh({}));
  if (!topology.ok()) return session.explain(topology.failure());
  if ((*topology)->nodes.empty()) return invalid("the cluster names no broker");
  const client::Node* controller = (*topology)->node((*topology)->controller);
  const NodeId id = node                    ? static_cast<NodeId>(*node)
                    : controller != nullptr ? controller->id
                                            : (*topology)->nodes.front().id;
  if ((*topology)->node(id) == nullptr) return invalid(fmt::format("there is no broker {} in the cluster", id));
  return entries_of(session, {client::ResourceType::broker, std::to_string(id)});
}

std::string value_of(const client::ConfigEntry& entry) {
  return entry.sensitive ? "(sensitive)" : entry.value.value_or("");
}

/// Changes settings of the cluster; exit code.
int change(Session& session, const std::vector<client::ConfigChange>& changes) {
  const auto outcome = session.wait(client::alter_configs(session.client(), cluster_wide, changes, false));
  if (!outcome.ok()) return fail(session.explain(outcome.failure()));
  if (outcome->error != wire::ErrorCode::none) return fail(describe_error(outcome->error, outcome->message));
  print(fmt::format("Successfully updated configuration: {} propert{}.\n", changes.size(),
                    changes.size() == 1 ? "y" : "ies"));
  return 0;
}

client::ConfigChange change_of(std::string key, std::string value) {
  if (value.empty()) return {std::move(key), client::ConfigOperation::remove, {}};
  return {std::move(key), client::ConfigOperation::set, std::move(value)};
}

}  // namespace

int cluster_config_list(const Invocation& invocation) {
  const Json example = Json::array({{{"key", "name"}, {"value", "value"}, {"source", "DEFAULT_CONFIG"}}});
  if (print_format_help(invocation, example)) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const bool of_node = invocation.given("node-id");
  auto entries = effective(**session, of_node ? std::optional(invocation.integer("node-id")) : std::nullopt);
  if (!entries.ok()) return fail(entries.failure());
  if (invocation.given("filter")) {
    std::vector<std::string> keys;
    for (const auto& entry : *entries) keys.push_back(entry.key);
    const auto matching = matching_names({std::string(invocation.text("filter"))}, keys);
    if (!matching.ok()) return fail(matching.failure());
    std::erase_if(*entries, [&](const auto& entry) { return !std::ranges::binary_search(*matching, entry.key); });
  }
  Json list = Json::array();
  Table table({"key", "value", "source"});
  for (const auto& entry : *entries) {
    list.push_back({{"key", entry.key}, {"value", value_of(entry)}, {"source", client::name_of(entry.source)}});
    table.add({entry.key, value_of(entry), client::name_of(entry.source)});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return 0;
}

int cluster_config_get(const Invocation& invocation) {
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto entries = effective(**session, std::nullopt);
  if (!entries.ok()) return fail(entries.failure());
  const std::string& key = invocation.arguments().front();
  const auto found = std::ranges::find(*entries, key, &client::ConfigEntry::key);
  if (found == entries->end()) {
    return fail(fmt::format("there is no setting '{}'; see: moldau cluster config list", key));
  }
  if (found->sensitive) return fail(fmt::format("{} is sensitive: brokers do not tell it", key));
  print(found->value.value_or("") + "\n");
  return 0;
}

int cluster_config_set(const Invocation& invocation) {
  const auto& arguments = invocation.arguments();
  std::vector<client::ConfigChange> changes;
  if (arguments.size() == 2 && arguments[0].find('=') == std::string::npos) {
    changes.push_back(change_of(arguments[0], arguments[1]));
  } else {
    for (const std::string& argument : arguments) {
      auto pair = key_and_value(argument, "cluster config set");
      if (!pair.ok()) return fail(pair.failure());
      changes.push_back(change_of(std::move(pair->first), std::move(pair->second)));
    }
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  return change(**session, changes);
}

int cluster_config_export(const Invocation& invocation) {
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const bool all = invocation.boolean("all");
  const auto entries = all ? effective(**session, std::nullopt) : entries_of(**session, cluster_wide);
  if (!entries.ok()) return fail(entries.failure());
  Json settings = Json::object();
  for (const auto& entry : *entries) {
    // What cannot be set again is of no use in a file that is to be imported.
    if (!entry.sensitive && !entry.read_only) settings[entry.key] = entry.value.value_or("");
  }
  const std::string text =
      settings.empty() ? std::string("# no setting differs from its default\n") : to_yaml(settings);
  if (!invocation.given("filename")) {
    print(text);
    return 0;
  }
  const std::string path(invocation.text("filename"));
  const Status written = write_output(path, text);
  if (!written.ok()) return fail(written.failure());
  print(fmt::format("Wrote configuration to file \"{}\".\n", path));
  return 0;
}

int cluster_config_import(const Invocation& invocation) {
  if (!invocation.given("filename")) return fail("say which file to import: -f FILE");
  const std::string path(invocation.text("filename"));
  const auto text = read_input(path);
  if (!text.ok()) return fail(text.failure());
  const auto wanted = parse_flat_yaml(*text, path);
  if (!wanted.ok()) return fail(wanted.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  // Compared with what such a file was exported from.
  const bool all = invocation.boolean("all");
  const auto entries = all ? effective(**session, std::nullopt) : entries_of(**session, cluster_wide);
  if (!entries.ok()) return fail(entries.failure());
  std::map<std::string, std::string> current;
  for (const auto& entry : *entries) {
    if (!entry.sensitive) current[entry.key] = entry.value.value_or("");
  }
  std::vector<client::ConfigChange> changes;
  for (const auto& [key, value] : *wanted) {
    const auto found = current.find(key);
    if (found == current.end() || found->second != value) changes.push_back(change_of(key, value));
  }
  for (const auto& entry : *entries) {
    const bool ours = entry.source == client::ConfigSource::dynamic_default_broker;
    if (ours && !wanted->contains(entry.key)) changes.push_back(change_of(entry.key, ""));
  }
  if (changes.empty()) {
    print("No changes were made.\n");
    return 0;
  }
  return change(**session, changes);
}

}  // namespace moldau::cli
