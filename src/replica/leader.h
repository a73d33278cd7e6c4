// Leader: one partition, seen from its leader (Kafka's Partition in the leader role, KIP-101, KIP-497, KIP-966).
//
// Transitions (event -> function):
//   Queued          -> on_queued      a produce was appended to the log's queue; it waits for its acknowledgement
//   Appended        -> on_appended    the log's file holds everything below an offset: acks=1 is answered
//   Stable          -> on_stable      everything below an offset survives a power cut (sync mode: the commit end moves)
//   Refused         -> on_refused     the log cut queued batches away again: their produces fail
//   FollowerFetched -> on_follower    a follower proved its position: high watermark, ISR growth
//   IsrCommitted    -> on_isr         the controller decided about the ISR
//   Configured      -> on_configured  min.insync.replicas changed
//   Demoted         -> on_demoted     another leader or none: everything that waits fails
//   Ticked          -> on_ticked      timeouts of produces, ISR shrinking
//
// Invariants: the high watermark never falls and is never above the commit end of a member of the maximal ISR (the ISR
// and what was proposed to join it); with acks=all nothing is acknowledged above the high watermark; each waiting
// produce is acknowledged exactly once. Commit end: the stable end, or the appended end in page-cache mode
// (ARCHITECTURE.md, decision 5).
//
// Called by broker/partition, which feeds events and performs effects.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/effects.h"
#include "base/ids.h"
#include "base/time.h"
#include "wire/error_code.h"

namespace moldau::replica {

/// Names one part of one produce request, for the shell.
struct ProduceId {
  uint64_t request = 0;
  uint32_t part = 0;
  constexpr bool operator==(const ProduceId&) const = default;
};

/// What a partition's leader is told by the metadata image.
struct LeaderOptions {
  NodeId self = no_node;
  Epoch leader_epoch = 0;
  int32_t partition_epoch = 0;
  std::vector<NodeId> replicas;
  std::vector<NodeId> isr;
  int32_t min_insync_replicas = 1;
  Duration replica_lag_max = seconds(30);  ///< replica.lag.time.max.ms
};

// Events.

/// A produce whose last record has offset `end` - 1 waits. acks: 1 (written) or -1 (all); 0 never waits.
struct Queued {
  ProduceId id;
  Offset end = 0;
  int16_t acks = -1;
  Instant deadline;
};
struct Appended {
  Offset end = 0;
  Offset commit_end = 0;
};
struct Stable {
  Offset commit_end = 0;
};
struct Refused {
  Offset first_lost = 0;
  wire::ErrorCode error = wire::ErrorCode::kafka_storage_error;
};
struct FollowerFetched {
  NodeId follower = no_node;
  int64_t broker_epoch = -1;
  Offset fetch_offset = 0;    ///< it holds everything below, on stable storage
  Offset leader_log_end = 0;  ///< this leader's appended end when it was read for
};
/// The controller's answer to ProposeIsr, or a change it made by itself. On an error the proposal is dropped.
struct IsrCommitted {
  wire::ErrorCode error = wire::ErrorCode::none;
  Epoch leader_epoch = 0;
  int32_t partition_epoch = 0;
  std::vector<NodeId> isr;
};
struct Configured {
  int32_t min_insync_replicas = 1;
};
struct Demoted {
  wire::ErrorCode error = wire::ErrorCode::not_leader_or_follower;  ///< what waiting produces get
};
struct Ticked {};

// Effects.

/// The produce is decided: none, or why not.
struct Acknowledge {
  ProduceId id;
  wire::ErrorCode error = wire::ErrorCode::none;
};
struct AdvanceHighWatermark {
  Offset high_watermark = 0;
};
/// Ask the controller (AlterPartition) for this ISR.
struct ProposeIsr {
  Epoch leader_epoch = 0;
  int32_t partition_epoch = 0;
  std::vector<NodeId> isr;
};
/// Fetches that wait for this partition may find more now (or an error).
struct WakeFetches {};

class Leader {
 public:
  using Event =
      std::variant<Queued, Appended, Stable, Refused, FollowerFetched, IsrCommitted, Configured, Demoted, Ticked>;
  using Effect = std::variant<Acknowledge, AdvanceHighWatermark, ProposeIsr, WakeFetches>;

