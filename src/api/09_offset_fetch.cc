#include "api/09_offset_fetch.h"

#include <utility>

namespace moldau::api {
namespace {

using wire::ErrorCode;
using Answer = OffsetFetchPart::Answer;
using AnsweredTopic = wire::OffsetFetchResponse::OffsetFetchResponseTopics;
using AskedTopic = wire::OffsetFetchRequest::OffsetFetchRequestTopics;

constexpr int16_t first_version_with_whole_errors = 2;
constexpr int16_t first_version_with_groups = 8;
constexpr int16_t first_version_with_topic_ids = 10;
constexpr Offset invalid_offset = -1;

AnsweredTopic refused_topic(const AskedTopic& topic, ErrorCode error) {
  AnsweredTopic answered{.name = topic.name, .topic_id = topic.topic_id};
  for (const int32_t index : topic.partition_indexes) {
    answered.partitions.push_back(
        {.partition_index = index, .committed_offset = invalid_offset, .metadata = "", .error_code = code_of(error)});
  }
  return answered;
}

OffsetFetchPart plan_group(const RequestContext& context, const Facts& facts, const OffsetFetchPart::Group& group) {
  OffsetFetchPart part{.group = group, .answer = {.group_id = group.group_id}};
  if (!context.may(Operation::describe, ResourceType::group, group.group_id)) {
    part.answer.error_code = code_of(ErrorCode::group_authorization_failed);
    part.decided = true;
    return part;
  }
  if (!group.topics.has_value()) return part;
  part.group.topics->clear();
  const bool by_id = context.version >= first_version_with_topic_ids;
  for (AskedTopic topic : *group.topics) {
    if (by_id) {
      const metadata::TopicImage* const image = facts.image.topic(topic.topic_id);
      if (image == nullptr) {
        part.answer.topics.push_back(refused_topic(topic, ErrorCode::unknown_topic_id));
        continue;
      }
      topic.name = context.arena.keep(image->name);
    }
    if (context.may(Operation::describe, ResourceType::topic, topic.name)) {
      part.group.topics->push_back(std::move(topic));
    } else {
      part.answer.topics.push_back(refused_topic(topic, ErrorCode::topic_authorization_failed));
    }
  }
  return part;
}

}  // namespace

std::vector<OffsetFetchPart> plan_offset_fetch(const RequestContext& context, const Facts& facts,
                                               const wire::OffsetFetchRequest& request) {
  std::vector<OffsetFetchPart> parts;
  if (context.version >= first_version_with_groups) {
    for (const auto& group : request.groups) parts.push_back(plan_group(context, facts, group));
    return parts;
  }
  OffsetFetchPart::Group group{.group_id = request.group_id};
  if (request.topics.has_value()) {
    for (const auto& topic : *request.topics) {
      group.topics->push_back({.name = topic.name, .partition_indexes = topic.partition_indexes});
    }
  } else {
    group.topics.reset();
  }
  parts.push_back(plan_group(context, facts, group));
  return parts;
}

void add_offsets(const RequestContext& context, const Facts& facts, OffsetFetchPart& part, Answer found) {
  part.decided = true;
  if (found.error_code != code_of(ErrorCode::none)) {
    part.answer.topics.clear();
    part.answer.error_code = found.error_code;
    return;
  }
  const bool by_id = context.version >= first_version_with_topic_ids;
  std::vector<AnsweredTopic> refused = std::exchange(part.answer.topics, {});
  for (AnsweredTopic& topic : found.topics) {
    if (!part.group.topics.has_value()) {
      if (!context.may(Operation::describe, ResourceType::topic, topic.name)) continue;
      if (by_id && topic.topic_id.is_zero()) {
        const metadata::TopicImage* const image = facts.image.topic(topic.name);
        if (image == nullptr) continue;  // there is no way to name it
        topic.topic_id = image->id;
      }
    }
    part.answer.topics.push_back(std::move(topic));
  }
  for (AnsweredTopic& topic : refused) part.answer.topics.push_back(std::move(topic));
}

wire::OffsetFetchResponse offset_fetch(const RequestContext& context, std::vector<OffsetFetchPart>& parts,
                                       const wire::OffsetFetchRequest& request) {
  wire::OffsetFetchResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  const bool by_id = context.version >= first_version_with_topic_ids;
  if (context.version >= first_version_with_groups) {
    for (OffsetFetchPart& part : parts) {
      for (AnsweredTopic& topic : part.answer.topics) {
        if (by_id) topic.name = {};
        if (!by_id) topic.topic_id = {};
      }
      response.groups.push_back(std::move(part.answer));
    }
    return response;
  }
  const Answer& group = parts.front().answer;
  if (context.version >= first_version_with_whole_errors) {
    response.error_code = group.error_code;
  } else if (group.error_code != code_of(ErrorCode::none) && request.topics.has_value()) {
    for (const auto& topic : *request.topics) {
      auto& answered = response.topics.emplace_back();
      answered.name = topic.name;
      for (const int32_t index : topic.partition_indexes) {
        answered.partitions.push_back({.partition_index = index,
                                       .committed_offset = invalid_offset,
                                       .metadata = "",
                                       .error_code = group.error_code});
      }
    }
    return response;
  }
  for (const AnsweredTopic& topic : group.topics) {
    auto& answered = response.topics.emplace_back();
    answered.name = topic.name;
    for (const auto& from : topic.partitions) {
      answered.partitions.push_back({.partition_index = from.partition_index,
                                     .committed_offset = from.committed_offset,
                                     .committed_leader_epoch = from.committed_leader_epoch,
                                     .metadata = from.metadata,
                                     .error_code = from.error_code});
    }
  }
  return response;
}

}  // namespace moldau::api
