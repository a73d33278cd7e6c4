#include "metadata/config_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "metadata/config_rows.h"

namespace moldau::metadata {
namespace {

using Rows = std::span<const ConfigKey>;

/// The keys of `tables` by Kafka's listing order; among equals by name.
std::vector<const ConfigKey*> listed(std::initializer_list<Rows> tables) {
  std::vector<const ConfigKey*> keys;
  for (const Rows table : tables) {
    for (const ConfigKey& key : table) keys.push_back(&key);
  }
  std::sort(keys.begin(), keys.end(), [](const ConfigKey* a, const ConfigKey* b) {
    return a->order != b->order ? a->order < b->order : a->name < b->name;
  });
  return keys;
}

std::vector<const ConfigKey*> by_name(std::span<const ConfigKey* const> keys) {
  std::vector<const ConfigKey*> sorted(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end(), [](const ConfigKey* a, const ConfigKey* b) { return a->name < b->name; });
  return sorted;
}

const ConfigKey* find(std::span<const ConfigKey* const> sorted, std::string_view name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name,
                                   [](const ConfigKey* key, std::string_view wanted) { return key->name < wanted; });
  return at != sorted.end() && (*at)->name == name ? *at : nullptr;
}

// Settings of which several stand for one, strongest first.
constexpr std::string_view retention_names[] = {"log.retention.ms", "log.retention.minutes", "log.retention.hours"};
constexpr std::string_view roll_names[] = {"log.roll.ms", "log.roll.hours"};
constexpr std::string_view jitter_names[] = {"log.roll.jitter.ms", "log.roll.jitter.hours"};
constexpr std::string_view flush_names[] = {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"};
constexpr std::span<const std::string_view> synonym_groups[] = {retention_names, roll_names, jitter_names, flush_names};

/// Bytes per second.
constexpr ConfigKey rate(std::string_view name) {
  return {.order = 0, .name = name, .type = ConfigType::int64, .rule = {.kind = RuleKind::range, .low = 0}};
}
constexpr ConfigKey running_configs[] = {rate("leader.replication.throttled.rate"),
                                         rate("follower.replication.throttled.rate"),
                                         rate("replica.alter.log.dirs.io.max.bytes.per.second")};

/// Of a listener's settings those that are set per mechanism: listener.name.LISTENER.MECHANISM.SETTING.
constexpr std::string_view mechanism_settings[] = {"sasl.jaas.config", "sasl.login.callback.handler.class",
                                                   "sasl.login.class", "sasl.server.callback.handler.class",
                                                   "connections.max.reauth.ms"};

}  // namespace

std::span<const ConfigKey* const> topic_configs() {
  static const std::vector<const ConfigKey*> keys = listed({topic_config_rows()});
  return keys;
}

std::span<const ConfigKey* const> broker_configs() {
  static const std::vector<const ConfigKey*> keys =
      listed({broker_config_rows_core(), broker_config_rows_security(), broker_config_rows_coordinators(),
              broker_config_rows_cluster()});
  return keys;
}

const ConfigKey* find_topic_config(std::string_view name) {
  static const std::vector<const ConfigKey*> sorted = by_name(topic_configs());
  return find(sorted, name);
}

const ConfigKey* find_broker_config(std::string_view name) {
  static const std::vector<const ConfigKey*> sorted = by_name(broker_configs());
  return find(sorted, name);
}

const ConfigKey* find_running_config(std::string_view name) {
  const auto* const found = std::find_if(std::begin(running_configs), std::end(running_configs),
                                         [&](const ConfigKey& key) { return key.name == name; });
  return found == std::end(running_configs) ? nullptr : found;
}

std::vector<std::string_view> broker_synonyms(std::string_view name) {
  for (const std::span<const std::string_view> group : synonym_groups) {
    if (std::find(group.begin(), group.end(), name) == group.end()) continue;
    // log.flush.scheduler.interval.ms stands in for log.flush.interval.ms, but not the other way round.
    if (name == "log.flush.scheduler.interval.ms") return {name};
    return {group.begin(), group.end()};
  }
  const std::string_view setting = listener_setting(name);
  if (setting.empty()) return {name};
  // Behind the listener's name there may be that of a mechanism.
  for (const std::string_view of_mechanism : mechanism_settings) {
    if (setting.ends_with(of_mechanism)) return {name, of_mechanism};
  }
  return {name, setting};
}

std::string_view listener_setting(std::string_view name) {
  constexpr std::string_view prefix = "listener.name.";
  if (!name.starts_with(prefix)) return {};
  const size_t dot = name.find('.', prefix.size());
  return dot == std::string_view::npos || dot == prefix.size() ? std::string_view{} : name.substr(dot + 1);
}

}  // namespace moldau::metadata
