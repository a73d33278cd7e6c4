// NodeView: what all shards of a node know, as one immutable value. Made by the home shard, posted to every shard,
// swapped whole: what is under way keeps the one it has.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "broker/placement.h"
#include "metadata/broker_settings.h"
#include "metadata/image.h"

namespace moldau::broker {

struct NodeView {
  uint64_t number = 0;  ///< one more than the view before
  metadata::ImageRef image = std::make_shared<const metadata::Image>();
  /// With those that change at run time, as `image` has them.
  std::shared_ptr<const metadata::BrokerSettings> settings = std::make_shared<const metadata::BrokerSettings>();
  std::string root_log_level;  ///< by Kafka's name
  Placement placement;
};
using NodeViewRef = std::shared_ptr<const NodeView>;

}  // namespace moldau::broker
