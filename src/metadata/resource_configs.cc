#include "metadata/resource_configs.h"

#include <fmt/format.h>

#include <algorithm>

#include "metadata/config_rows.h"

namespace moldau::metadata {
namespace {

using namespace rows;
using wire::ErrorCode;

constexpr std::string_view choices_isolation[] = {"read_committed", "read_uncommitted"};

constexpr ConfigKey number(int16_t order, std::string_view name, std::string_view default_value, int64_t low,
                           std::string_view server_name, std::string_view documentation) {
  return {order,  name,         ConfigType::int32, default_value,      at_least(low),
          medium, cluster_wide, server_name,       ConfigFlags::plain, documentation};
}

// Ordered by name; `order` is the place.
constexpr ConfigKey group_rows[] = {
    number(0, "consumer.assignment.interval.ms", "1000", 0, "group.consumer.assignment.interval.ms",
           "Milliseconds between two changes of a consumer group's assignment."),
    number(1, "consumer.heartbeat.interval.ms", "5000", 1, "group.consumer.heartbeat.interval.ms",
           "Milliseconds between the heartbeats that members of a consumer group are told to send."),
    number(2, "consumer.session.timeout.ms", "45000", 1, "group.consumer.session.timeout.ms",
           "Milliseconds without a heartbeat after which a member of a consumer group is taken for gone."),
    number(3, "share.assignment.interval.ms", "1000", 0, "group.share.assignment.interval.ms", no_effect_text),
    {4,
     "share.auto.offset.reset",
     ConfigType::string,
     "latest",
     {},
     medium,
     cluster_wide,
     no_server_name,
     ConfigFlags::plain,
     no_effect_text},
    number(5, "share.delivery.count.limit", "5", 2, "group.share.delivery.count.limit", no_effect_text),
    number(6, "share.heartbeat.interval.ms", "5000", 1, "group.share.heartbeat.interval.ms", no_effect_text),
    {7, "share.isolation.level", ConfigType::string, "read_uncommitted", one_of(choices_isolation), medium,
     cluster_wide, no_server_name, ConfigFlags::plain, no_effect_text},
    number(8, "share.partition.max.record.locks", "2000", 100, "group.share.partition.max.record.locks",
           no_effect_text),
    number(9, "share.record.lock.duration.ms", "30000", 1000, "group.share.record.lock.duration.ms", no_effect_text),
    {10,
     "share.renew.acknowledge.enable",
     ConfigType::boolean,
     "true",
     {},
     medium,
     cluster_wide,
     no_server_name,
     ConfigFlags::plain,
     no_effect_text},
    number(11, "share.session.timeout.ms", "45000", 1, "group.share.session.timeout.ms", no_effect_text),
    number(12, "streams.assignment.interval.ms", "1000", 0, "group.streams.assignment.interval.ms", no_effect_text),
    number(13, "streams.heartbeat.interval.ms", "5000", 1, "group.streams.heartbeat.interval.ms", no_effect_text),
    number(14, "streams.initial.rebalance.delay.ms", "3000", 0, "group.streams.initial.rebalance.delay.ms",
           no_effect_text),
    number(15, "streams.num.standby.replicas", "0", 0, "group.streams.num.standby.replicas", no_effect_text),
    number(16, "streams.session.timeout.ms", "45000", 1, "group.streams.session.timeout.ms", no_effect_text),
};

constexpr ConfigKey metrics_rows[] = {
    {0,
     "interval.ms",
     ConfigType::int32,
     "300000",
     {},
     medium,
     cluster_wide,
     no_server_name,
     ConfigFlags::plain,
     no_effect_text},
    {1, "match", ConfigType::list, "", {}, medium, cluster_wide, no_server_name, ConfigFlags::plain, no_effect_text},
    {2, "metrics", ConfigType::list, "", {}, medium, cluster_wide, no_server_name, ConfigFlags::plain, no_effect_text},
};

/// A group's setting and the broker's settings between which it must be.
struct Bounds {
  std::string_view name;
  std::string_view low;   ///< empty: none
  std::string_view high;  ///< empty: none
};

constexpr Bounds bounds[] = {
    {"consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms",
     "group.consumer.max.heartbeat.interval.ms"},
    {"consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms",
     "group.consumer.max.assignment.interval.ms"},
    {"share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"share.assignment.interval.ms", "group.share.min.assignment.interval.ms",
     "group.share.max.assignment.interval.ms"},
    {"share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms",
     "group.share.max.record.lock.duration.ms"},
    {"share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"},
    {"share.partition.max.record.locks", "group.share.min.partition.max.record.locks",
     "group.share.max.partition.max.record.locks"},
    {"streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms",
     "group.streams.max.heartbeat.interval.ms"},
    {"streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms",
     "group.streams.max.assignment.interval.ms"},
    {"streams.num.standby.replicas", "", "group.streams.max.standby.replicas"},
};

const ConfigKey* find_in(std::span<const ConfigKey> keys, std::string_view name) {
  const auto at = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.name == name; });
  return at == keys.end() ? nullptr : &*at;
}

