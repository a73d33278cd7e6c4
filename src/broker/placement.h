// Placement: which shard of the node owns which partition, and which have no owner yet because their logs are still
// recovered. Decided by the home shard (hosting.h), known to all shards as a part of their view. A value: copies share
// structure. docs/design/shards.md
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"
#include "metadata/persistent_map.h"

namespace moldau::broker {

class Placement {
 public:
  using Partitions = metadata::PersistentMap<TopicPartitionId, uint32_t>;

  /// Home (0) unless somebody else owns it; so nothing is kept for a node of one shard.
  size_t shard_of(const TopicPartitionId& id) const {
    const uint32_t* const shard = shards_.find(id);
    return shard == nullptr ? 0 : *shard;
  }
  void place(const TopicPartitionId& id, size_t shard) {
    if (shard != 0) {
      shards_ = shards_.with(id, static_cast<uint32_t>(shard));
    } else if (!shards_.empty()) {
      shards_ = shards_.without(id);
    }
  }

  /// Partitions whose logs are recovered at this start; none of them has an owner.
  const Partitions& recovering() const { return recovering_; }
  void set_recovering(const TopicPartitionId& id, bool recovering) {
    recovering_ = recovering ? recovering_.with(id, 0) : recovering_.without(id);
  }

 private:
  Partitions shards_;
  Partitions recovering_;
};

}  // namespace moldau::broker
