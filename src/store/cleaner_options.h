// CleanerOptions and CleanerCounts: how compaction is set, and what it tells of itself. Settings have Kafka's names
// (log.cleaner.*) and units.
#pragma once

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
};

}  // namespace moldau::store
