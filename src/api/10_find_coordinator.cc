#include "api/10_find_coordinator.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;

constexpr int8_t group_key = 0;
constexpr int8_t transaction_key = 1;
constexpr int8_t share_key = 2;
constexpr int32_t no_port = -1;

ErrorCode coordinator_error(const RequestContext& context, int8_t key_type, std::string_view key) {
  switch (key_type) {
    case group_key:
      if (!context.may(Operation::describe, ResourceType::group, key)) return ErrorCode::group_authorization_failed;
      break;
    case transaction_key:
      if (!context.may(Operation::describe, ResourceType::transactional_id, key)) {
        return ErrorCode::transactional_id_authorization_failed;
      }
      break;
    case share_key:
      if (context.version < 6) return ErrorCode::invalid_request;
      if (!context.may_on_cluster(Operation::cluster_action)) return ErrorCode::cluster_authorization_failed;
      break;
    default:
      return ErrorCode::invalid_request;
  }
  return ErrorCode::coordinator_not_available;
}

}  // namespace

wire::FindCoordinatorResponse find_coordinator(const RequestContext& context,
                                               const wire::FindCoordinatorRequest& request) {
  wire::FindCoordinatorResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (context.version < 4) {
    const ErrorCode error = coordinator_error(context, request.key_type, request.key);
    response.error_code = code_of(error);
    response.error_message = message_of(error);
    response.node_id = no_node;
    response.port = no_port;
    return response;
  }
  response.error_message.reset();
  for (const std::string_view key : request.coordinator_keys) {
    const ErrorCode error = coordinator_error(context, request.key_type, key);
    response.coordinators.push_back({.key = key, .node_id = no_node, .port = no_port, .error_code = code_of(error)});
  }
  return response;
}

}  // namespace moldau::api
