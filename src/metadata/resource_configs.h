// Settings of groups and of client metrics subscriptions: their tables, checks and descriptions; and the arithmetic of
// list settings. A group falls back to the broker's group.* settings (KIP-848), a subscription to its defaults
// (KIP-714; subscriptions are stored, but no client is asked for metrics in this version). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/config_resolve.h"
#include "metadata/controller_admin.h"
#include "metadata/placement.h"

namespace moldau::metadata {

/// All settings of a group, ordered by name. `server_name` is the broker's setting that stands behind it.
std::span<const ConfigKey> group_configs();
const ConfigKey* find_group_config(std::string_view name);
/// The effective text of a group's setting; nothing for an unknown name. `overrides` may be null.
std::optional<std::string> group_value(const ConfigMap* overrides, const BrokerConfigLayers& layers,
                                       std::string_view name);
/// The settings of a client metrics subscription, ordered by name.
std::span<const ConfigKey> client_metrics_configs();

/// Checks all settings that a group would have: names, values, the broker's bounds.
std::optional<Fault> check_group_configs(const ConfigMap& configs, const BrokerConfigLayers& layers);
std::optional<Fault> check_client_metrics_configs(const ConfigMap& configs);

/// As DescribeConfigs lists them; `overrides` may be null.
std::vector<ConfigEntry> describe_group(const ConfigMap* overrides, const BrokerConfigLayers& layers);
std::vector<ConfigEntry> describe_client_metrics(const ConfigMap* overrides);

/// The list `base` with the entries of an APPEND added or those of a SUBTRACT taken away.
std::string changed_list(std::string_view base, const ConfigChange& change);

}  // namespace moldau::metadata
