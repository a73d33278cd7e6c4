#include "api/facts.h"

#include <algorithm>

namespace moldau::api {

bool is_internal_topic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

const metadata::EndpointImage* live_endpoint(const metadata::Image& image, NodeId broker, std::string_view listener) {
  const metadata::BrokerImage* const found = image.broker(broker);
  return found == nullptr || found->fenced ? nullptr : found->listener(listener);
}

std::vector<NodeId> offline_replicas(const metadata::Image& image, const metadata::PartitionImage& partition,
                                     std::string_view listener) {
  std::vector<NodeId> offline;
  for (const NodeId replica : partition.replicas) {
    const metadata::BrokerImage* const broker = image.broker(replica);
    bool serves = broker != nullptr && !broker->fenced && broker->listener(listener) != nullptr;
    if (serves && !broker->directories.empty()) {
      const Uuid directory = partition.directory_of(replica);
      const bool named = directory != metadata::directory_migrating && directory != metadata::directory_unassigned;
      serves = !named || std::find(broker->directories.begin(), broker->directories.end(), directory) !=
                             broker->directories.end();
    }
    if (!serves) offline.push_back(replica);
  }
  return offline;
}

NodeId controller_for_clients(const Facts& facts, std::string_view listener) {
  if (live_endpoint(facts.image, facts.self, listener) != nullptr) return facts.self;
  NodeId first = no_node;
  facts.image.for_each_broker([&](const metadata::BrokerImage& broker) {
    if (first == no_node && !broker.fenced && broker.listener(listener) != nullptr) first = broker.id;
  });
  return first;
}

}  // namespace moldau::api
