#include "wire/api/12_heartbeat.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::HeartbeatRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::HeartbeatResponse);
