#include "wire/api/10_find_coordinator.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::FindCoordinatorRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::FindCoordinatorResponse);
