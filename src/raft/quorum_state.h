// quorum-state: what a node of the metadata quorum must remember over a restart, as Kafka's one-line JSON file: its
// epoch, whom it voted for in it, who leads it. Version 1 belongs to kraft.version 1 (voters in the log), version 0 to
// fixed voters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"

namespace moldau::raft {

/// A file longer than this is corrupt.
inline constexpr size_t quorum_state_bytes_max = 64 * 1024;

struct QuorumState {
  int16_t data_version = 1;
  NodeId leader = no_node;
  Epoch epoch = 0;
  ReplicaKey voted;  ///< id no_node: no vote in this epoch
  // Version 0 only:
  std::string cluster_id;
  int64_t applied_offset = 0;
  std::vector<NodeId> current_voters;

  bool operator==(const QuorumState&) const = default;
};

/// The file's content: no line feed at its end.
std::string format_quorum_state(const QuorumState& state);
/// Fails with `corrupt` for what is not such a file and `unsupported` for a version above 1.
Result<QuorumState> parse_quorum_state(std::string_view text);

}  // namespace moldau::raft
