#include "api/00_produce.h"

#include <algorithm>

#include "wire/batch.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;

/// Whether any batch of these records is transactional, as far as they can be read.
bool holds_transactional(std::span<const std::byte> records) {
  bool found = false;
  wire::for_each_batch(records, [&](const wire::BatchView& batch) {
    found = batch.is_transactional();
    return !found;
  });
  return found;
}

std::span<const std::byte> records_of(const wire::ProduceRequest::PartitionProduceData& partition) {
  return partition.records.has_value() ? partition.records->view : std::span<const std::byte>();
}

void refuse_all(const wire::ProduceRequest& request, ErrorCode error, ProducePlan& plan) {
  for (uint32_t topic = 0; topic < request.topic_data.size(); ++topic) {
    for (const auto& partition : request.topic_data[topic].partition_data) {
      plan.parts.push_back({.topic = topic, .index = partition.index, .error = error});
    }
  }
}

ErrorCode check_topic(const RequestContext& context, const metadata::TopicImage* image, std::string_view name) {
  if (image == nullptr && context.version >= 13) return ErrorCode::unknown_topic_id;
  if (!context.may(Operation::write, ResourceType::topic, image != nullptr ? image->name : name)) {
    return ErrorCode::topic_authorization_failed;
  }
  return image == nullptr ? ErrorCode::unknown_topic_or_partition : ErrorCode::none;
}

void fill_leader(const RequestContext& context, const Facts& facts, const ProducePart& part,
                 wire::ProduceResponse::PartitionProduceResponse& row, wire::ProduceResponse& response) {
  const metadata::PartitionImage* const partition = facts.image.partition(part.id.topic_id, part.id.partition);
  if (partition == nullptr) return;
  row.current_leader = {partition->leader, partition->leader_epoch};
  const metadata::EndpointImage* const endpoint = live_endpoint(facts.image, partition->leader, context.listener);
  if (endpoint == nullptr) return;
  const bool named = std::any_of(response.node_endpoints.begin(), response.node_endpoints.end(),
                                 [&](const auto& node) { return node.node_id == partition->leader; });
  if (named) return;
  wire::ProduceResponse::NodeEndpoint node{partition->leader, endpoint->host, endpoint->port};
  if (const auto& rack = facts.image.broker(partition->leader)->rack; rack.has_value()) node.rack = *rack;
  response.node_endpoints.push_back(node);
}

}  // namespace

ProducePlan plan_produce(const RequestContext& context, const Facts& facts, const wire::ProduceRequest& request) {
  ProducePlan plan;
  plan.acks = request.acks;
  plan.timeout_ms = request.timeout_ms;
  size_t count = 0;
  bool transactional = false;
  for (const auto& topic : request.topic_data) {
    count += topic.partition_data.size();
    for (const auto& partition : topic.partition_data)
      transactional = transactional || holds_transactional(records_of(partition));
  }
  plan.parts.reserve(count);
  if (transactional && (!request.transactional_id.has_value() ||
                        !context.may(Operation::write, ResourceType::transactional_id, *request.transactional_id))) {
    refuse_all(request, ErrorCode::transactional_id_authorization_failed, plan);
    return plan;
  }
  const bool valid_acks = request.acks >= -1 && request.acks <= 1;
  for (uint32_t topic = 0; topic < request.topic_data.size(); ++topic) {
    const auto& wanted = request.topic_data[topic];
    const metadata::TopicImage* const image =
        context.version >= 13 ? facts.image.topic(wanted.topic_id) : facts.image.topic(wanted.name);
    const ErrorCode topic_error = check_topic(context, image, wanted.name);
    for (const auto& partition : wanted.partition_data) {
      ProducePart part{
          .topic = topic, .index = partition.index, .records = records_of(partition), .error = topic_error};
      if (topic_error == ErrorCode::none) {
        part.id = {image->id, partition.index};
        part.topic_name = image->name;
        if (image->partition(partition.index) == nullptr) {
          part.error = ErrorCode::unknown_topic_or_partition;
        } else if (holds_transactional(part.records)) {
          part.error = ErrorCode::invalid_txn_state;
          part.message = "Transactions are not served yet.";
        } else if (!valid_acks) {
          part.error = ErrorCode::invalid_required_acks;
        } else if (is_internal_topic(image->name) && context.client_id != "__admin_client") {
          part.error = ErrorCode::invalid_topic_exception;
        }
      }
      plan.parts.push_back(std::move(part));
    }
  }
  return plan;
}

wire::ProduceResponse produce(const RequestContext& context, const Facts& facts,
                              std::span<const ProduceTopicName> topics, std::span<ProducePart> parts) {
  wire::ProduceResponse response;
  response.responses.reserve(topics.size());
  uint64_t bytes = 0;
  for (const ProduceTopicName& topic : topics) response.responses.push_back({.name = topic.name, .topic_id = topic.id});
  for (ProducePart& part : parts) {
    auto& rows = response.responses[part.topic].partition_responses;
    rows.push_back({.index = part.index, .error_code = code_of(part.error)});
    auto& row = rows.back();
    row.base_offset = part.base_offset;
    row.log_append_time_ms = part.log_append_time;
    row.log_start_offset = part.log_start;
    row.record_errors = std::move(part.record_errors);
    row.error_message = part.message;
    bytes += part.records.size();
    if (part.error == ErrorCode::not_leader_or_follower && context.version >= 10) {
      fill_leader(context, facts, part, row, response);
    }
  }
  response.throttle_time_ms =
      std::max(context.quotas.throttle_ms(context, QuotaKind::produce, bytes), context.request_throttle_ms());
  return response;
}

}  // namespace moldau::api
