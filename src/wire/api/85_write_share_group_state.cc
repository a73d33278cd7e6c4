#include "wire/api/85_write_share_group_state.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::WriteShareGroupStateRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::WriteShareGroupStateResponse);
