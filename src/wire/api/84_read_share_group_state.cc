#include "wire/api/84_read_share_group_state.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ReadShareGroupStateRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ReadShareGroupStateResponse);
