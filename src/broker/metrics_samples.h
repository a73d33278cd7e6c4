// What a scrape has read off a broker before it prints: plain numbers, so that all series of one scrape show one state,
// however many turns it takes to print them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "base/uuid.h"
#include "broker/metrics.h"
#include "store/cleaner_options.h"
#include "store/move_options.h"
#include "store/scrub_options.h"
#include "store/store.h"

namespace moldau::broker {

/// A number that is not known: its sample is left out.
inline constexpr int64_t absent = INT64_MIN;

/// What the operating system says of the process, and the loop of itself. A negative number is not known.
struct ProcessFacts {
  double cpu_seconds = -1;
  double resident_bytes = -1;
  double virtual_bytes = -1;
  double open_files = -1;
  double files_max = -1;
  double threads = -1;
  double start_time_seconds = -1;  ///< since 1970
  double loop_cpu_seconds = -1;    ///< of the thread that serves
};

/// Of the node as a whole.
struct NodeSample {
  // What Metrics says, copied at the start.
  bool known = false;  ///< false while the broker recovers: everything below is zero
  bool ready = false;
  bool controller = false;
  double loop_idle_ratio = -1;
  double scrape_seconds = 0;
  ProcessFacts process;
  store::CleanerCounts cleaner;
  store::MoveCounts moves;
  uint64_t moves_under_way = 0;
  uint64_t logs_recovering = 0;
  int64_t moves_lag_max = 0;  ///< records that the copy furthest behind lacks
  store::SyncCounts syncs;
  store::ScrubCounts scrub;
  store::JournalStats journal;
  // Sums over all partitions, printed or not.
  uint64_t log_bytes = 0;
  uint64_t unflushed_records = 0;
  uint64_t damaged_ranges = 0;
  uint64_t leaders = 0;
  uint64_t hosted = 0;
  uint64_t under_replicated = 0;
  uint64_t under_min_isr = 0;
  uint64_t at_min_isr = 0;
  uint64_t leaderless = 0;
  uint64_t cluster_partitions = 0;
  uint64_t cluster_topics = 0;
  uint64_t brokers = 0;
  uint64_t offline_log_directories = 0;
  uint64_t committed_offsets = 0;
  // Left out of this scrape by its limit.
  uint64_t dropped_topics = 0;
  uint64_t dropped_partitions = 0;
  uint64_t dropped_groups = 0;
  uint64_t dropped_group_partitions = 0;
};

struct BrokerSample {
  NodeId id = no_node;
  std::string address;
};

struct TopicSample {
  std::string name;
  Uuid id;
  int64_t partitions = 0;
  TopicCounters counters;
  bool counted = false;  ///< whether anything was counted for it
};

struct PartitionSample {
  uint32_t topic = 0;  ///< index of its TopicSample
  PartitionIndex partition = 0;
  NodeId leader = no_node;
  uint16_t replicas = 0;
  uint16_t isr = 0;
  bool leader_is_preferred = false;
  bool under_replicated = false;
  bool led_here = false;
  bool at_min_isr = false;
  bool under_min_isr = false;
  int64_t current_offset = absent;  ///< the high watermark
  int64_t oldest_offset = absent;
  int64_t log_bytes = absent;
};

/// States of groups, by type: what Kafka's words are kept in.
struct GroupCount {
  std::string_view type;
  std::string_view state;
  uint64_t groups = 0;
};

struct GroupSample {
  std::string id;  ///< escaped for a label
  int64_t members = 0;
};

struct GroupTopicSample {
  uint32_t group = 0;  ///< index of its GroupSample
  std::string topic;   ///< escaped for a label
  int64_t offset_sum = 0;
  int64_t lag_sum = 0;
};

struct GroupPartitionSample {
  uint32_t group_topic = 0;
  PartitionIndex partition = 0;
  int64_t offset = absent;
  int64_t lag = absent;  ///< up to the high watermark; absent for a partition that is not here
};

struct Samples {
  NodeSample node;
  std::vector<BrokerSample> brokers;
  std::vector<TopicSample> topics;
  std::vector<PartitionSample> partitions;
  std::vector<GroupCount> group_counts;
  std::vector<GroupSample> groups;
  std::vector<GroupTopicSample> group_topics;
  std::vector<GroupPartitionSample> group_partitions;
};

}  // namespace moldau::broker
