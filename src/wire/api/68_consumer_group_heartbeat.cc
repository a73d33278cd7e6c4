#include "wire/api/68_consumer_group_heartbeat.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ConsumerGroupHeartbeatRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ConsumerGroupHeartbeatResponse);
