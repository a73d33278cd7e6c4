// Metrics: the counters of one shard, and the one table that names them. Counting is an addition; everything else
// happens when somebody asks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "wire/api_key.h"

namespace moldau::broker {

struct Metrics {
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;
  uint64_t connections_delayed = 0;
  uint64_t idle_connections_closed = 0;
  uint64_t slow_frames_closed = 0;
  uint64_t malformed_frames = 0;
  uint64_t malformed_requests = 0;
  uint64_t unsupported_requests = 0;
  uint64_t trailing_bytes = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t batches_appended = 0;
  uint64_t records_appended = 0;
  uint64_t record_bytes_appended = 0;
  uint64_t record_bytes_fetched = 0;
  uint64_t produce_errors = 0;
  uint64_t fetch_errors = 0;
  uint64_t cold_reads = 0;
  uint64_t coordinators_failed = 0;
  std::array<uint64_t, wire::api_key_count> requests{};
  // Read off when asked.
  uint64_t connections = 0;
  uint64_t topics = 0;
  uint64_t partitions = 0;
  uint64_t log_bytes = 0;
  uint64_t unflushed_records = 0;
  uint64_t damaged_ranges = 0;
  uint64_t offline_log_directories = 0;
  uint64_t waiting_fetches = 0;
  uint64_t waiting_produces = 0;
  uint64_t fetch_sessions = 0;
  uint64_t receive_block_bytes = 0;
  double uptime_seconds = 0;
};

enum class MetricKind : uint8_t { counter, gauge };

/// One line of the table.
struct MetricRow {
  const char* name;
  MetricKind kind;
  uint64_t Metrics::* value;
  const char* help;
};

/// All metrics that are one number.
std::span<const MetricRow> metric_table();

/// The Prometheus text format (version 0.0.4).
std::string prometheus_text(const Metrics& metrics);

}  // namespace moldau::broker
