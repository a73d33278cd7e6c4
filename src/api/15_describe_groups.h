// DescribeGroups (key 15, versions 0-6): classic groups with their members, from their coordinators.
//
//   v3 authorized operations; v4 static members; v6 GROUP_ID_NOT_FOUND with a message for groups that are unknown or of
//   another type, which before were "Dead" without an error.
//   Needs DESCRIBE on each group (GROUP_AUTHORIZATION_FAILED).
#pragma once

#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/15_describe_groups.h"

namespace moldau::api {

/// Groups that may be described, in the request's order, and the refusal of the others.
struct DescribeGroupsPlan {
  std::vector<std::string_view> groups;
  wire::DescribeGroupsResponse response;
};
DescribeGroupsPlan plan_describe_groups(const RequestContext& context, const wire::DescribeGroupsRequest& request);
/// A group that could not be asked.
wire::DescribeGroupsResponse::DescribedGroup described_group_error(std::string_view group, wire::ErrorCode error);
/// Fills in what was asked for besides: the operations that the caller may do on each group.
void add_group_operations(const RequestContext& context, const wire::DescribeGroupsRequest& request,
                          wire::DescribeGroupsResponse& response);

}  // namespace moldau::api
