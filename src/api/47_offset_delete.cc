#include "api/47_offset_delete.h"

#include <utility>

namespace moldau::api {

using wire::ErrorCode;

OffsetDeletePlan plan_offset_delete(const RequestContext& context, const Facts& facts,
                                    const wire::OffsetDeleteRequest& request) {
  OffsetDeletePlan plan;
  if (!context.may(Operation::remove, ResourceType::group, request.group_id)) {
    plan.response = offset_delete_error(context, ErrorCode::group_authorization_failed);
    return plan;
  }
  if (request.group_id.empty()) {
    plan.response = offset_delete_error(context, ErrorCode::invalid_group_id);
    return plan;
  }
  plan.request.group_id = request.group_id;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& topic : request.topics) {
    const metadata::TopicImage* const image = facts.image.topic(topic.name);
    const bool may = context.may(Operation::read, ResourceType::topic, topic.name);
    const ErrorCode error = may ? ErrorCode::unknown_topic_or_partition : ErrorCode::topic_authorization_failed;
    wire::OffsetDeleteResponse::OffsetDeleteResponseTopic refused{.name = topic.name};
    wire::OffsetDeleteRequest::OffsetDeleteRequestTopic known{.name = topic.name};
    for (const auto& partition : topic.partitions) {
      if (may && image != nullptr && image->partition(partition.partition_index) != nullptr) {
        known.partitions.push_back(partition);
      } else {
        refused.partitions.push_back({partition.partition_index, code_of(error)});
      }
    }
    if (!refused.partitions.empty()) plan.response.topics.push_back(std::move(refused));
    if (!known.partitions.empty()) plan.request.topics.push_back(std::move(known));
  }
  return plan;
}

wire::OffsetDeleteResponse offset_delete_error(const RequestContext& context, ErrorCode error) {
  wire::OffsetDeleteResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error);
  return response;
}

}  // namespace moldau::api
