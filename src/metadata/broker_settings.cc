#include "metadata/broker_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace moldau::metadata {
namespace {

constexpr std::string_view default_controller_listener = "CONTROLLER";
constexpr uint16_t default_controller_port = 9093;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

/// Typed reads of server.properties; all values were checked before.
struct Reader {
  BrokerConfigLayers layers;

  std::optional<std::string> find(std::string_view name) const { return broker_value(layers, name); }
  std::string text(std::string_view name) const { return find(name).value_or(""); }
  int64_t int64(std::string_view name) const { return parse_integer(text(name)).value_or(0); }
  int32_t int32(std::string_view name) const { return static_cast<int32_t>(int64(name)); }
  bool boolean(std::string_view name) const { return parse_boolean(text(name)).value_or(false); }
  std::vector<std::string> list(std::string_view name) const { return parse_list(text(name)); }
};

std::optional<SecurityProtocol> protocol_named(std::string_view name) {
  if (name == "PLAINTEXT") return SecurityProtocol::plaintext;
  if (name == "SSL") return SecurityProtocol::ssl;
  if (name == "SASL_PLAINTEXT") return SecurityProtocol::sasl_plaintext;
  if (name == "SASL_SSL") return SecurityProtocol::sasl_ssl;
  return std::nullopt;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

/// "NAME://host:port" or "NAME://[host]:port".
std::optional<ListenerConfig> parse_endpoint(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return std::nullopt;
  ListenerConfig listener;
  listener.name = upper(text.substr(0, scheme));
  std::string_view rest = text.substr(scheme + 3);
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']')) return std::nullopt;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto legal = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '%' ||
           c == '.' || c == '_' || c == ':';
  };
  const std::optional<int64_t> port = parse_integer(rest.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || !std::all_of(host.begin(), host.end(), legal)) return std::nullopt;
  listener.host = host;
  listener.port = static_cast<uint16_t>(*port);
  return listener;
}

/// NAME:PROTOCOL,... as a map; names in upper case.
Result<ConfigMap> parse_protocol_map(const Reader& read) {
  ConfigMap protocols;
  for (const std::string& entry : read.list("listener.security.protocol.map")) {
    const size_t colon = entry.rfind(':');
    if (colon == std::string::npos) {
      return invalid("Error parsing configuration property 'listener.security.protocol.map': no ':' in " + entry);
    }
    const std::string protocol = upper(trimmed(std::string_view(entry).substr(colon + 1)));
    if (!protocol_named(protocol)) {
      return invalid("Error parsing configuration property 'listener.security.protocol.map': no protocol " + protocol);
    }
    protocols.insert_or_assign(upper(trimmed(std::string_view(entry).substr(0, colon))), protocol);
  }
  return protocols;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return upper(n) == name; });
}

Status check_listeners(const std::vector<ListenerConfig>& listeners) {
  std::set<std::string> names;
  std::set<uint16_t> ports;
  for (const ListenerConfig& listener : listeners) {
    if (!names.insert(listener.name).second)
      return invalid("Each listener must have a different name: " + listener.name);
    if (listener.port != 0 && !ports.insert(listener.port).second) {
      return invalid(fmt::format("Each listener must have a different port: {}", listener.port));
    }
    if (listener.protocol != SecurityProtocol::plaintext) {
      return invalid("listener " + listener.name + ": only the security protocol PLAINTEXT is served in this version");
    }
  }
  return {};
}

/// The listener that brokers use among themselves: the one named, else the one called as
/// security.inter.broker.protocol, else (Kafka would not start) the first.
Status resolve_inter_broker_listener(const Reader& read, BrokerSettings& settings) {
  const std::optional<std::string> name = read.find("inter.broker.listener.name");
  if (name && read.layers.static_broker->contains("security.inter.broker.protocol")) {
    return invalid("Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.");
  }
  const std::string protocol = read.text("security.inter.broker.protocol");
  if (protocol != "PLAINTEXT") {
    return invalid("security.inter.broker.protocol: only PLAINTEXT is served in this version, not " + protocol);
  }
  settings.inter_broker_listener_name = upper(name ? *name : protocol);
  std::string names;
  bool found = false;
  for (const ListenerConfig& listener : settings.advertised_listeners) {
    found |= listener.name == settings.inter_broker_listener_name;
    names += (names.empty() ? "" : ",") + listener.name;
  }
  if (found) return {};
  if (name) {
    return invalid(
        "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based "
        "on currently configured listeners are " +
        names);
  }
  if (!settings.listeners.empty()) settings.inter_broker_listener_name = settings.listeners.front().name;
  return {};
}

