#include "client/admin.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/core.h>

#include "wire/api/02_list_offsets.h"
#include "wire/api/19_create_topics.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/32_describe_configs.h"

namespace moldau::client {
namespace {

constexpr int8_t topic_resource = 2;
/// First version of DeleteTopics that carries names and ids as structs.
constexpr int16_t delete_topics_with_structs = 6;

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

std::string text_of(const std::optional<std::string_view>& text) {
  return text ? std::string(*text) : std::string();
}

/// Whether the whole request was turned away before anything was done, so that it may be sent again.
template <typename Outcomes>
bool turned_away(const Outcomes& outcomes) {
  return !outcomes.empty() && std::ranges::all_of(outcomes, [](const TopicOutcome& outcome) {
    return outcome.error == wire::ErrorCode::not_controller || outcome.error == wire::ErrorCode::network_exception;
  });
}

wire::CreateTopicsRequest create_request(const std::vector<NewTopic>& topics, bool validate_only, Duration timeout) {
  wire::CreateTopicsRequest request;
  request.timeout_ms = static_cast<int32_t>(timeout.milliseconds());
  request.validate_only = validate_only;
  for (const NewTopic& topic : topics) {
    wire::CreateTopicsRequest::CreatableTopic entry;
    entry.name = topic.name;
    entry.num_partitions = topic.partitions;
    entry.replication_factor = topic.replicas;
    for (const auto& [key, value] : topic.configs) {
      wire::CreateTopicsRequest::CreatableTopicConfig config;
      config.name = key;
      config.value = value;
      entry.configs.push_back(config);
    }
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      entry.assignments.push_back({static_cast<int32_t>(i), topic.assignment[i]});
    }
    request.topics.push_back(std::move(entry));
  }
  return request;
}

}  // namespace

io::Task<Result<std::vector<TopicOutcome>>> create_topics(Client& client, std::vector<NewTopic> topics,
                                                          bool validate_only, Duration timeout) {
  const wire::CreateTopicsRequest request = create_request(topics, validate_only, timeout);
  SendOptions options;
  options.extra_time = timeout;
  Retry pace = client.retry();
  for (;;) {
    Result<Reply<wire::CreateTopicsResponse>> reply =
        co_await client.send<wire::CreateTopicsRequest, wire::CreateTopicsResponse>(any_node, request, options);
    if (!reply.ok()) co_return std::move(reply).failure();
    std::vector<TopicOutcome> outcomes;
    for (const auto& topic : reply->message.topics) {
      outcomes.push_back({std::string(topic.name), error_of(topic.error_code), text_of(topic.error_message),
                          topic.topic_id, topic.num_partitions, topic.replication_factor});
    }
    if (!turned_away(outcomes)) co_return outcomes;
    const bool again = co_await pace.again();
    if (!again) co_return outcomes;
  }
}

io::Task<Result<std::vector<TopicOutcome>>> delete_topics(Client& client, std::vector<std::string> names,
                                                          Duration timeout) {
  wire::DeleteTopicsRequest request;
  request.timeout_ms = static_cast<int32_t>(timeout.milliseconds());
  for (const auto& name : names) request.topics.push_back({name, {}});
  SendOptions options;
  options.extra_time = timeout;
  options.version_min = delete_topics_with_structs;
  Retry pace = client.retry();
  for (;;) {
    Result<Reply<wire::DeleteTopicsResponse>> reply =
        co_await client.send<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse>(any_node, request, options);
    if (!reply.ok() && reply.failure().kind == FailureKind::unsupported && options.version_min > 0) {
      // An older broker: the same, as a list of names.
      request.topics.clear();
      for (const auto& name : names) request.topic_names.push_back(name);
      options.version_min = 0;
      options.version_max = delete_topics_with_structs - 1;
      continue;
    }
    if (!reply.ok()) co_return std::move(reply).failure();
    std::vector<TopicOutcome> outcomes;
    for (const auto& topic : reply->message.responses) {
      TopicOutcome outcome;
      outcome.name = text_of(topic.name);
      outcome.id = topic.topic_id;
      outcome.error = error_of(topic.error_code);
      outcome.message = text_of(topic.error_message);
      outcomes.push_back(std::move(outcome));
    }
    if (!turned_away(outcomes)) {
      for (const auto& name : names) client.forget(name);
      co_return outcomes;
    }
    const bool again = co_await pace.again();
    if (!again) co_return outcomes;
  }
}

