#include "wire/metadata/00_brokers.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::RegisterBrokerRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UnregisterBrokerRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::FenceBrokerRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UnfenceBrokerRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::BrokerRegistrationChangeRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RegisterControllerRecord);
