// DescribeConfigs (key 32, versions 1-4): effective settings of topics, of this broker and of brokers in general, of
// groups and client metrics subscriptions; the level of the one logger, "root".
//
//   v1 synonyms and sources; v3 types and documentation on request.
//   An empty list of keys means all, as null does; unknown keys are skipped. A resource type that does not exist makes
//   the whole answer INVALID_REQUEST for every resource. Sensitive values are null. Needs DESCRIBE_CONFIGS on the topic
//   or group (TOPIC_, GROUP_AUTHORIZATION_FAILED) or the cluster (CLUSTER_AUTHORIZATION_FAILED).
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/32_describe_configs.h"

namespace moldau::api {

/// Texts in the answer live as long as the context's arena.
wire::DescribeConfigsResponse describe_configs(const RequestContext& context, const Facts& facts,
                                               const wire::DescribeConfigsRequest& request);

}  // namespace moldau::api