namespace {

/// One round of list_offsets: the queries that have no final answer, by the leader to ask.
using ByLeader = std::map<NodeId, std::vector<size_t>>;

std::vector<std::string> topics_of(const std::vector<OffsetQuery>& queries, const std::vector<size_t>& open) {
  std::vector<std::string> topics;
  for (const size_t index : open) topics.push_back(queries[index].topic);
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  return topics;
}

ByLeader route(const Topology& topology, const std::vector<OffsetQuery>& queries, const std::vector<size_t>& open,
               std::vector<OffsetAnswer>& answers) {
  ByLeader routed;
  for (const size_t index : open) {
    const TopicInfo* topic = topology.topic(queries[index].topic);
    const PartitionInfo* partition = topic != nullptr ? topic->partition(queries[index].partition) : nullptr;
    OffsetAnswer& answer = answers[index];
    if (topic == nullptr || topic->error != wire::ErrorCode::none) {
      answer.error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
    } else if (partition == nullptr) {
      answer.error = wire::ErrorCode::unknown_topic_or_partition;
    } else if (partition->leader < 0) {
      answer.error = wire::ErrorCode::leader_not_available;
    } else {
      routed[partition->leader].push_back(index);
    }
  }
  return routed;
}

wire::ListOffsetsRequest offsets_request(const Topology& topology, const std::vector<OffsetQuery>& queries,
                                         const std::vector<size_t>& asked, Isolation isolation) {
  wire::ListOffsetsRequest request;
  request.replica_id = -1;
  request.isolation_level = static_cast<int8_t>(isolation);
  request.timeout_ms = 5000;
  std::map<std::string_view, std::vector<wire::ListOffsetsRequest::ListOffsetsPartition>> by_topic;
  for (const size_t index : asked) {
    wire::ListOffsetsRequest::ListOffsetsPartition partition;
    partition.partition_index = queries[index].partition;
    partition.timestamp = queries[index].timestamp;
    const TopicInfo* topic = topology.topic(queries[index].topic);
    const PartitionInfo* info = topic != nullptr ? topic->partition(queries[index].partition) : nullptr;
    if (info != nullptr) partition.current_leader_epoch = info->leader_epoch;
    by_topic[queries[index].topic].push_back(partition);
  }
  for (auto& [name, partitions] : by_topic) request.topics.push_back({name, std::move(partitions)});
  return request;
}

void take_answers(const wire::ListOffsetsResponse& response, const std::vector<OffsetQuery>& queries,
                  const std::vector<size_t>& asked, std::vector<OffsetAnswer>& answers) {
  // Kafka refuses a request with the same partition twice, so topic and partition name the query.
  std::map<std::pair<std::string_view, PartitionIndex>, size_t> by_partition;
  for (const size_t index : asked) by_partition[{queries[index].topic, queries[index].partition}] = index;
  for (const auto& topic : response.topics) {
    for (const auto& partition : topic.partitions) {
      const auto found = by_partition.find({topic.name, partition.partition_index});
      if (found == by_partition.end()) continue;
      answers[found->second] = {error_of(partition.error_code), partition.offset, partition.timestamp,
                                partition.leader_epoch};
    }
  }
}

}  // namespace

