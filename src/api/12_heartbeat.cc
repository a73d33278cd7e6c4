#include "api/12_heartbeat.h"

namespace moldau::api {

using wire::ErrorCode;

ErrorCode check_heartbeat(const RequestContext& context, const wire::HeartbeatRequest& request) {
  if (!context.may(Operation::read, ResourceType::group, request.group_id))
    return ErrorCode::group_authorization_failed;
  return request.group_id.empty() ? ErrorCode::invalid_group_id : ErrorCode::none;
}

wire::HeartbeatResponse heartbeat_error(const RequestContext& context, ErrorCode error) {
  wire::HeartbeatResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error == ErrorCode::coordinator_load_in_progress ? ErrorCode::none : error);
  return response;
}

}  // namespace moldau::api
