// The words of the metadata quorum (KRaft: KIP-595, KIP-853): who votes, what a node must remember, where a log ends.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace moldau::raft {

/// A voter's identity: node and, since kraft.version 1, the directory that its log lives in (zero before).
struct ReplicaKey {
  NodeId id = no_node;
  Uuid directory;

  auto operator<=>(const ReplicaKey&) const = default;
};

struct Endpoint {
  std::string name;  ///< of the listener
  std::string host;
  uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

struct Voter {
  ReplicaKey key;
  std::vector<Endpoint> endpoints;
  int16_t kraft_version_min = 0;
  int16_t kraft_version_max = 1;

  bool operator==(const Voter&) const = default;
};

/// The voters, ordered by node id; ids are unique.
class VoterSet {
 public:
  VoterSet() = default;
  explicit VoterSet(std::vector<Voter> voters);

  const std::vector<Voter>& voters() const { return voters_; }
  size_t size() const { return voters_.size(); }
  bool empty() const { return voters_.empty(); }
  const Voter* find(NodeId id) const;
  /// True when `key` votes: the id is a voter's, and the directories agree where both are known.
  bool contains(const ReplicaKey& key) const;
  /// Voters that make a majority.
  size_t majority() const { return voters_.size() / 2 + 1; }
  bool operator==(const VoterSet&) const = default;

 private:
  std::vector<Voter> voters_;
};

/// Where a log ends: the next offset, and the epoch of the last record (0 when there is none).
struct LogEnd {
  Offset offset = 0;
  Epoch epoch = 0;

  /// Newer logs compare greater: by epoch, then by length.
  constexpr std::strong_ordering operator<=>(const LogEnd& other) const {
    return epoch != other.epoch ? epoch <=> other.epoch : offset <=> other.offset;
  }
  constexpr bool operator==(const LogEnd&) const = default;
};

/// A snapshot holds all records below `end`; `epoch` is that of the last of them.
struct SnapshotId {
  Offset end = 0;
  Epoch epoch = 0;

  auto operator<=>(const SnapshotId&) const = default;
};

/// The snapshot that a formatted folder begins with: voters, no records.
inline constexpr SnapshotId bootstrap_snapshot{0, 0};

/// "00000000000000000060-0000000001.checkpoint".
std::string snapshot_file_name(const SnapshotId& id);
/// The id in a snapshot's file name; nothing for other names (also ".part" and ".deleted" ones).
std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name);

}  // namespace moldau::raft
