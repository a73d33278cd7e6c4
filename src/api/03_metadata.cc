#include "api/03_metadata.h"

#include <algorithm>
#include <set>

#include "metadata/controller.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;
using Response = wire::MetadataResponse;
using Topic = Response::MetadataResponseTopic;
using Partition = Response::MetadataResponsePartition;

bool wants_all(const RequestContext& context, const wire::MetadataRequest& request) {
  return !request.topics.has_value() || (context.version == 0 && request.topics->empty());
}

bool malformed(const RequestContext& context, const wire::MetadataRequest& request) {
  if (context.version >= 12 || !request.topics.has_value()) return false;
  return std::any_of(request.topics->begin(), request.topics->end(),
                     [](const auto& topic) { return !topic.name.has_value() || !topic.topic_id.is_zero(); });
}

bool asks_by_id(const wire::MetadataRequest& request) {
  return std::any_of(request.topics->begin(), request.topics->end(),
                     [](const auto& topic) { return !topic.topic_id.is_zero(); });
}

Topic failed_topic(std::optional<std::string_view> name, const Uuid& id, ErrorCode error) {
  Topic topic;
  topic.error_code = code_of(error);
  topic.name = name;
  topic.topic_id = id;
  topic.is_internal = name.has_value() && is_internal_topic(*name);
  return topic;
}

std::vector<NodeId> reachable(const RequestContext& context, const Facts& facts, const std::vector<NodeId>& nodes) {
  if (context.version > 0) return nodes;
  std::vector<NodeId> alive;
  for (const NodeId node : nodes) {
    if (live_endpoint(facts.image, node, context.listener) != nullptr) alive.push_back(node);
  }
  return alive;
}

Partition describe_partition(const RequestContext& context, const Facts& facts, const Uuid& topic, PartitionIndex index,
                             const metadata::PartitionImage& image) {
  Partition row;
  row.partition_index = index;
  row.leader_epoch = image.leader_epoch;
  row.replica_nodes = reachable(context, facts, image.replicas);
  row.isr_nodes = reachable(context, facts, image.isr);
  row.offline_replicas = offline_replicas(facts.image, image, context.listener);
  if (live_endpoint(facts.image, image.leader, context.listener) == nullptr) {
    const bool known = facts.image.broker(image.leader) != nullptr;
    row.error_code =
        code_of(known && context.version >= 6 ? ErrorCode::listener_not_found : ErrorCode::leader_not_available);
    row.leader_id = no_node;
    return row;
  }
  if (facts.leader_recovers(topic, index, image.leader)) {
    row.error_code = code_of(ErrorCode::leader_not_available);
    row.leader_id = no_node;
    return row;
  }
  row.leader_id = image.leader;
  if (row.replica_nodes.size() < image.replicas.size() || row.isr_nodes.size() < image.isr.size()) {
    row.error_code = code_of(ErrorCode::replica_not_available);
  }
  return row;
}

Topic describe_topic(const RequestContext& context, const Facts& facts, const wire::MetadataRequest& request,
                     const metadata::TopicImage& image) {
  Topic topic;
  topic.name = image.name;
  topic.topic_id = image.id;
  topic.is_internal = is_internal_topic(image.name);
  topic.partitions.reserve(image.partitions.size());
  image.partitions.for_each([&](PartitionIndex index, const metadata::PartitionRef& partition) {
    topic.partitions.push_back(describe_partition(context, facts, image.id, index, *partition));
  });
  if (context.version >= 8 && request.include_topic_authorized_operations) {
    topic.topic_authorized_operations = authorized_operations(context, ResourceType::topic, image.name);
  }
  return topic;
}

bool creation_allowed(const Facts& facts, const wire::MetadataRequest& request) {
  return facts.settings.auto_create_topics_enable && request.allow_auto_topic_creation;
}

ErrorCode missing_topic_error(std::string_view name, std::span<const CreationOutcome> creations) {
  if (metadata::topic_name_fault(name).has_value()) return ErrorCode::invalid_topic_exception;
  const auto found = std::find_if(creations.begin(), creations.end(),
                                  [&](const CreationOutcome& outcome) { return outcome.name == name; });
  if (found == creations.end() || found->error == ErrorCode::none || found->error == ErrorCode::topic_already_exists) {
    return ErrorCode::unknown_topic_or_partition;
  }
  return found->error;
}

