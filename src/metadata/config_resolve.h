// Effective configuration: topic overrides over dynamic broker settings over dynamic cluster-wide ones over
// server.properties over defaults, with the sources and synonyms that DescribeConfigs reports. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/config_table.h"

namespace moldau::metadata {

/// Settings by name, as texts. Ordered, for what is made of it is visible.
using ConfigMap = std::map<std::string, std::string, std::less<>>;

/// Where a value comes from, numbered as DescribeConfigs numbers it (ConfigSource).
enum class ConfigSource : int8_t {
  unknown = 0,
  dynamic_topic = 1,
  dynamic_broker = 2,
  dynamic_default_broker = 3,
  static_broker = 4,
  default_config = 5,
  dynamic_broker_logger = 6,
  client_metrics = 7,
  group = 8,
};

/// The layers below a topic's own settings, strongest first. Any may be null (empty).
struct BrokerConfigLayers {
  const ConfigMap* dynamic_broker = nullptr;   ///< ConfigRecords of the broker's own id
  const ConfigMap* dynamic_default = nullptr;  ///< ConfigRecords of the broker resource ""
  const ConfigMap* static_broker = nullptr;    ///< server.properties and the environment
};

/// The effective text of the broker setting of that name (settings that stand in for it are not asked); nothing when
/// unset without default. Values that do not pass their check (a foreign folder's) are passed over.
std::optional<std::string> broker_value(const BrokerConfigLayers& layers, std::string_view name);
/// The effective text of a topic setting. `overrides` may be null.
std::optional<std::string> topic_value(const ConfigMap* overrides, const BrokerConfigLayers& layers,
                                       std::string_view name);

/// A value with its source, as DescribeConfigs lists synonyms.
struct ConfigSynonym {
  std::string name;
  std::optional<std::string> value;  ///< null when sensitive
  ConfigSource source = ConfigSource::unknown;
};

/// One setting as DescribeConfigs and CreateTopics report it.
struct ConfigEntry {
  std::string name;
  std::optional<std::string> value;  ///< null when sensitive or unset
  bool read_only = false;
  ConfigSource source = ConfigSource::default_config;
  bool sensitive = false;
  ConfigType type = ConfigType::unknown;
  std::vector<ConfigSynonym> synonyms;
  std::string_view documentation;  ///< lives forever
};

/// All listed settings of a topic, in Kafka's order, with synonyms; unknown overrides of a foreign folder last, as
/// sensitive.
std::vector<ConfigEntry> describe_topic(const ConfigMap* overrides, const BrokerConfigLayers& layers);
/// All listed settings of this broker, in Kafka's order; unknown ones of server.properties last, as sensitive.
std::vector<ConfigEntry> describe_broker(const BrokerConfigLayers& layers);
/// The dynamic cluster-wide settings (broker resource "").
std::vector<ConfigEntry> describe_broker_default(const BrokerConfigLayers& layers);
/// The settings that CreateTopics v5+ returns: all of a topic with `overrides`, ordered by name, synonyms left out.
std::vector<ConfigEntry> created_topic_configs(const ConfigMap* overrides, const BrokerConfigLayers& layers);

enum class TimestampType : uint8_t { create_time = 0, log_append_time = 1 };

/// What compression.type asks of the broker; the numbers of the codecs are those of the batch attributes.
enum class CompressionType : int8_t { producer = -1, uncompressed = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// All settings of a topic that have effect, typed. Names and units are Kafka's.
struct TopicSettings {
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  CompressionType compression_type = CompressionType::producer;
  int32_t compression_gzip_level = -1;
  int32_t compression_lz4_level = 9;
  int32_t compression_zstd_level = 3;
  int64_t delete_retention_ms = 86'400'000;
  int64_t file_delete_delay_ms = 60'000;
  int64_t flush_messages = INT64_MAX;
  int64_t flush_ms = INT64_MAX;
  int32_t index_interval_bytes = 4096;
  int64_t max_compaction_lag_ms = INT64_MAX;
  int32_t max_message_bytes = 1'048'588;
  int64_t message_timestamp_after_max_ms = 3'600'000;
  int64_t message_timestamp_before_max_ms = INT64_MAX;
  TimestampType message_timestamp_type = TimestampType::create_time;
  double min_cleanable_dirty_ratio = 0.5;
  int64_t min_compaction_lag_ms = 0;
  int32_t min_insync_replicas = 1;
  bool preallocate = false;
  int64_t retention_bytes = -1;
  int64_t retention_ms = 604'800'000;
  int32_t segment_bytes = 1 << 30;
  int32_t segment_index_bytes = 10 << 20;
  int64_t segment_jitter_ms = 0;
  int64_t segment_ms = 604'800'000;
  bool unclean_leader_election_enable = false;
  bool write_caching = false;  ///< Moldau's own: acknowledge from the page cache, as Kafka does

  bool operator==(const TopicSettings&) const = default;
};

/// Resolves all settings of a topic. Internal topics (`__*`) are never in page-cache mode.
TopicSettings resolve_topic(std::string_view topic, const ConfigMap* overrides, const BrokerConfigLayers& layers);

/// The settings of compaction that belong to the broker: log.cleaner.*.
struct CleanerSettings {
  bool enable = true;
  int32_t threads = 1;
  int64_t dedupe_buffer_bytes = 134'217'728;
  double load_factor = 0.9;
  int32_t io_buffer_bytes = 524'288;
  double io_bytes_per_second_max = 1.7976931348623157E308;
  int64_t backoff_ms = 15'000;

  bool operator==(const CleanerSettings&) const = default;
};

CleanerSettings resolve_cleaner(const BrokerConfigLayers& layers);

/// Moldau's own: how cold segments are checked.
struct ScrubSettings {
  int64_t bytes_per_second = 8'388'608;
  int64_t interval_ms = 604'800'000;

  bool operator==(const ScrubSettings&) const = default;
};

ScrubSettings resolve_scrub(const BrokerConfigLayers& layers);

/// Checks the settings of one topic as CreateTopics and IncrementalAlterConfigs do: known names, values, and how they
/// fit together. The failure (invalid_argument) has Kafka's message; the protocol's error for it is INVALID_CONFIG.
Status check_topic_configs(const ConfigMap& overrides, const BrokerConfigLayers& layers);

}  // namespace moldau::metadata
