#include "wire/api/37_create_partitions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreatePartitionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreatePartitionsResponse);
