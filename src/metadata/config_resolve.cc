#include "metadata/config_resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace moldau::metadata {
namespace {

const std::string* find_in(const ConfigMap* map, std::string_view name) {
  if (map == nullptr) return nullptr;
  const auto at = map->find(name);
  return at == map->end() ? nullptr : &at->second;
}

/// The value of `key` in `map`, if it is there and passes its check.
std::optional<std::string> checked_in(const ConfigMap* map, const ConfigKey& key) {
  const std::string* text = find_in(map, key.name);
  if (text == nullptr || !check_value(key, *text).ok()) return std::nullopt;
  return printed_value(key, *text);
}

/// Milliseconds per unit of a broker setting that stands in for one in milliseconds.
int64_t unit_of(std::string_view name) {
  if (name.ends_with(".hours")) return 3'600'000;
  if (name.ends_with(".minutes")) return 60'000;
  return 1;
}

/// What the broker settings give for a topic setting: the strongest of the names that stand for it.
std::optional<std::string> server_value(const ConfigKey& key, const BrokerConfigLayers& layers) {
  if (key.server_name.empty()) return std::nullopt;
  for (const std::string_view name : broker_synonyms(key.server_name)) {
    std::optional<std::string> text = broker_value(layers, name);
    if (!text) continue;
    const int64_t unit = unit_of(name);
    if (unit == 1) return text;
    const int64_t count = parse_integer(*text).value_or(0);
    return fmt::format("{}", count < 0 ? -1 : count * unit);  // 32-bit counts: the product fits
  }
  return std::nullopt;
}

void add_synonyms(const ConfigMap* map, ConfigSource source, const std::vector<std::string_view>& names, bool sensitive,
                  std::vector<ConfigSynonym>& into) {
  for (const std::string_view name : names) {
    const std::string* text = find_in(map, name);
    if (text == nullptr) continue;
    into.push_back({std::string(name), sensitive ? std::nullopt : std::optional(*text), source});
  }
}

/// The synonyms of broker setting `name` over all layers, from its own first appearance on: Kafka drops what comes
/// before.
std::vector<ConfigSynonym> synonyms_of(std::string_view name, const BrokerConfigLayers& layers, bool sensitive) {
  const std::vector<std::string_view> names = broker_synonyms(name);
  std::vector<ConfigSynonym> all;
  add_synonyms(layers.dynamic_broker, ConfigSource::dynamic_broker, names, sensitive, all);
  add_synonyms(layers.dynamic_default, ConfigSource::dynamic_default_broker, names, sensitive, all);
  add_synonyms(layers.static_broker, ConfigSource::static_broker, names, sensitive, all);
  for (const std::string_view synonym : names) {
    const ConfigKey* key = find_broker_config(synonym);
    if (key == nullptr || !key->default_value) continue;
    all.push_back({std::string(synonym), sensitive ? std::nullopt : std::optional<std::string>(*key->default_value),
                   ConfigSource::default_config});
  }
  const auto own = std::find_if(all.begin(), all.end(), [&](const ConfigSynonym& s) { return s.name == name; });
  all.erase(all.begin(), own);
  return all;
}

ConfigEntry entry_of(const ConfigKey& key) {
  ConfigEntry entry;
  entry.name = key.name;
  entry.sensitive = key.sensitive();
  entry.type = key.type;
  entry.documentation = key.documentation;
  return entry;
}

void set_source(ConfigEntry& entry) {
  entry.source = entry.synonyms.empty() ? ConfigSource::default_config : entry.synonyms.front().source;
}

/// Leaves of the synonyms what is set for all brokers at run time.
void only_default(ConfigEntry& entry) {
  std::erase_if(entry.synonyms,
                [](const ConfigSynonym& s) { return s.source != ConfigSource::dynamic_default_broker; });
  set_source(entry);
}

/// A setting that no table knows: shown as sensitive, for it may be a secret of whoever set it.
ConfigEntry unknown_entry(const std::string& name, ConfigSource source, bool read_only) {
  ConfigEntry entry;
  entry.name = name;
  entry.sensitive = true;
  entry.read_only = read_only;
  entry.source = source;
  entry.synonyms.push_back({name, std::nullopt, source});
  return entry;
}

ConfigEntry topic_entry(const ConfigKey& key, const ConfigMap* overrides, const BrokerConfigLayers& layers) {
  ConfigEntry entry = entry_of(key);
  const std::optional<std::string> value = topic_value(overrides, layers, key.name);
  if (!entry.sensitive) entry.value = value;
  if (!key.server_name.empty()) entry.synonyms = synonyms_of(key.server_name, layers, entry.sensitive);
  if (find_in(overrides, key.name) != nullptr) {
    entry.synonyms.insert(entry.synonyms.begin(), {entry.name, entry.value, ConfigSource::dynamic_topic});
  }
  set_source(entry);
  return entry;
}

ConfigEntry broker_entry(const ConfigKey& key, const BrokerConfigLayers& layers) {
  ConfigEntry entry = entry_of(key);
  if (!entry.sensitive) entry.value = broker_value(layers, key.name);
  entry.read_only = key.update_mode == UpdateMode::read_only;
  entry.synonyms = synonyms_of(key.name, layers, entry.sensitive);
  set_source(entry);
  return entry;
}

/// A setting of the broker without a row of its own: of brokers that run only; of one listener, with the type of that
/// of all listeners and, as Kafka has it, listed as read-only though it is not; or unknown.
ConfigEntry other_broker_entry(const std::string& name, const std::string& value, ConfigSource source,
                               const BrokerConfigLayers& layers) {
  const ConfigKey* const running = find_running_config(name);
  const ConfigKey* const base = running != nullptr ? running : find_broker_config(broker_synonyms(name).back());
  if (base == nullptr) return unknown_entry(name, source, source == ConfigSource::static_broker);
  ConfigEntry entry;
  entry.name = name;
  entry.sensitive = base->sensitive();
  entry.type = base->type;
  entry.read_only = running == nullptr;
  if (!entry.sensitive) entry.value = value;
  entry.synonyms = synonyms_of(name, layers, entry.sensitive);
  set_source(entry);
  return entry;
}

CompressionType compression_of(std::string_view text) {
  if (text == "uncompressed") return CompressionType::uncompressed;
  if (text == "gzip") return CompressionType::gzip;
  if (text == "snappy") return CompressionType::snappy;
  if (text == "lz4") return CompressionType::lz4;
  if (text == "zstd") return CompressionType::zstd;
  return CompressionType::producer;
}

/// Typed reads of one topic's settings.
struct Reader {
  const ConfigMap* overrides;
  const BrokerConfigLayers& layers;

