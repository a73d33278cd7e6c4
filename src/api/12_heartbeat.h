// Heartbeat (key 12, versions 0-4): a member of a classic group lives.
//
//   v3 static members. Needs READ on the group (GROUP_AUTHORIZATION_FAILED). An empty group id: INVALID_GROUP_ID. While
//   its coordinator loads: no error, so that no member gives up.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/12_heartbeat.h"

namespace moldau::api {

/// GROUP_AUTHORIZATION_FAILED, INVALID_GROUP_ID or none.
wire::ErrorCode check_heartbeat(const RequestContext& context, const wire::HeartbeatRequest& request);
wire::HeartbeatResponse heartbeat_error(const RequestContext& context, wire::ErrorCode error);

}  // namespace moldau::api
