// CreatePartitions (key 37, versions 0-3): more partitions for topics; fewer are not possible.
//
//   A topic given twice: one INVALID_REQUEST for it. Unknown: UNKNOWN_TOPIC_OR_PARTITION. Not more than there are:
//   INVALID_PARTITIONS. Assignments that do not fit: INVALID_REPLICA_ASSIGNMENT. More records than one operation may
//   make: POLICY_VIOLATION. A negative time-out: REQUEST_TIMED_OUT for all. Needs ALTER on each topic
//   (TOPIC_AUTHORIZATION_FAILED).
#pragma once

#include <string_view>
#include <vector>

#include "api/context.h"
#include "metadata/controller.h"
#include "wire/api/37_create_partitions.h"

namespace moldau::api {

struct CreatePartitionsPlan {
  struct Refused {
    std::string_view name;
    metadata::ApiError error;
  };
  metadata::CreatePartitions request;
  std::vector<Refused> refused;
};

/// Names in the plan are views into `request`.
CreatePartitionsPlan plan_create_partitions(const RequestContext& context,
                                            const wire::CreatePartitionsRequest& request);
wire::CreatePartitionsResponse create_partitions(const RequestContext& context, const CreatePartitionsPlan& plan,
                                                 const metadata::CreatePartitionsResult& result);

}  // namespace moldau::api
