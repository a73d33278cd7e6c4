#include "api/64_unregister_broker.h"

#include "api/api_error.h"

namespace moldau::api {

wire::UnregisterBrokerResponse unregister_broker(const RequestContext& context, const metadata::ApiError& error) {
  wire::UnregisterBrokerResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  put_error(context, error, response.error_code, response.error_message);
  return response;
}

}  // namespace moldau::api
