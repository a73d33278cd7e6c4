// Control records of a KRaft log as bytes: what a log says about its own quorum. Keys are a version (0) and a type, 16
// bits each; values carry their version as their first field.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "raft/node.h"
#include "raft/types.h"

namespace moldau::raft {

enum class ControlType : int16_t {
  abort = 0,
  commit = 1,
  leader_change = 2,
  snapshot_header = 3,
  snapshot_footer = 4,
  kraft_version = 5,
  kraft_voters = 6,
};

/// A control record to append.
struct ControlRecord {
  std::vector<std::byte> key;
  std::vector<std::byte> value;
};

ControlRecord leader_change_record(const AppendLeaderChange& change, NodeId leader);
ControlRecord kraft_version_record(int16_t kraft_version);
ControlRecord voters_record(const VoterSet& voters);
ControlRecord snapshot_header_record(WallMillis last_contained_log_timestamp);
ControlRecord snapshot_footer_record();

/// The type in a control record's key; nothing for bytes that are no such key.
std::optional<int16_t> control_type(std::span<const std::byte> key);
Result<int16_t> parse_kraft_version(std::span<const std::byte> value);
Result<VoterSet> parse_voters(std::span<const std::byte> value);
/// The timestamp in a snapshot's header.
Result<WallMillis> parse_snapshot_header(std::span<const std::byte> value);

}  // namespace moldau::raft
