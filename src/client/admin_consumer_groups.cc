#include "client/admin_consumer_groups.h"

#include <algorithm>

#include "wire/api/69_consumer_group_describe.h"

namespace moldau::client {

io::Task<Result<ConsumerGroupEpochs>> describe_group_epochs(Client& client, NodeId coordinator, std::string group) {
  wire::ConsumerGroupDescribeRequest request;
  request.group_ids.emplace_back(group);
  const Result<Reply<wire::ConsumerGroupDescribeResponse>> reply =
      co_await client.send<wire::ConsumerGroupDescribeRequest, wire::ConsumerGroupDescribeResponse>(coordinator,
                                                                                                    std::move(request));
  if (!reply.ok()) co_return reply.failure();
  ConsumerGroupEpochs epochs;
  epochs.error = wire::ErrorCode::unknown_server_error;
  if (reply->message.groups.empty()) co_return epochs;
  const auto& described = reply->message.groups.front();
  epochs.error = wire::error_code_of(described.error_code).value_or(wire::ErrorCode::unknown_server_error);
  epochs.group_epoch = described.group_epoch;
  epochs.assignment_epoch = described.assignment_epoch;
  for (const auto& member : described.members) {
    ConsumerGroupMemberEpochs& one = epochs.members.emplace_back();
    one.id = member.member_id;
    one.epoch = member.member_epoch;
    if (member.member_type >= 0) one.classic = member.member_type == 0;
    for (const auto& topic : member.target_assignment.topic_partitions) {
      for (const int32_t partition : topic.partitions) one.target.push_back({std::string(topic.topic_name), partition});
    }
    std::ranges::sort(one.target);
  }
  co_return epochs;
}

}  // namespace moldau::client
