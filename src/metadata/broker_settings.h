// BrokerSettings: server.properties as a typed struct, checked as a whole. app/ builds it at start; the broker reads
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "metadata/config_resolve.h"
#include "metadata/group_config.h"

namespace moldau::metadata {

/// SecurityProtocol, numbered as registration records number it.
enum class SecurityProtocol : int16_t { plaintext = 0, ssl = 1, sasl_plaintext = 2, sasl_ssl = 3 };

/// NAME://host:port of `listeners` or `advertised.listeners`.
struct ListenerConfig {
  std::string name;
  std::string host;  ///< empty: all interfaces
  uint16_t port = 0;
  SecurityProtocol protocol = SecurityProtocol::plaintext;

  bool operator==(const ListenerConfig&) const = default;
};

/// id@host:port of controller.quorum.voters.
struct StaticVoter {
  NodeId id = no_node;
  std::string host;
  uint16_t port = 0;

  bool operator==(const StaticVoter&) const = default;
};

struct BrokerSettings {
  NodeId node_id = no_node;
  bool is_broker = true;
  bool is_controller = true;
  std::string cluster_id;  ///< Moldau's own: the id of a fresh folder; empty: one is made
  std::vector<ListenerConfig>
      listeners;  ///< what to bind for clients; those of controllers are in controller_listeners
  std::vector<ListenerConfig> advertised_listeners;
  std::vector<ListenerConfig> controller_listeners;
  std::string inter_broker_listener_name;
  std::optional<std::string> rack;                    ///< broker.rack
  std::vector<StaticVoter> quorum_voters;             ///< controller.quorum.voters: kraft.version 0
  std::vector<std::string> quorum_bootstrap_servers;  ///< controller.quorum.bootstrap.servers
  std::vector<std::string> log_dirs;
  std::string metadata_log_dir;  ///< one of log_dirs or another folder; never empty
  int32_t num_partitions = 1;
  int16_t default_replication_factor = 1;
  bool auto_create_topics_enable = true;
  bool delete_topic_enable = true;
  int32_t socket_request_max_bytes = 104'857'600;
  int32_t socket_listen_backlog_size = 50;
  int64_t connections_max_idle_ms = 600'000;
  int32_t max_connections = INT32_MAX;
  int32_t max_connections_per_ip = INT32_MAX;
  std::map<std::string, int32_t, std::less<>> max_connections_per_ip_overrides;
  int32_t max_connection_creation_rate = INT32_MAX;
  int32_t quota_window_num = 11;
  int32_t quota_window_size_seconds = 1;
  int32_t fetch_max_bytes = 57'671'680;
  int32_t max_incremental_fetch_session_cache_slots = 1000;
  int32_t max_request_partition_size_limit = 2000;
  int32_t producer_id_expiration_ms = 86'400'000;
  int32_t producer_id_expiration_check_interval_ms = 600'000;
  int64_t log_retention_check_interval_ms = 300'000;
  int32_t log_flush_offset_checkpoint_interval_ms = 60'000;
  int32_t log_flush_start_offset_checkpoint_interval_ms = 60'000;
  int64_t replica_high_watermark_checkpoint_interval_ms = 5'000;
  int64_t replica_lag_time_max_ms = 30'000;
  bool log_journal_enable = true;
  int32_t log_journal_file_bytes = 64 << 20;
  int32_t log_journal_after_commits = 32;
  bool controlled_shutdown_enable = true;
  int32_t broker_session_timeout_ms = 9'000;
  int32_t broker_heartbeat_interval_ms = 2'000;
  int32_t request_timeout_ms = 30'000;
  int32_t metadata_log_segment_bytes = 1 << 30;
  int64_t metadata_log_segment_ms = 604'800'000;
  int64_t metadata_log_max_record_bytes_between_snapshots = 20'971'520;
  int64_t metadata_log_max_snapshot_interval_ms = 3'600'000;
  int64_t metadata_max_retention_bytes = 104'857'600;
  int64_t metadata_max_retention_ms = 604'800'000;
  int64_t metadata_delete_delay_ms = 60'000;
  TopicSettings topic_defaults;  ///< of a topic without overrides
  GroupConfig groups;
  // Moldau's own: threads that serve (0: a processor each), and how work is divided between them.
  int32_t shards = 0;
  int32_t shards_fill_percent = 50;
  int32_t shards_balance_interval_ms = 1000;
  int64_t queued_max_request_bytes = -1;
  int32_t loop_spin_us = -1;  ///< Moldau's own: of polling before a sleep; -1 adapts
};

/// Resolves and checks server.properties as a whole. Missing node.id, process.roles and controller.listener.names get
/// Moldau's own defaults (1; broker,controller; CONTROLLER), so that an empty file runs. The failure names key and
/// value.
Result<BrokerSettings> resolve_broker(const ConfigMap& static_config);

/// `static_config` with the identity that Kafka requires and Moldau assumes filled in (node.id, broker.id,
/// process.roles, controller.listener.names): what DescribeConfigs shows as static.
ConfigMap with_identity(ConfigMap static_config, const BrokerSettings& settings);

/// What is to be said once at start about `static_config`: unknown keys, and known ones without effect. One line each.
std::vector<std::string> configuration_warnings(const ConfigMap& static_config);

/// Parses "NAME://host:port,..." with the protocols of listener.security.protocol.map. IPv6 hosts stand in brackets.
Result<std::vector<ListenerConfig>> parse_listeners(std::string_view text, const ConfigMap& protocol_by_name);
/// Parses "id@host:port,...".
Result<std::vector<StaticVoter>> parse_voters(std::string_view text);

}  // namespace moldau::metadata
