#include "api/35_describe_log_dirs.h"

#include <set>

namespace moldau::api {

using wire::ErrorCode;

wire::DescribeLogDirsResponse describe_log_dirs(const RequestContext& context, const std::vector<LogDirFacts>& dirs,
                                                const wire::DescribeLogDirsRequest& request) {
  wire::DescribeLogDirsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (!context.may_on_cluster(Operation::describe)) {
    response.error_code = code_of(ErrorCode::cluster_authorization_failed);
    return response;
  }
  std::set<std::pair<std::string_view, int32_t>> wanted;
  if (request.topics.has_value()) {
    for (const auto& topic : *request.topics) {
      for (const int32_t index : topic.partitions) wanted.emplace(topic.topic, index);
    }
  }
  for (const LogDirFacts& dir : dirs) {
    auto& row = response.results.emplace_back();
    row.log_dir = context.arena.keep(dir.path);
    if (dir.offline) {
      row.error_code = code_of(ErrorCode::kafka_storage_error);
      continue;
    }
    row.total_bytes = dir.total_bytes;
    row.usable_bytes = dir.usable_bytes;
    row.is_cordoned = dir.cordoned;
    for (const LogDirFacts::Replica& replica : dir.replicas) {
      if (request.topics.has_value() && !wanted.contains({replica.topic, replica.partition})) continue;
      if (row.topics.empty() || row.topics.back().name != replica.topic) {
        row.topics.push_back({.name = context.arena.keep(replica.topic), .partitions = {}});
      }
      row.topics.back().partitions.push_back({replica.partition, replica.size, replica.lag, replica.future});
    }
  }
  return response;
}

}  // namespace moldau::api