  std::string text(std::string_view name) const { return topic_value(overrides, layers, name).value_or(""); }
  int64_t int64(std::string_view name) const { return parse_integer(text(name)).value_or(0); }
  int32_t int32(std::string_view name) const { return static_cast<int32_t>(int64(name)); }
  bool boolean(std::string_view name) const { return parse_boolean(text(name)).value_or(false); }
};

void resolve_retention(const Reader& read, TopicSettings& settings) {
  settings.cleanup_delete = false;
  settings.cleanup_compact = false;
  for (const std::string& policy : parse_list(read.text("cleanup.policy"))) {
    settings.cleanup_delete |= policy == "delete";
    settings.cleanup_compact |= policy == "compact";
  }
  settings.delete_retention_ms = read.int64("delete.retention.ms");
  settings.file_delete_delay_ms = read.int64("file.delete.delay.ms");
  settings.max_compaction_lag_ms = read.int64("max.compaction.lag.ms");
  settings.min_compaction_lag_ms = read.int64("min.compaction.lag.ms");
  settings.min_cleanable_dirty_ratio = parse_double(read.text("min.cleanable.dirty.ratio")).value_or(0.5);
  settings.retention_bytes = read.int64("retention.bytes");
  settings.retention_ms = read.int64("retention.ms");
}

void resolve_segments(const Reader& read, TopicSettings& settings) {
  settings.flush_messages = read.int64("flush.messages");
  settings.flush_ms = read.int64("flush.ms");
  settings.index_interval_bytes = read.int32("index.interval.bytes");
  settings.preallocate = read.boolean("preallocate");
  settings.segment_bytes = read.int32("segment.bytes");
  // Kafka's own back door for tests and tools: smaller than segment.bytes may be.
  if (const std::string small = read.text("internal.segment.bytes"); !small.empty()) {
    settings.segment_bytes = static_cast<int32_t>(parse_integer(small).value_or(settings.segment_bytes));
  }
  settings.segment_index_bytes = read.int32("segment.index.bytes");
  settings.segment_jitter_ms = read.int64("segment.jitter.ms");
  settings.segment_ms = read.int64("segment.ms");
}

}  // namespace

