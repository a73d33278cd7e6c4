#include "wire/api/14_sync_group.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::SyncGroupRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::SyncGroupResponse);
