#include "wire/api/02_list_offsets.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListOffsetsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListOffsetsResponse);
