#include "api/68_consumer_group_heartbeat.h"

#include "group/consumer/decisions.h"

namespace moldau::api {

using wire::ErrorCode;

wire::ConsumerGroupHeartbeatResponse consumer_group_heartbeat_error(const RequestContext& context, ErrorCode error) {
  wire::ConsumerGroupHeartbeatResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error);
  return response;
}

std::optional<wire::ConsumerGroupHeartbeatResponse> check_consumer_group_heartbeat(
    const RequestContext& context, const group::GroupSettings& settings,
    const wire::ConsumerGroupHeartbeatRequest& request) {
  if (!settings.consumer_protocol) return consumer_group_heartbeat_error(context, ErrorCode::unsupported_version);
  if (!context.may(Operation::read, ResourceType::group, request.group_id)) {
    return consumer_group_heartbeat_error(context, ErrorCode::group_authorization_failed);
  }
  if (request.subscribed_topic_names) {
    for (const std::string_view topic : *request.subscribed_topic_names) {
      if (context.may(Operation::describe, ResourceType::topic, topic)) continue;
      return consumer_group_heartbeat_error(context, ErrorCode::topic_authorization_failed);
    }
  }
  const auto refused = group::consumer::check_heartbeat(request, context.version, settings.consumer);
  if (!refused) return std::nullopt;
  wire::ConsumerGroupHeartbeatResponse response = consumer_group_heartbeat_error(context, refused->code);
  response.error_message = context.arena.keep(refused->message);
  return response;
}

}  // namespace moldau::api
