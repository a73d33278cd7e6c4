#include "wire/api/45_alter_partition_reassignments.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterPartitionReassignmentsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterPartitionReassignmentsResponse);
