// Assignors: which member of a consumer group should have which partitions (KIP-848, computed by the broker). Pure
// functions from members, topics and the previous target to the new target; `uniform` is balanced and sticky, `range`
// gives each member a range of every topic, equal ranges of topics with equal partitions (so they are co-partitioned).
// For the same input, in the same order of members and topics, the result is Kafka's; test/group/assignors.txt has
// inputs with the answers of Kafka's own classes.
//
// Callers: target.cc, when the group's epoch is ahead of its target.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "group/consumer/assignment.h"

namespace moldau::group::consumer {

/// A topic that members subscribe to and that exists.
struct AssignorTopic {
  Uuid id;
  int32_t partitions = 0;
};

struct AssignorMember {
  std::string_view member_id;
  std::optional<std::string_view> instance_id;
  /// What it subscribes to: ascending indexes into AssignorInput::topics.
  std::span<const uint32_t> topics;
  /// Its part of the previous target; null: it had none.
  const Assignment* previous = nullptr;
};

struct AssignorInput {
  std::span<const AssignorTopic> topics;
  /// `uniform` prefers the first of members that are equally loaded.
  std::span<const AssignorMember> members;
  /// True when all members subscribe to the same topics.
  bool homogeneous = true;
};

/// Balanced (the loads of members of a homogeneous group differ by one at most) and sticky: moves what it must.
/// O(members + partitions) for homogeneous groups. One assignment per member, in the order of the members.
std::vector<Assignment> assign_uniform(const AssignorInput& input);

/// A range of each topic per member, members ordered by instance id (those that have one come first), then by member
/// id. O(members × topics of each). One assignment per member, in the order of the members.
std::vector<Assignment> assign_range(const AssignorInput& input);

using AssignorFunction = std::vector<Assignment> (*)(const AssignorInput&);

/// The assignor of this name: "uniform" or "range"; null if there is none. Names are case-sensitive.
AssignorFunction find_assignor(std::string_view name);

/// Java's String.compareTo < 0 for UTF-8 texts: by UTF-16 code units, in which what lies beyond the basic plane comes
/// before U+E000.
bool java_less(std::string_view a, std::string_view b);

/// Java's Uuid.compareTo < 0: two signed 64-bit numbers.
bool java_less(const Uuid& a, const Uuid& b);

}  // namespace moldau::group::consumer
