#include "client/admin_elections.h"

#include <algorithm>
#include <map>

#include "wire/api/43_elect_leaders.h"

namespace moldau::client {
namespace {

/// First version that tells types of election apart.
constexpr int16_t with_types = 1;

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

}  // namespace

io::Task<Result<std::vector<Election>>> elect_leaders(Client& client, ElectionType type,
                                                      std::optional<std::vector<GroupPartition>> partitions,
                                                      Duration timeout) {
  wire::ElectLeadersRequest request;
  request.election_type = static_cast<int8_t>(type);
  request.timeout_ms = static_cast<int32_t>(timeout.milliseconds());
  request.topic_partitions.reset();
  if (partitions) {
    std::map<std::string_view, std::vector<int32_t>> by_topic;
    for (const GroupPartition& one : *partitions) by_topic[one.topic].push_back(one.partition);
    auto& topics = request.topic_partitions.emplace();
    for (auto& [topic, indexes] : by_topic) topics.push_back({topic, indexes});
  }
  SendOptions send_options;
  send_options.extra_time = timeout;
  if (type != ElectionType::preferred) send_options.version_min = with_types;
  const Result<Reply<wire::ElectLeadersResponse>> reply =
      co_await client.send<wire::ElectLeadersRequest, wire::ElectLeadersResponse>(any_node, std::move(request),
                                                                                  send_options);
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error = error_of(reply->message.error_code);
  if (error != wire::ErrorCode::none) co_return failure_of(error, "the election");
  std::vector<Election> elections;
  for (const auto& topic : reply->message.replica_election_results) {
    for (const auto& result : topic.partition_result) {
      Election& one = elections.emplace_back();
      one.partition = {std::string(topic.topic), result.partition_id};
      one.error = error_of(result.error_code);
      one.message = result.error_message.value_or("");
    }
  }
  std::ranges::sort(elections, {}, &Election::partition);
  co_return elections;
}

}  // namespace moldau::client
