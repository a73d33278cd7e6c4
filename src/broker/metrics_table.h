// The one table of all metrics: name, kind, labels, what it says, and where its values come from. /metrics and
// docs/reference/metrics.md are made from it.
//
// Names: what dashboards and alerts of the ecosystem go by (kafka_exporter's, and Kafka's JMX names as Strimzi's rules
// print them), and moldau_* for what is our own. `promtool check metrics` objects to none.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "broker/metrics.h"
#include "broker/metrics_samples.h"

namespace moldau::broker {

/// `untyped` is for gauges whose established name ends as those of histograms do.
enum class MetricKind : uint8_t { counter, gauge, histogram, summary, untyped };
const char* name_of(MetricKind kind);

/// Who wants to see it: each level has those above it.
enum class MetricDetail : uint8_t { node, topic, partition };

/// Metrics that are printed by code of their own.
enum class MetricSource : uint8_t {
  uptime,
  loop_spin,
  shard_busy,
  shard_partitions,
  build_info,
  state,
  requests,
  errors,
  request_duration,
  stage_duration,
  total_time_ms,
  send_blocked,
  sync_duration,
  uncleanable_partitions,
  uncleanable_bytes,
  groups,
  dropped,
  broker_info,
};

using MetricValue =
    std::variant<uint64_t Metrics::*, double (*)(const NodeSample&), int64_t (*)(const TopicSample&),
                 uint64_t TopicCounters::*, int64_t (*)(const PartitionSample&), int64_t (*)(const GroupSample&),
                 int64_t (*)(const GroupTopicSample&), int64_t (*)(const GroupPartitionSample&), MetricSource>;

/// One line of the table.
struct MetricRow {
  const char* name;
  MetricKind kind;
  const char* unit;    ///< "bytes", "seconds", ...; empty for plain numbers
  const char* labels;  ///< separated by commas; empty for none
  MetricDetail detail;
  MetricValue value;
  const char* help;
};

std::span<const MetricRow> metric_table();

}  // namespace moldau::broker
