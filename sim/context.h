// Context: what the parts of one simulated run share: the world, the profile, the shadow, the counts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "client/client.h"
#include "io/sim/world.h"
#include "sim/profile.h"
#include "sim/shadow.h"
#include "wire/error_code.h"

namespace moldau::sim {

inline constexpr uint16_t broker_port = 9092;
inline const std::string broker_name = "broker";

/// One of the audited partitions.
struct PartitionName {
  std::string topic;
  Uuid topic_id;
  PartitionIndex index = 0;
};

struct Context {
  io::sim::World& world;
  const Profile& profile;
  Shadow shadow;
  std::vector<PartitionName> partitions;  ///< by the shadow's number
  uint64_t operations = 0;                ///< acknowledged produces and answered reads
  bool stopping = false;                  ///< clients finish what they have begun and end
  std::map<std::string, uint64_t> counts;
  PartitionName side;                     ///< the one partition of the topic "side"
  std::vector<std::string> member_nodes;  ///< of the groups' members, for faults of the network
  uint32_t offsets_partitions = 0;        ///< of __consumer_offsets, when groups are simulated

  void count(const std::string& what, uint64_t times = 1) { counts[what] += times; }
  /// Counts an error code that a client was answered.
  void count_error(int16_t code) {
    if (code != 0) count(std::string("error.") + std::string(wire::name_of(static_cast<wire::ErrorCode>(code))));
  }
  /// Options for a client that reaches the broker of this world.
  client::ClientOptions client_options(const std::string& id) const {
    client::ClientOptions options;
    options.bootstrap = {{broker_name, broker_port}};
    options.client_id = id;
    options.request_timeout = seconds(5);
    options.retry_timeout = seconds(600);
    return options;
  }
};

}  // namespace moldau::sim
