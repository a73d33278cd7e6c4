#include "api/23_offset_for_leader_epoch.h"

namespace moldau::api {

using wire::ErrorCode;

OffsetForLeaderEpochPlan plan_offset_for_leader_epoch(const RequestContext& context, const Facts& facts,
                                                      const wire::OffsetForLeaderEpochRequest& request) {
  OffsetForLeaderEpochPlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  const bool anywhere = context.may_on_cluster(Operation::cluster_action);
  for (const auto& wanted : request.topics) {
    auto& topic_row = plan.response.topics.emplace_back();
    topic_row.topic = wanted.topic;
    const bool may = anywhere || context.may(Operation::describe, ResourceType::topic, wanted.topic);
    const metadata::TopicImage* const topic = facts.image.topic(wanted.topic);
    for (const auto& partition : wanted.partitions) {
      auto& row = topic_row.partitions.emplace_back();
      row.partition = partition.partition;
      if (!may) {
        row.error_code = code_of(ErrorCode::topic_authorization_failed);
      } else if (topic == nullptr || topic->partition(partition.partition) == nullptr) {
        row.error_code = code_of(ErrorCode::unknown_topic_or_partition);
      } else {
        plan.queries.push_back({{topic->id, partition.partition},
                                partition.current_leader_epoch,
                                partition.leader_epoch,
                                plan.response.topics.size() - 1,
                                topic_row.partitions.size() - 1});
      }
    }
  }
  return plan;
}

}  // namespace moldau::api
