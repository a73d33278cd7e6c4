#include "api/43_elect_leaders.h"

#include <fmt/format.h>

#include "api/api_error.h"

namespace moldau::api {

using metadata::ApiError;
using wire::ErrorCode;

std::optional<ApiError> check_elect_leaders(const RequestContext& context, const wire::ElectLeadersRequest& request) {
  if (!context.may_on_cluster(Operation::alter)) return api_error(ErrorCode::cluster_authorization_failed);
  if (request.timeout_ms < 0) return ApiError{ErrorCode::request_timed_out, std::nullopt};
  if (request.election_type != 0 && request.election_type != 1) {
    return ApiError{ErrorCode::invalid_request,
                    fmt::format("Unknown election type {}", static_cast<int>(request.election_type))};
  }
  return std::nullopt;
}

metadata::ElectLeaders plan_elect_leaders(const wire::ElectLeadersRequest& request) {
  metadata::ElectLeaders plan;
  plan.kind = static_cast<metadata::ElectLeaders::Kind>(request.election_type);
  if (!request.topic_partitions.has_value()) return plan;
  plan.topics.emplace();
  for (const auto& topic : *request.topic_partitions) {
    plan.topics->push_back({std::string(topic.topic), topic.partitions});
  }
  return plan;
}

wire::ElectLeadersResponse refuse_elect_leaders(const RequestContext& context, const wire::ElectLeadersRequest& request,
                                                const ApiError& error) {
  wire::ElectLeadersResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_code = code_of(error.code);
  if (!request.topic_partitions.has_value()) return response;
  for (const auto& topic : *request.topic_partitions) {
    auto& row = response.replica_election_results.emplace_back();
    row.topic = topic.topic;
    for (const int32_t index : topic.partitions) {
      auto& partition = row.partition_result.emplace_back();
      partition.partition_id = index;
      put_error(context, error, partition.error_code, partition.error_message);
    }
  }
  return response;
}

wire::ElectLeadersResponse elect_leaders(const RequestContext& context, const metadata::ElectLeadersResult& result) {
  wire::ElectLeadersResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& topic : result.topics) {
    auto& row = response.replica_election_results.emplace_back();
    row.topic = context.arena.keep(topic.name);
    for (const auto& partition : topic.partitions) {
      auto& answer = row.partition_result.emplace_back();
      answer.partition_id = partition.index;
      put_error(context, partition.error, answer.error_code, answer.error_message);
    }
  }
  return response;
}

}  // namespace moldau::api
