// SyncGroup (key 14, versions 0-5): the leader of a classic group brings the assignment, every member gets its part.
//
//   v3 static members; v5 protocol type and name, without which it is INCONSISTENT_GROUP_PROTOCOL.
//   Needs READ on the group (GROUP_AUTHORIZATION_FAILED). An empty group id: INVALID_GROUP_ID.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/14_sync_group.h"

namespace moldau::api {

/// INCONSISTENT_GROUP_PROTOCOL, GROUP_AUTHORIZATION_FAILED, INVALID_GROUP_ID or none.
wire::ErrorCode check_sync_group(const RequestContext& context, const wire::SyncGroupRequest& request);
wire::SyncGroupResponse sync_group_error(const RequestContext& context, wire::ErrorCode error);

}  // namespace moldau::api
