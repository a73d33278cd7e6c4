#include "wire/api/67_allocate_producer_ids.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AllocateProducerIdsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AllocateProducerIdsResponse);