Status resolve_listeners(const Reader& read, BrokerSettings& settings) {
  const bool map_is_set = read.layers.static_broker->contains("listener.security.protocol.map");
  ASSIGN_OR_RETURN(ConfigMap protocols, parse_protocol_map(read));
  std::vector<std::string> controller_names = read.list("controller.listener.names");
  if (controller_names.empty()) controller_names.emplace_back(default_controller_listener);
  if (!map_is_set) {
    for (const std::string& name : controller_names) protocols.try_emplace(upper(name), "PLAINTEXT");
  }
  ASSIGN_OR_RETURN(std::vector<ListenerConfig> all, parse_listeners(read.text("listeners"), protocols));
  RETURN_IF_FAILED(check_listeners(all));
  for (ListenerConfig& listener : all) {
    const bool is_controller = contains(controller_names, listener.name);
    (is_controller ? settings.controller_listeners : settings.listeners).push_back(std::move(listener));
  }
  if (const std::optional<std::string> text = read.find("advertised.listeners")) {
    ASSIGN_OR_RETURN(std::vector<ListenerConfig> advertised, parse_listeners(*text, protocols));
    for (ListenerConfig& listener : advertised) {
      if (listener.host == "0.0.0.0") {
        return invalid(
            "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.");
      }
      if (contains(controller_names, listener.name)) continue;
      const auto bound = [&](const ListenerConfig& l) { return l.name == listener.name; };
      if (std::none_of(settings.listeners.begin(), settings.listeners.end(), bound)) {
        return invalid("advertised.listeners names " + listener.name + ", which is not among listeners");
      }
      settings.advertised_listeners.push_back(std::move(listener));
    }
  } else {
    settings.advertised_listeners = settings.listeners;
  }
  if (settings.is_broker && settings.advertised_listeners.empty()) {
    return invalid("There must be at least one broker advertised listener.");
  }
  if (settings.is_controller && settings.controller_listeners.empty()) {
    const std::string name = upper(controller_names.front());
    settings.controller_listeners.push_back({name, "localhost", default_controller_port, SecurityProtocol::plaintext});
  }
  return resolve_inter_broker_listener(read, settings);
}

Status resolve_identity(const Reader& read, BrokerSettings& settings) {
  const ConfigMap& given = *read.layers.static_broker;
  const bool has_node = given.contains("node.id");
  const bool has_broker = given.contains("broker.id");
  if (has_node && has_broker && read.int32("node.id") != read.int32("broker.id")) {
    return invalid("You must set `node.id` to the same value as `broker.id`.");
  }
  settings.node_id = has_node ? read.int32("node.id") : has_broker ? read.int32("broker.id") : 1;
  if (settings.node_id < 0) {
    return invalid(
        fmt::format("Invalid value {} for configuration node.id: Value must be at least 0", settings.node_id));
  }
  settings.rack = read.find("broker.rack");
  if (given.contains("process.roles")) {
    const std::vector<std::string> roles = read.list("process.roles");
    settings.is_broker = std::find(roles.begin(), roles.end(), "broker") != roles.end();
    settings.is_controller = std::find(roles.begin(), roles.end(), "controller") != roles.end();
  }
  if (!settings.is_broker || !settings.is_controller) {
    return invalid("process.roles: a node is broker and controller in this version");
  }
  settings.cluster_id = read.text("cluster.id");
  ASSIGN_OR_RETURN(settings.quorum_voters, parse_voters(read.text("controller.quorum.voters")));
  settings.quorum_bootstrap_servers = read.list("controller.quorum.bootstrap.servers");
  return {};
}

/// One folder has one name.
std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Status resolve_folders(const Reader& read, BrokerSettings& settings) {
  for (const std::string& given : read.list(read.find("log.dirs") ? "log.dirs" : "log.dir")) {
    const std::string folder = without_slash(given);
    const auto seen = std::find(settings.log_dirs.begin(), settings.log_dirs.end(), folder);
    if (seen == settings.log_dirs.end()) settings.log_dirs.push_back(folder);
  }
  settings.metadata_log_dir = without_slash(read.text("metadata.log.dir"));
  if (settings.metadata_log_dir.empty()) settings.metadata_log_dir = settings.log_dirs.front();
  return {};
}

