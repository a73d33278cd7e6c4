#include "wire/api/64_unregister_broker.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::UnregisterBrokerRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UnregisterBrokerResponse);
