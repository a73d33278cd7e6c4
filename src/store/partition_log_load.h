// What opening a log finds out. Internal to partition_log_load.cc and partition_log_trusted.cc.
#pragma once

#include "log/tail.h"
#include "store/partition_log.h"

namespace moldau::store {

/// What recovery found, beyond what it did to the segments.
struct PartitionLog::Recovered {
  size_t first = 0;     ///< first segment scanned; all of them when nothing was scanned: segments_.size()
  Offset from = 0;      ///< first offset scanned in it
  Offset expected = 0;  ///< the next offset
  Epoch last_epoch = no_epoch;
  bool cut = false;
  bool sealed = true;                   ///< the segment scanned last was ended in order, as far as its indexes tell
  std::vector<log::EpochStart> epochs;  ///< of the scanned batches
};

/// The batch that an index names last, and the state of the segment behind it.
struct PartitionLog::ResumePoint {
  log::SegmentTail tail;
  Offset expected = 0;
  Epoch last_epoch = no_epoch;
};

}  // namespace moldau::store
