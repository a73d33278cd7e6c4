#include "api/14_sync_group.h"

namespace moldau::api {

using wire::ErrorCode;

ErrorCode check_sync_group(const RequestContext& context, const wire::SyncGroupRequest& request) {
  constexpr int16_t first_version_with_protocol = 5;
  if (context.version >= first_version_with_protocol &&
      (!request.protocol_type.has_value() || !request.protocol_name.has_value())) {
    return ErrorCode::inconsistent_group_protocol;
  }
  if (!context.may(Operation::read, ResourceType::group, request.group_id))
    return ErrorCode::group_authorization_failed;
  return request.group_id.empty() ? ErrorCode::invalid_group_id : ErrorCode::none;
}

wire::SyncGroupResponse sync_group_error(const RequestContext& context, ErrorCode error) {
  wire::SyncGroupResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error);
  return response;
}

}  // namespace moldau::api