std::optional<std::string> broker_value(const BrokerConfigLayers& layers, std::string_view name) {
  const ConfigKey* key = find_broker_config(name);
  if (key == nullptr) return std::nullopt;
  for (const ConfigMap* layer : {layers.dynamic_broker, layers.dynamic_default, layers.static_broker}) {
    // A foreign folder may hold dynamic settings that cannot change while a broker runs.
    if (layer != layers.static_broker && key->update_mode == UpdateMode::read_only) continue;
    if (std::optional<std::string> text = checked_in(layer, *key)) return text;
  }
  if (!key->default_value) return std::nullopt;
  return std::string(*key->default_value);
}

std::optional<std::string> topic_value(const ConfigMap* overrides, const BrokerConfigLayers& layers,
                                       std::string_view name) {
  const ConfigKey* key = find_topic_config(name);
  if (key == nullptr) return std::nullopt;
  if (std::optional<std::string> text = checked_in(overrides, *key)) return text;
  if (std::optional<std::string> text = server_value(*key, layers)) return text;
  if (!key->default_value) return std::nullopt;
  return std::string(*key->default_value);
}

std::vector<ConfigEntry> describe_topic(const ConfigMap* overrides, const BrokerConfigLayers& layers) {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey* key : topic_configs()) {
    if (key->internal() && find_in(overrides, key->name) == nullptr) continue;
    entries.push_back(topic_entry(*key, overrides, layers));
  }
  if (overrides == nullptr) return entries;
  for (const auto& [name, value] : *overrides) {
    if (find_topic_config(name) == nullptr) entries.push_back(unknown_entry(name, ConfigSource::dynamic_topic, false));
  }
  return entries;
}

std::vector<ConfigEntry> describe_broker(const BrokerConfigLayers& layers) {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey* key : broker_configs()) {
    if (key->internal() && find_in(layers.static_broker, key->name) == nullptr) continue;
    entries.push_back(broker_entry(*key, layers));
  }
  const std::pair<const ConfigMap*, ConfigSource> maps[] = {
      {layers.dynamic_broker, ConfigSource::dynamic_broker},
      {layers.dynamic_default, ConfigSource::dynamic_default_broker},
      {layers.static_broker, ConfigSource::static_broker}};
  std::set<std::string_view> unknown;
  for (const auto& [map, source] : maps) {
    if (map == nullptr) continue;
    for (const auto& [name, value] : *map) {
      if (find_broker_config(name) != nullptr || !unknown.insert(name).second) continue;
      entries.push_back(other_broker_entry(name, value, source, layers));
    }
  }
  return entries;
}

