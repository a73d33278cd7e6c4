#include "metadata/partition_change.h"

#include <algorithm>
#include <set>

namespace moldau::metadata {
namespace {

constexpr int32_t no_leader_change = -2;

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

/// The working state of one build().
struct Draft {
  const PartitionChange& change;
  const PartitionImage& partition;
  std::vector<NodeId> isr;
  std::vector<NodeId> elr;
  wire::PartitionChangeRecord record;

  explicit Draft(const PartitionChange& of)
      : change(of), partition(of.partition), isr(of.target_isr), elr(of.partition.elr) {
    record.topic_id = of.id.topic_id;
    record.partition_id = of.id.partition;
  }

  /// Replicas that leave an ISR which is now too small stay eligible to lead: they hold all that was acknowledged.
  void fill_elr() {
    if (!change.elr_enabled) return;
    if (isr.size() >= static_cast<size_t>(change.min_insync_replicas)) {
      elr.clear();
      return;
    }
    std::set<NodeId> candidates(elr.begin(), elr.end());
    candidates.insert(partition.isr.begin(), partition.isr.end());
    elr.clear();
    for (const NodeId node : candidates) {
      if (!contains(isr, node) && !contains(change.unclean_shutdown_replicas, node)) elr.push_back(node);
    }
  }

  bool is_valid_leader(NodeId node) const {
    return (contains(isr, node) || (isr.empty() && contains(elr, node))) && change.is_acceptable_leader(node);
  }

  /// With neither ISR nor ELR left, the last leader is the best there is.
  bool can_elect_last_known() const {
    return change.elr_enabled && elr.empty() && isr.empty() && partition.last_known_elr.size() == 1 &&
           change.is_acceptable_leader(partition.last_known_elr[0]);
  }

  struct Elected {
    NodeId node = no_node;
    bool unclean = false;
  };

  Elected elect() const {
    if (change.election == Election::preferred && !partition.replicas.empty() &&
        is_valid_leader(partition.replicas.front())) {
      return {partition.replicas.front(), false};
    }
    if (is_valid_leader(partition.leader)) return {partition.leader, false};
    for (const NodeId node : partition.replicas) {
      if (is_valid_leader(node)) return {node, false};
    }
    if (can_elect_last_known()) return {partition.last_known_elr[0], true};
    if (change.election == Election::unclean) {
      for (const NodeId node : partition.replicas) {
        if (change.is_acceptable_leader(node)) return {node, true};
      }
    }
    return {};
  }

  void try_election() {
    const Elected elected = elect();
    if (elected.node == partition.leader) return;
    if (contains(elr, elected.node)) {
      isr = {elected.node};
      std::erase(elr, elected.node);
    }
    record.leader = elected.node;
    if (!elected.unclean) return;
    record.isr = std::vector<int32_t>{elected.node};
    if (partition.leader_recovery_state != LeaderRecoveryState::recovering) {
      record.leader_recovery_state = static_cast<int8_t>(LeaderRecoveryState::recovering);
    }
  }

  void put_elr() {
    if (record.isr || !change.elr_enabled) elr.clear();
    if (change.versions.elr && elr != partition.elr) record.eligible_leader_replicas = elr;
  }

  void put_isr() {
    if (!record.isr && (!isr.empty() || change.elr_enabled) && isr != partition.isr) record.isr = isr;
    if (!change.versions.leader_epoch_bump_on_isr_shrink || record.leader != no_leader_change || !record.isr) return;
    const auto stays = [&](NodeId node) { return contains(*record.isr, node); };
    if (!std::all_of(partition.isr.begin(), partition.isr.end(), stays)) record.leader = partition.leader;
  }

  void put_last_known() {
    if (!change.elr_enabled) return;
    const std::vector<NodeId>& known = partition.last_known_elr;
    const bool lost_all = record.isr && record.isr->empty();
    if (lost_all && partition.leader != no_node && known != std::vector<NodeId>{partition.leader}) {
      record.last_known_elr = std::vector<int32_t>{partition.leader};
    } else if ((record.leader >= 0 || (partition.leader != no_node && record.leader != no_node)) && !known.empty()) {
      record.last_known_elr = std::vector<int32_t>{};
    }
  }

  bool changes_nothing() const {
    return !record.isr && !record.eligible_leader_replicas && !record.last_known_elr &&
           record.leader == no_leader_change && record.leader_recovery_state == -1;
  }
};

}  // namespace

std::optional<wire::PartitionChangeRecord> PartitionChange::build() const {
  Draft draft(*this);
  draft.fill_elr();
  draft.try_election();
  draft.put_elr();
  draft.put_isr();
  draft.put_last_known();
  if (target_recovery_state && *target_recovery_state != partition.leader_recovery_state) {
    draft.record.leader_recovery_state = static_cast<int8_t>(*target_recovery_state);
  }
  if (draft.changes_nothing()) return std::nullopt;
  return std::move(draft.record);
}

}  // namespace moldau::metadata
