#include "client/topology.h"

#include <algorithm>
#include <utility>

#include "wire/api/03_metadata.h"

namespace moldau::client {
namespace {

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

template <typename Partition>
PartitionInfo partition_of(const Partition& from) {
  PartitionInfo partition;
  partition.index = from.partition_index;
  partition.error = error_of(from.error_code);
  partition.leader = from.leader_id;
  partition.leader_epoch = from.leader_epoch;
  partition.replicas.assign(from.replica_nodes.begin(), from.replica_nodes.end());
  partition.in_sync.assign(from.isr_nodes.begin(), from.isr_nodes.end());
  partition.offline.assign(from.offline_replicas.begin(), from.offline_replicas.end());
  return partition;
}

}  // namespace

const PartitionInfo* TopicInfo::partition(PartitionIndex index) const {
  const auto found = std::ranges::lower_bound(partitions, index, {}, &PartitionInfo::index);
  return found != partitions.end() && found->index == index ? &*found : nullptr;
}

const Node* Topology::node(NodeId id) const {
  const auto found = std::ranges::lower_bound(nodes, id, {}, &Node::id);
  return found != nodes.end() && found->id == id ? &*found : nullptr;
}

const TopicInfo* Topology::topic(std::string_view name) const {
  const auto found = topics.find(name);
  return found != topics.end() ? &found->second : nullptr;
}

Topology topology_of(const wire::MetadataResponse& response) {
  Topology topology;
  if (response.cluster_id) topology.cluster_id = *response.cluster_id;
  topology.controller = response.controller_id;
  for (const auto& broker : response.brokers) {
    if (broker.port <= 0 || broker.port > UINT16_MAX) continue;
    Node node{broker.node_id, {std::string(broker.host), static_cast<uint16_t>(broker.port)}, {}};
    if (broker.rack) node.rack = std::string(*broker.rack);
    topology.nodes.push_back(std::move(node));
  }
  std::ranges::sort(topology.nodes, {}, &Node::id);
  for (const auto& from : response.topics) {
    if (!from.name) continue;  // only asked by id, which this client does not do
    TopicInfo topic;
    topic.name = *from.name;
    topic.id = from.topic_id;
    topic.error = error_of(from.error_code);
    topic.internal = from.is_internal;
    topic.partitions.reserve(from.partitions.size());
    for (const auto& partition : from.partitions) topic.partitions.push_back(partition_of(partition));
    std::ranges::sort(topic.partitions, {}, &PartitionInfo::index);
    std::string name = topic.name;
    topology.topics.insert_or_assign(std::move(name), std::move(topic));
  }
  return topology;
}

Topology merge_topology(const Topology& before, Topology news) {
  for (const auto& [name, topic] : before.topics) news.topics.try_emplace(name, topic);
  if (news.cluster_id.empty()) news.cluster_id = before.cluster_id;
  return news;
}

}  // namespace moldau::client
