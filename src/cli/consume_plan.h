// The plan of `topic consume`: which partitions, from which offset, until which.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/offsets.h"
#include "cli/session.h"
#include "client/admin.h"

namespace moldau::cli {

struct PlannedPartition {
  std::string topic;
  PartitionIndex partition = 0;
  Offset fetch_from = 0;        ///< within the log
  Offset from = 0;              ///< first to print; behind the log's end if that was asked for
  std::optional<Offset> until;  ///< first not to print, at most the log's end; none: go on forever
};

/// What the log of a partition holds, and where the times of a range lie in it.
struct LogBounds {
  Offset start = 0;
  Offset end = 0;
  std::optional<Offset> from_time;   ///< of range.from, if it is a time
  std::optional<Offset> until_time;  ///< of range.until, likewise
};

/// The part of one log that `range` means; nothing if that is empty and has an end.
std::optional<PlannedPartition> plan_partition(const OffsetRange& range, const LogBounds& bounds);

/// Asks the cluster for the bounds of all partitions of `topics` (only `only`, if it names some) and plans them.
Result<std::vector<PlannedPartition>> plan_partitions(Session& session, const std::vector<std::string>& topics,
                                                      const std::vector<int64_t>& only, const OffsetRange& range,
                                                      client::Isolation isolation);

}  // namespace moldau::cli
