#include "wire/api/88_streams_group_heartbeat.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::StreamsGroupHeartbeatRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::StreamsGroupHeartbeatResponse);
