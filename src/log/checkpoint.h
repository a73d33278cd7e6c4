// Kafka's text checkpoints: offsets per partition (recovery-point-, replication-, log-start-offset-checkpoint) and
// leader epochs per log (leader-epoch-checkpoint). Line 1 is the version (0), line 2 the number of entries, then one
// entry a line. Parsers take hostile bytes; an empty file is an empty checkpoint, as in Kafka.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/epoch_table.h"

namespace moldau::log {

struct PartitionOffset {
  std::string topic;
  PartitionIndex partition = 0;
  Offset offset = 0;

  bool operator==(const PartitionOffset&) const = default;
};

/// "topic partition offset" lines. Fails with FailureKind::corrupt, the message naming the line.
Result<std::vector<PartitionOffset>> parse_offset_checkpoint(std::string_view text);
std::string print_offset_checkpoint(std::span<const PartitionOffset> entries);

/// "epoch start" lines.
Result<std::vector<EpochStart>> parse_epoch_checkpoint(std::string_view text);
std::string print_epoch_checkpoint(std::span<const EpochStart> entries);

}  // namespace moldau::log
