#include "broker/hosted_samples.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/partition.h"
#include "broker/shard.h"

namespace moldau::broker {
namespace {

constexpr size_t partitions_per_turn = 512;

/// One shard's walk over its partitions.
struct Walk {
  std::vector<TopicPartitionId> ids;
  size_t next = 0;
  HostedSamples samples;
};

void step(Shard& shard, const std::shared_ptr<Walk>& walk, std::function<void(HostedSamples)> done) {
  const size_t end = std::min(walk->next + partitions_per_turn, walk->ids.size());
  for (; walk->next < end; ++walk->next) {
    const TopicPartitionId& id = walk->ids[walk->next];
    if (Partition* const partition = shard.partition(id)) walk->samples.partitions.emplace(id, sample_of(*partition));
  }
  if (walk->next == walk->ids.size()) {
    done(std::move(walk->samples));
    return;
  }
  shard.surface().executor.defer(
      shard.guarded_call([&shard, walk, done = std::move(done)]() mutable { step(shard, walk, std::move(done)); }));
}

void sample_all(Shard& shard, std::function<void(HostedSamples)> done) {
  auto walk = std::make_shared<Walk>();
  if (shard.replicas() != nullptr) {
    shard.replicas()->for_each([&](Partition& partition) { walk->ids.push_back(partition.id()); });
    walk->samples.cleaner = shard.store().cleaner_counts();
    walk->samples.syncs = shard.store().sync_counts();
    walk->samples.journal = shard.store().journal_stats();
    walk->samples.scrub = shard.store().scrub_counts();
  }
  step(shard, walk, std::move(done));
}

}  // namespace

HostedSample sample_of(Partition& partition) {
  store::Log& log = partition.log();
  HostedSample sample;
  sample.high_watermark = partition.high_watermark();
  sample.log_start = log.log_start();
  sample.next_offset = log.next_offset();
  sample.stable_end = log.stable_end();
  sample.log_bytes = log.size_bytes();
  sample.damaged_ranges = log.damaged().size();
  sample.leads = partition.leads();
  sample.min_isr = sample.leads ? partition.leader()->effective_min_isr() : 0;
  sample.offline = log.offline();
  return sample;
}

void gather_hosted(Shard& home, size_t shards, std::function<void(std::shared_ptr<const HostedSamples>)> done) {
  struct Gathered {
    std::shared_ptr<HostedSamples> samples = std::make_shared<HostedSamples>();
    size_t missing = 0;
    std::function<void(std::shared_ptr<const HostedSamples>)> done;
  };
  auto gathered = std::make_shared<Gathered>();
  gathered->missing = shards - 1;
  gathered->done = std::move(done);
  if (gathered->missing == 0) return gathered->done(gathered->samples);
  for (size_t i = 1; i < shards; ++i) {
    home.post(i, [gathered](Shard& shard) {
      sample_all(shard, [&shard, gathered](HostedSamples samples) {
        shard.post(0, [gathered, samples = std::move(samples)](Shard&) mutable {
          gathered->samples->partitions.merge(std::move(samples.partitions));
          gathered->samples->cleaner.add(samples.cleaner);
          gathered->samples->syncs.add(samples.syncs);
          gathered->samples->journal.add(samples.journal);
          gathered->samples->scrub.add(samples.scrub);
          if (--gathered->missing == 0) std::exchange(gathered->done, nullptr)(gathered->samples);
        });
      });
    });
  }
}

std::optional<HostedSample> find_hosted(Shard& home, const HostedSamples* others, const TopicPartitionId& id) {
  if (Partition* const partition = home.partition(id)) return sample_of(*partition);
  if (others == nullptr || home.image().topic(id.topic_id) == nullptr) return std::nullopt;  // it may be gone by now
  const auto found = others->partitions.find(id);
  return found == others->partitions.end() ? std::nullopt : std::optional<HostedSample>(found->second);
}

}  // namespace moldau::broker
