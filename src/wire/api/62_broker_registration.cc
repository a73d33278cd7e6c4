#include "wire/api/62_broker_registration.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::BrokerRegistrationRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::BrokerRegistrationResponse);
