// Assignment: which partitions of which topics, as sorted lists. The currency of this folder: what a member should have
// (Assignment) and what it has, with the epoch at which each partition came to it (OwnedPartitions).
//
// Invariants of both: topics ascend by id, partitions ascend, no topic without partitions, nothing twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace moldau::group::consumer {

/// Partitions of one topic.
struct AssignedTopic {
  Uuid topic_id;
  std::vector<PartitionIndex> partitions;

  bool operator==(const AssignedTopic&) const = default;
};
using Assignment = std::vector<AssignedTopic>;

/// A partition and the member epoch at which it was assigned (Kafka's assignment epoch; fences zombie commits).
struct OwnedPartition {
  PartitionIndex partition = 0;
  Epoch epoch = 0;

  bool operator==(const OwnedPartition&) const = default;
};
struct OwnedTopic {
  Uuid topic_id;
  std::vector<OwnedPartition> partitions;

  bool operator==(const OwnedTopic&) const = default;
};
using OwnedPartitions = std::vector<OwnedTopic>;

/// The entry of `topic_id` in either kind of list; null if it has none.
template <typename List>
auto* find_topic(List& list, const Uuid& topic_id) {
  const auto found =
      std::lower_bound(list.begin(), list.end(), topic_id, [](const auto& a, const Uuid& b) { return a.topic_id < b; });
  return found == list.end() || found->topic_id != topic_id ? nullptr : &*found;
}

inline PartitionIndex index_of(PartitionIndex partition) {
  return partition;
}
inline PartitionIndex index_of(const OwnedPartition& partition) {
  return partition.partition;
}

/// The entry of `partition` in the partitions of one topic, of either kind; null if it is not among them.
template <typename Partitions>
auto* find_partition(Partitions& partitions, PartitionIndex partition) {
  const auto found = std::lower_bound(partitions.begin(), partitions.end(), partition,
                                      [](const auto& a, PartitionIndex b) { return index_of(a) < b; });
  return found == partitions.end() || index_of(*found) != partition ? nullptr : &*found;
}

/// The entry of one partition in a list of topics, of either kind; null if it is not in it.
template <typename List>
auto* find_partition(List& list, const Uuid& topic_id, PartitionIndex partition) {
  auto* topic = find_topic(list, topic_id);
  return topic == nullptr ? nullptr : find_partition(topic->partitions, partition);
}

/// Makes a list that came from outside (a record, a request) fit the invariants: sorts, joins topics that appear twice,
/// drops duplicates (of equal partitions that with the lowest epoch stays) and topics without partitions.
Assignment normalized(Assignment list);
OwnedPartitions normalized(OwnedPartitions list);

/// `list` without the epochs.
Assignment without_epochs(const OwnedPartitions& list);
/// `list`, every partition at `epoch`.
OwnedPartitions with_epoch(const Assignment& list, Epoch epoch);

/// Number of partitions in a list of either kind.
template <typename List>
size_t partition_count(const List& list) {
  size_t count = 0;
  for (const auto& topic : list) count += topic.partitions.size();
  return count;
}

}  // namespace moldau::group::consumer
