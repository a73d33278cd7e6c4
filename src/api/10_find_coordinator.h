// FindCoordinator (key 10, versions 0-6): which broker coordinates a group, a transactional id or a share group.
//
//   v1 key type; v4 (KIP-699) many keys per request; v6 share groups (key type 2).
//   A group's coordinator leads the partition of __consumer_offsets that its name hashes to; the topic is made when a
//   group is first asked for. While there is none, as for transactions and share groups, whose coordinators do not
//   exist yet: COORDINATOR_NOT_AVAILABLE, which clients retry. Needs DESCRIBE on the group or transactional id
//   (GROUP_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED), CLUSTER_ACTION for share groups
//   (CLUSTER_AUTHORIZATION_FAILED). An unknown key type is INVALID_REQUEST, as is a share key that is not
//   group:topic-id:partition.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/10_find_coordinator.h"

namespace moldau::api {

inline constexpr std::string_view offsets_topic = "__consumer_offsets";

/// The partition of `partitions` that a group belongs to: as Java's hashCode of the name, made positive.
PartitionIndex coordinator_partition(std::string_view key, size_t partitions);

/// True when the request asks for a group and __consumer_offsets does not exist.
bool needs_offsets_topic(const RequestContext& context, const Facts& facts,
                         const wire::FindCoordinatorRequest& request);

wire::FindCoordinatorResponse find_coordinator(const RequestContext& context, const Facts& facts,
                                               const wire::FindCoordinatorRequest& request);

}  // namespace moldau::api
