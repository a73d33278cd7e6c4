#include "wire/api/16_list_groups.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListGroupsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListGroupsResponse);
