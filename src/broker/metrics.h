// Metrics: what one shard counts. Counting is an addition to a number of the shard's own memory; everything else
// happens when somebody asks (scrape.h). What the numbers are called: metrics_table.h.
//
// Costs per request: one to three reads of the clock (18 ns each; connection.cc), five Histogram::record() (10 ns).
// Nothing is allocated but an ApiMetrics at the first request of an API, and TopicCounters at the first of a topic.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/histogram.h"
#include "base/ids.h"
#include "base/uuid.h"
#include "wire/api_key.h"
#include "wire/error_code.h"

namespace moldau::broker {

/// When the stages of a request began; on the clock of the surface.
struct RequestTimes {
  Instant received;             ///< its frame was complete
  Instant began;                ///< its handler was called
  Instant left{INT64_MAX};      ///< the handler returned and it waits; never for one that was answered at once
  Instant answered{INT64_MAX};  ///< the answer was made
};

/// Of one API.
struct ApiMetrics {
  static constexpr size_t error_slots =
      static_cast<size_t>(wire::code_of(wire::error_code_max) - wire::code_of(wire::error_code_min)) + 1;

  std::array<uint64_t, error_slots> errors{};  ///< by code, from error_code_min on
  Histogram queue;                             ///< received, until the handler was called
  Histogram local;                             ///< in the handler
  Histogram wait;   ///< from there until the answer was made, of requests that had to wait: syncs, records, members
  Histogram send;   ///< until it was given to the socket: the answers before it on its connection come first
  Histogram total;  ///< all of it
  Histogram window_old;  ///< `total` one to two minutes ago: quantiles are of what came since
  Histogram window_new;

  void observe(const RequestTimes& times, Instant sent) noexcept;
  void count_error(int16_t code) noexcept;
  /// Adds what another shard counted.
  void add(const ApiMetrics& other) noexcept;
};

/// Of one topic, on this node.
struct TopicCounters {
  uint64_t messages_in = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t produce_requests = 0;  ///< counted by partition, as Kafka does
  uint64_t fetch_requests = 0;
  uint64_t failed_produce_requests = 0;
  uint64_t failed_fetch_requests = 0;

  void add(const TopicCounters& other) noexcept;
};
using TopicCountersRef = std::shared_ptr<TopicCounters>;

/// The counters of all topics: of at most `limit` by themselves, of the others together.
class TopicCounterTable {
 public:
  /// What the series of those others have for a name; no topic can be called so.
  static constexpr const char* others_name = "(other)";

  void set_limit(size_t limit) { limit_ = limit; }
  TopicCountersRef get(const Uuid& topic);
  /// Null if nothing was counted by itself.
  const TopicCounters* find(const Uuid& topic) const;
  const TopicCounters& others() const { return *others_; }
  /// Whether any topic had to be counted with the others.
  bool overflowed() const { return overflowed_; }
  /// Adds what another shard counted.
  void add(const TopicCounterTable& other);
  template <typename Keep>
  void forget_unless(Keep&& keep) {
    std::erase_if(counters_, [&](const auto& entry) { return !keep(entry.first); });
  }

 private:
  std::unordered_map<Uuid, TopicCountersRef> counters_;
  TopicCountersRef others_ = std::make_shared<TopicCounters>();
  size_t limit_ = 10'000;
  bool overflowed_ = false;
};

/// Of one shard.
struct ShardCounts {
  size_t shard = 0;
  double busy_seconds = 0;
  uint64_t partitions = 0;
};

struct Metrics {
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;
  uint64_t connections_delayed = 0;
  uint64_t connections_steered = 0;
  uint64_t partitions_moved = 0;  ///< to another shard, for the sake of balance
  uint64_t idle_connections_closed = 0;
  uint64_t slow_frames_closed = 0;
  uint64_t slow_readers_closed = 0;
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
  uint64_t group_rebalances = 0;
  uint64_t offsets_committed = 0;
  uint64_t unclean_elections = 0;
  std::array<uint64_t, wire::api_key_count> requests{};
  std::array<std::unique_ptr<ApiMetrics>, wire::api_key_count> apis;
  Histogram send_blocked;  ///< from an answer until a socket that was full had taken everything
  TopicCounterTable topic_counters;
  Instant windows_moved;  ///< when the windows of the quantiles were last moved on

  // Read off when asked (collect_metrics of Shard and Broker).
  uint64_t connections = 0;
  uint64_t topics = 0;
  uint64_t partitions = 0;
  uint64_t offline_log_directories = 0;
  uint64_t waiting_fetches = 0;
  uint64_t waiting_produces = 0;
  uint64_t waiting_group_requests = 0;
  uint64_t fetch_sessions = 0;
  uint64_t receive_block_bytes = 0;
  uint64_t loop_turns = 0;
  uint64_t loop_sleeps = 0;
  uint64_t loop_spins = 0;
  double loop_spin_seconds = 0;
  double loop_busy_seconds = 0;
  std::vector<ShardCounts> shards;  ///< by number; without those of whose time nothing is known
  double uptime_seconds = 0;

  ApiMetrics& api(wire::ApiKey key) {
    std::unique_ptr<ApiMetrics>& found = apis[static_cast<size_t>(key)];
    if (found == nullptr) found = std::make_unique<ApiMetrics>();
    return *found;
  }
  void count_error(wire::ApiKey key, int16_t code) {
    if (code != 0) api(key).count_error(code);
  }
  void count_error(wire::ApiKey key, wire::ErrorCode error) { count_error(key, wire::code_of(error)); }
  /// Adds what another shard counted; of what only the home shard fills in, the sum is what that has.
  void add(const Metrics& other);
  /// Moves the windows of the quantiles on, if it is time.
  void move_windows(Instant now);

  static constexpr Duration window_min = seconds(60);
};

}  // namespace moldau::broker
