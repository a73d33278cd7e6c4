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

#include "cli/cluster_settings.h"
#include "cli/config_changes.h"
#include "cli/editor.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "cli/yaml.h"
#include "client/admin_configs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string value_of(const client::ConfigEntry& entry) {
  return entry.sensitive ? "(sensitive)" : entry.value.value_or("");
}

/// Changes settings of the cluster.
Status change(Session& session, const std::vector<client::ConfigChange>& changes) {
  const auto outcome = session.wait(client::alter_configs(session.client(), cluster_wide(), changes, false));
  if (!outcome.ok()) return session.explain(outcome.failure());
  if (outcome->error == wire::ErrorCode::none) return {};
  return Failure{FailureKind::invalid_argument, describe_error(outcome->error, outcome->message)};
}

std::string changed_text(size_t count) {
  return fmt::format("Successfully updated configuration: {} propert{}.\n", count, count == 1 ? "y" : "ies");
}

/// What an export holds and an import is compared with: what was set for the cluster, or with `all` everything.
Result<std::vector<client::ConfigEntry>> exported_settings(Session& session, bool all) {
  return all ? effective_settings(session, std::nullopt) : settings_of(session, cluster_wide());
}

std::string export_text(const std::vector<client::ConfigEntry>& entries) {
  Json settings = Json::object();
  for (const auto& entry : entries) {
    // What cannot be set again is of no use in a file that is to be imported.
    if (!entry.sensitive && !entry.read_only) settings[entry.key] = entry.value.value_or("");
  }
  return settings.empty() ? std::string("# no setting differs from its default\n") : to_yaml(settings);
}

/// What makes of `entries` what is `wanted`; what that leaves out goes back to its default.
std::vector<client::ConfigChange> changes_to(const std::vector<client::ConfigEntry>& entries,
                                             const std::map<std::string, std::string>& wanted) {
  std::map<std::string, std::string> current;
  for (const auto& entry : entries) {
    if (!entry.sensitive) current[entry.key] = entry.value.value_or("");
  }
  std::vector<client::ConfigChange> changes;
  for (const auto& [key, value] : wanted) {
    const auto found = current.find(key);
    if (found == current.end() || found->second != value) changes.push_back(setting_change(key, value));
  }
  for (const auto& entry : entries) {
    const bool ours = entry.source == client::ConfigSource::dynamic_default_broker;
    // A secret is not in an export, so that its absence means nothing.
    if (ours && !entry.sensitive && !wanted.contains(entry.key)) changes.push_back(setting_change(entry.key, ""));
  }
  return changes;
}

}  // namespace

int cluster_config_list(const Invocation& invocation) {
  const Json example = Json::array({{{"key", "name"}, {"value", "value"}, {"source", "DEFAULT_CONFIG"}}});
  if (print_format_help(invocation, example)) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const bool of_node = invocation.given("node-id");
  auto entries = effective_settings(**session, of_node ? std::optional(invocation.integer("node-id")) : std::nullopt);
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
  const auto entries = effective_settings(**session, std::nullopt);
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
    changes.push_back(setting_change(arguments[0], arguments[1]));
  } else {
    for (const std::string& argument : arguments) {
      auto pair = key_and_value(argument, "cluster config set");
      if (!pair.ok()) return fail(pair.failure());
      changes.push_back(setting_change(std::move(pair->first), std::move(pair->second)));
    }
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const Status done = change(**session, changes);
  if (!done.ok()) return fail(done.failure());
  print(changed_text(changes.size()));
  return 0;
}

int cluster_config_export(const Invocation& invocation) {
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto entries = exported_settings(**session, invocation.boolean("all"));
  if (!entries.ok()) return fail(entries.failure());
  const std::string text = export_text(*entries);
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
  const auto wanted = settings_in_file(invocation, "import");
  if (!wanted.ok()) return fail(wanted.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto entries = exported_settings(**session, invocation.boolean("all"));
  if (!entries.ok()) return fail(entries.failure());
  const auto changes = changes_to(*entries, *wanted);
  if (changes.empty()) {
    print("No changes were made.\n");
    return 0;
  }
  const Status done = change(**session, changes);
  if (!done.ok()) return fail(done.failure());
  print(changed_text(changes.size()));
  return 0;
}

int cluster_config_edit(const Invocation& invocation) {
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto entries = exported_settings(**session, invocation.boolean("all"));
  if (!entries.ok()) return fail(entries.failure());
  std::string message = "No changes were made.\n";
  const auto take = [&](const std::string& text, const std::string& file) -> Status {
    ASSIGN_OR_RETURN(const auto wanted, parse_flat_yaml(text, file));
    const auto changes = changes_to(*entries, wanted);
    if (changes.empty()) return {};
    RETURN_IF_FAILED(change(**session, changes));
    message = changed_text(changes.size());
    return {};
  };
  const auto edited = edit_text(export_text(*entries), ".yaml", take);
  if (!edited.ok()) return fail(edited.failure());
  print(message);
  return 0;
}

}  // namespace moldau::cli
