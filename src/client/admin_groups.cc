#include "client/admin_groups.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/core.h>

#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/15_describe_groups.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/42_delete_groups.h"
#include "wire/api/47_offset_delete.h"
#include "wire/api/69_consumer_group_describe.h"
#include "wire/decoder.h"

namespace moldau::client {
namespace {

constexpr int16_t coordinators_in_lists = 4;  // FindCoordinator: first version with several keys
constexpr int16_t offsets_of_groups = 8;      // OffsetFetch: first version with several groups
constexpr int16_t topics_by_name_max = 9;     // OffsetFetch, OffsetCommit: last version with topic names
constexpr int16_t states_since = 4;           // ListGroups: first version with a filter of states
constexpr int16_t types_since = 5;            // ListGroups: first version with a filter of types

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

std::string text_of(const std::optional<std::string_view>& text) {
  return text ? std::string(*text) : std::string();
}

/// Whether the coordinator is elsewhere, or not ready yet.
bool coordinator_passing(wire::ErrorCode error) {
  return error == wire::ErrorCode::not_coordinator || error == wire::ErrorCode::coordinator_not_available ||
         error == wire::ErrorCode::coordinator_load_in_progress;
}

Failure group_failure(wire::ErrorCode error, std::string_view group) {
  return failure_of(error, fmt::format("group {}", group));
}

/// Asks the coordinator of `group`; again while `error_of_reply` says that it is elsewhere or not ready.
template <typename Request, typename Response, typename ErrorOf>
io::Task<Result<Reply<Response>>> ask_coordinator(Client& client, std::string group, const Request* request,
                                                  SendOptions options, ErrorOf error_of_reply) {
  Retry pace = client.retry();
  for (;;) {
    const Result<NodeId> node = co_await find_coordinator(client, group);
    if (!node.ok()) co_return node.failure();
    Result<Reply<Response>> reply = co_await client.send<Request, Response>(*node, *request, options);
    if (!reply.ok() || !coordinator_passing(error_of_reply(reply->message))) co_return reply;
    const bool again = co_await pace.again();
    if (!again) co_return reply;
  }
}

struct FoundCoordinator {
  wire::ErrorCode error = wire::ErrorCode::coordinator_not_available;
  NodeId node = no_node;
};

FoundCoordinator found_in(const wire::FindCoordinatorResponse& response, int16_t version) {
  if (version < coordinators_in_lists) return {error_of(response.error_code), response.node_id};
  if (response.coordinators.empty()) return {};
  return {error_of(response.coordinators[0].error_code), response.coordinators[0].node_id};
}

}  // namespace

io::Task<Result<NodeId>> find_coordinator(Client& client, std::string group) {
  wire::FindCoordinatorRequest request;
  request.coordinator_keys = {group};
  SendOptions options;
  options.version_min = coordinators_in_lists;
  Retry pace = client.retry();
  for (;;) {
    const Result<Reply<wire::FindCoordinatorResponse>> reply =
        co_await client.send<wire::FindCoordinatorRequest, wire::FindCoordinatorResponse>(any_node, request, options);
    if (!reply.ok() && reply.failure().kind == FailureKind::unsupported && options.version_min > 0) {
      options.version_min = 0;
      options.version_max = coordinators_in_lists - 1;
      request.coordinator_keys.clear();
      request.key = group;
      continue;
    }
    if (!reply.ok()) co_return reply.failure();
    const FoundCoordinator found = found_in(reply->message, reply->version);
    if (found.error == wire::ErrorCode::none) {
      if (client.known()->node(found.node) != nullptr) co_return found.node;
      std::vector<std::string> none;
      const Result<TopologyRef> topology = co_await client.refresh(std::move(none));
      if (!topology.ok()) co_return topology.failure();
      if ((*topology)->node(found.node) != nullptr) co_return found.node;
    } else if (!coordinator_passing(found.error)) {
      co_return group_failure(found.error, group);
    }
    const bool again = co_await pace.again();
    if (!again) co_return group_failure(wire::ErrorCode::coordinator_not_available, group);
  }
}

// --- list ---

namespace {

/// The groups of one coordinator; again while it loads.
io::Task<Result<Reply<wire::ListGroupsResponse>>> list_groups_of(Client& client, NodeId node,
                                                                 const wire::ListGroupsRequest* request) {
  SendOptions options;
  if (!request->states_filter.empty()) options.version_min = states_since;
  if (!request->types_filter.empty()) options.version_min = types_since;
  Retry pace = client.retry();
  for (;;) {
    Result<Reply<wire::ListGroupsResponse>> reply =
        co_await client.send<wire::ListGroupsRequest, wire::ListGroupsResponse>(node, *request, options);
    if (!reply.ok()) co_return reply;
    const wire::ErrorCode error = error_of(reply->message.error_code);
    if (error == wire::ErrorCode::none) co_return reply;
    Failure failure = failure_of(error, fmt::format("groups of broker {}", node));
    if (!coordinator_passing(error)) co_return failure;
    const bool again = co_await pace.again();
    if (!again) co_return failure;
  }
}

}  // namespace

io::Task<Result<std::vector<ListedGroup>>> list_groups(Client& client, std::vector<std::string> states,
                                                       std::vector<std::string> types) {
  wire::ListGroupsRequest request;
  request.states_filter.assign(states.begin(), states.end());
  request.types_filter.assign(types.begin(), types.end());
  std::vector<std::string> none;
  const Result<TopologyRef> topology = co_await client.refresh(std::move(none));
  if (!topology.ok()) co_return topology.failure();
  std::vector<ListedGroup> groups;
  for (const Node& node : (*topology)->nodes) {
    const Result<Reply<wire::ListGroupsResponse>> reply = co_await list_groups_of(client, node.id, &request);
    if (!reply.ok()) co_return reply.failure();
    for (const auto& group : reply->message.groups) {
      groups.push_back({std::string(group.group_id), node.id, std::string(group.protocol_type),
                        std::string(group.group_state), std::string(group.group_type)});
    }
  }
  std::ranges::sort(groups, {}, &ListedGroup::id);
  co_return groups;
}

// --- describe ---

std::optional<std::vector<GroupPartition>> read_assignment(std::span<const std::byte> bytes) {
  constexpr size_t topic_bytes_min = 6;
  wire::Decoder decoder(bytes);
  const int16_t version = decoder.read_int16();
  size_t topics = 0;
  if (version < 0 || !decoder.read_count(false, topic_bytes_min, sizeof(GroupPartition), topics)) return std::nullopt;
  std::vector<GroupPartition> assigned;
  for (size_t i = 0; i < topics; ++i) {
    std::string_view topic;
    size_t partitions = 0;
    if (!decoder.read_string(false, topic)) return std::nullopt;
    if (!decoder.read_count(false, sizeof(int32_t), sizeof(GroupPartition), partitions)) return std::nullopt;
    for (size_t j = 0; j < partitions; ++j) assigned.push_back({std::string(topic), decoder.read_int32()});
  }
  // What follows is the assignor's own.
  if (!decoder.ok()) return std::nullopt;
  std::ranges::sort(assigned);
  return assigned;
}

namespace {

DescribedGroup described_of(const wire::ConsumerGroupDescribeResponse::DescribedGroup& from) {
  DescribedGroup group;
  group.id = from.group_id;
  group.error = error_of(from.error_code);
  group.message = text_of(from.error_message);
  group.state = from.group_state;
  group.type = "consumer";
  group.protocol_type = consumer_protocol_type;
  group.protocol = from.assignor_name;
  for (const auto& one : from.members) {
    GroupMember member;
    member.id = one.member_id;
    if (one.instance_id) member.instance_id = std::string(*one.instance_id);
    member.client_id = one.client_id;
    member.client_host = one.client_host;
    for (const auto& topic : one.assignment.topic_partitions) {
      for (const int32_t index : topic.partitions) member.assigned.push_back({std::string(topic.topic_name), index});
    }
    std::ranges::sort(member.assigned);
    group.members.push_back(std::move(member));
  }
  return group;
}

DescribedGroup described_of(const wire::DescribeGroupsResponse::DescribedGroup& from) {
  DescribedGroup group;
  group.id = from.group_id;
  group.error = error_of(from.error_code);
  group.message = text_of(from.error_message);
  group.state = from.group_state;
  group.type = "classic";
  group.protocol_type = from.protocol_type;
  group.protocol = from.protocol_data;
  for (const auto& one : from.members) {
    GroupMember member;
    member.id = one.member_id;
    if (one.group_instance_id) member.instance_id = std::string(*one.group_instance_id);
    member.client_id = one.client_id;
    member.client_host = one.client_host;
    if (from.protocol_type == consumer_protocol_type && !one.member_assignment.empty()) {
      member.assigned = read_assignment(one.member_assignment).value_or(std::vector<GroupPartition>());
    }
    group.members.push_back(std::move(member));
  }
  return group;
}

/// The error of an answer about one group.
template <typename Response>
wire::ErrorCode first_group_error(const Response& response) {
  return response.groups.empty() ? wire::ErrorCode::unknown_server_error : error_of(response.groups[0].error_code);
}

/// One group, as a group of consumers (KIP-848); FailureKind::unsupported where the broker has none.
io::Task<Result<DescribedGroup>> describe_consumer_group(Client& client, std::string id) {
  wire::ConsumerGroupDescribeRequest request;
  request.group_ids = {id};
  SendOptions options;
  Result<Reply<wire::ConsumerGroupDescribeResponse>> reply =
      co_await ask_coordinator<wire::ConsumerGroupDescribeRequest, wire::ConsumerGroupDescribeResponse>(
          client, id, &request, options, first_group_error<wire::ConsumerGroupDescribeResponse>);
  if (!reply.ok()) co_return reply.failure();
  if (reply->message.groups.empty()) co_return group_failure(wire::ErrorCode::unknown_server_error, id);
  co_return described_of(reply->message.groups[0]);
}

io::Task<Result<DescribedGroup>> describe_classic_group(Client& client, std::string id) {
  wire::DescribeGroupsRequest request;
  request.groups = {id};
  SendOptions options;
  Result<Reply<wire::DescribeGroupsResponse>> reply =
      co_await ask_coordinator<wire::DescribeGroupsRequest, wire::DescribeGroupsResponse>(
          client, id, &request, options, first_group_error<wire::DescribeGroupsResponse>);
  if (!reply.ok()) co_return reply.failure();
  if (reply->message.groups.empty()) co_return group_failure(wire::ErrorCode::unknown_server_error, id);
  co_return described_of(reply->message.groups[0]);
}

}  // namespace

io::Task<Result<std::vector<DescribedGroup>>> describe_groups(Client& client, std::vector<std::string> groups) {
  std::vector<DescribedGroup> all;
  bool consumer_groups = true;
  for (const std::string& id : groups) {
    const Result<NodeId> node = co_await find_coordinator(client, id);
    if (!node.ok()) co_return node.failure();
    bool found = false;
    if (consumer_groups) {
      Result<DescribedGroup> group = co_await describe_consumer_group(client, id);
      if (!group.ok() && group.failure().kind != FailureKind::unsupported) co_return group.failure();
      consumer_groups = group.ok();
      found = group.ok() && group->error != wire::ErrorCode::group_id_not_found &&
              group->error != wire::ErrorCode::unsupported_version;
      if (found) all.push_back(std::move(group).value());
    }
    if (!found) {
      Result<DescribedGroup> group = co_await describe_classic_group(client, id);
      if (!group.ok()) co_return group.failure();
      all.push_back(std::move(group).value());
    }
    all.back().coordinator = *node;
  }
  co_return all;
}

// --- offsets ---

namespace {

wire::ErrorCode offset_fetch_error(const wire::OffsetFetchResponse& response) {
  const int16_t number = response.groups.empty() ? response.error_code : response.groups[0].error_code;
  return error_of(number);
}

template <typename Topics>
void take_offsets(const Topics& topics, std::vector<GroupOffset>& into) {
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      into.push_back({std::string(topic.name), partition.partition_index, partition.committed_offset,
                      partition.committed_leader_epoch, text_of(partition.metadata), error_of(partition.error_code)});
    }
  }
}