Fault invalid(std::string message) {
  return {ErrorCode::invalid_config, std::move(message)};
}

/// Digits at the front of `text`, with a fraction if `fraction`; taken away from it.
bool take_number(std::string_view& text, bool fraction) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0) return false;
  text.remove_prefix(digits);
  if (!fraction || text.empty() || text.front() != '.') return true;
  text.remove_prefix(1);
  digits = 0;
  while (digits < text.size() && digits < 9 && text[digits] >= '0' && text[digits] <= '9') ++digits;
  text.remove_prefix(digits);
  return true;
}

/// ISO 8601 as java.time.Duration reads it: PnDTnHnMn.nS, not negative.
bool is_duration(std::string_view text) {
  if (!text.empty() && (text.front() == 'P' || text.front() == 'p'))
    text.remove_prefix(1);
  else
    return false;
  bool any = false;
  bool in_time = false;
  std::string_view units = "D";
  while (!text.empty()) {
    if (text.front() == 'T' || text.front() == 't') {
      if (in_time) return false;
      in_time = true;
      units = "HMS";
      text.remove_prefix(1);
      if (text.empty()) return false;
      continue;
    }
    if (text.front() == '-' || !take_number(text, in_time) || text.empty()) return false;
    const char unit = text.front() >= 'a' ? static_cast<char>(text.front() - 32) : text.front();
    const size_t at = units.find(unit);
    if (at == std::string_view::npos) return false;
    units.remove_prefix(at + 1);
    text.remove_prefix(1);
    any = true;
  }
  return any;
}

std::optional<Fault> check_offset_reset(std::string_view value) {
  constexpr std::string_view prefix = "by_duration:";
  if (value == "latest" || value == "earliest") return std::nullopt;
  if (value.starts_with(prefix) && is_duration(value.substr(prefix.size()))) return std::nullopt;
  return invalid(
      fmt::format("Invalid value {0} for configuration share.auto.offset.reset: Invalid value `{0}` for configuration "
                  "share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format "
                  "'by_duration:<PnDTnHnMn.nS>'.",
                  value));
}

ConfigEntry entry_of(const ConfigKey& key) {
  ConfigEntry entry;
  entry.name = key.name;
  entry.type = key.type;
  entry.documentation = key.documentation;
  return entry;
}

void add_synonym(ConfigEntry& entry, std::string_view name, const std::optional<std::string>& value,
                 ConfigSource source) {
  entry.synonyms.push_back({std::string(name), value, source});
}

/// Where the broker's setting comes from.
void add_server_synonyms(ConfigEntry& entry, std::string_view name, const BrokerConfigLayers& layers) {
  const std::pair<const ConfigMap*, ConfigSource> maps[] = {
      {layers.dynamic_broker, ConfigSource::dynamic_broker},
      {layers.dynamic_default, ConfigSource::dynamic_default_broker},
      {layers.static_broker, ConfigSource::static_broker}};
  for (const auto& [map, source] : maps) {
    if (map == nullptr) continue;
    if (const auto at = map->find(name); at != map->end()) add_synonym(entry, name, at->second, source);
  }
  const ConfigKey* const key = find_broker_config(name);
  if (key != nullptr && key->default_value) {
    add_synonym(entry, name, std::string(*key->default_value), ConfigSource::default_config);
  }
}

/// One comma-separated selector of clients: what it looks at, and the pattern.
std::optional<Fault> check_match(std::string_view value) {
  constexpr std::string_view names[] = {"client_instance_id",    "client_id",
                                        "client_software_name",  "client_software_version",
                                        "client_source_address", "client_source_port"};
  for (const std::string& entry : parse_list(value)) {
    const size_t equals = entry.find('=');
    const std::string_view name = trimmed(std::string_view(entry).substr(0, equals));
    const bool known = std::find(std::begin(names), std::end(names), name) != std::end(names);
    const std::string_view pattern =
        equals == std::string::npos ? std::string_view{} : trimmed(std::string_view(entry).substr(equals + 1));
    // The pattern is not run in this version; what cannot be one by its brackets is refused.
    int open = 0;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '\\') {
        ++i;
      } else if (pattern[i] == '[' || pattern[i] == '(') {
        ++open;
      } else if (pattern[i] == ']' || pattern[i] == ')') {
        --open;
      }
    }
    if (!known || pattern.empty() || open != 0 || pattern.find('=') != std::string_view::npos) {
      return invalid("Illegal client matching pattern: " + entry);
    }
  }
  return std::nullopt;
}

}  // namespace

