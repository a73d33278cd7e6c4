// LeaveGroup (key 13, versions 0-5): members leave a classic group, or are removed from it by an administrator.
//
//   v3 many members, static ones by instance id alone (KIP-345); v5 reasons (KIP-800).
//   Needs READ on the group (GROUP_AUTHORIZATION_FAILED). An empty group id: INVALID_GROUP_ID.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/13_leave_group.h"

namespace moldau::api {

/// GROUP_AUTHORIZATION_FAILED, INVALID_GROUP_ID or none. Brings requests before v3 into the form with a list of
/// members.
wire::ErrorCode check_leave_group(const RequestContext& context, wire::LeaveGroupRequest& request);
wire::LeaveGroupResponse leave_group_error(const RequestContext& context, wire::ErrorCode error);

}  // namespace moldau::api
