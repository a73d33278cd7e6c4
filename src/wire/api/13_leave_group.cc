#include "wire/api/13_leave_group.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::LeaveGroupRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::LeaveGroupResponse);