  /// Takes office. `log_end` is where this epoch's records start, `commit_end` what is committed locally,
  /// `high_watermark` the last one known (from the checkpoint). With an ISR of this node alone the high watermark is
  /// the commit end at once.
  Leader(LeaderOptions options, Offset log_end, Offset commit_end, Offset high_watermark);

  /// Total: every event is legal in every state. After Demoted, produces are refused and nothing advances.
  void step(const Event& event, Instant now, Effects<Effect>& out);

  Offset high_watermark() const noexcept { return high_watermark_; }
  Epoch leader_epoch() const noexcept { return options_.leader_epoch; }
  int32_t partition_epoch() const noexcept { return options_.partition_epoch; }
  /// Where the records of this leader's epoch start: below it the high watermark may still lag (OFFSET_NOT_AVAILABLE).
  Offset epoch_start() const noexcept { return epoch_start_; }
  std::span<const NodeId> isr() const noexcept { return options_.isr; }
  bool leading() const noexcept { return leading_; }
  /// Whether a produce with `acks` may be appended: not_leader_or_follower, not_enough_replicas or none.
  wire::ErrorCode may_append(int16_t acks) const noexcept;
  /// Compares the epoch a client knows with this leader's: fenced_leader_epoch, unknown_leader_epoch or none.
  wire::ErrorCode check_epoch(Epoch current_leader_epoch) const noexcept;
  /// Whether `node` is another replica of this partition.
  bool is_follower(NodeId node) const noexcept;
  /// The earliest moment at which Ticked does something; Instant::never() if there is none.
  Instant next_deadline() const noexcept;
  /// min.insync.replicas, or the number of replicas if that is less.
  size_t effective_min_isr() const noexcept;
  size_t waiting() const noexcept { return for_append_.size() + for_commit_.size(); }

 private:
  struct Waiter {
    ProduceId id;
    Offset end;
    Instant deadline;
  };
  struct Follower {
    NodeId node = no_node;
    Offset end = no_offset;
    Offset leader_end_at_last_fetch = no_offset;
    Instant last_fetch{INT64_MIN / 2};
    Instant last_caught_up{INT64_MIN / 2};
  };
  using Waiters = std::vector<Waiter>;  // ascending by end

  void on_queued(const Queued& event, Effects<Effect>& out);
  void on_appended(const Appended& event, Instant now, Effects<Effect>& out);
  void on_stable(const Stable& event, Instant now, Effects<Effect>& out);
  void on_refused(const Refused& event, Effects<Effect>& out);
  void on_follower(const FollowerFetched& event, Instant now, Effects<Effect>& out);
  void on_isr(const IsrCommitted& event, Instant now, Effects<Effect>& out);
  void on_configured(const Configured& event, Instant now, Effects<Effect>& out);
  void on_demoted(const Demoted& event, Effects<Effect>& out);
  void on_ticked(Instant now, Effects<Effect>& out);

  void advance(Instant now, Effects<Effect>& out);
  void acknowledge_below(Waiters& waiters, Offset end, wire::ErrorCode error, Effects<Effect>& out);
  void expire(Waiters& waiters, Instant now, Effects<Effect>& out);
  bool in_isr(NodeId node) const noexcept;
  bool in_maximal_isr(NodeId node) const noexcept;
  size_t maximal_isr_size() const noexcept;
  Follower* follower(NodeId node) noexcept;
  void propose(std::vector<NodeId> isr, Effects<Effect>& out);

  LeaderOptions options_;
  bool leading_ = true;
  Offset epoch_start_;
  Offset log_end_;
  Offset commit_end_;
  Offset high_watermark_;
  Waiters for_append_;
  Waiters for_commit_;
  std::vector<Follower> followers_;
  std::optional<std::vector<NodeId>> proposed_;
};

}  // namespace moldau::replica
