#include "client/admin_partitions.h"

#include <algorithm>
#include <map>

#include "wire/api/03_metadata.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/api/37_create_partitions.h"
#include "wire/api/75_describe_topic_partitions.h"

namespace moldau::client {
namespace {

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

std::vector<DescribedTopic> from_topology(const Topology& topology, const std::vector<std::string>& names) {
  std::vector<DescribedTopic> described;
  for (const std::string& name : names) {
    DescribedTopic topic;
    topic.name = name;
    topic.error = wire::ErrorCode::unknown_topic_or_partition;
    if (const TopicInfo* info = topology.topic(name)) {
      topic.id = info->id;
      topic.error = info->error;
      topic.internal = info->internal;
      for (const PartitionInfo& one : info->partitions) {
        topic.partitions.push_back({one.index, one.leader, one.replicas, one.in_sync, std::nullopt, std::nullopt});
      }
    }
    described.push_back(std::move(topic));
  }
  return described;
}

/// Adds a page to what is described: a topic may go on from the page before.
void take_page(const wire::DescribeTopicPartitionsResponse& page, std::vector<DescribedTopic>& described) {
  for (const auto& topic : page.topics) {
    const std::string_view name = topic.name.value_or("");
    if (described.empty() || described.back().name != name) {
      DescribedTopic& fresh = described.emplace_back();
      fresh.name = name;
      fresh.id = topic.topic_id;
      fresh.error = error_of(topic.error_code);
      fresh.internal = topic.is_internal;
    }
    for (const auto& one : topic.partitions) {
      described.back().partitions.push_back({one.partition_index, one.leader_id, one.replica_nodes, one.isr_nodes,
                                             one.eligible_leader_replicas, one.last_known_elr});
    }
  }
}

}  // namespace

io::Task<Result<std::vector<DescribedTopic>>> describe_topics(Client& client, std::vector<std::string> topics,
                                                              int32_t page_partitions) {
  std::ranges::sort(topics);
  std::vector<DescribedTopic> described;
  std::string cursor_topic;
  int32_t cursor_partition = -1;
  while (!topics.empty()) {
    wire::DescribeTopicPartitionsRequest request;
    for (const std::string& topic : topics) request.topics.push_back({topic});
    request.response_partition_limit = page_partitions;
    if (cursor_partition >= 0) {
      request.cursor = wire::DescribeTopicPartitionsRequest::Cursor{cursor_topic, cursor_partition};
    }
    Result<Reply<wire::DescribeTopicPartitionsResponse>> reply =
        co_await client.send<wire::DescribeTopicPartitionsRequest, wire::DescribeTopicPartitionsResponse>(
            any_node, std::move(request));
    if (!reply.ok() && reply.failure().kind == FailureKind::unsupported) {
      const Result<TopologyRef> topology = co_await client.refresh(topics);
      if (!topology.ok()) co_return topology.failure();
      described = from_topology(**topology, topics);
      break;
    }
    if (!reply.ok()) co_return std::move(reply).failure();
    take_page(reply->message, described);
    if (!reply->message.next_cursor) break;
    const std::string next_topic(reply->message.next_cursor->topic_name);
    const int32_t next_partition = reply->message.next_cursor->partition_index;
    if (next_topic == cursor_topic && next_partition <= cursor_partition) {
      co_return Failure{FailureKind::corrupt, "the pages of a description do not go on"};
    }
    cursor_topic = next_topic;
    cursor_partition = next_partition;
  }
  for (DescribedTopic& topic : described) std::ranges::sort(topic.partitions, {}, &DescribedPartition::index);
  co_return described;
}

io::Task<Result<std::vector<TopicOutcome>>> create_partitions(Client& client, std::vector<NewPartitions> topics,
                                                              bool validate_only, Duration timeout) {
  wire::CreatePartitionsRequest request;
  request.timeout_ms = static_cast<int32_t>(timeout.milliseconds());
  request.validate_only = validate_only;
  for (const NewPartitions& topic : topics) {
    wire::CreatePartitionsRequest::CreatePartitionsTopic entry;
    entry.name = topic.topic;
    entry.count = topic.count;
    entry.assignments.reset();
    if (topic.assignment) {
      auto& assignments = entry.assignments.emplace();
      for (const auto& brokers : *topic.assignment) assignments.push_back({brokers});
    }
    request.topics.push_back(std::move(entry));
  }
  SendOptions options;
  options.extra_time = timeout;
  Retry pace = client.retry();
  for (;;) {
    Result<Reply<wire::CreatePartitionsResponse>> reply =
        co_await client.send<wire::CreatePartitionsRequest, wire::CreatePartitionsResponse>(any_node, request, options);
    if (!reply.ok()) co_return std::move(reply).failure();
    std::vector<TopicOutcome> outcomes;
    bool turned_away = !reply->message.results.empty();
    for (const auto& result : reply->message.results) {
      TopicOutcome outcome;
      outcome.name = result.name;
      outcome.error = error_of(result.error_code);
      outcome.message = result.error_message.value_or("");
      if (outcome.error != wire::ErrorCode::not_controller) turned_away = false;
      client.forget(outcome.name);
      outcomes.push_back(std::move(outcome));
    }
    if (!turned_away) co_return outcomes;
    const bool again = co_await pace.again();
    if (!again) co_return outcomes;
  }
}

namespace {

using ByLeader = std::map<NodeId, std::vector<size_t>>;

ByLeader route(const Topology& topology, const std::vector<RecordsToDelete>& partitions,
               const std::vector<size_t>& open, std::vector<DeletedRecords>& answers) {
  ByLeader routed;
  for (const size_t index : open) {
    const TopicInfo* topic = topology.topic(partitions[index].topic);
    const PartitionInfo* info = topic != nullptr ? topic->partition(partitions[index].partition) : nullptr;
    if (topic != nullptr && topic->error != wire::ErrorCode::none) {
      answers[index].error = topic->error;
    } else if (info == nullptr) {
      answers[index].error = wire::ErrorCode::unknown_topic_or_partition;
    } else if (info->leader < 0) {
      answers[index].error = wire::ErrorCode::leader_not_available;
    } else {
      routed[info->leader].push_back(index);
    }
  }
  return routed;
}

void take_deleted(const wire::DeleteRecordsResponse& response, const std::vector<RecordsToDelete>& partitions,
                  const std::vector<size_t>& asked, std::vector<DeletedRecords>& answers) {
  for (const auto& topic : response.topics) {
    for (const auto& one : topic.partitions) {
      for (const size_t index : asked) {
        if (partitions[index].topic != topic.name || partitions[index].partition != one.partition_index) continue;
        answers[index] = {error_of(one.error_code), one.low_watermark};
      }
    }
  }
}

}  // namespace

io::Task<Result<std::vector<DeletedRecords>>> delete_records(Client& client, std::vector<RecordsToDelete> partitions,
                                                             Duration timeout) {
  std::vector<DeletedRecords> answers(partitions.size());
  std::vector<size_t> open;
  std::vector<std::string> topics;
  for (size_t i = 0; i < partitions.size(); ++i) {
    open.push_back(i);
    topics.push_back(partitions[i].topic);
  }
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  Retry pace = client.retry();
  while (!open.empty()) {
    const Result<TopologyRef> topology = co_await client.metadata(topics);
    if (!topology.ok()) co_return topology.failure();
    const ByLeader routed = route(**topology, partitions, open, answers);
    for (const auto& [leader, asked] : routed) {
      wire::DeleteRecordsRequest request;
      request.timeout_ms = static_cast<int32_t>(timeout.milliseconds());
      for (const size_t index : asked) {
        const RecordsToDelete& one = partitions[index];
        if (request.topics.empty() || request.topics.back().name != one.topic)
          request.topics.push_back({one.topic, {}});
        request.topics.back().partitions.push_back({one.partition, one.before});
      }
      SendOptions options;
      options.extra_time = timeout;
      const Result<Reply<wire::DeleteRecordsResponse>> reply =
          co_await client.send<wire::DeleteRecordsRequest, wire::DeleteRecordsResponse>(leader, std::move(request),
                                                                                        options);
      if (!reply.ok() && !is_passing(reply.failure())) co_return reply.failure();
      for (const size_t index : asked) {
        answers[index].error = reply.ok() ? wire::ErrorCode::unknown_server_error : wire::ErrorCode::network_exception;
      }
      if (reply.ok()) take_deleted(reply->message, partitions, asked, answers);
    }
    std::erase_if(open, [&](size_t index) {
      const wire::ErrorCode error = answers[index].error;
      return !wire::is_retriable(error) || error == wire::ErrorCode::unknown_topic_or_partition;
    });
    if (open.empty()) break;
    for (const size_t index : open) client.forget(partitions[index].topic);
    const bool again = co_await pace.again();
    if (!again) break;
  }
  co_return answers;
}

io::Task<Result<std::vector<LogDir>>> describe_log_dirs(Client& client, NodeId node) {
  wire::DescribeLogDirsRequest request;
  request.topics.reset();
  const Result<Reply<wire::DescribeLogDirsResponse>> reply =
      co_await client.send<wire::DescribeLogDirsRequest, wire::DescribeLogDirsResponse>(node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error = error_of(reply->message.error_code);
  if (error != wire::ErrorCode::none) co_return failure_of(error, "log directories");
  std::vector<LogDir> dirs;
  for (const auto& result : reply->message.results) {
    LogDir dir;
    dir.path = result.log_dir;
    dir.error = error_of(result.error_code);
    for (const auto& topic : result.topics) {
      for (const auto& one : topic.partitions) {
        dir.replicas.push_back(
            {std::string(topic.name), one.partition_index, one.partition_size, one.offset_lag, one.is_future_key});
      }
    }
    dirs.push_back(std::move(dir));
  }
  co_return dirs;
}

}  // namespace moldau::client
