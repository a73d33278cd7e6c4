#include "broker/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace moldau::broker {
namespace {

using M = Metrics;
constexpr auto counter = MetricKind::counter;
constexpr auto gauge = MetricKind::gauge;

constexpr MetricRow table[] = {
    {"moldau_connections", gauge, &M::connections, "Client connections that are open."},
    {"moldau_connections_accepted_total", counter, &M::connections_accepted, "Client connections accepted."},
    {"moldau_connections_refused_total", counter, &M::connections_refused,
     "Client connections closed at once because of max.connections.per.ip."},
    {"moldau_connections_delayed_total", counter, &M::connections_delayed,
     "Client connections that had to wait for max.connections or max.connection.creation.rate."},
    {"moldau_connections_idle_closed_total", counter, &M::idle_connections_closed,
     "Client connections closed after connections.max.idle.ms."},
    {"moldau_connections_slow_closed_total", counter, &M::slow_frames_closed,
     "Client connections closed because a request arrived too slowly."},
    {"moldau_malformed_frames_total", counter, &M::malformed_frames,
     "Connections closed for a frame size that cannot be."},
    {"moldau_malformed_requests_total", counter, &M::malformed_requests,
     "Connections closed for a request that cannot be read."},
    {"moldau_unsupported_requests_total", counter, &M::unsupported_requests,
     "Connections closed for an API key or version that is not served."},
    {"moldau_request_trailing_bytes_total", counter, &M::trailing_bytes, "Bytes behind the end of request bodies."},
    {"moldau_received_bytes_total", counter, &M::bytes_received, "Bytes received from clients."},
    {"moldau_sent_bytes_total", counter, &M::bytes_sent, "Bytes sent to clients."},
    {"moldau_batches_appended_total", counter, &M::batches_appended, "Record batches appended by producers."},
    {"moldau_records_appended_total", counter, &M::records_appended, "Records appended by producers."},
    {"moldau_record_bytes_appended_total", counter, &M::record_bytes_appended,
     "Bytes of record batches appended by producers."},
    {"moldau_record_bytes_fetched_total", counter, &M::record_bytes_fetched,
     "Bytes of record batches sent to fetchers."},
    {"moldau_produce_errors_total", counter, &M::produce_errors, "Partitions of produce requests that were refused."},
    {"moldau_fetch_errors_total", counter, &M::fetch_errors,
     "Partitions of fetch requests that were answered with an error."},
    {"moldau_cold_reads_total", counter, &M::cold_reads, "Reads that had to be brought into memory first."},
    {"moldau_coordinators_failed_total", counter, &M::coordinators_failed,
     "Group coordinators that are not served because their log is damaged."},
    {"moldau_topics", gauge, &M::topics, "Topics in the cluster."},
    {"moldau_partitions", gauge, &M::partitions, "Partitions on this node."},
    {"moldau_log_bytes", gauge, &M::log_bytes, "Bytes of all logs on this node."},
    {"moldau_unflushed_records", gauge, &M::unflushed_records, "Records written and not yet on stable storage."},
    {"moldau_damaged_ranges", gauge, &M::damaged_ranges, "Ranges of offsets that recovery found damaged."},
    {"moldau_offline_log_directories", gauge, &M::offline_log_directories, "Log directories that failed."},
    {"moldau_waiting_fetches", gauge, &M::waiting_fetches, "Fetch requests that wait for records."},
    {"moldau_waiting_produces", gauge, &M::waiting_produces, "Produce requests that wait for their acknowledgement."},
    {"moldau_fetch_sessions", gauge, &M::fetch_sessions, "Incremental fetch sessions."},
    {"moldau_receive_block_bytes", gauge, &M::receive_block_bytes, "Bytes of receive and response buffers in use."},
};

const char* kind_name(MetricKind kind) {
  return kind == counter ? "counter" : "gauge";
}

}  // namespace

std::span<const MetricRow> metric_table() {
  return table;
}

std::string prometheus_text(const Metrics& metrics) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const MetricRow& row : table) {
    fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", row.name, row.help, kind_name(row.kind),
                   metrics.*row.value);
  }
  fmt::format_to(out, "# HELP moldau_requests_total Requests by API.\n# TYPE moldau_requests_total counter\n");
  for (size_t key = 0; key < metrics.requests.size(); ++key) {
    if (metrics.requests[key] == 0) continue;
    fmt::format_to(out, "moldau_requests_total{{api=\"{}\"}} {}\n", wire::name_of(static_cast<wire::ApiKey>(key)),
                   metrics.requests[key]);
  }
  fmt::format_to(out,
                 "# HELP moldau_uptime_seconds Time since the broker was ready.\n# TYPE moldau_uptime_seconds gauge\n"
                 "moldau_uptime_seconds {:.3f}\n",
                 metrics.uptime_seconds);
  return text;
}

}  // namespace moldau::broker
