#include "wire/api/42_delete_groups.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteGroupsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteGroupsResponse);
