#include "group/settings.h"

#include <algorithm>

namespace moldau::group {

GroupSettings group_settings(const metadata::GroupConfig& config) {
  GroupSettings settings;
  settings.size_max = config.max_size;
  settings.initial_rebalance_delay_ms = config.initial_rebalance_delay_ms;
  settings.offset_metadata_bytes_max = config.offset_metadata_max_bytes;
  settings.offsets_retention_ms = int64_t{config.offsets_retention_minutes} * 60'000;
  settings.offsets_retention_check_interval_ms = config.offsets_retention_check_interval_ms;
  const std::vector<std::string>& protocols = config.rebalance_protocols;
  settings.consumer_protocol = std::find(protocols.begin(), protocols.end(), "consumer") != protocols.end();
  consumer::ConsumerGroupSettings& consumers = settings.consumer;
  consumers.session_timeout_ms = config.consumer_session_timeout_ms;
  consumers.heartbeat_interval_ms = config.consumer_heartbeat_interval_ms;
  consumers.assignment_interval_ms = config.consumer_assignment_interval_ms;
  consumers.regex_refresh_interval_ms = config.consumer_regex_refresh_interval_ms;
  consumers.size_max = config.consumer_max_size;
  consumers.classic_size_max = config.max_size;
  consumers.migration =
      consumer::find_migration_policy(config.consumer_migration_policy).value_or(consumer::MigrationPolicy::disabled);
  consumers.assignors = config.consumer_assignors;
  consumer::ConsumerGroupBounds& bounds = settings.consumer_bounds;
  bounds.session_timeout_min = config.consumer_min_session_timeout_ms;
  bounds.session_timeout_max = config.consumer_max_session_timeout_ms;
  bounds.heartbeat_interval_min = config.consumer_min_heartbeat_interval_ms;
  bounds.heartbeat_interval_max = config.consumer_max_heartbeat_interval_ms;
  bounds.assignment_interval_min = config.consumer_min_assignment_interval_ms;
  bounds.assignment_interval_max = config.consumer_max_assignment_interval_ms;
  return settings;
}

}  // namespace moldau::group
