// Facts: what handlers know of the cluster and of this node, for the time of one request.
#pragma once

#include <span>
#include <string_view>

#include "base/ids.h"
#include "metadata/broker_settings.h"
#include "metadata/image.h"
#include "metadata/persistent_map.h"
#include "wire/error_code.h"
#include "wire/served.h"

namespace moldau::api {

struct Facts {
  NodeId self = no_node;
  std::string_view cluster_id;
  const metadata::Image& image;
  const metadata::BrokerSettings& settings;
  const metadata::ConfigMap& static_config;  ///< server.properties and environment
  std::span<const wire::ServedApi> served;   ///< what ApiVersions advertises
  std::string_view root_log_level = "INFO";  ///< of the one logger that DescribeConfigs lists
  /// Partitions of this node whose logs are still recovered (the keys); null: none.
  const metadata::PersistentMap<TopicPartitionId, uint32_t>* recovering = nullptr;

  /// This node leads the partition, and cannot serve it yet.
  bool leader_recovers(const Uuid& topic, PartitionIndex index, NodeId leader) const {
    return recovering != nullptr && leader == self && recovering->contains(TopicPartitionId{topic, index});
  }
};

/// Topics that Kafka keeps for itself (Topic.INTERNAL_TOPICS) and flags as internal.
bool is_internal_topic(std::string_view name);

/// The endpoint of an unfenced broker on the listener; null if it has none there, or is none.
const metadata::EndpointImage* live_endpoint(const metadata::Image& image, NodeId broker, std::string_view listener);

/// Replicas of the partition that do not serve: their broker is unknown or fenced, does not listen there, or lost their
/// directory.
std::vector<NodeId> offline_replicas(const metadata::Image& image, const metadata::PartitionImage& partition,
                                     std::string_view listener);

/// The unfenced broker that answers say is the controller (with KRaft any will do); no_node if none is alive.
NodeId controller_for_clients(const Facts& facts, std::string_view listener);

}  // namespace moldau::api
