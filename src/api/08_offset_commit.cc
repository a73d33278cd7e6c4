#include "api/08_offset_commit.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;
using RequestTopic = wire::OffsetCommitRequest::OffsetCommitRequestTopic;
using ResponseTopic = wire::OffsetCommitResponse::OffsetCommitResponseTopic;

constexpr int16_t first_version_with_topic_ids = 10;

ResponseTopic answer_all(const RequestTopic& topic, ErrorCode error) {
  ResponseTopic answered{.name = topic.name, .topic_id = topic.topic_id};
  for (const auto& partition : topic.partitions) {
    answered.partitions.push_back({partition.partition_index, code_of(error)});
  }
  return answered;
}

}  // namespace

OffsetCommitPlan plan_offset_commit(const RequestContext& context, const Facts& facts,
                                    const wire::OffsetCommitRequest& request) {
  if (!context.may(Operation::read, ResourceType::group, request.group_id)) {
    return {.request = {}, .response = offset_commit_error(context, request, ErrorCode::group_authorization_failed)};
  }
  OffsetCommitPlan plan{.request = request, .response = {}};
  plan.request.topics.clear();
  plan.response.throttle_time_ms = context.request_throttle_ms();
  const bool by_id = context.version >= first_version_with_topic_ids;
  for (RequestTopic topic : request.topics) {
    const metadata::TopicImage* const image = by_id ? facts.image.topic(topic.topic_id) : facts.image.topic(topic.name);
    if (by_id && image == nullptr) {
      plan.response.topics.push_back(answer_all(topic, ErrorCode::unknown_topic_id));
      continue;
    }
    if (by_id) topic.name = context.arena.keep(image->name);
    if (!context.may(Operation::read, ResourceType::topic, topic.name)) {
      plan.response.topics.push_back(answer_all(topic, ErrorCode::topic_authorization_failed));
      continue;
    }
    if (image == nullptr) {
      plan.response.topics.push_back(answer_all(topic, ErrorCode::unknown_topic_or_partition));
      continue;
    }
    topic.topic_id = image->id;
    ResponseTopic missing{.name = topic.name, .topic_id = topic.topic_id};
    RequestTopic known{.name = topic.name, .topic_id = topic.topic_id};
    for (const auto& partition : topic.partitions) {
      if (image->partition(partition.partition_index) != nullptr) {
        known.partitions.push_back(partition);
      } else {
        missing.partitions.push_back({partition.partition_index, code_of(ErrorCode::unknown_topic_or_partition)});
      }
    }
    if (!missing.partitions.empty()) plan.response.topics.push_back(std::move(missing));
    if (!known.partitions.empty()) plan.request.topics.push_back(std::move(known));
  }
  return plan;
}

wire::OffsetCommitResponse offset_commit_error(const RequestContext& context, const wire::OffsetCommitRequest& request,
                                               ErrorCode error) {
  wire::OffsetCommitResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const RequestTopic& topic : request.topics) response.topics.push_back(answer_all(topic, error));
  return response;
}

}  // namespace moldau::api
