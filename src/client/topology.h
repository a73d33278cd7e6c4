// Topology: what a Metadata response said, as an immutable value that outlives the response: the client's cache.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "io/network.h"
#include "wire/error_code.h"

namespace moldau::wire {
struct MetadataResponse;
}

namespace moldau::client {

struct Node {
  NodeId id = no_node;
  io::Address address;
  std::optional<std::string> rack;
};

struct PartitionInfo {
  PartitionIndex index = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
  NodeId leader = no_node;
  Epoch leader_epoch = no_epoch;
  std::vector<NodeId> replicas;
  std::vector<NodeId> in_sync;
  std::vector<NodeId> offline;
};

struct TopicInfo {
  std::string name;
  Uuid id;
  wire::ErrorCode error = wire::ErrorCode::none;
  bool internal = false;
  std::vector<PartitionInfo> partitions;  ///< ascending by index

  /// The partition of that index; null if the topic has none.
  const PartitionInfo* partition(PartitionIndex index) const;
};

struct Topology {
  std::string cluster_id;
  NodeId controller = no_node;
  std::vector<Node> nodes;  ///< ascending by id
  std::map<std::string, TopicInfo, std::less<>> topics;

  const Node* node(NodeId id) const;
  const TopicInfo* topic(std::string_view name) const;
};

using TopologyRef = std::shared_ptr<const Topology>;

/// What `response` says, copied out of its frame.
Topology topology_of(const wire::MetadataResponse& response);
/// `before` with the nodes of `news`, and its topics replaced by those that `news` has.
Topology merge_topology(const Topology& before, Topology news);

}  // namespace moldau::client
