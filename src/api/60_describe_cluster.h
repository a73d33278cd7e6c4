// DescribeCluster (key 60, versions 0-2): brokers, controller and cluster id.
//
//   v1 (KIP-919): endpoint type; this listener serves brokers (1). Controllers (2) are another listener's:
//   MISMATCHED_ENDPOINT_TYPE; other numbers: UNSUPPORTED_ENDPOINT_TYPE (v0, which names no type, would get
//   INVALID_REQUEST). v2 (KIP-1073): fenced brokers on request, flagged. Authorized operations of the cluster need
//   DESCRIBE on it, else 0.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/60_describe_cluster.h"

namespace moldau::api {

wire::DescribeClusterResponse describe_cluster(const RequestContext& context, const Facts& facts,
                                               const wire::DescribeClusterRequest& request);

}  // namespace moldau::api