/// The offsets by topic, with each partition's place in the list.
std::map<std::string_view, std::vector<size_t>> by_topic(const std::vector<GroupOffset>& offsets) {
  std::map<std::string_view, std::vector<size_t>> topics;
  for (size_t i = 0; i < offsets.size(); ++i) topics[offsets[i].topic].push_back(i);
  return topics;
}

/// Notes the errors of `topics`, of a response about `offsets`.
template <typename Topics>
void take_errors(const Topics& topics, std::vector<GroupOffset>& offsets) {
  std::map<std::pair<std::string_view, PartitionIndex>, wire::ErrorCode> errors;
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      errors[{topic.name, partition.partition_index}] = error_of(partition.error_code);
    }
  }
  for (GroupOffset& offset : offsets) {
    const auto found = errors.find({offset.topic, offset.partition});
    offset.error = found != errors.end() ? found->second : wire::ErrorCode::unknown_server_error;
  }
}

/// The first error of any partition: a coordinator that is elsewhere says so in each.
wire::ErrorCode first_commit_error(const wire::OffsetCommitResponse& response) {
  if (response.topics.empty() || response.topics[0].partitions.empty()) return wire::ErrorCode::none;
  return error_of(response.topics[0].partitions[0].error_code);
}

}  // namespace

io::Task<Result<std::vector<GroupOffset>>> group_offsets(Client& client, std::string group) {
  wire::OffsetFetchRequest request;
  wire::OffsetFetchRequest::OffsetFetchRequestGroup& one = request.groups.emplace_back();
  one.group_id = group;
  one.topics.reset();
  SendOptions options;
  options.version_min = offsets_of_groups;
  options.version_max = topics_by_name_max;
  for (;;) {
    Result<Reply<wire::OffsetFetchResponse>> reply =
        co_await ask_coordinator<wire::OffsetFetchRequest, wire::OffsetFetchResponse>(client, group, &request, options,
                                                                                      offset_fetch_error);
    if (!reply.ok() && reply.failure().kind == FailureKind::unsupported && options.version_min == offsets_of_groups) {
      // An older broker: one group a request. Asking for all topics is there since version 2.
      request.groups.clear();
      request.group_id = group;
      request.topics.reset();
      options.version_min = 2;
      options.version_max = offsets_of_groups - 1;
      continue;
    }
    if (!reply.ok()) co_return reply.failure();
    const wire::ErrorCode error = offset_fetch_error(reply->message);
    if (error == wire::ErrorCode::group_id_not_found) co_return std::vector<GroupOffset>();
    if (error != wire::ErrorCode::none) co_return group_failure(error, group);
    std::vector<GroupOffset> offsets;
    if (!reply->message.groups.empty()) {
      take_offsets(reply->message.groups[0].topics, offsets);
    } else {
      take_offsets(reply->message.topics, offsets);
    }
    std::ranges::sort(offsets, [](const GroupOffset& a, const GroupOffset& b) {
      return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
    });
    co_return offsets;
  }
}