std::span<const ConfigKey> group_configs() {
  return group_rows;
}

const ConfigKey* find_group_config(std::string_view name) {
  return find_in(group_rows, name);
}

std::span<const ConfigKey> client_metrics_configs() {
  return metrics_rows;
}

std::optional<std::string> group_value(const ConfigMap* overrides, const BrokerConfigLayers& layers,
                                       std::string_view name) {
  const ConfigKey* const key = find_group_config(name);
  if (key == nullptr) return std::nullopt;
  if (overrides != nullptr) {
    const auto at = overrides->find(name);
    if (at != overrides->end() && check_value(*key, at->second).ok()) return printed_value(*key, at->second);
  }
  if (!key->server_name.empty()) {
    if (std::optional<std::string> text = broker_value(layers, key->server_name)) return text;
  }
  return std::string(*key->default_value);
}

std::optional<Fault> check_group_configs(const ConfigMap& configs, const BrokerConfigLayers& layers) {
  for (const auto& [name, value] : configs) {
    if (find_group_config(name) == nullptr) return invalid("Unknown group config name: " + name);
  }
  for (const auto& [name, value] : configs) {
    if (const Status status = check_value(*find_group_config(name), value); !status.ok()) {
      return invalid(status.failure().message);
    }
    if (name == "share.auto.offset.reset") {
      if (auto fault = check_offset_reset(value)) return fault;
    }
  }
  for (const Bounds& bound : bounds) {
    const auto set = configs.find(bound.name);
    if (set == configs.end()) continue;
    const int64_t value = parse_integer(set->second).value_or(0);
    const auto limit = [&](std::string_view name) { return parse_integer(broker_value(layers, name).value_or("")); };
    if (const auto low = limit(bound.low); low && value < *low) {
      return invalid(fmt::format("{} must be greater than or equal to {}", bound.name, bound.low));
    }
    if (const auto high = limit(bound.high); high && value > *high) {
      return invalid(fmt::format("{} must be less than or equal to {}", bound.name, bound.high));
    }
  }
  for (const std::string_view kind : {"consumer", "share", "streams"}) {
    const std::string session = fmt::format("{}.session.timeout.ms", kind);
    const std::string heartbeat = fmt::format("{}.heartbeat.interval.ms", kind);
    if (!configs.contains(session) && !configs.contains(heartbeat)) continue;
    const auto value = [&](const std::string& name) {
      return parse_integer(group_value(&configs, layers, name).value_or("")).value_or(0);
    };
    if (value(session) <= value(heartbeat)) {
      return invalid(fmt::format("{} must be greater than {}", session, heartbeat));
    }
  }
  return std::nullopt;
}

std::optional<Fault> check_client_metrics_configs(const ConfigMap& configs) {
  for (const auto& [name, value] : configs) {
    if (find_in(metrics_rows, name) == nullptr) {
      return Fault{ErrorCode::invalid_request, "Unknown client metrics configuration: " + name};
    }
  }
  for (const auto& [name, value] : configs) {
    if (const Status status = check_value(*find_in(metrics_rows, name), value); !status.ok()) {
      return invalid(status.failure().message);
    }
    if (name == "interval.ms") {
      const int64_t interval = parse_integer(value).value_or(0);
      if (interval < 100 || interval > 3'600'000) {
        return Fault{ErrorCode::invalid_request,
                     fmt::format("Invalid value {} for interval.ms, interval must be between 100 and 3600000 (1 hour)",
                                 interval)};
      }
    }
    if (name == "match") {
      if (auto fault = check_match(value)) return fault;
    }
  }
  return std::nullopt;
}

std::vector<ConfigEntry> describe_group(const ConfigMap* overrides, const BrokerConfigLayers& layers) {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey& key : group_rows) {
    ConfigEntry entry = entry_of(key);
    entry.value = group_value(overrides, layers, key.name);
    if (overrides != nullptr && overrides->contains(key.name)) {
      add_synonym(entry, key.name, entry.value, ConfigSource::group);
    }
    if (key.server_name.empty()) {
      add_synonym(entry, key.name, std::string(*key.default_value), ConfigSource::default_config);
    } else {
      add_server_synonyms(entry, key.server_name, layers);
    }
    entry.source = entry.synonyms.front().source;
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<ConfigEntry> describe_client_metrics(const ConfigMap* overrides) {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey& key : metrics_rows) {
    ConfigEntry entry = entry_of(key);
    entry.value = std::string(*key.default_value);
    if (overrides != nullptr) {
      if (const auto at = overrides->find(key.name); at != overrides->end()) {
        entry.value = at->second;
        entry.source = ConfigSource::client_metrics;
        add_synonym(entry, key.name, entry.value, ConfigSource::client_metrics);
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace moldau::metadata
