// ConsumerGroupDescribe (key 69, versions 0-1): consumer groups (KIP-848) with their members, from their coordinators.
//
//   v1: whether a member uses the classic or the consumer protocol.
//   UNSUPPORTED_VERSION for all groups when group.coordinator.rebalance.protocols lacks "consumer"; needs DESCRIBE on
//   each group (GROUP_AUTHORIZATION_FAILED), and on the topics that its members have or should have: without it the
//   members are left out (TOPIC_AUTHORIZATION_FAILED). Groups that are unknown or of another type:
//   GROUP_ID_NOT_FOUND with a message; an empty id: INVALID_GROUP_ID.
#pragma once

#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "group/settings.h"
#include "wire/api/69_consumer_group_describe.h"

namespace moldau::api {

/// Groups that may be described, in the request's order, and the refusals of the others.
struct ConsumerGroupDescribePlan {
  std::vector<std::string_view> groups;
  wire::ConsumerGroupDescribeResponse response;
};
ConsumerGroupDescribePlan plan_consumer_group_describe(const RequestContext& context,
                                                       const group::GroupSettings& settings,
                                                       const wire::ConsumerGroupDescribeRequest& request);
/// A group that could not be asked.
wire::ConsumerGroupDescribeResponse::DescribedGroup consumer_group_describe_error(std::string_view group,
                                                                                  wire::ErrorCode error);
/// Fills in the operations that the caller may do, and takes out what it may not see.
void finish_consumer_group_describe(const RequestContext& context, const wire::ConsumerGroupDescribeRequest& request,
                                    wire::ConsumerGroupDescribeResponse& response);

}  // namespace moldau::api
