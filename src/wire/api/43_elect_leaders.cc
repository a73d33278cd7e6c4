#include "wire/api/43_elect_leaders.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ElectLeadersRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ElectLeadersResponse);
