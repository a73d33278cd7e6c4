#include "api/55_describe_quorum.h"

#include "api/api_error.h"

namespace moldau::api {
namespace {

using wire::ErrorCode;
using Response = wire::DescribeQuorumResponse;

/// v1 has times, v2 directories.
std::vector<Response::ReplicaState> rows_of(const std::vector<QuorumFacts::Replica>& replicas, int16_t version) {
  std::vector<Response::ReplicaState> rows;
  for (const QuorumFacts::Replica& replica : replicas) {
    auto& row = rows.emplace_back();
    row.replica_id = replica.id;
    row.log_end_offset = replica.log_end;
    if (version >= 2) row.replica_directory_id = replica.directory;
    if (version < 1) continue;
    row.last_fetch_timestamp = replica.last_fetch;
    row.last_caught_up_timestamp = replica.last_caught_up;
  }
  return rows;
}

}  // namespace

Response describe_quorum(const RequestContext& context, const QuorumFacts& quorum,
                         const wire::DescribeQuorumRequest& request) {
  Response response;
  response.error_message = "";
  if (!context.may_on_cluster(Operation::describe)) {
    put_error(context, api_error(ErrorCode::cluster_authorization_failed), response.error_code, response.error_message);
    return response;
  }
  const bool good = request.topics.size() == 1 && request.topics[0].topic_name == "__cluster_metadata" &&
                    request.topics[0].partitions.size() == 1 && request.topics[0].partitions[0].partition_index == 0;
  for (const auto& topic : request.topics) {
    auto& topic_row = response.topics.emplace_back();
    topic_row.topic_name = topic.topic_name;
    for (const auto& partition : topic.partitions) {
      auto& row = topic_row.partitions.emplace_back();
      row.partition_index = partition.partition_index;
      if (!good) {
        row.error_code = code_of(ErrorCode::unknown_topic_or_partition);
        if (context.version >= 2) row.error_message = unknown_partition_message;
        continue;
      }
      row.leader_id = quorum.leader;
      row.leader_epoch = quorum.epoch;
      row.high_watermark = quorum.high_watermark;
      row.current_voters = rows_of(quorum.voters, context.version);
      row.observers = rows_of(quorum.observers, context.version);
    }
  }
  if (!good || context.version < 2) return response;
  for (const QuorumFacts::Node& node : quorum.nodes) {
    auto& row = response.nodes.emplace_back();
    row.node_id = node.id;
    for (const QuorumFacts::Listener& listener : node.listeners) {
      row.listeners.push_back({context.arena.keep(listener.name), context.arena.keep(listener.host), listener.port});
    }
  }
  return response;
}

}  // namespace moldau::api
