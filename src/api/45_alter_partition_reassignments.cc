#include "api/45_alter_partition_reassignments.h"

#include "api/api_error.h"

namespace moldau::api {
namespace {

using metadata::ApiError;
using wire::ErrorCode;

}  // namespace

std::optional<ApiError> check_alter_reassignments(const RequestContext& context,
                                                  const wire::AlterPartitionReassignmentsRequest& request) {
  if (!context.may_on_cluster(Operation::alter)) return api_error(ErrorCode::cluster_authorization_failed);
  if (request.timeout_ms <= 0) return ApiError{ErrorCode::request_timed_out, std::nullopt};
  return std::nullopt;
}

metadata::AlterReassignments plan_alter_reassignments(const wire::AlterPartitionReassignmentsRequest& request) {
  metadata::AlterReassignments plan;
  plan.may_change_factor = request.allow_replication_factor_change;
  for (const auto& topic : request.topics) {
    auto& wanted = plan.topics.emplace_back();
    wanted.name = topic.name;
    for (const auto& partition : topic.partitions) {
      wanted.partitions.push_back({partition.partition_index, partition.replicas});
    }
  }
  return plan;
}

wire::AlterPartitionReassignmentsResponse refuse_alter_reassignments(
    const RequestContext& context, const wire::AlterPartitionReassignmentsRequest& request, const ApiError& error) {
  wire::AlterPartitionReassignmentsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  put_error(context, error, response.error_code, response.error_message);
  for (const auto& topic : request.topics) {
    auto& row = response.responses.emplace_back();
    row.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& answer = row.partitions.emplace_back();
      answer.partition_index = partition.partition_index;
      put_error(context, error, answer.error_code, answer.error_message);
    }
  }
  return response;
}

wire::AlterPartitionReassignmentsResponse alter_reassignments(const RequestContext& context,
                                                              const wire::AlterPartitionReassignmentsRequest& request,
                                                              const metadata::AlterReassignmentsResult& result) {
  wire::AlterPartitionReassignmentsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  response.error_message.reset();
  if (request.topics.empty()) response.error_message = "";
  for (size_t i = 0; i < request.topics.size() && i < result.topics.size(); ++i) {
    auto& row = response.responses.emplace_back();
    row.name = request.topics[i].name;
    for (size_t j = 0; j < result.topics[i].size(); ++j) {
      auto& answer = row.partitions.emplace_back();
      answer.partition_index = request.topics[i].partitions[j].partition_index;
      put_error(context, result.topics[i][j], answer.error_code, answer.error_message);
    }
  }
  return response;
}

wire::ListPartitionReassignmentsResponse list_reassignments(const RequestContext& context, const Facts& facts,
                                                            const wire::ListPartitionReassignmentsRequest& request) {
  wire::ListPartitionReassignmentsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_message.reset();
  if (!context.may_on_cluster(Operation::describe)) {
    put_error(context, api_error(ErrorCode::cluster_authorization_failed), response.error_code, response.error_message);
    return response;
  }
  using Row = wire::ListPartitionReassignmentsResponse::OngoingTopicReassignment;
  const auto add = [](Row& row, PartitionIndex index, const metadata::PartitionImage* partition) {
    if (partition == nullptr || (partition->adding.empty() && partition->removing.empty())) return;
    row.partitions.push_back({index, partition->replicas, partition->adding, partition->removing});
  };
  if (!request.topics.has_value()) {
    facts.image.for_each_topic([&](const metadata::TopicImage& topic) {
      Row row{.name = context.arena.keep(topic.name), .partitions = {}};
      topic.partitions.for_each(
          [&](PartitionIndex index, const metadata::PartitionRef& partition) { add(row, index, partition.get()); });
      if (!row.partitions.empty()) response.topics.push_back(std::move(row));
    });
    return response;
  }
  for (const auto& wanted : *request.topics) {
    const metadata::TopicImage* const topic = facts.image.topic(wanted.name);
    if (topic == nullptr) continue;
    Row row{.name = wanted.name, .partitions = {}};
    for (const int32_t index : wanted.partition_indexes) add(row, index, topic->partition(index));
    if (!row.partitions.empty()) response.topics.push_back(std::move(row));
  }
  return response;
}

}  // namespace moldau::api
