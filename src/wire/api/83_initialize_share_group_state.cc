#include "wire/api/83_initialize_share_group_state.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::InitializeShareGroupStateRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::InitializeShareGroupStateResponse);
