#include "wire/api/11_join_group.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::JoinGroupRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::JoinGroupResponse);
