#include "api/29_acls.h"

#include "api/api_error.h"

namespace moldau::api {
namespace {

using metadata::ApiError;
using wire::ErrorCode;

ApiError outcome(const RequestContext& context, Operation operation, const char* message) {
  if (!context.may_on_cluster(operation)) return api_error(ErrorCode::cluster_authorization_failed);
  return {ErrorCode::security_disabled, message};
}

}  // namespace

wire::DescribeAclsResponse describe_acls(const RequestContext& context, const Facts&,
                                         const wire::DescribeAclsRequest&) {
  wire::DescribeAclsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  put_error(context, outcome(context, Operation::describe, "No Authorizer is configured on the broker"),
            response.error_code, response.error_message);
  return response;
}

wire::CreateAclsResponse create_acls(const RequestContext& context, const Facts&,
                                     const wire::CreateAclsRequest& request) {
  wire::CreateAclsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  const ApiError error = outcome(context, Operation::alter, "No Authorizer is configured.");
  for (size_t i = 0; i < request.creations.size(); ++i) {
    auto& row = response.results.emplace_back();
    put_error(context, error, row.error_code, row.error_message);
  }
  return response;
}

wire::DeleteAclsResponse delete_acls(const RequestContext& context, const Facts&,
                                     const wire::DeleteAclsRequest& request) {
  wire::DeleteAclsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  const ApiError error = outcome(context, Operation::alter, "No Authorizer is configured.");
  for (size_t i = 0; i < request.filters.size(); ++i) {
    auto& row = response.filter_results.emplace_back();
    put_error(context, error, row.error_code, row.error_message);
  }
  return response;
}

}  // namespace moldau::api
