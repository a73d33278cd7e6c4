// AlterPartitionReassignments (key 45, versions 0-1) and ListPartitionReassignments (key 46, version 0): other replicas
// for partitions, the end of such a move, and what is on its way (KIP-455, KIP-860).
//
//   With one broker a partition is where it can be: the same replicas again are no change, others are brokers that do
//   not exist (INVALID_REPLICA_ASSIGNMENT). A time-out of no time is REQUEST_TIMED_OUT for alterations and nothing for
//   lists. Need ALTER and DESCRIBE on the cluster (CLUSTER_AUTHORIZATION_FAILED).
#pragma once

#include <optional>

#include "api/context.h"
#include "api/facts.h"
#include "metadata/controller.h"
#include "wire/api/45_alter_partition_reassignments.h"
#include "wire/api/46_list_partition_reassignments.h"

namespace moldau::api {

std::optional<metadata::ApiError> check_alter_reassignments(const RequestContext& context,
                                                            const wire::AlterPartitionReassignmentsRequest& request);
metadata::AlterReassignments plan_alter_reassignments(const wire::AlterPartitionReassignmentsRequest& request);
/// The same error for all.
wire::AlterPartitionReassignmentsResponse refuse_alter_reassignments(
    const RequestContext& context, const wire::AlterPartitionReassignmentsRequest& request,
    const metadata::ApiError& error);
wire::AlterPartitionReassignmentsResponse alter_reassignments(const RequestContext& context,
                                                              const wire::AlterPartitionReassignmentsRequest& request,
                                                              const metadata::AlterReassignmentsResult& result);
wire::ListPartitionReassignmentsResponse list_reassignments(const RequestContext& context, const Facts& facts,
                                                            const wire::ListPartitionReassignmentsRequest& request);

}  // namespace moldau::api
