#include "broker/metrics_table.h"

namespace moldau::broker {
namespace {

using M = Metrics;
using N = NodeSample;
using T = TopicCounters;
using S = MetricSource;

constexpr auto counter = MetricKind::counter;
constexpr auto gauge = MetricKind::gauge;
constexpr auto histogram = MetricKind::histogram;
constexpr auto summary = MetricKind::summary;
constexpr auto untyped = MetricKind::untyped;

// Shapes of rows.
constexpr MetricRow node(const char* name, MetricKind kind, const char* unit, uint64_t M::* value, const char* help) {
  return {name, kind, unit, "", MetricDetail::node, value, help};
}
constexpr MetricRow node(const char* name, MetricKind kind, const char* unit, double (*value)(const N&),
                         const char* help) {
  return {name, kind, unit, "", MetricDetail::node, value, help};
}
constexpr MetricRow special(const char* name, MetricKind kind, const char* unit, const char* labels, S source,
                            const char* help) {
  return {name, kind, unit, labels, MetricDetail::node, source, help};
}
constexpr MetricRow by_topic(const char* name, const char* unit, uint64_t T::* value, const char* help) {
  return {name, counter, unit, "topic", MetricDetail::topic, value, help};
}
constexpr MetricRow by_partition(const char* name, const char* unit, int64_t (*value)(const PartitionSample&),
                                 const char* help) {
  return {name, gauge, unit, "topic,partition", MetricDetail::partition, value, help};
}
constexpr MetricRow by_group_topic(const char* name, int64_t (*value)(const GroupTopicSample&), const char* help) {
  return {name, untyped, "", "consumergroup,topic", MetricDetail::topic, value, help};
}
constexpr MetricRow by_group_partition(const char* name, int64_t (*value)(const GroupPartitionSample&),
                                       const char* help) {
  return {name, gauge, "", "consumergroup,topic,partition", MetricDetail::partition, value, help};
}

template <auto Member>
double number(const N& sample) {
  return static_cast<double>(sample.*Member);
}
template <auto Member>
double process(const N& sample) {
  return sample.process.*Member;
}
template <auto Member>
double cleaner(const N& sample) {
  return static_cast<double>(sample.cleaner.*Member);
}
template <auto Member>
double journal(const N& sample) {
  return static_cast<double>(sample.journal.*Member);
}
double idle(const N& sample) {
  return sample.loop_idle_ratio;
}
int64_t when_led(const PartitionSample& sample, int64_t value) {
  return sample.led_here ? value : absent;
}

constexpr MetricRow table[] = {
    // The node.
    special("moldau_build_info", gauge, "", "version", S::build_info, "1, with the version that runs."),
    special("moldau_uptime_seconds", gauge, "seconds", "", S::uptime, "Time since the broker was ready."),
    special("moldau_state", gauge, "", "state", S::state, "1 for the state that the broker is in."),
    node("moldau_loop_idle_ratio", gauge, "ratio", idle,
         "Share of the last minutes in which the thread of the home shard did nothing."),
    node("moldau_loop_turns_total", counter, "", &M::loop_turns, "Turns of the event loops."),
    node("moldau_loop_sleeps_total", counter, "", &M::loop_sleeps,
         "Waits of the event loops that were allowed to sleep."),
    node("moldau_loop_spins_total", counter, "", &M::loop_spins,
         "Waits of the event loops that polled for a moment, to spare a wake."),
    special("moldau_loop_spin_seconds_total", counter, "seconds", "", S::loop_spin,
            "Time that the event loops polled; part of process_cpu_seconds_total."),
    special("moldau_shard_busy_seconds_total", counter, "seconds", "shard", S::shard_busy,
            "Time in which the thread of a shard neither slept nor polled."),
    special("moldau_shard_partitions", gauge, "", "shard", S::shard_partitions, "Partitions that a shard owns."),
    node("moldau_shard_moves_total", counter, "", &M::partitions_moved,
         "Partitions that went to another shard for the sake of balance."),
    node("process_cpu_seconds_total", counter, "seconds", process<&ProcessFacts::cpu_seconds>,
         "User and system time of the process."),
    node("process_resident_memory_bytes", gauge, "bytes", process<&ProcessFacts::resident_bytes>,
         "Resident memory of the process."),
    node("process_virtual_memory_bytes", gauge, "bytes", process<&ProcessFacts::virtual_bytes>,
         "Virtual memory of the process."),
    node("process_open_fds", gauge, "", process<&ProcessFacts::open_files>, "Open file descriptors."),
    node("process_max_fds", gauge, "", process<&ProcessFacts::files_max>, "Most file descriptors that may be open."),
    node("process_threads", gauge, "", process<&ProcessFacts::threads>, "Threads of the process."),
    node("process_start_time_seconds", gauge, "seconds", process<&ProcessFacts::start_time_seconds>,
         "When the process began, since 1970."),
    node("moldau_scrape_seconds", gauge, "seconds", number<&N::scrape_seconds>,
         "Time that reading off the values of this scrape took, from turn to turn of the loop."),
    special("moldau_metrics_dropped", gauge, "", "kind", S::dropped,
            "Topics, partitions, groups and partitions of groups that the limit of series left out."),

    // Connections.
    node("moldau_connections", gauge, "", &M::connections, "Client connections that are open."),
    node("moldau_connections_accepted_total", counter, "", &M::connections_accepted, "Client connections accepted."),
    node("moldau_connections_refused_total", counter, "", &M::connections_refused,
         "Client connections closed at once because of max.connections.per.ip."),
    node("moldau_connections_delayed_total", counter, "", &M::connections_delayed,
         "Client connections that had to wait for max.connections or max.connection.creation.rate."),
    node("moldau_connections_steered_total", counter, "", &M::connections_steered,
         "Client connections that went to the shard whose partitions they use."),
    node("moldau_connections_idle_closed_total", counter, "", &M::idle_connections_closed,
         "Client connections closed after connections.max.idle.ms."),
    node("moldau_connections_slow_closed_total", counter, "", &M::slow_frames_closed,
         "Client connections closed because a request arrived too slowly."),
    node("moldau_connections_slow_readers_closed_total", counter, "", &M::slow_readers_closed,
         "Client connections closed because they took nothing of their answers while memory was scarce."),
    node("moldau_malformed_frames_total", counter, "", &M::malformed_frames,
         "Connections closed for a frame size that cannot be."),
    node("moldau_malformed_requests_total", counter, "", &M::malformed_requests,
         "Connections closed for a request that cannot be read."),
    node("moldau_unsupported_requests_total", counter, "", &M::unsupported_requests,
         "Connections closed for an API key or version that is not served."),
    node("moldau_request_trailing_bytes_total", counter, "bytes", &M::trailing_bytes,
         "Bytes behind the end of request bodies."),
    node("moldau_received_bytes_total", counter, "bytes", &M::bytes_received, "Bytes received from clients."),
    node("moldau_sent_bytes_total", counter, "bytes", &M::bytes_sent, "Bytes sent to clients."),
    node("moldau_receive_block_bytes", gauge, "bytes", &M::receive_block_bytes,
         "Bytes of receive and response buffers in use."),

    // Requests.
    special("moldau_requests_total", counter, "", "api", S::requests, "Requests by API."),
    special("moldau_request_errors_total", counter, "", "api,error", S::errors,
            "Error codes in answers, by API; a request about many things may have many."),
    special("moldau_request_duration_seconds", histogram, "seconds", "api", S::request_duration,
            "Time from a request's last byte until its answer was given to the socket."),
    special("moldau_request_stage_duration_seconds", histogram, "seconds", "api,stage", S::stage_duration,
            "The same by stage: queue (until its handler ran), local (in the handler), wait (for syncs, replicas, "
            "records, members or the controller; only requests that did), send (until it was its answer's turn)."),
    special("moldau_response_send_blocked_duration_seconds", histogram, "seconds", "", S::send_blocked,
            "Time from an answer until a socket that was full had taken all; only where one was."),
    node("moldau_waiting_fetches", gauge, "", &M::waiting_fetches, "Fetch requests that wait for records."),
    node("moldau_waiting_produces", gauge, "", &M::waiting_produces,
         "Produce requests that wait for their acknowledgement."),
    node("moldau_waiting_group_requests", gauge, "", &M::waiting_group_requests,
         "Requests that wait for a group coordinator."),
    node("moldau_fetch_sessions", gauge, "", &M::fetch_sessions, "Incremental fetch sessions."),
    node("moldau_batches_appended_total", counter, "", &M::batches_appended, "Record batches appended by producers."),
    node("moldau_records_appended_total", counter, "", &M::records_appended, "Records appended by producers."),
    node("moldau_record_bytes_appended_total", counter, "bytes", &M::record_bytes_appended,
         "Bytes of record batches appended by producers."),
    node("moldau_record_bytes_fetched_total", counter, "bytes", &M::record_bytes_fetched,
         "Bytes of record batches sent to fetchers."),
    node("moldau_produce_errors_total", counter, "", &M::produce_errors,
         "Partitions of produce requests that were refused."),
    node("moldau_fetch_errors_total", counter, "", &M::fetch_errors,
         "Partitions of fetch requests that were answered with an error."),
    node("moldau_cold_reads_total", counter, "", &M::cold_reads, "Reads that had to be brought into memory first."),

    // Storage.
    node("moldau_topics", gauge, "", &M::topics, "Topics in the cluster."),
    node("moldau_partitions", gauge, "", &M::partitions, "Partitions on this node."),
    node("moldau_log_bytes", gauge, "bytes", number<&N::log_bytes>, "Bytes of all logs on this node."),
    node("moldau_unflushed_records", gauge, "", number<&N::unflushed_records>,
         "Records written and not yet on stable storage."),
    node("moldau_unflushed_bytes", gauge, "bytes", [](const N& sample) { return double(sample.syncs.unflushed_bytes); },
         "Bytes written and not yet on stable storage."),
    special("moldau_sync_duration_seconds", histogram, "seconds", "", S::sync_duration,
            "Time that syncs of logs, and of rounds of the journal, took, from the turn that asked to the turn that "
            "heard."),
    node("moldau_sync_failures_total", counter, "", [](const N& sample) { return double(sample.syncs.failed); },
         "Syncs of logs that failed; each takes its log directory offline."),
    node("moldau_damaged_ranges", gauge, "", number<&N::damaged_ranges>,
         "Ranges of offsets that are known to be damaged."),
    node("moldau_scrub_bytes_total", counter, "", [](const N& sample) { return double(sample.scrub.bytes); },
         "Bytes of segments that the scrubber checked."),
    node("moldau_scrub_rounds_total", counter, "", [](const N& sample) { return double(sample.scrub.rounds); },
         "Rounds of the scrubber over a log directory."),
    node("moldau_scrub_damaged_ranges_total", counter, "",
         [](const N& sample) { return double(sample.scrub.damaged_ranges); },
         "Ranges of damaged bytes that the scrubber found first."),
    node("moldau_scrub_unreadable_blocks_total", counter, "",
         [](const N& sample) { return double(sample.scrub.unreadable_blocks); },
         "Blocks of 4 KiB that the scrubber could not read."),
    node("moldau_scrub_last_round_timestamp_seconds", gauge, "seconds",
         [](const N& sample) { return double(sample.scrub.last_round_wall_ms) / 1000; },
         "When a round of the scrubber ended last; 0: none has yet."),
    node("moldau_offline_log_directories", gauge, "", &M::offline_log_directories, "Log directories that failed."),

    // The journal.
    node("moldau_journal_rounds_total", counter, "", journal<&store::JournalStats::rounds>,
         "Rounds of the journal: each is one write and one sync for all logs in it."),
    node("moldau_journal_entries_total", counter, "", journal<&store::JournalStats::entries>,
         "Logs in rounds of the journal."),
    node("moldau_journal_payload_bytes_total", counter, "bytes", journal<&store::JournalStats::payload_bytes>,
         "Bytes of record batches written to the journal."),
    node("moldau_journal_written_bytes_total", counter, "bytes", journal<&store::JournalStats::written_bytes>,
         "Bytes written to the journal, with heads and padding."),
    node("moldau_journal_refused_total", counter, "", journal<&store::JournalStats::refused>,
         "Rounds for which the journal had no room: their logs were synced one by one."),
    node("moldau_journal_unsettled_bytes", gauge, "bytes", journal<&store::JournalStats::unsettled_bytes>,
         "Bytes of the journal that logs are not synced behind yet: what a start would have to replay."),
    node("moldau_journal_files_settling", gauge, "", journal<&store::JournalStats::settling>,
         "Files of the journal whose logs are being synced."),
    node("moldau_journal_files_settled_total", counter, "", journal<&store::JournalStats::settled_files>,
         "Files of the journal whose logs were synced."),
    node("moldau_journal_replayed_batches", gauge, "", journal<&store::JournalStats::replayed_batches>,
         "Record batches that this start took from the journal, because logs did not have them."),
    node("moldau_journal_replayed_bytes", gauge, "bytes", journal<&store::JournalStats::replayed_bytes>,
         "Their bytes."),
    node("moldau_journal_missing_partitions", gauge, "", journal<&store::JournalStats::replay_missing>,
         "Partitions that the journal had batches of at this start, and that have no folder."),
    node("moldau_logs_recovering", gauge, "",
         [](const N& sample) { return static_cast<double>(sample.logs_recovering); },
         "Logs that this start has not recovered yet: their partitions are not served."),

    // Moves between log directories.
    node("moldau_log_dir_moves", gauge, "", [](const N& sample) { return static_cast<double>(sample.moves_under_way); },
         "Replicas that are being moved to another log directory."),
    node("kafka_server_replicaalterlogdirsmanager_maxlag", gauge, "",
         [](const N& sample) { return static_cast<double>(sample.moves_lag_max); },
         "Records that the copy furthest behind still lacks."),
    node("moldau_log_dir_moves_finished_total", counter, "",
         [](const N& sample) { return static_cast<double>(sample.moves.finished); },
         "Replicas moved to another log directory."),
    node("moldau_log_dir_moves_failed_total", counter, "",
         [](const N& sample) { return static_cast<double>(sample.moves.failed); },
         "Moves given up: there was no room, or a directory failed."),
    node("moldau_log_dir_move_bytes_total", counter, "bytes",
         [](const N& sample) { return static_cast<double>(sample.moves.bytes); },
         "Bytes copied between log directories."),

    // Compaction.
    node("moldau_compaction_rounds_total", counter, "", cleaner<&store::CleanerCounts::rounds>, "Logs compacted."),
    node("moldau_compaction_rounds_ended_total", counter, "", cleaner<&store::CleanerCounts::rounds_ended>,
         "Compactions given up: the topic changed, was deleted or cut, or there was no room."),
    node("moldau_compaction_segments_replaced_total", counter, "", cleaner<&store::CleanerCounts::segments_replaced>,
         "Segments replaced by compacted ones."),
    node("moldau_compaction_map_bytes_total", counter, "bytes", cleaner<&store::CleanerCounts::map_bytes>,
         "Bytes read to find the newest record of each key."),
    node("moldau_compaction_read_bytes_total", counter, "bytes", cleaner<&store::CleanerCounts::bytes_read>,
         "Bytes read to be copied."),
    node("moldau_compaction_written_bytes_total", counter, "bytes", cleaner<&store::CleanerCounts::bytes_written>,
         "Bytes written by compaction."),
    node("moldau_compaction_records_read_total", counter, "", cleaner<&store::CleanerCounts::records_read>,
         "Records read by compaction."),
    node("moldau_compaction_records_written_total", counter, "", cleaner<&store::CleanerCounts::records_written>,
         "Records kept by compaction."),
    node("moldau_compaction_keyless_records_total", counter, "", cleaner<&store::CleanerCounts::keyless_records>,
         "Records without a key, which compaction drops."),
    node("kafka_log_logcleaner_max_clean_time_secs", gauge, "", cleaner<&store::CleanerCounts::max_clean_time_secs>,
         "Longest of the workers' last compactions, in seconds."),
    node("kafka_log_logcleaner_max_compaction_delay_secs", gauge, "",
         cleaner<&store::CleanerCounts::max_compaction_delay_secs>,
         "Longest time in seconds that the last logs were overdue by max.compaction.lag.ms."),
    node("kafka_log_logcleaner_max_buffer_utilization_percent", gauge, "percent",
         cleaner<&store::CleanerCounts::max_buffer_utilization_percent>,
         "Fullest of the workers' key maps, last round."),
    node("kafka_log_logcleaner_cleaner_recopy_percent", gauge, "percent",
         cleaner<&store::CleanerCounts::cleaner_recopy_percent>, "Bytes written of those read, last rounds."),
    node("kafka_log_logcleanermanager_max_dirty_percent", gauge, "percent",
         cleaner<&store::CleanerCounts::max_dirty_percent>,
         "Share of the dirtiest compacted log that is not compacted yet."),
    node("moldau_compaction_looked_seconds", gauge, "seconds",
         [](const N& sample) { return static_cast<double>(sample.cleaner.time_since_last_run_ms) / 1000; },
         "Time since compaction last looked for something to do."),
    special("kafka_log_logcleanermanager_uncleanable_partitions_count", untyped, "", "logdirectory",
            S::uncleanable_partitions, "Logs that compaction passes by until the next start."),
    special("kafka_log_logcleanermanager_uncleanable_bytes", gauge, "bytes", "logdirectory", S::uncleanable_bytes,
            "Bytes of logs that compaction passes by."),

    // Groups.
    special("moldau_groups", gauge, "", "type,state", S::groups, "Groups coordinated here."),
    node("moldau_committed_offsets", gauge, "", number<&N::committed_offsets>, "Offsets that groups have committed."),
    node("moldau_group_rebalances_total", counter, "", &M::group_rebalances,
         "Rebalances of classic groups that began, and new epochs of consumer groups."),
    node("moldau_offsets_committed_total", counter, "", &M::offsets_committed, "Offsets committed, one per partition."),
    node("moldau_coordinators_failed_total", counter, "", &M::coordinators_failed,
         "Group coordinators that are not served because their log is damaged."),

    // The names of kafka_exporter.
    node("kafka_brokers", gauge, "", number<&N::brokers>, "Brokers of the cluster."),
    special("kafka_broker_info", gauge, "", "id,address", S::broker_info, "1 for each broker of the cluster."),
    {"kafka_topic_partitions", gauge, "", "topic", MetricDetail::topic,
     +[](const TopicSample& sample) { return sample.partitions; }, "Partitions of the topic."},
    by_partition("kafka_topic_partition_current_offset", "",
                 [](const PartitionSample& sample) { return sample.current_offset; },
                 "Offset behind the last record that consumers may read."),
    by_partition("kafka_topic_partition_oldest_offset", "",
                 [](const PartitionSample& sample) { return sample.oldest_offset; }, "Offset of the oldest record."),
    by_partition("kafka_topic_partition_in_sync_replica", "",
                 [](const PartitionSample& sample) { return int64_t{sample.isr}; }, "Replicas that are in sync."),
    by_partition("kafka_topic_partition_leader", "",
                 [](const PartitionSample& sample) { return int64_t{sample.leader}; },
                 "Node that leads the partition; -1 for none."),
    by_partition("kafka_topic_partition_leader_is_preferred", "",
                 [](const PartitionSample& sample) { return int64_t{sample.leader_is_preferred}; },
                 "1 if the first of the replicas leads."),
    by_partition("kafka_topic_partition_replicas", "",
                 [](const PartitionSample& sample) { return int64_t{sample.replicas}; }, "Replicas of the partition."),
    by_partition("kafka_topic_partition_under_replicated_partition", "",
                 [](const PartitionSample& sample) { return int64_t{sample.under_replicated}; },
                 "1 if some replica is not in sync."),
    by_group_partition("kafka_consumergroup_current_offset",
                       [](const GroupPartitionSample& sample) { return sample.offset; },
                       "Offset that the group has committed."),
    by_group_partition("kafka_consumergroup_lag", [](const GroupPartitionSample& sample) { return sample.lag; },
                       "Records between the group's committed offset and the end that consumers may read."),
    by_group_topic("kafka_consumergroup_current_offset_sum",
                   [](const GroupTopicSample& sample) { return sample.offset_sum; },
                   "Sum of the group's committed offsets in the topic."),
    by_group_topic("kafka_consumergroup_lag_sum", [](const GroupTopicSample& sample) { return sample.lag_sum; },
                   "Sum of the group's lag in the topic."),
    {"kafka_consumergroup_members", gauge, "", "consumergroup", MetricDetail::topic,
     +[](const GroupSample& sample) { return sample.members; }, "Members of the group."},

    // Kafka's own, by the names of Strimzi's rules for JMX.
    by_topic("kafka_server_brokertopicmetrics_messagesin_total", "", &T::messages_in, "Records appended by producers."),
    by_topic("kafka_server_brokertopicmetrics_bytesin_total", "bytes", &T::bytes_in,
             "Bytes of record batches appended by producers."),
    by_topic("kafka_server_brokertopicmetrics_bytesout_total", "bytes", &T::bytes_out,
             "Bytes of record batches sent to fetchers."),
    by_topic("kafka_server_brokertopicmetrics_totalproducerequests_total", "", &T::produce_requests,
             "Partitions in produce requests."),
    by_topic("kafka_server_brokertopicmetrics_totalfetchrequests_total", "", &T::fetch_requests,
             "Partitions in fetch requests."),
    by_topic("kafka_server_brokertopicmetrics_failedproducerequests_total", "", &T::failed_produce_requests,
             "Partitions in produce requests that were refused."),
    by_topic("kafka_server_brokertopicmetrics_failedfetchrequests_total", "", &T::failed_fetch_requests,
             "Partitions in fetch requests that were answered with an error."),
    node("kafka_server_replicamanager_leadercount", gauge, "", number<&N::leaders>, "Partitions that this node leads."),
    node("kafka_server_replicamanager_partitioncount", gauge, "", number<&N::hosted>, "Partitions on this node."),
    node("kafka_server_replicamanager_underreplicatedpartitions", gauge, "", number<&N::under_replicated>,
         "Partitions led here of which some replica is not in sync."),
    node("kafka_server_replicamanager_underminisrpartitioncount", gauge, "", number<&N::under_min_isr>,
         "Partitions led here with fewer replicas in sync than min.insync.replicas."),
    node("kafka_controller_kafkacontroller_activecontrollercount", gauge, "", number<&N::controller>,
         "1 on the node that is the active controller."),
    node("kafka_controller_kafkacontroller_offlinepartitionscount", gauge, "", number<&N::leaderless>,
         "Partitions without a leader."),
    node("kafka_controller_kafkacontroller_globaltopiccount", gauge, "", number<&N::cluster_topics>,
         "Topics of the cluster."),
    node("kafka_controller_kafkacontroller_globalpartitioncount", gauge, "", number<&N::cluster_partitions>,
         "Partitions of the cluster."),
    node("kafka_controller_controllerstats_uncleanleaderelections_total", counter, "", &M::unclean_elections,
         "Leaders elected that were not in sync, since this node runs."),
    special("kafka_network_requestmetrics_requests_total", counter, "", "request", S::requests, "Requests by API."),
    special("kafka_network_requestmetrics_errors_total", counter, "", "request,error", S::errors,
            "Error codes in answers, by API."),
    special("kafka_network_requestmetrics_totaltimems", summary, "", "request,quantile", S::total_time_ms,
            "Milliseconds from a request's last byte until its answer was given to the socket; the quantiles are of "
            "the last one to two minutes."),
    node("kafka_network_socketserver_networkprocessoravgidle_percent", gauge, "ratio", idle,
         "As moldau_loop_idle_ratio: 0 to 1, in spite of the name, as in Kafka."),
    node("kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent", gauge, "ratio", idle,
         "As moldau_loop_idle_ratio: one thread reads, handles and sends."),
    {"kafka_server_socket_server_metrics_connection_count", untyped, "", "", MetricDetail::node,
     &M::connections, "Client connections that are open."},
    node("kafka_log_logmanager_offlinelogdirectorycount", gauge, "", &M::offline_log_directories,
         "Log directories that failed."),
    by_partition("kafka_log_log_size", "bytes", [](const PartitionSample& sample) { return sample.log_bytes; },
                 "Bytes of the log."),
    by_partition("kafka_cluster_partition_replicascount", "",
                 [](const PartitionSample& sample) { return when_led(sample, sample.replicas); },
                 "Replicas of a partition that this node leads."),
    by_partition("kafka_cluster_partition_atminisr", "",
                 [](const PartitionSample& sample) { return when_led(sample, sample.at_min_isr); },
                 "1 if exactly min.insync.replicas are in sync."),
    by_partition("kafka_cluster_partition_underminisr", "",
                 [](const PartitionSample& sample) { return when_led(sample, sample.under_min_isr); },
                 "1 if fewer than min.insync.replicas are in sync."),
};

}  // namespace

std::span<const MetricRow> metric_table() {
  return table;
}

const char* name_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
    case MetricKind::summary:
      return "summary";
    case MetricKind::untyped:
      break;
  }
  return "untyped";
}

}  // namespace moldau::broker