void describe_named(const RequestContext& context, const Facts& facts, const wire::MetadataRequest& request,
                    std::span<const CreationOutcome> creations, Response& response) {
  std::set<std::string_view> seen;
  std::vector<Topic> unauthorized;
  for (const auto& wanted : *request.topics) {
    const std::string_view name = wanted.name.value_or("");
    if (!seen.insert(name).second) continue;
    if (!context.may(Operation::describe, ResourceType::topic, name)) {
      unauthorized.push_back(failed_topic(name, {}, ErrorCode::topic_authorization_failed));
      unauthorized.back().is_internal = false;
      continue;
    }
    if (const metadata::TopicImage* const image = facts.image.topic(name); image != nullptr) {
      response.topics.push_back(describe_topic(context, facts, request, *image));
    } else if (creation_allowed(facts, request) && !context.may_on_cluster(Operation::create) &&
               !context.may(Operation::create, ResourceType::topic, name)) {
      unauthorized.push_back(failed_topic(name, {}, ErrorCode::topic_authorization_failed));
    } else {
      response.topics.push_back(failed_topic(name, {}, missing_topic_error(name, creations)));
    }
  }
  for (Topic& topic : unauthorized) response.topics.push_back(std::move(topic));
}

void describe_by_id(const RequestContext& context, const Facts& facts, const wire::MetadataRequest& request,
                    Response& response) {
  std::set<Uuid> seen;
  std::vector<Topic> known;
  std::vector<Topic> unauthorized;
  for (const auto& wanted : *request.topics) {
    if (wanted.topic_id.is_zero() || !seen.insert(wanted.topic_id).second) continue;
    const metadata::TopicImage* const image = facts.image.topic(wanted.topic_id);
    if (image == nullptr) {
      response.topics.push_back(failed_topic(std::nullopt, wanted.topic_id, ErrorCode::unknown_topic_id));
    } else if (!context.may(Operation::describe, ResourceType::topic, image->name)) {
      unauthorized.push_back(failed_topic(std::nullopt, wanted.topic_id, ErrorCode::topic_authorization_failed));
    } else {
      known.push_back(describe_topic(context, facts, request, *image));
    }
  }
  for (Topic& topic : known) response.topics.push_back(std::move(topic));
  for (Topic& topic : unauthorized) response.topics.push_back(std::move(topic));
}

}  // namespace

std::vector<std::string_view> topics_to_create(const RequestContext& context, const Facts& facts,
                                               const wire::MetadataRequest& request) {
  std::vector<std::string_view> names;
  if (wants_all(context, request) || malformed(context, request) || !creation_allowed(facts, request)) return names;
  if (asks_by_id(request)) return names;
  for (const auto& wanted : *request.topics) {
    const std::string_view name = wanted.name.value_or("");
    if (facts.image.topic(name) != nullptr || metadata::topic_name_fault(name).has_value()) continue;
    if (name.starts_with("__") && is_internal_topic(name)) continue;  // made by their coordinators
    if (!context.may(Operation::describe, ResourceType::topic, name)) continue;
    if (!context.may_on_cluster(Operation::create) && !context.may(Operation::create, ResourceType::topic, name))
      continue;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    if (names.size() >= metadata::records_per_operation_max / 2) break;
  }
  return names;
}

Response describe_cluster_metadata(const RequestContext& context, const Facts& facts,
                                   const wire::MetadataRequest& request, std::span<const CreationOutcome> creations) {
  Response response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (malformed(context, request)) {
    for (const auto& topic : *request.topics) {
      response.topics.push_back(failed_topic(topic.name.value_or(""), topic.topic_id, ErrorCode::invalid_request));
      response.topics.back().is_internal = false;
    }
    return response;
  }
  if (wants_all(context, request)) {
    facts.image.for_each_topic([&](const metadata::TopicImage& topic) {
      if (!context.may(Operation::describe, ResourceType::topic, topic.name)) return;
      response.topics.push_back(describe_topic(context, facts, request, topic));
    });
  } else if (asks_by_id(request)) {
    describe_by_id(context, facts, request, response);
  } else {
    describe_named(context, facts, request, creations, response);
  }
  if (context.version >= 8 && context.version <= 10 && request.include_cluster_authorized_operations) {
    response.cluster_authorized_operations =
        context.may_on_cluster(Operation::describe)
            ? authorized_operations(context, ResourceType::cluster, cluster_resource)
            : 0;
  }
  facts.image.for_each_broker([&](const metadata::BrokerImage& broker) {
    const metadata::EndpointImage* const endpoint = live_endpoint(facts.image, broker.id, context.listener);
    if (endpoint == nullptr) return;
    Response::MetadataResponseBroker row{broker.id, endpoint->host, endpoint->port};
    if (broker.rack.has_value()) row.rack = *broker.rack;
    response.brokers.push_back(row);
  });
  response.cluster_id = facts.cluster_id;
  response.controller_id = controller_for_clients(facts, context.listener);
  return response;
}

}  // namespace moldau::api
