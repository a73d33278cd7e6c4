#include "wire/api/63_broker_heartbeat.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::BrokerHeartbeatRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::BrokerHeartbeatResponse);
