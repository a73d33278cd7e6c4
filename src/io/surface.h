// Surface: the whole outer world of a shard, as one bundle of references. Shells take it; only app/ and sim/ make it.
#pragma once

#include "io/disk.h"
#include "io/executor.h"
#include "io/network.h"

namespace moldau::io {

struct Surface {
  Clock& clock;
  Timers& timers;
  Entropy& entropy;
  Executor& executor;
  Disk& disk;
  Network& network;
};

}  // namespace moldau::io
