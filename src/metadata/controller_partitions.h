// What the controller does with the partitions of a broker that comes, goes or loses a directory. Internal to the
// controller.
#pragma once

#include <vector>

#include "metadata/controller.h"
#include "metadata/partition_change.h"

namespace moldau::metadata {

/// Why partitions are looked at: which broker leaves their ISR, counts as alive already, or came back without its last
/// writes.
struct BrokerTransition {
  NodeId remove = no_node;
  NodeId add = no_node;
  NodeId unclean = no_node;
  /// Directories that `add` or the brokers are left with: overrides the registration of `online_of`.
  NodeId online_of = no_node;
  std::vector<Uuid> online_directories;
};

/// True when a replica in `directory` can be served by a broker with these online directories.
bool is_online(const Uuid& directory, const std::vector<Uuid>& online);

/// The smallest ISR that a topic asks for, not above its number of replicas.
int32_t effective_min_insync(const TopicImage& topic, const PartitionImage& partition, const BrokerConfigLayers& layers,
                             const Image& image);

/// The change that `transition` makes to one partition, with all that the image says filled in.
PartitionChange change_of(const Image& image, const BrokerConfigLayers& layers, const TopicImage& topic,
                          PartitionIndex index, const PartitionImage& partition, const BrokerTransition& transition);

/// Appends the change records for all partitions, in the order of topic ids, for which `concerns(index, partition)`
/// holds.
template <typename Concerns>
void update_partitions(const Image& image, const BrokerConfigLayers& layers, const BrokerTransition& transition,
                       std::vector<EncodedRecord>& records, Concerns&& concerns) {
  image.for_each_topic_by_id([&](const TopicImage& topic) {
    topic.partitions.for_each([&](PartitionIndex index, const PartitionRef& partition) {
      if (!concerns(*partition)) return;
      const PartitionChange change = change_of(image, layers, topic, index, *partition, transition);
      if (const auto record = change.build())
        records.push_back(encode_record(*record, change.versions.partition_change));
    });
  });
}

bool in_list(const std::vector<NodeId>& nodes, NodeId node);

}  // namespace moldau::metadata
