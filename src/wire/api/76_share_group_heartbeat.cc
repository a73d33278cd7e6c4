#include "wire/api/76_share_group_heartbeat.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareGroupHeartbeatRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareGroupHeartbeatResponse);
