#include "group/consumer/assignment.h"

#include <utility>

namespace moldau::group::consumer {
namespace {

Epoch epoch_of(PartitionIndex) {
  return 0;
}
Epoch epoch_of(const OwnedPartition& partition) {
  return partition.epoch;
}

template <typename List>
List normalize(List list) {
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.topic_id < b.topic_id; });
  List result;
  result.reserve(list.size());
  for (auto& topic : list) {
    if (!result.empty() && result.back().topic_id == topic.topic_id) {
      auto& into = result.back().partitions;
      into.insert(into.end(), topic.partitions.begin(), topic.partitions.end());
    } else {
      result.push_back(std::move(topic));
    }
  }
  const auto before = [](const auto& a, const auto& b) {
    return index_of(a) != index_of(b) ? index_of(a) < index_of(b) : epoch_of(a) < epoch_of(b);
  };
  const auto same = [](const auto& a, const auto& b) { return index_of(a) == index_of(b); };
  for (auto& topic : result) {
    auto& partitions = topic.partitions;
    if (!std::is_sorted(partitions.begin(), partitions.end(), before)) {
      std::sort(partitions.begin(), partitions.end(), before);
    }
    partitions.erase(std::unique(partitions.begin(), partitions.end(), same), partitions.end());
  }
  std::erase_if(result, [](const auto& topic) { return topic.partitions.empty(); });
  return result;
}

}  // namespace

Assignment normalized(Assignment list) {
  return normalize(std::move(list));
}

OwnedPartitions normalized(OwnedPartitions list) {
  return normalize(std::move(list));
}

Assignment without_epochs(const OwnedPartitions& list) {
  Assignment result;
  result.reserve(list.size());
  for (const OwnedTopic& topic : list) {
    AssignedTopic& into = result.emplace_back(AssignedTopic{.topic_id = topic.topic_id, .partitions = {}});
    into.partitions.reserve(topic.partitions.size());
    for (const OwnedPartition& owned : topic.partitions) into.partitions.push_back(owned.partition);
  }
  return result;
}

OwnedPartitions with_epoch(const Assignment& list, Epoch epoch) {
  OwnedPartitions result;
  result.reserve(list.size());
  for (const AssignedTopic& topic : list) {
    OwnedTopic& into = result.emplace_back(OwnedTopic{.topic_id = topic.topic_id, .partitions = {}});
    into.partitions.reserve(topic.partitions.size());
    for (const PartitionIndex partition : topic.partitions) into.partitions.push_back({partition, epoch});
  }
  return result;
}

}  // namespace moldau::group::consumer
