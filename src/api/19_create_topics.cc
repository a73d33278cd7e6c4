#include "api/19_create_topics.h"

#include <map>

namespace moldau::api {
namespace {

using wire::ErrorCode;

constexpr std::string_view metadata_topic = "__cluster_metadata";

metadata::CreatedTopic refusal(std::string_view name, ErrorCode error, std::string message) {
  metadata::CreatedTopic topic;
  topic.name = name;
  topic.error = error;
  topic.message = std::move(message);
  return topic;
}

metadata::NewTopic new_topic(const wire::CreateTopicsRequest::CreatableTopic& wanted) {
  metadata::NewTopic topic;
  topic.name = wanted.name;
  topic.partitions = wanted.num_partitions;
  topic.replication_factor = wanted.replication_factor;
  for (const auto& assignment : wanted.assignments) {
    topic.assignments.push_back({assignment.partition_index, assignment.broker_ids});
  }
  for (const auto& config : wanted.configs) {
    topic.configs.push_back({std::string(config.name),
                             config.value.has_value() ? std::optional<std::string>(*config.value) : std::nullopt});
  }
  return topic;
}

void add_row(const metadata::CreatedTopic& topic, wire::CreateTopicsResponse& response) {
  wire::CreateTopicsResponse::CreatableTopicResult row;
  row.name = topic.name;
  row.topic_id = topic.id;
  row.error_code = code_of(topic.error);
  row.error_message.reset();
  if (topic.message.has_value()) row.error_message = *topic.message;
  row.topic_config_error_code = code_of(topic.config_error);
  row.num_partitions = topic.partitions;
  row.replication_factor = topic.replication_factor;
  if (topic.config_error != ErrorCode::none) {
    row.configs.reset();
  } else {
    for (const metadata::ConfigEntry& entry : topic.configs) {
      wire::CreateTopicsResponse::CreatableTopicConfigs config;
      config.name = entry.name;
      config.value.reset();
      if (entry.value.has_value()) config.value = *entry.value;
      config.read_only = entry.read_only;
      config.config_source = static_cast<int8_t>(entry.source);
      config.is_sensitive = entry.sensitive;
      row.configs->push_back(config);
    }
  }
  response.topics.push_back(std::move(row));
}

}  // namespace

CreateTopicsPlan plan_create_topics(const RequestContext& context, const wire::CreateTopicsRequest& request) {
  CreateTopicsPlan plan;
  plan.request.validate_only = request.validate_only;
  std::map<std::string_view, int> times;
  for (const auto& topic : request.topics) ++times[topic.name];
  const bool anywhere = context.may_on_cluster(Operation::create);
  for (const auto& topic : request.topics) {
    int& count = times[topic.name];
    if (count == 0) continue;  // a duplicate that was answered
    if (count > 1) {
      plan.refused.push_back(refusal(topic.name, ErrorCode::invalid_request, "Duplicate topic name."));
      count = 0;
    } else if (topic.name == metadata_topic) {
      plan.refused.push_back(refusal(topic.name, ErrorCode::invalid_request,
                                     "Creation of internal topic __cluster_metadata is prohibited."));
    } else if (!anywhere && !context.may(Operation::create, ResourceType::topic, topic.name)) {
      plan.refused.push_back(refusal(topic.name, ErrorCode::topic_authorization_failed, "Authorization failed."));
    } else {
      metadata::NewTopic wanted = new_topic(topic);
      wanted.may_describe_configs = context.may(Operation::describe_configs, ResourceType::topic, topic.name);
      plan.request.topics.push_back(std::move(wanted));
    }
  }
  if (request.timeout_ms < 0) {
    // The time is over before the controller begins: Kafka then decides on none of them.
    for (const metadata::NewTopic& topic : plan.request.topics) {
      plan.refused.push_back(refusal(topic.name, ErrorCode::request_timed_out, ""));
      plan.refused.back().message.reset();
    }
    plan.request.topics.clear();
  }
  return plan;
}

wire::CreateTopicsResponse create_topics(const RequestContext& context, const CreateTopicsPlan& plan,
                                         const metadata::CreateTopicsResult& result) {
  wire::CreateTopicsResponse response;
  response.throttle_time_ms =
      context.quotas.throttle_ms(context, QuotaKind::controller_mutation, plan.request.topics.size());
  for (const metadata::CreatedTopic& topic : result.topics) add_row(topic, response);
  for (const metadata::CreatedTopic& topic : plan.refused) add_row(topic, response);
  return response;
}

}  // namespace moldau::api
