#include "api/15_describe_groups.h"

namespace moldau::api {

using wire::ErrorCode;

wire::DescribeGroupsResponse::DescribedGroup described_group_error(std::string_view group, ErrorCode error) {
  wire::DescribeGroupsResponse::DescribedGroup described;
  described.group_id = group;
  described.error_code = code_of(error);
  return described;
}

DescribeGroupsPlan plan_describe_groups(const RequestContext& context, const wire::DescribeGroupsRequest& request) {
  DescribeGroupsPlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  for (const std::string_view group : request.groups) {
    if (context.may(Operation::describe, ResourceType::group, group)) {
      plan.groups.push_back(group);
    } else {
      plan.response.groups.push_back(described_group_error(group, ErrorCode::group_authorization_failed));
    }
  }
  return plan;
}

void add_group_operations(const RequestContext& context, const wire::DescribeGroupsRequest& request,
                          wire::DescribeGroupsResponse& response) {
  constexpr int16_t first_version_with_operations = 3;
  if (context.version < first_version_with_operations || !request.include_authorized_operations) return;
  for (auto& group : response.groups) {
    if (group.error_code != code_of(ErrorCode::none)) continue;
    group.authorized_operations = authorized_operations(context, ResourceType::group, group.group_id);
  }
}

}  // namespace moldau::api
