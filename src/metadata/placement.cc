#include "metadata/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace moldau::metadata {
namespace {

using wire::ErrorCode;

/// A broker that replicas may be placed on.
struct Candidate {
  NodeId id;
  std::string rack;
  bool fenced;
};

/// Brokers of different racks after one another, so that neighbours in the list are apart.
std::vector<NodeId> interleaved_by_rack(const std::vector<Candidate>& candidates, bool fenced) {
  std::map<std::string, std::vector<NodeId>> racks;
  for (const Candidate& candidate : candidates) {
    if (candidate.fenced == fenced) racks[candidate.rack].push_back(candidate.id);
  }
  std::vector<NodeId> order;
  for (size_t round = 0; true; ++round) {
    const size_t before = order.size();
    for (const auto& [rack, ids] : racks) {
      if (round < ids.size()) order.push_back(ids[round]);
    }
    if (order.size() == before) return order;
  }
}

bool all_cordoned(const BrokerImage& broker) {
  if (!broker.cordoned_directories || broker.directories.empty()) return false;
  const auto& cordoned = *broker.cordoned_directories;
  return std::all_of(broker.directories.begin(), broker.directories.end(),
                     [&](const Uuid& id) { return std::find(cordoned.begin(), cordoned.end(), id) != cordoned.end(); });
}

}  // namespace

Placement::Placement(const Image& image, uint64_t start) : start_(start) {
  std::vector<Candidate> candidates;
  image.for_each_broker([&](const BrokerImage& broker) {
    if (!all_cordoned(broker)) candidates.push_back({broker.id, broker.rack.value_or(""), broker.fenced});
  });
  live_ = interleaved_by_rack(candidates, false);
  fenced_ = interleaved_by_rack(candidates, true);
}

std::string Placement::fault(int16_t factor) const {
  if (live_.empty()) return "All brokers are currently fenced, or have all their log directories cordoned.";
  const size_t total = live_.size() + fenced_.size();
  if (static_cast<size_t>(factor) <= total) return {};
  return fmt::format(
      "The target replication factor of {} cannot be reached because only {} broker(s) are registered "
      "or some brokers have all their log directories cordoned.",
      factor, total);
}

std::vector<NodeId> Placement::replicas(PartitionIndex partition, int16_t factor) const {
  std::vector<NodeId> chosen;
  for (const std::vector<NodeId>* group : {&live_, &fenced_}) {
    for (size_t i = 0; i < group->size() && chosen.size() < static_cast<size_t>(factor); ++i) {
      chosen.push_back((*group)[(start_ + static_cast<uint64_t>(partition) + i) % group->size()]);
    }
  }
  return chosen;
}

Uuid default_directory(const Image& image, NodeId id) {
  const BrokerImage* broker = image.broker(id);
  if (broker == nullptr || broker->directories.empty()) return directory_migrating;
  return broker->directories.size() == 1 ? broker->directories.front() : directory_unassigned;
}

PartitionImage new_partition(const Image& image, std::vector<NodeId> replicas) {
  PartitionImage partition;
  for (const NodeId id : replicas) {
    const BrokerImage* broker = image.broker(id);
    if (broker != nullptr && broker->active()) partition.isr.push_back(id);
    partition.directories.push_back(default_directory(image, id));
  }
  partition.replicas = std::move(replicas);
  if (!partition.isr.empty()) partition.leader = partition.isr.front();
  return partition;
}

std::optional<Fault> check_assignment(const Image& image, const std::vector<NodeId>& replicas, size_t expected) {
  constexpr ErrorCode error = ErrorCode::invalid_replica_assignment;
  if (replicas.empty()) return Fault{error, "The manual partition assignment includes an empty replica list."};
  std::vector<NodeId> sorted = replicas;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (image.broker(sorted[i]) == nullptr) {
      return Fault{error, fmt::format("The manual partition assignment includes broker {}, but no such broker is "
                                      "registered.",
                                      sorted[i])};
    }
    if (i > 0 && sorted[i] == sorted[i - 1]) {
      return Fault{error,
                   fmt::format("The manual partition assignment includes the broker {} more than once.", sorted[i])};
    }
  }
  if (expected != 0 && replicas.size() != expected) {
    return Fault{error,
                 fmt::format("The manual partition assignment includes a partition with {} replica(s), but this is "
                             "not consistent with previous partitions, which have {} replica(s).",
                             replicas.size(), expected)};
  }
  return std::nullopt;
}

}  // namespace moldau::metadata
