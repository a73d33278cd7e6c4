#include "api/61_describe_producers.h"

#include "api/api_error.h"
#include "metadata/controller.h"

namespace moldau::api {

using metadata::ApiError;
using wire::ErrorCode;

DescribeProducersPlan plan_describe_producers(const RequestContext& context, const Facts& facts,
                                              const wire::DescribeProducersRequest& request) {
  DescribeProducersPlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& wanted : request.topics) {
    auto& topic_row = plan.response.topics.emplace_back();
    topic_row.name = wanted.name;
    const metadata::TopicImage* const topic = facts.image.topic(wanted.name);
    ApiError refused;
    if (const auto fault = metadata::topic_name_fault(wanted.name)) {
      refused = {ErrorCode::invalid_topic_exception, *fault};
    } else if (!context.may(Operation::read, ResourceType::topic, wanted.name)) {
      refused = api_error(ErrorCode::topic_authorization_failed);
    } else if (topic == nullptr) {
      refused = {ErrorCode::unknown_topic_or_partition, std::string(unknown_partition_message)};
    }
    for (const int32_t index : wanted.partition_indexes) {
      auto& row = topic_row.partitions.emplace_back();
      row.partition_index = index;
      if (refused.failed()) {
        put_error(context, refused, row.error_code, row.error_message);
      } else if (topic->partition(index) == nullptr) {
        row.error_code = code_of(ErrorCode::unknown_topic_or_partition);
      } else {
        plan.queries.push_back({{topic->id, index}, plan.response.topics.size() - 1, topic_row.partitions.size() - 1});
      }
    }
  }
  return plan;
}

}  // namespace moldau::api
