#include "api/11_join_group.h"

#include "group/machine.h"

namespace moldau::api {

using wire::ErrorCode;

std::optional<wire::JoinGroupResponse> check_join_group(const RequestContext& context, const Facts& facts,
                                                        wire::JoinGroupRequest& request) {
  if (!context.may(Operation::read, ResourceType::group, request.group_id)) {
    wire::JoinGroupResponse refused = join_group_error(context, request, ErrorCode::group_authorization_failed);
    refused.member_id = {};
    return refused;
  }
  if (request.group_id.empty()) return join_group_error(context, request, ErrorCode::invalid_group_id);
  const metadata::GroupConfig& settings = facts.settings.groups;
  if (request.session_timeout_ms < settings.min_session_timeout_ms ||
      request.session_timeout_ms > settings.max_session_timeout_ms) {
    return join_group_error(context, request, ErrorCode::invalid_session_timeout);
  }
  if (context.version == 0) request.rebalance_timeout_ms = request.session_timeout_ms;
  return std::nullopt;
}

wire::JoinGroupResponse join_group_error(const RequestContext& context, const wire::JoinGroupRequest& request,
                                         ErrorCode error) {
  wire::JoinGroupResponse response = group::join_error(context.version, request.member_id, error);
  response.throttle_time_ms = context.request_throttle_ms();
  return response;
}

}  // namespace moldau::api
