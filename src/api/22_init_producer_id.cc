#include "api/22_init_producer_id.h"

#include "base/ids.h"

namespace moldau::api {

using wire::ErrorCode;

ErrorCode check_init_producer_id(const RequestContext& context, const wire::InitProducerIdRequest& request) {
  if (request.transactional_id.has_value()) {
    if (!context.may(Operation::write, ResourceType::transactional_id, *request.transactional_id)) {
      return ErrorCode::transactional_id_authorization_failed;
    }
  } else if (!context.may_on_cluster(Operation::idempotent_write) &&
             !context.authorizer.authorize_any(context, Operation::write, ResourceType::topic)) {
    return ErrorCode::cluster_authorization_failed;
  }
  if ((request.producer_id == no_producer_id) != (request.producer_epoch == -1)) return ErrorCode::invalid_request;
  if (!request.transactional_id.has_value()) return ErrorCode::none;
  return request.transactional_id->empty() ? ErrorCode::invalid_request : ErrorCode::unsupported_version;
}

wire::InitProducerIdResponse init_producer_id(const RequestContext& context, ErrorCode error, ProducerId id) {
  wire::InitProducerIdResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error);
  response.producer_id = error == ErrorCode::none ? id : no_producer_id;
  response.producer_epoch = error == ErrorCode::none ? 0 : -1;
  return response;
}

}  // namespace moldau::api
