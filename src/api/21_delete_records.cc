#include "api/21_delete_records.h"

namespace moldau::api {

using wire::ErrorCode;

DeleteRecordsPlan plan_delete_records(const RequestContext& context, const Facts& facts,
                                      const wire::DeleteRecordsRequest& request) {
  DeleteRecordsPlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& wanted : request.topics) {
    auto& topic_row = plan.response.topics.emplace_back();
    topic_row.name = wanted.name;
    const bool may = context.may(Operation::remove, ResourceType::topic, wanted.name);
    const metadata::TopicImage* const topic = facts.image.topic(wanted.name);
    for (const auto& partition : wanted.partitions) {
      auto& row = topic_row.partitions.emplace_back();
      row.partition_index = partition.partition_index;
      row.low_watermark = -1;
      if (!may) {
        row.error_code = code_of(ErrorCode::topic_authorization_failed);
      } else if (topic == nullptr || topic->partition(partition.partition_index) == nullptr) {
        row.error_code = code_of(ErrorCode::unknown_topic_or_partition);
      } else if (is_internal_topic(wanted.name)) {
        row.error_code = code_of(ErrorCode::invalid_topic_exception);
      } else {
        plan.queries.push_back({{topic->id, partition.partition_index},
                                partition.offset,
                                plan.response.topics.size() - 1,
                                topic_row.partitions.size() - 1});
      }
    }
  }
  return plan;
}

}  // namespace moldau::api
