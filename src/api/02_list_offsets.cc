#include "api/02_list_offsets.h"

#include <set>
#include <utility>

namespace moldau::api {
namespace {

using wire::ErrorCode;

constexpr int32_t consumer_replica = -1;
constexpr int32_t debugging_replica = -2;

bool timestamp_unsupported(int64_t timestamp, int16_t version) {
  if (timestamp >= earliest_timestamp) return false;
  switch (timestamp) {
    case max_timestamp:
      return version < 7;
    case earliest_local_timestamp:
      return version < 8;
    case latest_tiered_timestamp:
      return version < 9;
    case earliest_pending_upload_timestamp:
      return version < 11;
    default:
      return true;
  }
}

using Named = std::pair<std::string_view, PartitionIndex>;

std::set<Named> duplicates_of(const wire::ListOffsetsRequest& request) {
  std::set<Named> seen;
  std::set<Named> twice;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      if (!seen.insert({topic.name, partition.partition_index}).second)
        twice.insert({topic.name, partition.partition_index});
    }
  }
  return twice;
}

}  // namespace

ListOffsetsPlan plan_list_offsets(const RequestContext& context, const Facts& facts,
                                  const wire::ListOffsetsRequest& request) {
  ListOffsetsPlan plan;
  plan.response.throttle_time_ms = context.request_throttle_ms();
  plan.from_client = request.replica_id == consumer_replica;
  plan.only_leader = request.replica_id != debugging_replica;
  plan.read_committed = plan.from_client && request.isolation_level == 1;
  const std::set<Named> duplicates = duplicates_of(request);
  for (const auto& topic : request.topics) {
    const bool allowed = context.may(Operation::describe, ResourceType::topic, topic.name);
    const metadata::TopicImage* const image = allowed ? facts.image.topic(topic.name) : nullptr;
    wire::ListOffsetsResponse::ListOffsetsTopicResponse answer{.name = topic.name};
    std::set<PartitionIndex> refused;
    for (const auto& wanted : topic.partitions) {
      ErrorCode error = ErrorCode::none;
      if (!allowed) {
        error = ErrorCode::topic_authorization_failed;
      } else if (duplicates.contains({topic.name, wanted.partition_index})) {
        if (!refused.insert(wanted.partition_index).second) continue;
        error = ErrorCode::invalid_request;
      } else if (timestamp_unsupported(wanted.timestamp, context.version)) {
        error = ErrorCode::unsupported_version;
      } else if (image == nullptr || image->partition(wanted.partition_index) == nullptr) {
        error = ErrorCode::unknown_topic_or_partition;
      } else {
        plan.queries.push_back({plan.response.topics.size(),
                                answer.partitions.size(),
                                {image->id, wanted.partition_index},
                                wanted.current_leader_epoch,
                                wanted.timestamp});
      }
      answer.partitions.push_back({.partition_index = wanted.partition_index, .error_code = code_of(error)});
    }
    plan.response.topics.push_back(std::move(answer));
  }
  return plan;
}

}  // namespace moldau::api
