// DescribeLogDirs (key 35, versions 1-5) and AlterReplicaLogDirs (key 34, versions 1-2): what lies in this broker's log
// directories, and moves of replicas from one to another (KIP-113, KIP-827).
//
//   35: null for the topics means all; partitions that are not here are left out; a directory that failed is
//   KAFKA_STORAGE_ERROR. A copy on its way is listed with isFutureKey. Needs DESCRIBE on the cluster; without it the
//   answer is empty (v3 on: CLUSTER_AUTHORIZATION_FAILED).
//   34: a directory that is not configured: LOG_DIR_NOT_FOUND; one that failed: KAFKA_STORAGE_ERROR; a partition that
//   is not here: REPLICA_NOT_AVAILABLE; one that lies there already: no error. A move that would have to be made is
//   answered UNSUPPORTED_VERSION: this version makes no copies between directories. Needs ALTER on the cluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "base/ids.h"
#include "wire/api/34_alter_replica_log_dirs.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/error_code.h"

namespace moldau::api {

/// One log directory as the store sees it.
struct LogDirFacts {
  struct Replica {
    std::string_view topic;
    PartitionIndex partition = 0;
    int64_t size = 0;
    int64_t lag = 0;
    bool future = false;
  };
  std::string path;
  bool offline = false;
  bool cordoned = false;
  int64_t total_bytes = -1;
  int64_t usable_bytes = -1;
  std::vector<Replica> replicas;  ///< ordered by topic and partition
};

wire::DescribeLogDirsResponse describe_log_dirs(const RequestContext& context, const std::vector<LogDirFacts>& dirs,
                                                const wire::DescribeLogDirsRequest& request);

/// The errors of moves, by topic and partition as the answer lists them.
struct MoveOutcome {
  std::string_view topic;
  PartitionIndex partition = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
};
wire::AlterReplicaLogDirsResponse alter_replica_log_dirs(const RequestContext& context,
                                                         const std::vector<MoveOutcome>& moves);

}  // namespace moldau::api
