// GroupConfig: the settings of group coordinators (group.*, offsets.*) as typed values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/config_resolve.h"

namespace moldau::metadata {

struct GroupConfig {
  int32_t min_session_timeout_ms = 6'000;      ///< group.min.session.timeout.ms
  int32_t max_session_timeout_ms = 1'800'000;  ///< group.max.session.timeout.ms
  int32_t max_size = INT32_MAX;                ///< group.max.size
  int32_t initial_rebalance_delay_ms = 3'000;  ///< group.initial.rebalance.delay.ms

  int32_t offset_metadata_max_bytes = 4'096;              ///< offset.metadata.max.bytes
  int32_t offsets_retention_minutes = 10'080;             ///< offsets.retention.minutes
  int64_t offsets_retention_check_interval_ms = 600'000;  ///< offsets.retention.check.interval.ms
  int32_t offsets_commit_timeout_ms = 5'000;              ///< offsets.commit.timeout.ms
  int32_t offsets_load_buffer_size = 5'242'880;           ///< offsets.load.buffer.size
  int32_t offsets_topic_num_partitions = 50;              ///< offsets.topic.num.partitions
  int16_t offsets_topic_replication_factor = 3;           ///< offsets.topic.replication.factor
  int32_t offsets_topic_segment_bytes = 104'857'600;      ///< offsets.topic.segment.bytes
  int32_t offsets_topic_compression_codec = 0;  ///< offsets.topic.compression.codec: 0 none, 1 gzip ... 4 zstd

  std::vector<std::string> rebalance_protocols = {"classic", "consumer", "streams"};  ///< group.coordinator....
  int32_t consumer_session_timeout_ms = 45'000;                        ///< group.consumer.session.timeout.ms
  int32_t consumer_min_session_timeout_ms = 45'000;                    ///< group.consumer.min.session.timeout.ms
  int32_t consumer_max_session_timeout_ms = 60'000;                    ///< group.consumer.max.session.timeout.ms
  int32_t consumer_heartbeat_interval_ms = 5'000;                      ///< group.consumer.heartbeat.interval.ms
  int32_t consumer_min_heartbeat_interval_ms = 5'000;                  ///< group.consumer.min.heartbeat.interval.ms
  int32_t consumer_max_heartbeat_interval_ms = 15'000;                 ///< group.consumer.max.heartbeat.interval.ms
  int32_t consumer_assignment_interval_ms = 1'000;                     ///< group.consumer.assignment.interval.ms
  int32_t consumer_min_assignment_interval_ms = 0;                     ///< group.consumer.min.assignment.interval.ms
  int32_t consumer_max_assignment_interval_ms = 15'000;                ///< group.consumer.max.assignment.interval.ms
  int32_t consumer_regex_refresh_interval_ms = 600'000;                ///< group.consumer.regex.refresh.interval.ms
  int32_t consumer_max_size = INT32_MAX;                               ///< group.consumer.max.size
  std::string consumer_migration_policy = "bidirectional";             ///< group.consumer.migration.policy
  std::vector<std::string> consumer_assignors = {"uniform", "range"};  ///< group.consumer.assignors
};

/// Reads and checks them as a whole; the failure names the keys.
Result<GroupConfig> resolve_group_config(const BrokerConfigLayers& layers);

}  // namespace moldau::metadata