io::Task<Result<std::vector<OffsetAnswer>>> list_offsets(Client& client, std::vector<OffsetQuery> queries,
                                                         Isolation isolation) {
  std::vector<OffsetAnswer> answers(queries.size());
  std::vector<size_t> open(queries.size());
  for (size_t i = 0; i < open.size(); ++i) open[i] = i;
  Retry pace = client.retry();
  while (!open.empty()) {
    std::vector<std::string> topics = topics_of(queries, open);
    const Result<TopologyRef> topology = co_await client.metadata(std::move(topics));
    if (!topology.ok()) co_return topology.failure();
    const ByLeader routed = route(**topology, queries, open, answers);
    for (const auto& [leader, asked] : routed) {
      wire::ListOffsetsRequest request = offsets_request(**topology, queries, asked, isolation);
      SendOptions options;
      options.extra_time = milliseconds(request.timeout_ms);
      const Result<Reply<wire::ListOffsetsResponse>> reply =
          co_await client.send<wire::ListOffsetsRequest, wire::ListOffsetsResponse>(leader, std::move(request),
                                                                                    options);
      if (!reply.ok() && !is_passing(reply.failure())) co_return reply.failure();
      for (const size_t index : asked) {
        answers[index].error = reply.ok() ? wire::ErrorCode::unknown_server_error : wire::ErrorCode::network_exception;
      }
      if (reply.ok()) take_answers(reply->message, queries, asked, answers);
    }
    std::erase_if(open, [&](size_t index) {
      const wire::ErrorCode error = answers[index].error;
      return error == wire::ErrorCode::none || !wire::is_retriable(error) ||
             error == wire::ErrorCode::unknown_topic_or_partition;
    });
    if (open.empty()) break;
    for (const size_t index : open) client.forget(queries[index].topic);
    const bool again = co_await pace.again();
    if (!again) break;
  }
  co_return answers;
}

const char* name_of(ConfigSource source) {
  switch (source) {
    case ConfigSource::unknown:
      return "UNKNOWN";
    case ConfigSource::dynamic_topic:
      return "DYNAMIC_TOPIC_CONFIG";
    case ConfigSource::dynamic_broker:
      return "DYNAMIC_BROKER_CONFIG";
    case ConfigSource::dynamic_default_broker:
      return "DYNAMIC_DEFAULT_BROKER_CONFIG";
    case ConfigSource::static_broker:
      return "STATIC_BROKER_CONFIG";
    case ConfigSource::default_value:
      return "DEFAULT_CONFIG";
    case ConfigSource::dynamic_broker_logger:
      return "DYNAMIC_BROKER_LOGGER_CONFIG";
    case ConfigSource::dynamic_client_metrics:
      return "CLIENT_METRICS_CONFIG";
    case ConfigSource::dynamic_group:
      return "GROUP_CONFIG";
  }
  return "UNKNOWN";
}

io::Task<Result<std::vector<ResourceConfigs>>> describe_topic_configs(Client& client, std::vector<std::string> topics) {
  wire::DescribeConfigsRequest request;
  for (const auto& topic : topics) {
    wire::DescribeConfigsRequest::DescribeConfigsResource resource;
    resource.resource_type = topic_resource;
    resource.resource_name = topic;
    resource.configuration_keys.reset();
    request.resources.push_back(std::move(resource));
  }
  const Result<Reply<wire::DescribeConfigsResponse>> reply =
      co_await client.send<wire::DescribeConfigsRequest, wire::DescribeConfigsResponse>(any_node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  std::vector<ResourceConfigs> all(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    all[i].name = topics[i];
    all[i].error = wire::ErrorCode::unknown_server_error;
  }
  for (const auto& result : reply->message.results) {
    const auto at = std::ranges::find(all, result.resource_name, &ResourceConfigs::name);
    if (at == all.end()) continue;
    at->error = error_of(result.error_code);
    at->message = text_of(result.error_message);
    for (const auto& config : result.configs) {
      ConfigEntry entry;
      entry.key = config.name;
      if (config.value) entry.value = std::string(*config.value);
      const bool known =
          config.config_source >= 0 && config.config_source <= static_cast<int8_t>(ConfigSource::dynamic_group);
      entry.source = known ? static_cast<ConfigSource>(config.config_source) : ConfigSource::unknown;
      entry.sensitive = config.is_sensitive;
      entry.read_only = config.read_only;
      at->entries.push_back(std::move(entry));
    }
    std::ranges::sort(at->entries, {}, &ConfigEntry::key);
  }
  co_return all;
}

}  // namespace moldau::client
