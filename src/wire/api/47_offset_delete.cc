#include "wire/api/47_offset_delete.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetDeleteRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetDeleteResponse);
