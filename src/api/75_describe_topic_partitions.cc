#include "api/75_describe_topic_partitions.h"

#include <algorithm>
#include <set>

#include "metadata/controller.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;
using Response = wire::DescribeTopicPartitionsResponse;
using Topic = Response::DescribeTopicPartitionsResponseTopic;
using Partition = Response::DescribeTopicPartitionsResponsePartition;

Topic failed_topic(std::string_view name, ErrorCode error) {
  Topic topic;
  topic.error_code = code_of(error);
  topic.name = name;
  return topic;
}

Partition describe_partition(const RequestContext& context, const Facts& facts, const Uuid& topic, PartitionIndex index,
                             const metadata::PartitionImage& image) {
  Partition row;
  row.partition_index = index;
  const bool serves = live_endpoint(facts.image, image.leader, context.listener) != nullptr &&
                      !facts.leader_recovers(topic, index, image.leader);
  row.leader_id = serves ? image.leader : no_node;
  row.leader_epoch = image.leader_epoch;
  row.replica_nodes = image.replicas;
  row.isr_nodes = image.isr;
  row.eligible_leader_replicas = image.elr;
  row.last_known_elr = image.last_known_elr;
  row.offline_replicas = offline_replicas(facts.image, image, context.listener);
  return row;
}

Response refuse(const wire::DescribeTopicPartitionsRequest& request) {
  Response response;
  for (const auto& topic : request.topics)
    response.topics.push_back(failed_topic(topic.name, ErrorCode::invalid_request));
  return response;
}

}  // namespace

Response describe_topic_partitions(const RequestContext& context, const Facts& facts,
                                   const wire::DescribeTopicPartitionsRequest& request) {
  const bool all = request.topics.empty();
  const std::string_view from = request.cursor.has_value() ? request.cursor->topic_name : std::string_view();
  std::set<std::string_view> names;
  if (all) {
    facts.image.for_each_topic_from(from, [&](const metadata::TopicImage& topic) {
      names.insert(topic.name);
      return names.size() <= static_cast<size_t>(std::max(facts.settings.max_request_partition_size_limit, 1));
    });
  } else {
    for (const auto& topic : request.topics) {
      if (topic.name >= from) names.insert(topic.name);
    }
    if (request.cursor.has_value() && !names.contains(from)) return refuse(request);
  }
  if (request.cursor.has_value() && request.cursor->partition_index < 0) return refuse(request);

  Response response;
  response.throttle_time_ms = context.request_throttle_ms();
  std::vector<Topic> unauthorized;
  int32_t left =
      std::max(std::min(facts.settings.max_request_partition_size_limit, request.response_partition_limit), 1);
  for (const std::string_view name : names) {
    if (!context.may(Operation::describe, ResourceType::topic, name)) {
      if (!all) unauthorized.push_back(failed_topic(name, ErrorCode::topic_authorization_failed));
      continue;
    }
    const metadata::TopicImage* const topic = facts.image.topic(name);
    const int32_t start = request.cursor.has_value() && name == from ? request.cursor->partition_index : 0;
    if (left == 0) {
      response.next_cursor = Response::Cursor{name, start};
      break;
    }
    if (topic == nullptr) {
      if (all) continue;
      const bool legal = !metadata::topic_name_fault(name).has_value();
      response.topics.push_back(
          failed_topic(name, legal ? ErrorCode::unknown_topic_or_partition : ErrorCode::invalid_topic_exception));
      response.topics.back().topic_authorized_operations = authorized_operations(context, ResourceType::topic, name);
      continue;
    }
    Topic row;
    row.name = topic->name;
    row.topic_id = topic->id;
    row.is_internal = is_internal_topic(topic->name);
    row.topic_authorized_operations = authorized_operations(context, ResourceType::topic, topic->name);
    const auto count = static_cast<int32_t>(topic->partitions.size());
    int32_t index = start;
    for (; index < count && left > 0; ++index, --left) {
      const metadata::PartitionImage* const image = topic->partition(index);
      if (image != nullptr) row.partitions.push_back(describe_partition(context, facts, topic->id, index, *image));
    }
    response.topics.push_back(std::move(row));
    if (index < count) {
      response.next_cursor = Response::Cursor{topic->name, index};
      break;
    }
  }
  for (Topic& topic : unauthorized) response.topics.push_back(std::move(topic));
  return response;
}

}  // namespace moldau::api
