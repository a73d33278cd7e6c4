// Member: one member of a consumer group, as its two records say: what it told (metadata, record type 5) and where it
// stands (current assignment, type 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "group/consumer/assignment.h"

namespace moldau::group::consumer {

/// Where a member's reconciliation stands; the numbers are the record's.
enum class MemberState : int8_t {
  stable = 0,                 ///< has all of its target that the epoch gave it
  unrevoked_partitions = 1,   ///< must give up partitions before it may advance
  unreleased_partitions = 2,  ///< waits for partitions that others have not given up
  unknown = 127,              ///< a state that this program does not know
};

/// Member epochs with a meaning of their own.
inline constexpr Epoch epoch_joining = 0;
inline constexpr Epoch epoch_leaving = -1;
inline constexpr Epoch epoch_leaving_static = -2;  ///< a static member that will come back

/// A protocol (client-side assignor) that a member of the classic protocol offers.
struct ClassicProtocol {
  std::string name;
  std::vector<std::byte> metadata;

  bool operator==(const ClassicProtocol&) const = default;
};
/// What only members of the classic protocol have.
struct ClassicMetadata {
  int32_t session_timeout_ms = 0;
  std::vector<ClassicProtocol> protocols;

  bool operator==(const ClassicMetadata&) const = default;
};

struct Member {
  std::string id;
  Epoch epoch = 0;
  Epoch previous_epoch = -1;
  MemberState state = MemberState::stable;
  std::optional<std::string> instance_id;
  std::optional<std::string> rack_id;
  int32_t rebalance_timeout_ms = -1;
  std::string client_id;
  std::string client_host;
  std::vector<std::string> topics;  ///< ascending, nothing twice
  std::optional<std::string> regex = "";
  std::optional<std::string> assignor;
  OwnedPartitions assigned;
  OwnedPartitions pending_revocation;
  std::optional<ClassicMetadata> classic;  ///< of the classic protocol if it has one

  bool operator==(const Member&) const = default;

  bool uses_classic_protocol() const { return classic.has_value(); }
  bool has_regex() const { return regex.has_value() && !regex->empty(); }
  bool reconciled_to(Epoch target_epoch) const { return state == MemberState::stable && epoch == target_epoch; }
  bool subscribes_to(std::string_view topic) const;
  /// Moves to `next`; the epoch that it had becomes the previous one.
  void advance(Epoch next) {
    previous_epoch = epoch;
    epoch = next;
  }
};

/// Sorted, each once.
std::vector<std::string> sorted_set(std::vector<std::string> texts);

}  // namespace moldau::group::consumer