Status resolve_connections(const Reader& read, BrokerSettings& settings) {
  settings.socket_request_max_bytes = read.int32("socket.request.max.bytes");
  settings.socket_listen_backlog_size = read.int32("socket.listen.backlog.size");
  settings.connections_max_idle_ms = read.int64("connections.max.idle.ms");
  settings.max_connections = read.int32("max.connections");
  settings.max_connections_per_ip = read.int32("max.connections.per.ip");
  settings.max_connection_creation_rate = read.int32("max.connection.creation.rate");
  settings.quota_window_num = read.int32("quota.window.num");
  settings.quota_window_size_seconds = read.int32("quota.window.size.seconds");
  for (const std::string& entry : read.list("max.connections.per.ip.overrides")) {
    const size_t colon = entry.rfind(':');
    const std::optional<int64_t> count =
        colon == std::string::npos ? std::nullopt : parse_integer(std::string_view(entry).substr(colon + 1));
    if (!count || *count < 0 || *count > INT32_MAX) {
      return invalid("Error parsing configuration property 'max.connections.per.ip.overrides': " + entry);
    }
    settings.max_connections_per_ip_overrides[entry.substr(0, colon)] = static_cast<int32_t>(*count);
  }
  settings.queued_max_request_bytes = read.int64("queued.max.request.bytes");
  if (settings.queued_max_request_bytes > 0 &&
      settings.queued_max_request_bytes < settings.socket_request_max_bytes) {
    return invalid("queued.max.request.bytes must be larger or equal to socket.request.max.bytes");
  }
  settings.fetch_max_bytes = read.int32("fetch.max.bytes");
  settings.max_incremental_fetch_session_cache_slots = read.int32("max.incremental.fetch.session.cache.slots");
  settings.max_request_partition_size_limit = read.int32("max.request.partition.size.limit");
  settings.request_timeout_ms = read.int32("request.timeout.ms");
  return {};
}

void resolve_logs(const Reader& read, BrokerSettings& settings) {
  settings.shards = read.int32("shards");
  settings.shards_fill_percent = read.int32("shards.fill.percent");
  settings.shards_balance_interval_ms = read.int32("shards.balance.interval.ms");
  settings.loop_spin_us = read.int32("loop.spin.us");
  settings.num_partitions = read.int32("num.partitions");
  settings.default_replication_factor = static_cast<int16_t>(read.int32("default.replication.factor"));
  settings.auto_create_topics_enable = read.boolean("auto.create.topics.enable");
  settings.delete_topic_enable = read.boolean("delete.topic.enable");
  settings.producer_id_expiration_ms = read.int32("producer.id.expiration.ms");
  settings.producer_id_expiration_check_interval_ms = read.int32("producer.id.expiration.check.interval.ms");
  settings.log_retention_check_interval_ms = read.int64("log.retention.check.interval.ms");
  settings.log_flush_offset_checkpoint_interval_ms = read.int32("log.flush.offset.checkpoint.interval.ms");
  settings.log_flush_start_offset_checkpoint_interval_ms = read.int32("log.flush.start.offset.checkpoint.interval.ms");
  settings.replica_high_watermark_checkpoint_interval_ms = read.int64("replica.high.watermark.checkpoint.interval.ms");
  settings.replica_lag_time_max_ms = read.int64("replica.lag.time.max.ms");
  settings.log_journal_enable = read.boolean("log.journal.enable");
  settings.log_journal_file_bytes = read.int32("log.journal.file.bytes");
  settings.log_journal_after_commits = read.int32("internal.log.journal.after.commits");
  settings.topic_defaults = resolve_topic("", nullptr, read.layers);
}

