#include "wire/api/86_delete_share_group_state.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteShareGroupStateRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteShareGroupStateResponse);
