#include "wire/api/22_init_producer_id.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::InitProducerIdRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::InitProducerIdResponse);
