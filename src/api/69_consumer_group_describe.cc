#include "api/69_consumer_group_describe.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;
using Group = wire::ConsumerGroupDescribeResponse::DescribedGroup;

bool may_see_topics(const RequestContext& context, const Group& group) {
  const auto visible = [&](const wire::ConsumerGroupDescribeResponse::Assignment& assignment) {
    for (const auto& topic : assignment.topic_partitions) {
      if (!context.may(Operation::describe, ResourceType::topic, topic.topic_name)) return false;
    }
    return true;
  };
  for (const auto& member : group.members) {
    if (!visible(member.assignment) || !visible(member.target_assignment)) return false;
  }
  return true;
}

}  // namespace

Group consumer_group_describe_error(std::string_view group, ErrorCode error) {
  Group described;
  described.group_id = group;
  described.error_code = code_of(error);
  return described;
}

ConsumerGroupDescribePlan plan_consumer_group_describe(const RequestContext& context,
                                                       const group::GroupSettings& settings,
                                                       const wire::ConsumerGroupDescribeRequest& request) {
  ConsumerGroupDescribePlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  for (const std::string_view group : request.group_ids) {
    ErrorCode error = ErrorCode::none;
    if (!settings.consumer_protocol) {
      error = ErrorCode::unsupported_version;
    } else if (!context.may(Operation::describe, ResourceType::group, group)) {
      error = ErrorCode::group_authorization_failed;
    } else if (group.empty()) {
      error = ErrorCode::invalid_group_id;
    }
    if (error == ErrorCode::none) {
      plan.groups.push_back(group);
    } else {
      plan.response.groups.push_back(consumer_group_describe_error(group, error));
    }
  }
  return plan;
}

void finish_consumer_group_describe(const RequestContext& context, const wire::ConsumerGroupDescribeRequest& request,
                                    wire::ConsumerGroupDescribeResponse& response) {
  for (Group& group : response.groups) {
    if (group.error_code != code_of(ErrorCode::none)) continue;
    if (request.include_authorized_operations) {
      group.authorized_operations = authorized_operations(context, ResourceType::group, group.group_id);
    }
    if (may_see_topics(context, group)) continue;
    group.error_code = code_of(ErrorCode::topic_authorization_failed);
    group.error_message = "The group has described topic(s) that the client is not authorized to describe.";
    group.members.clear();
  }
}

}  // namespace moldau::api