void resolve_quorum(const Reader& read, BrokerSettings& settings) {
  settings.controlled_shutdown_enable = read.boolean("controlled.shutdown.enable");
  settings.broker_session_timeout_ms = read.int32("broker.session.timeout.ms");
  settings.broker_heartbeat_interval_ms = read.int32("broker.heartbeat.interval.ms");
  settings.metadata_log_segment_bytes = read.int32("metadata.log.segment.bytes");
  if (const std::optional<std::string> small = read.find("internal.metadata.log.segment.bytes")) {
    settings.metadata_log_segment_bytes =
        static_cast<int32_t>(parse_integer(*small).value_or(settings.metadata_log_segment_bytes));
  }
  settings.metadata_log_segment_ms = read.int64("metadata.log.segment.ms");
  settings.metadata_log_max_record_bytes_between_snapshots =
      read.int64("metadata.log.max.record.bytes.between.snapshots");
  settings.metadata_log_max_snapshot_interval_ms = read.int64("metadata.log.max.snapshot.interval.ms");
  settings.metadata_max_retention_bytes = read.int64("metadata.max.retention.bytes");
  settings.metadata_max_retention_ms = read.int64("metadata.max.retention.ms");
  settings.metadata_delete_delay_ms = std::max<int64_t>(read.int64("internal.metadata.delete.delay.millis"), 0);
}

}  // namespace

Result<std::vector<ListenerConfig>> parse_listeners(std::string_view text, const ConfigMap& protocol_by_name) {
  std::vector<ListenerConfig> listeners;
  for (const std::string& entry : parse_list(text)) {
    std::optional<ListenerConfig> listener = parse_endpoint(entry);
    if (!listener) return invalid("Unable to parse " + entry + " to a broker endpoint");
    const auto protocol = protocol_by_name.find(listener->name);
    if (protocol == protocol_by_name.end()) {
      return invalid("No security protocol defined for listener " + listener->name);
    }
    listener->protocol = protocol_named(protocol->second).value_or(SecurityProtocol::plaintext);
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

Result<std::vector<StaticVoter>> parse_voters(std::string_view text) {
  const ConfigKey& key = *find_broker_config("controller.quorum.voters");
  RETURN_IF_FAILED(check_value(key, text));
  std::vector<StaticVoter> voters;
  for (const std::string& entry : parse_list(text)) {
    const std::string_view whole = entry;
    const size_t at = whole.find('@');
    const size_t colon = whole.rfind(':');
    std::string_view host = whole.substr(at + 1, colon - at - 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    voters.push_back({static_cast<NodeId>(*parse_integer(whole.substr(0, at))), std::string(host),
                      static_cast<uint16_t>(*parse_integer(whole.substr(colon + 1)))});
  }
  return voters;
}

Result<BrokerSettings> resolve_broker(const ConfigMap& static_config) {
  for (const auto& [name, value] : static_config) {
    const ConfigKey* key = find_broker_config(name);
    if (key == nullptr) continue;
    RETURN_IF_FAILED(check_value(*key, value));
  }
  const Reader read{.layers = {.static_broker = &static_config}};
  BrokerSettings settings;
  RETURN_IF_FAILED(resolve_identity(read, settings));
  RETURN_IF_FAILED(resolve_listeners(read, settings));
  RETURN_IF_FAILED(resolve_folders(read, settings));
  RETURN_IF_FAILED(resolve_connections(read, settings));
  resolve_logs(read, settings);
  ASSIGN_OR_RETURN(settings.groups, resolve_group_config(read.layers));
  resolve_quorum(read, settings);
  for (const std::string_view name : {"log.retention.ms", "log.retention.minutes", "log.retention.hours"}) {
    const std::optional<std::string> value = read.find(name);
    if (value && parse_integer(*value) == 0) {
      return invalid(fmt::format("{} must be unlimited (-1) or, greater than or equal to 1", name));
    }
  }
  return settings;
}

ConfigMap with_identity(ConfigMap static_config, const BrokerSettings& settings) {
  const std::string id = fmt::format("{}", settings.node_id);
  static_config.try_emplace("node.id", id);
  static_config.try_emplace("broker.id", id);
  static_config.try_emplace("process.roles", "broker,controller");
  static_config.try_emplace("controller.listener.names", std::string(default_controller_listener));
  return static_config;
}

std::vector<std::string> configuration_warnings(const ConfigMap& static_config) {
  std::vector<std::string> warnings;
  for (const auto& [name, value] : static_config) {
    const ConfigKey* key = find_broker_config(name);
    if (key == nullptr) {
      warnings.push_back(fmt::format("unknown setting {} is ignored", name));
    } else if (!key->effective()) {
      warnings.push_back(fmt::format("setting {} has no effect in this version", name));
    }
  }
  return warnings;
}

}  // namespace moldau::metadata
