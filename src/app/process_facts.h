// What the operating system says of this process, for metrics.
#pragma once

#include <cstddef>
#include <functional>

#include "broker/metrics.h"
#include "broker/metrics_samples.h"
#include "io/posix/shard_set.h"

namespace moldau::app {

/// A function that asks; any thread may call it. To be made by the thread that runs the loop.
std::function<broker::ProcessFacts()> process_facts();
/// One that fills in what the loop of a shard counted; for that shard's thread.
std::function<void(size_t, broker::Metrics&)> loop_counts_of(io::posix::ShardSet& shards);

}  // namespace moldau::app
