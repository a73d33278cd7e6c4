#include "wire/api/09_offset_fetch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetFetchRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetFetchResponse);
