// DescribeQuorum (key 55, versions 0-2): who keeps the metadata log, and how far each of them is (KIP-595, KIP-853).
//
//   There is one partition to ask for, __cluster_metadata-0, alone in its request: anything else is
//   UNKNOWN_TOPIC_OR_PARTITION. Needs DESCRIBE on the cluster (CLUSTER_AUTHORIZATION_FAILED at the top).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "base/ids.h"
#include "base/time.h"
#include "wire/api/55_describe_quorum.h"

namespace moldau::api {

/// The quorum as its leader sees it.
struct QuorumFacts {
  struct Replica {
    NodeId id = no_node;
    Uuid directory;  ///< zero with kraft.version 0
    Offset log_end = no_offset;
    WallMillis last_fetch = no_timestamp;
    WallMillis last_caught_up = no_timestamp;
  };
  struct Listener {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };
  struct Node {
    NodeId id = no_node;
    std::vector<Listener> listeners;
  };
  NodeId leader = no_node;
  Epoch epoch = no_epoch;
  Offset high_watermark = no_offset;
  std::vector<Replica> voters;
  std::vector<Replica> observers;
  std::vector<Node> nodes;
};

wire::DescribeQuorumResponse describe_quorum(const RequestContext& context, const QuorumFacts& quorum,
                                             const wire::DescribeQuorumRequest& request);

}  // namespace moldau::api
