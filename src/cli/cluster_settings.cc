#include "cli/cluster_settings.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/topics.h"
#include "cli/yaml.h"

namespace moldau::cli {
namespace {

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

}  // namespace

Result<std::vector<client::ConfigEntry>> settings_of(Session& session, const client::ConfigResource& resource) {
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

Result<std::vector<client::ConfigEntry>> effective_settings(Session& session, std::optional<int64_t> node) {
  auto topology = session.wait(session.client().refresh({}));
  if (!topology.ok()) return session.explain(topology.failure());
  if ((*topology)->nodes.empty()) return invalid("the cluster names no broker");
  const client::Node* controller = (*topology)->node((*topology)->controller);
  const NodeId id = node                    ? static_cast<NodeId>(*node)
                    : controller != nullptr ? controller->id
                                            : (*topology)->nodes.front().id;
  if ((*topology)->node(id) == nullptr) return invalid(fmt::format("there is no broker {} in the cluster", id));
  return settings_of(session, {client::ResourceType::broker, std::to_string(id)});
}

client::ConfigChange setting_change(std::string key, std::string value) {
  if (value.empty()) return {std::move(key), client::ConfigOperation::remove, {}};
  return {std::move(key), client::ConfigOperation::set, std::move(value)};
}

Result<std::map<std::string, std::string>> settings_in_file(const Invocation& invocation, std::string_view use) {
  if (!invocation.given("filename")) return invalid(fmt::format("say which file to {}: -f FILE", use));
  const std::string path(invocation.text("filename"));
  ASSIGN_OR_RETURN(const auto text, read_input(path));
  return parse_flat_yaml(text, path);
}

}  // namespace moldau::cli
