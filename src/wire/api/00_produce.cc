#include "wire/api/00_produce.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ProduceRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ProduceResponse);
