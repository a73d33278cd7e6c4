#include "wire/api/56_alter_partition.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterPartitionRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterPartitionResponse);
