// Where recovery begins in the midst of a segment. Internal to partition_log_load.cc and partition_log_resume.cc.
#pragma once

#include "log/tail.h"
#include "store/partition_log.h"

namespace moldau::store {

/// A batch below the recovery point that the index names, and the state of the segment behind it.
struct PartitionLog::ResumePoint {
  log::SegmentTail tail;
  Offset expected = 0;
  Epoch last_epoch = no_epoch;
};

}  // namespace moldau::store
