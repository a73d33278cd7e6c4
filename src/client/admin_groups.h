// Admin calls about consumer groups: list, describe, offsets, delete. Each group's calls go to its coordinator, which
// is looked up, and again when it has moved or is loading. Who calls it: the `group` verbs of the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/client.h"

namespace moldau::client {

/// The protocol of consumers, which the assignments of classic members are written in.
inline constexpr std::string_view consumer_protocol_type = "consumer";

/// The coordinator of `group`, known to the client's metadata. Tried again while there is none.
io::Task<Result<NodeId>> find_coordinator(Client& client, std::string group);

struct ListedGroup {
  std::string id;
  NodeId coordinator = no_node;
  std::string protocol_type;
  std::string state;  ///< empty from brokers before Kafka 2.6
  std::string type;   ///< "Classic", "Consumer", ...; empty from brokers before Kafka 3.8
};

/// The groups of all coordinators, ascending by id, in one of these states and of one of these types (none: all).
/// A coordinator that does not answer, or is loading for longer than the retry time, fails the whole.
/// FailureKind::unsupported where a broker cannot filter so.
io::Task<Result<std::vector<ListedGroup>>> list_groups(Client& client, std::vector<std::string> states,
                                                       std::vector<std::string> types);

struct GroupPartition {
  std::string topic;
  PartitionIndex partition = 0;

  auto operator<=>(const GroupPartition&) const = default;
};

struct GroupMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::vector<GroupPartition> assigned;  ///< ascending; empty for members of other protocols than consumers'
};

struct DescribedGroup {
  std::string id;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;  ///< the broker's words, possibly none
  NodeId coordinator = no_node;
  std::string state;
  std::string type;  ///< "classic" or "consumer"
  std::string protocol_type;
  std::string protocol;  ///< how partitions are shared: the chosen protocol, or the server's assignor
  std::vector<GroupMember> members;
};

/// What each group is, in the order asked; groups of both protocols. A group that does not exist has an error, or the
/// state Dead from brokers before Kafka 4.0.
io::Task<Result<std::vector<DescribedGroup>>> describe_groups(Client& client, std::vector<std::string> groups);

/// The partitions in ConsumerProtocolAssignment, ascending; nothing if the bytes are malformed.
std::optional<std::vector<GroupPartition>> read_assignment(std::span<const std::byte> bytes);

struct GroupOffset {
  std::string topic;
  PartitionIndex partition = 0;
  Offset offset = no_offset;
  Epoch leader_epoch = no_epoch;
  std::string metadata;
  wire::ErrorCode error = wire::ErrorCode::none;
};

/// Committed offsets of a group, ascending by topic and partition; none for a group that does not exist. An error of
/// the whole group is a failure.
io::Task<Result<std::vector<GroupOffset>>> group_offsets(Client& client, std::string group);

/// Commits offsets as a tool: the group must have no members. The same list comes back, with errors in it.
io::Task<Result<std::vector<GroupOffset>>> commit_group_offsets(Client& client, std::string group,
                                                                std::vector<GroupOffset> offsets);

struct GroupOutcome {
  std::string id;
  wire::ErrorCode error = wire::ErrorCode::none;
};

/// Deletes groups, which must be empty, with their offsets. In the order asked.
io::Task<Result<std::vector<GroupOutcome>>> delete_groups(Client& client, std::vector<std::string> groups);

/// Deletes the committed offsets of partitions that no member of the group subscribes to. `offsets` names partitions;
/// the same list comes back, with errors in it. An error of the whole group is a failure.
io::Task<Result<std::vector<GroupOffset>>> delete_group_offsets(Client& client, std::string group,
                                                                std::vector<GroupOffset> offsets);

}  // namespace moldau::client
