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
  std::vector<NodeId> replicas;
  std::vector<NodeId> removing;
  std::vector<NodeId> adding;
  wire::PartitionChangeRecord record;

  explicit Draft(const PartitionChange& of)
      : change(of),
        partition(of.partition),
        isr(of.target_isr),
        elr(of.partition.elr),
        replicas(of.target_replicas.value_or(of.partition.replicas)),
        removing(of.target_removing.value_or(of.partition.removing)),
        adding(of.target_adding.value_or(of.partition.adding)) {
    record.topic_id = of.id.topic_id;
    record.partition_id = of.id.partition;
  }

  /// A reassignment is over when all replicas that stay are in sync.
  void complete_reassignment() {
    if (removing.empty() && adding.empty()) return;
    const auto leaves = [&](NodeId node) { return contains(removing, node); };
    std::vector<NodeId> next_isr = isr;
    std::vector<NodeId> next_replicas = replicas;
    std::erase_if(next_isr, leaves);
    std::erase_if(next_replicas, leaves);
    if (!removing.empty() && (next_isr.empty() || next_replicas.empty())) return;
    const auto in_sync = [&](NodeId node) { return contains(next_isr, node); };
    if (!std::all_of(next_replicas.begin(), next_replicas.end(), in_sync)) return;
    isr = std::move(next_isr);
    replicas = std::move(next_replicas);
    removing.clear();
    adding.clear();
  }

  /// Who is no replica any more learns so by the leader's new epoch.
  void bump_epoch_on_removal() {
    if (record.leader != no_leader_change) return;
    const auto stays = [&](NodeId node) { return contains(replicas, node); };
    if (!std::all_of(partition.replicas.begin(), partition.replicas.end(), stays)) record.leader = partition.leader;
  }

  Uuid directory_for(NodeId node) const {
    for (const auto& [replica, directory] : change.target_directories) {
      if (replica == node) return directory;
    }
    if (partition.has_replica(node)) return partition.directory_of(node);
    return change.default_directory ? change.default_directory(node) : directory_unassigned;
  }

  void put_assignment() {
    if (replicas != partition.replicas) record.replicas = replicas;
    if (removing != partition.removing) record.removing_replicas = removing;
    if (adding != partition.adding) record.adding_replicas = adding;
    if (!change.versions.directories || (!record.replicas && change.target_directories.empty())) return;
    std::vector<Uuid> directories;
    for (const NodeId node : replicas) directories.push_back(directory_for(node));
    if (directories != partition.directories) record.directories = std::move(directories);
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
    if (change.election == Election::preferred && !replicas.empty() && is_valid_leader(replicas.front())) {
      return {replicas.front(), false};
    }
    if (is_valid_leader(partition.leader)) return {partition.leader, false};
    for (const NodeId node : replicas) {
      if (is_valid_leader(node)) return {node, false};
    }
    if (can_elect_last_known()) return {partition.last_known_elr[0], true};
    if (change.election == Election::unclean) {
      for (const NodeId node : replicas) {
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
           record.leader == no_leader_change && record.leader_recovery_state == -1 && !record.replicas &&
           !record.removing_replicas && !record.adding_replicas && !record.directories;
  }
};

}  // namespace

std::optional<wire::PartitionChangeRecord> PartitionChange::build() const {
  Draft draft(*this);
  draft.complete_reassignment();
  draft.fill_elr();
  draft.try_election();
  draft.bump_epoch_on_removal();
  draft.put_elr();
  draft.put_isr();
  draft.put_last_known();
  draft.put_assignment();
  if (target_recovery_state && *target_recovery_state != partition.leader_recovery_state) {
    draft.record.leader_recovery_state = static_cast<int8_t>(*target_recovery_state);
  }
  if (draft.changes_nothing()) return std::nullopt;
  return std::move(draft.record);
}

}  // namespace moldau::metadata