io::Task<Result<std::vector<GroupOffset>>> commit_group_offsets(Client& client, std::string group,
                                                                std::vector<GroupOffset> offsets) {
  wire::OffsetCommitRequest request;
  request.group_id = group;
  for (const auto& [name, indexes] : by_topic(offsets)) {
    wire::OffsetCommitRequest::OffsetCommitRequestTopic& topic = request.topics.emplace_back();
    topic.name = name;
    for (const size_t index : indexes) {
      const GroupOffset& offset = offsets[index];
      topic.partitions.push_back({offset.partition, offset.offset, offset.leader_epoch, offset.metadata});
    }
  }
  SendOptions options;
  options.version_max = topics_by_name_max;
  Result<Reply<wire::OffsetCommitResponse>> reply =
      co_await ask_coordinator<wire::OffsetCommitRequest, wire::OffsetCommitResponse>(client, group, &request, options,
                                                                                      first_commit_error);
  if (!reply.ok()) co_return reply.failure();
  take_errors(reply->message.topics, offsets);
  co_return offsets;
}

io::Task<Result<std::vector<GroupOutcome>>> delete_groups(Client& client, std::vector<std::string> groups) {
  const auto error_of_reply = [](const wire::DeleteGroupsResponse& response) {
    return response.results.empty() ? wire::ErrorCode::unknown_server_error : error_of(response.results[0].error_code);
  };
  std::vector<GroupOutcome> outcomes;
  for (const std::string& id : groups) {
    wire::DeleteGroupsRequest request;
    request.groups_names = {id};
    SendOptions options;
    Result<Reply<wire::DeleteGroupsResponse>> reply =
        co_await ask_coordinator<wire::DeleteGroupsRequest, wire::DeleteGroupsResponse>(client, id, &request, options,
                                                                                        error_of_reply);
    if (!reply.ok()) co_return reply.failure();
    outcomes.push_back({id, error_of_reply(reply->message)});
  }
  co_return outcomes;
}

io::Task<Result<std::vector<GroupOffset>>> delete_group_offsets(Client& client, std::string group,
                                                                std::vector<GroupOffset> offsets) {
  wire::OffsetDeleteRequest request;
  request.group_id = group;
  for (const auto& [name, indexes] : by_topic(offsets)) {
    wire::OffsetDeleteRequest::OffsetDeleteRequestTopic& topic = request.topics.emplace_back();
    topic.name = name;
    for (const size_t index : indexes) topic.partitions.push_back({offsets[index].partition});
  }
  const auto error_of_reply = [](const wire::OffsetDeleteResponse& response) { return error_of(response.error_code); };
  SendOptions options;
  Result<Reply<wire::OffsetDeleteResponse>> reply =
      co_await ask_coordinator<wire::OffsetDeleteRequest, wire::OffsetDeleteResponse>(client, group, &request, options,
                                                                                      error_of_reply);
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error = error_of(reply->message.error_code);
  if (error != wire::ErrorCode::none) co_return group_failure(error, group);
  take_errors(reply->message.topics, offsets);
  co_return offsets;
}

}  // namespace moldau::client