std::vector<ConfigEntry> describe_broker_default(const BrokerConfigLayers& layers) {
  std::vector<ConfigEntry> entries;
  if (layers.dynamic_default == nullptr) return entries;
  for (const auto& [name, value] : *layers.dynamic_default) {
    const ConfigKey* key = find_broker_config(name);
    if (key == nullptr) {
      entries.push_back(other_broker_entry(name, value, ConfigSource::dynamic_default_broker, layers));
      only_default(entries.back());
      continue;
    }
    ConfigEntry entry = broker_entry(*key, layers);
    if (!entry.sensitive) entry.value = value;
    only_default(entry);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<ConfigEntry> created_topic_configs(const ConfigMap* overrides, const BrokerConfigLayers& layers) {
  std::vector<ConfigEntry> entries = describe_topic(overrides, layers);
  std::sort(entries.begin(), entries.end(), [](const ConfigEntry& a, const ConfigEntry& b) { return a.name < b.name; });
  for (ConfigEntry& entry : entries) entry.synonyms.clear();
  return entries;
}

CleanerSettings resolve_cleaner(const BrokerConfigLayers& layers) {
  const auto integer = [&](std::string_view name, int64_t otherwise) {
    return parse_integer(broker_value(layers, name).value_or("")).value_or(otherwise);
  };
  const auto number = [&](std::string_view name, double otherwise) {
    return parse_double(broker_value(layers, name).value_or("")).value_or(otherwise);
  };
  CleanerSettings settings;
  settings.enable = parse_boolean(broker_value(layers, "log.cleaner.enable").value_or("")).value_or(true);
  settings.threads = static_cast<int32_t>(integer("log.cleaner.threads", settings.threads));
  settings.dedupe_buffer_bytes = integer("log.cleaner.dedupe.buffer.size", settings.dedupe_buffer_bytes);
  settings.load_factor = number("log.cleaner.io.buffer.load.factor", settings.load_factor);
  settings.io_buffer_bytes = static_cast<int32_t>(integer("log.cleaner.io.buffer.size", settings.io_buffer_bytes));
  settings.io_bytes_per_second_max = number("log.cleaner.io.max.bytes.per.second", settings.io_bytes_per_second_max);
  settings.backoff_ms = integer("log.cleaner.backoff.ms", settings.backoff_ms);
  return settings;
}

ScrubSettings resolve_scrub(const BrokerConfigLayers& layers) {
  const auto integer = [&](std::string_view name, int64_t otherwise) {
    return parse_integer(broker_value(layers, name).value_or("")).value_or(otherwise);
  };
  ScrubSettings settings;
  settings.bytes_per_second = integer("log.scrub.bytes.per.second", settings.bytes_per_second);
  settings.interval_ms = integer("log.scrub.interval.ms", settings.interval_ms);
  return settings;
}

TopicSettings resolve_topic(std::string_view topic, const ConfigMap* overrides, const BrokerConfigLayers& layers) {
  const Reader read{overrides, layers};
  TopicSettings settings;
  resolve_retention(read, settings);
  resolve_segments(read, settings);
  settings.compression_type = compression_of(read.text("compression.type"));
  settings.compression_gzip_level = read.int32("compression.gzip.level");
  settings.compression_lz4_level = read.int32("compression.lz4.level");
  settings.compression_zstd_level = read.int32("compression.zstd.level");
  settings.max_message_bytes = read.int32("max.message.bytes");
  settings.message_timestamp_after_max_ms = read.int64("message.timestamp.after.max.ms");
  settings.message_timestamp_before_max_ms = read.int64("message.timestamp.before.max.ms");
  settings.message_timestamp_type = read.text("message.timestamp.type") == "LogAppendTime"
                                        ? TimestampType::log_append_time
                                        : TimestampType::create_time;
  settings.min_insync_replicas = read.int32("min.insync.replicas");
  settings.unclean_leader_election_enable = read.boolean("unclean.leader.election.enable");
  settings.write_caching = read.boolean("write.caching") && !topic.starts_with("__");
  return settings;
}

Status check_topic_configs(const ConfigMap& overrides, const BrokerConfigLayers& layers) {
  for (const auto& [name, value] : overrides) {
    if (find_topic_config(name) == nullptr) {
      return Failure{FailureKind::invalid_argument, "Unknown topic config name: " + name};
    }
  }
  for (const auto& [name, value] : overrides) RETURN_IF_FAILED(check_value(*find_topic_config(name), value));
  const TopicSettings settings = resolve_topic("", &overrides, layers);
  if (settings.min_compaction_lag_ms > settings.max_compaction_lag_ms) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("conflict topic config setting min.compaction.lag.ms ({}) > max.compaction.lag.ms ({})",
                               settings.min_compaction_lag_ms, settings.max_compaction_lag_ms)};
  }
  if (parse_boolean(topic_value(&overrides, layers, "remote.storage.enable").value_or("")).value_or(false)) {
    return Failure{FailureKind::invalid_argument,
                   "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log "
                   "storage."};
  }
  return {};
}

}  // namespace moldau::metadata
