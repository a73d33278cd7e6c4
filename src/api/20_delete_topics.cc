#include "api/20_delete_topics.h"

#include <map>
#include <set>

namespace moldau::api {
namespace {

using wire::ErrorCode;

/// What is asked for, counted by name and by id.
struct Wanted {
  std::map<std::string_view, int> names;
  std::map<Uuid, int> ids;
};

void refuse(DeleteTopicsPlan& plan, std::optional<std::string_view> name, const Uuid& id, ErrorCode error,
            std::optional<std::string> message = std::nullopt) {
  metadata::DeletedTopic topic;
  if (name.has_value()) topic.name = std::string(*name);
  topic.id = id;
  topic.error = error;
  topic.message = message.has_value() ? std::move(message) : std::optional<std::string>(message_of(error));
  plan.refused.push_back(std::move(topic));
}

Wanted count_wanted(const wire::DeleteTopicsRequest& request, DeleteTopicsPlan& plan) {
  Wanted wanted;
  for (const std::string_view name : request.topic_names) ++wanted.names[name];
  for (const auto& topic : request.topics) {
    if (!topic.name.has_value()) {
      if (topic.topic_id.is_zero()) {
        refuse(plan, std::nullopt, {}, ErrorCode::invalid_request, "Neither topic name nor id were specified.");
      } else {
        ++wanted.ids[topic.topic_id];
      }
    } else if (topic.topic_id.is_zero()) {
      ++wanted.names[*topic.name];
    } else {
      refuse(plan, *topic.name, topic.topic_id, ErrorCode::invalid_request,
             "You may not specify both topic name and topic id.");
    }
  }
  for (const auto& [name, count] : wanted.names) {
    if (count > 1) refuse(plan, name, {}, ErrorCode::invalid_request, "Duplicate topic name.");
  }
  for (const auto& [id, count] : wanted.ids) {
    if (count > 1) refuse(plan, std::nullopt, id, ErrorCode::invalid_request, "Duplicate topic id.");
  }
  return wanted;
}

}  // namespace

DeleteTopicsPlan plan_delete_topics(const RequestContext& context, const Facts& facts,
                                    const wire::DeleteTopicsRequest& request) {
  DeleteTopicsPlan plan;
  if (!facts.settings.delete_topic_enable) {
    const ErrorCode error = context.version < 3 ? ErrorCode::invalid_request : ErrorCode::topic_deletion_disabled;
    for (const std::string_view name : request.topic_names) refuse(plan, name, {}, error);
    for (const auto& topic : request.topics) refuse(plan, topic.name, topic.topic_id, error);
    return plan;
  }
  const Wanted wanted = count_wanted(request, plan);
  const bool anywhere = context.may_on_cluster(Operation::remove);
  const auto may = [&](Operation operation, std::string_view name) {
    return anywhere || context.may(operation, ResourceType::topic, name);
  };
  std::set<Uuid> taken;
  for (const auto& [id, count] : wanted.ids) {
    if (count > 1) continue;
    const metadata::TopicImage* const topic = facts.image.topic(id);
    if (topic == nullptr) {
      refuse(plan, std::nullopt, id, ErrorCode::unknown_topic_id);
    } else if (!may(Operation::remove, topic->name)) {
      const bool shown = may(Operation::describe, topic->name);
      refuse(plan, shown ? std::optional<std::string_view>(topic->name) : std::nullopt, id,
             ErrorCode::topic_authorization_failed);
    } else {
      taken.insert(id);
      plan.request.topics.push_back({std::nullopt, id});
    }
  }
  for (const auto& [name, count] : wanted.names) {
    if (count > 1) continue;
    const metadata::TopicImage* const topic = facts.image.topic(name);
    if (!may(Operation::describe, name)) {
      refuse(plan, name, {}, ErrorCode::topic_authorization_failed);
    } else if (topic == nullptr) {
      refuse(plan, name, {}, ErrorCode::unknown_topic_or_partition);
    } else if (!may(Operation::remove, name)) {
      refuse(plan, name, {}, ErrorCode::topic_authorization_failed);
    } else if (!taken.insert(topic->id).second) {
      refuse(plan, name, topic->id, ErrorCode::invalid_request,
             "The provided topic name maps to an ID that was already supplied.");
      std::erase_if(plan.request.topics, [&](const metadata::TopicToDelete& other) { return other.id == topic->id; });
    } else {
      plan.request.topics.push_back({std::string(name), {}});
    }
  }
  return plan;
}

wire::DeleteTopicsResponse delete_topics(const RequestContext& context, const DeleteTopicsPlan& plan,
                                         const metadata::DeleteTopicsResult& result) {
  wire::DeleteTopicsResponse response;
  response.throttle_time_ms =
      context.quotas.throttle_ms(context, QuotaKind::controller_mutation, plan.request.topics.size());
  const auto add = [&](const metadata::DeletedTopic& topic) {
    wire::DeleteTopicsResponse::DeletableTopicResult row;
    row.name.reset();
    if (topic.name.has_value()) row.name = *topic.name;
    row.topic_id = topic.id;
    row.error_code = code_of(topic.error);
    if (topic.message.has_value()) row.error_message = *topic.message;
    response.responses.push_back(row);
  };
  for (const metadata::DeletedTopic& topic : result.topics) add(topic);
  for (const metadata::DeletedTopic& topic : plan.refused) add(topic);
  return response;
}

}  // namespace moldau::api
