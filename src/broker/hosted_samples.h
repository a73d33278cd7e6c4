// HostedSamples: what other shards say of the partitions that they own, for what the home shard shows of all: scrapes
// and DescribeLogDirs. Read off by each shard in its own thread, so many a turn that it goes on serving.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/ids.h"
#include "store/store.h"

namespace moldau::broker {

class Partition;
class Shard;

struct HostedSample {
  Offset high_watermark = 0;
  Offset log_start = 0;
  Offset next_offset = 0;
  Offset stable_end = 0;
  uint64_t log_bytes = 0;
  size_t damaged_ranges = 0;
  size_t min_isr = 0;  ///< of one that is led here
  bool leads = false;
  bool offline = false;
};

HostedSample sample_of(Partition& partition);

struct HostedSamples {
  std::unordered_map<TopicPartitionId, HostedSample> partitions;
  store::CleanerCounts cleaner;
  store::ScrubCounts scrub;
  store::SyncCounts syncs;
  store::JournalStats journal;
};

/// Gathers those of all shards but home; `done` in a later turn, or at once where there is no other one. `home` is the
/// home shard of a node of `shards`.
void gather_hosted(Shard& home, size_t shards, std::function<void(std::shared_ptr<const HostedSamples>)> done);

/// Of a partition of any shard: `others` is what gather_hosted() gave, or null.
std::optional<HostedSample> find_hosted(Shard& home, const HostedSamples* others, const TopicPartitionId& id);

}  // namespace moldau::broker
