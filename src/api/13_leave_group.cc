#include "api/13_leave_group.h"

#include "group/machine.h"

namespace moldau::api {

using wire::ErrorCode;

ErrorCode check_leave_group(const RequestContext& context, wire::LeaveGroupRequest& request) {
  if (!context.may(Operation::read, ResourceType::group, request.group_id))
    return ErrorCode::group_authorization_failed;
  if (request.group_id.empty()) return ErrorCode::invalid_group_id;
  if (context.version < group::first_leave_version_with_members) {
    request.members.push_back({.member_id = request.member_id});
  }
  return ErrorCode::none;
}

wire::LeaveGroupResponse leave_group_error(const RequestContext& context, ErrorCode error) {
  wire::LeaveGroupResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error);
  return response;
}

}  // namespace moldau::api
