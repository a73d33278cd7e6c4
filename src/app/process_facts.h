// What the operating system says of this process, for metrics.
#pragma once

#include <functional>

#include "broker/metrics_samples.h"
#include "io/posix/loop.h"

namespace moldau::app {

/// A function that asks; any thread may call it. To be made by the thread that runs the loop.
std::function<broker::ProcessFacts()> process_facts();
/// One that adds what `loop` counted; for its own thread.
std::function<void(broker::ProcessFacts&)> loop_facts_of(const io::posix::Loop& loop);

}  // namespace moldau::app
