// CleanerOptions and CleanerCounts: how compaction is set, and what it tells of itself. Settings have Kafka's names
// (log.cleaner.*) and units.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace moldau::store {

struct CleanerOptions {
  bool enable = true;                         ///< log.cleaner.enable
  int threads = 1;                            ///< logs compacted at the same time
  uint64_t dedupe_buffer_bytes = 128u << 20;  ///< for the key maps of all threads together
  double load_factor = 0.9;                   ///< log.cleaner.io.buffer.load.factor
  double io_bytes_per_second_max = 1.7976931348623157E308;
  int64_t backoff_ms = 15'000;            ///< how long to wait when there is nothing to do
  uint64_t io_buffer_bytes = 512u << 10;  ///< of all threads: half of it holds what is to be written
  uint64_t slice_bytes = 8u << 20;        ///< ours: read in one job of the pool; less under a bound

  bool operator==(const CleanerOptions&) const = default;
};

/// Counters grow for the life of the process; the rest is what Kafka's gauges of the same name show.
struct CleanerCounts {
  uint64_t rounds = 0;        ///< logs compacted
  uint64_t rounds_ended = 0;  ///< given up: the topic changed, was deleted or cut, or there was no room
  uint64_t segments_replaced = 0;
  uint64_t map_bytes = 0;   ///< read to build key maps
  uint64_t bytes_read = 0;  ///< chosen from; what is known to go as a whole is not read again, and counts
  uint64_t bytes_written = 0;
  uint64_t records_read = 0;
  uint64_t records_written = 0;
  uint64_t keyless_records = 0;
  // kafka_log_logcleaner_*
  int max_buffer_utilization_percent = 0;
  int cleaner_recopy_percent = 0;
  int64_t max_clean_time_secs = 0;
  int64_t max_compaction_delay_secs = 0;
  // kafka_log_logcleanermanager_*
  int max_dirty_percent = 0;
  int64_t time_since_last_run_ms = 0;
  struct Uncleanable {
    uint64_t partitions = 0;
    uint64_t bytes = 0;
  };
  std::map<std::string, Uncleanable> uncleanable;  ///< by log directory; each has an entry

  /// With those of another shard: counters add up, of what is a measure the larger counts.
  void add(const CleanerCounts& other) {
    rounds += other.rounds;
    rounds_ended += other.rounds_ended;
    segments_replaced += other.segments_replaced;
    map_bytes += other.map_bytes;
    bytes_read += other.bytes_read;
    bytes_written += other.bytes_written;
    records_read += other.records_read;
    records_written += other.records_written;
    keyless_records += other.keyless_records;
    max_buffer_utilization_percent = std::max(max_buffer_utilization_percent, other.max_buffer_utilization_percent);
    cleaner_recopy_percent = std::max(cleaner_recopy_percent, other.cleaner_recopy_percent);
    max_clean_time_secs = std::max(max_clean_time_secs, other.max_clean_time_secs);
    max_compaction_delay_secs = std::max(max_compaction_delay_secs, other.max_compaction_delay_secs);
    max_dirty_percent = std::max(max_dirty_percent, other.max_dirty_percent);
    time_since_last_run_ms = std::max(time_since_last_run_ms, other.time_since_last_run_ms);
    for (const auto& [path, counts] : other.uncleanable) {
      uncleanable[path].partitions += counts.partitions;
      uncleanable[path].bytes += counts.bytes;
    }
  }
};

}  // namespace moldau::store
