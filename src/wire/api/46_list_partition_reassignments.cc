#include "wire/api/46_list_partition_reassignments.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListPartitionReassignmentsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListPartitionReassignmentsResponse);
