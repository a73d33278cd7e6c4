#include "metadata/group_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "metadata/config_table.h"

namespace moldau::metadata {
namespace {

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

/// Three keys of which the middle one must lie between the others.
struct Bounded {
  std::string_view low_key;
  int32_t low;
  std::string_view key;
  int32_t value;
  std::string_view high_key;
  int32_t high;
};

Status check(const Bounded& bounded) {
  if (bounded.high < bounded.low) {
    return invalid(fmt::format("{} must be greater than or equal to {}", bounded.high_key, bounded.low_key));
  }
  if (bounded.value < bounded.low) {
    return invalid(fmt::format("{} must be greater than or equal to {}", bounded.key, bounded.low_key));
  }
  if (bounded.value > bounded.high) {
    return invalid(fmt::format("{} must be less than or equal to {}", bounded.key, bounded.high_key));
  }
  return {};
}

Status check(const GroupConfig& config) {
  const Bounded all[] = {
      {"group.consumer.min.heartbeat.interval.ms", config.consumer_min_heartbeat_interval_ms,
       "group.consumer.heartbeat.interval.ms", config.consumer_heartbeat_interval_ms,
       "group.consumer.max.heartbeat.interval.ms", config.consumer_max_heartbeat_interval_ms},
      {"group.consumer.min.session.timeout.ms", config.consumer_min_session_timeout_ms,
       "group.consumer.session.timeout.ms", config.consumer_session_timeout_ms, "group.consumer.max.session.timeout.ms",
       config.consumer_max_session_timeout_ms},
      {"group.consumer.min.assignment.interval.ms", config.consumer_min_assignment_interval_ms,
       "group.consumer.assignment.interval.ms", config.consumer_assignment_interval_ms,
       "group.consumer.max.assignment.interval.ms", config.consumer_max_assignment_interval_ms},
  };
  for (const Bounded& bounded : all) RETURN_IF_FAILED(check(bounded));
  if (config.consumer_heartbeat_interval_ms >= config.consumer_session_timeout_ms) {
    return invalid("group.consumer.heartbeat.interval.ms must be less than group.consumer.session.timeout.ms");
  }
  return {};
}

}  // namespace

Result<GroupConfig> resolve_group_config(const BrokerConfigLayers& layers) {
  const auto text = [&](std::string_view name) { return broker_value(layers, name).value_or(""); };
  const auto int64 = [&](std::string_view name) { return parse_integer(text(name)).value_or(0); };
  const auto int32 = [&](std::string_view name) { return static_cast<int32_t>(int64(name)); };
  GroupConfig config;
  config.min_session_timeout_ms = int32("group.min.session.timeout.ms");
  config.max_session_timeout_ms = int32("group.max.session.timeout.ms");
  config.max_size = int32("group.max.size");
  config.initial_rebalance_delay_ms = int32("group.initial.rebalance.delay.ms");
  config.offset_metadata_max_bytes = int32("offset.metadata.max.bytes");
  config.offsets_retention_minutes = int32("offsets.retention.minutes");
  config.offsets_retention_check_interval_ms = int64("offsets.retention.check.interval.ms");
  config.offsets_commit_timeout_ms = int32("offsets.commit.timeout.ms");
  config.offsets_load_buffer_size = int32("offsets.load.buffer.size");
  config.offsets_topic_num_partitions = int32("offsets.topic.num.partitions");
  config.offsets_topic_replication_factor = static_cast<int16_t>(int32("offsets.topic.replication.factor"));
  config.offsets_topic_segment_bytes = int32("offsets.topic.segment.bytes");
  config.offsets_topic_compression_codec = int32("offsets.topic.compression.codec");
  config.rebalance_protocols = parse_list(text("group.coordinator.rebalance.protocols"));
  config.consumer_session_timeout_ms = int32("group.consumer.session.timeout.ms");
  config.consumer_min_session_timeout_ms = int32("group.consumer.min.session.timeout.ms");
  config.consumer_max_session_timeout_ms = int32("group.consumer.max.session.timeout.ms");
  config.consumer_heartbeat_interval_ms = int32("group.consumer.heartbeat.interval.ms");
  config.consumer_min_heartbeat_interval_ms = int32("group.consumer.min.heartbeat.interval.ms");
  config.consumer_max_heartbeat_interval_ms = int32("group.consumer.max.heartbeat.interval.ms");
  config.consumer_assignment_interval_ms = int32("group.consumer.assignment.interval.ms");
  config.consumer_min_assignment_interval_ms = int32("group.consumer.min.assignment.interval.ms");
  config.consumer_max_assignment_interval_ms = int32("group.consumer.max.assignment.interval.ms");
  config.consumer_regex_refresh_interval_ms = int32("group.consumer.regex.refresh.interval.ms");
  config.consumer_max_size = int32("group.consumer.max.size");
  config.consumer_migration_policy = text("group.consumer.migration.policy");
  config.consumer_assignors = parse_list(text("group.consumer.assignors"));
  RETURN_IF_FAILED(check(config));
  return config;
}

}  // namespace moldau::metadata
