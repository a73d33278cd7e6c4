// PartitionChange: what becomes of one partition when replicas leave or join its in-sync set, its leader goes or its
// replicas are reassigned (KIP-455): the next replicas, ISR, eligible leader replicas (KIP-966) and leader, as one
// PartitionChangeRecord. Pure arithmetic on one partition; the controller decides which partitions to look at.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "metadata/image.h"
#include "metadata/records.h"

namespace moldau::metadata {

/// How a leader may be chosen.
enum class Election : uint8_t {
  preferred,  ///< the first replica if it is in sync, else as `online`
  online,     ///< in-sync replicas only, or eligible ones when none is left
  unclean,    ///< any live replica when nothing better is there: loses records
};

struct PartitionChange {
  TopicPartitionId id;
  const PartitionImage& partition;
  RecordVersions versions;
  bool elr_enabled = false;
  int32_t min_insync_replicas = 1;  ///< not above the number of replicas
  Election election = Election::online;
  /// Whether a broker may lead: alive, and its directory of this partition online.
  std::function<bool(NodeId)> is_acceptable_leader;
  std::vector<NodeId> target_isr;
  std::vector<NodeId> unclean_shutdown_replicas;  ///< never eligible
  std::optional<LeaderRecoveryState> target_recovery_state;
  /// A reassignment: the replicas while it goes on, those that leave and those that join. Without values: as they are.
  /// Complete at once where the ISR has all that stay.
  std::optional<std::vector<NodeId>> target_replicas{};
  std::optional<std::vector<NodeId>> target_removing{};
  std::optional<std::vector<NodeId>> target_adding{};
  std::vector<std::pair<NodeId, Uuid>> target_directories{};  ///< replicas that are elsewhere now
  /// Where a replica goes that had no directory; needed with new replicas only.
  std::function<Uuid(NodeId)> default_directory{};

  /// The record, or nothing when nothing changes.
  std::optional<wire::PartitionChangeRecord> build() const;
};

}  // namespace moldau::metadata
