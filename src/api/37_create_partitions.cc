#include "api/37_create_partitions.h"

#include <map>

#include "api/api_error.h"

namespace moldau::api {

using wire::ErrorCode;

CreatePartitionsPlan plan_create_partitions(const RequestContext& context,
                                            const wire::CreatePartitionsRequest& request) {
  CreatePartitionsPlan plan;
  plan.request.validate_only = request.validate_only;
  std::map<std::string_view, int> times;
  for (const auto& topic : request.topics) ++times[topic.name];
  for (const auto& topic : request.topics) {
    int& count = times[topic.name];
    if (count == 0) continue;
    if (count > 1) {
      plan.refused.push_back({topic.name, {ErrorCode::invalid_request, "Duplicate topic name."}});
      count = 0;
    } else if (!context.may(Operation::alter, ResourceType::topic, topic.name)) {
      plan.refused.push_back({topic.name, {ErrorCode::topic_authorization_failed, std::nullopt}});
    } else if (request.timeout_ms < 0) {
      plan.refused.push_back({topic.name, {ErrorCode::request_timed_out, std::nullopt}});
    } else {
      auto& wanted = plan.request.topics.emplace_back();
      wanted.name = topic.name;
      wanted.count = topic.count;
      if (!topic.assignments.has_value()) continue;
      wanted.assignments.emplace();
      for (const auto& assignment : *topic.assignments) wanted.assignments->push_back(assignment.broker_ids);
    }
  }
  return plan;
}

wire::CreatePartitionsResponse create_partitions(const RequestContext& context, const CreatePartitionsPlan& plan,
                                                 const metadata::CreatePartitionsResult& result) {
  wire::CreatePartitionsResponse response;
  response.throttle_time_ms =
      context.quotas.throttle_ms(context, QuotaKind::controller_mutation, plan.request.topics.size());
  const auto add = [&](std::string_view name, const metadata::ApiError& error) {
    auto& row = response.results.emplace_back();
    row.name = name;
    put_error(context, error, row.error_code, row.error_message);
  };
  for (const CreatePartitionsPlan::Refused& refused : plan.refused) add(refused.name, refused.error);
  for (size_t i = 0; i < plan.request.topics.size(); ++i) {
    add(plan.request.topics[i].name,
        i < result.topics.size() ? result.topics[i] : api_error(ErrorCode::unknown_server_error));
  }
  return response;
}

}  // namespace moldau::api
