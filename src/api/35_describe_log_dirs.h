// DescribeLogDirs (key 35, versions 1-5): what lies in this broker's log directories (KIP-113, KIP-827).
//
//   Null for the topics means all; partitions that are not here are left out; a directory that failed is
//   KAFKA_STORAGE_ERROR. A copy on its way to another directory is listed there with isFutureKey. Needs DESCRIBE on the
//   cluster; without it the answer is empty (v3 on: CLUSTER_AUTHORIZATION_FAILED).
#pragma once

#include <string>
#include <vector>

#include "api/context.h"
#include "base/ids.h"
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

}  // namespace moldau::api
