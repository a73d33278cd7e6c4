// The settings of the cluster, as the verbs of `cluster config` see them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/session.h"
#include "client/admin_configs.h"

namespace moldau::cli {

class Invocation;

/// What all brokers are configured to, by name: the empty one means the cluster.
inline client::ConfigResource cluster_wide() {
  return {client::ResourceType::broker, ""};
}
/// What a broker, or with the empty name the cluster, is configured to; ascending by key.
Result<std::vector<client::ConfigEntry>> settings_of(Session& session, const client::ConfigResource& resource);
/// What a broker runs with: the one of `node`, or the controller.
Result<std::vector<client::ConfigEntry>> effective_settings(Session& session, std::optional<int64_t> node);
/// The settings in the file of --filename, by key; a failure when none is named, which says what it is for: `use`.
Result<std::map<std::string, std::string>> settings_in_file(const Invocation& invocation, std::string_view use);
/// Sets a key of the cluster, or resets it when the value is empty.
client::ConfigChange setting_change(std::string key, std::string value);

}  // namespace moldau::cli
