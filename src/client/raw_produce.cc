#include "client/raw_produce.h"

#include <utility>

#include "wire/api/00_produce.h"

namespace moldau::client {
namespace {

/// First version of Produce that names topics by id.
constexpr int16_t produce_with_topic_ids = 13;

wire::ProduceRequest request_for(const TopicInfo& topic, PartitionIndex partition, const Bytes& batches,
                                 const ProduceOptions& options) {
  wire::ProduceRequest request;
  request.acks = options.acks;
  request.timeout_ms = static_cast<int32_t>(options.timeout.milliseconds());
  wire::ProduceRequest::PartitionProduceData data;
  data.index = partition;
  data.records.emplace().view = batches.view();
  wire::ProduceRequest::TopicProduceData entry;
  entry.name = topic.name;
  entry.topic_id = topic.id;
  entry.partition_data.push_back(data);
  request.topic_data.push_back(std::move(entry));
  return request;
}

Result<ProduceOutcome> outcome_of(const wire::ProduceResponse& response) {
  if (response.responses.size() != 1 || response.responses[0].partition_responses.size() != 1) {
    return Failure{FailureKind::corrupt, "a Produce response for other partitions than asked"};
  }
  const auto& data = response.responses[0].partition_responses[0];
  ProduceOutcome outcome;
  outcome.error = wire::error_code_of(data.error_code).value_or(wire::ErrorCode::unknown_server_error);
  if (data.error_message) outcome.message = *data.error_message;
  outcome.base_offset = data.base_offset;
  outcome.log_append_time = data.log_append_time_ms;
  outcome.log_start_offset = data.log_start_offset;
  return outcome;
}

}  // namespace

io::Task<Result<ProduceOutcome>> produce(Client& client, std::string topic, PartitionIndex partition, Bytes batches,
                                         ProduceOptions options) {
  Retry pace = client.retry();
  for (;;) {
    const Result<NodeId> leader = co_await client.leader_of(topic, partition);
    if (!leader.ok() && leader.failure().kind != FailureKind::unavailable) co_return leader.failure();
    Result<ProduceOutcome> outcome = leader.ok() ? Failure{FailureKind::unavailable, ""} : leader.failure();
    if (leader.ok()) {
      const TopologyRef topology = client.known();
      const TopicInfo& info = *topology->topic(topic);
      wire::ProduceRequest request = request_for(info, partition, batches, options);
      SendOptions send_options;
      send_options.extra_time = options.timeout;
      send_options.expects_reply = options.acks != 0;
      if (info.id.is_zero()) send_options.version_max = produce_with_topic_ids - 1;
      if (options.acks == 0) {
        const TypedBody<wire::ProduceRequest> body(request);
        const Result<RawReply> sent = co_await client.send_raw(*leader, &body, send_options);
        if (!sent.ok()) co_return sent.failure();
        co_return ProduceOutcome{};
      }
      const Result<Reply<wire::ProduceResponse>> reply =
          co_await client.send<wire::ProduceRequest, wire::ProduceResponse>(*leader, std::move(request), send_options);
      outcome = reply.ok() ? outcome_of(reply->message) : reply.failure();
    }
    if (outcome.ok() && outcome->error == wire::ErrorCode::none) co_return outcome;
    client.forget(topic);
    const bool passing = outcome.ok() ? wire::is_retriable(outcome->error) : is_passing(outcome.failure());
    if (!options.retry || !passing) co_return outcome;
    const bool again = co_await pace.again();
    if (!again) co_return outcome;
  }
}

}  // namespace moldau::client
