#include "api/34_alter_replica_log_dirs.h"

#include <map>
#include <utility>

namespace moldau::api {

using wire::ErrorCode;

MoveDecision decide_move(const MoveFacts& facts) {
  MoveDecision decision;
  const auto refused = [&](ErrorCode error) {
    decision.error = error;
    return decision;
  };
  if (!facts.name_fits) return refused(ErrorCode::invalid_topic_exception);
  if (!facts.wanted) return refused(ErrorCode::log_dir_not_found);
  if (facts.wanted_offline || (facts.hosted && facts.log_offline)) return refused(ErrorCode::kafka_storage_error);
  decision.drop = facts.hosted && facts.under_way && facts.under_way != facts.wanted;
  const bool on_its_way = facts.under_way == facts.wanted;
  decision.remember = !facts.hosted || (facts.current != facts.wanted && !on_its_way);
  if (!facts.hosted) {
    return refused(facts.known ? ErrorCode::replica_not_available : ErrorCode::unknown_topic_or_partition);
  }
  if (facts.current == facts.wanted || on_its_way) return decision;
  if (facts.any_offline) return refused(ErrorCode::kafka_storage_error);
  decision.begin = true;
  return decision;
}

std::vector<MoveRequest> moves_of(const wire::AlterReplicaLogDirsRequest& request) {
  std::map<std::pair<std::string_view, PartitionIndex>, std::string_view> paths;
  for (const auto& dir : request.dirs) {
    for (const auto& topic : dir.topics) {
      for (const int32_t index : topic.partitions) paths[{topic.name, index}] = dir.path;
    }
  }
  std::vector<MoveRequest> moves;
  moves.reserve(paths.size());
  for (const auto& [partition, path] : paths) {
    moves.push_back({.topic = partition.first, .partition = partition.second, .path = path});
  }
  return moves;
}

wire::AlterReplicaLogDirsResponse alter_replica_log_dirs(const RequestContext& context,
                                                         const std::vector<MoveRequest>& moves) {
  wire::AlterReplicaLogDirsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const MoveRequest& move : moves) {
    if (response.results.empty() || response.results.back().topic_name != move.topic) {
      response.results.emplace_back().topic_name = context.arena.keep(move.topic);
    }
    response.results.back().partitions.push_back({move.partition, code_of(move.error)});
  }
  return response;
}

}  // namespace moldau::api
