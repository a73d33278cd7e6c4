// DescribeTopicPartitions (key 75, version 0; KIP-966): topics with their partitions, eligible leader replicas
// included, in pages of at most max.request.partition.size.limit partitions.
//
//   Topics come in the order of their names, from the cursor's on; no topics named means all. The cursor's topic must
//   be among those named, its partition must not be negative: else INVALID_REQUEST, which this API can only say by
//   topic. Needs DESCRIBE on each topic: unauthorized ones are left out of "all", else TOPIC_AUTHORIZATION_FAILED
//   without id. Unknown topics: UNKNOWN_TOPIC_OR_PARTITION, illegal names: INVALID_TOPIC_EXCEPTION.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/75_describe_topic_partitions.h"

namespace moldau::api {

wire::DescribeTopicPartitionsResponse describe_topic_partitions(const RequestContext& context, const Facts& facts,
                                                                const wire::DescribeTopicPartitionsRequest& request);

}  // namespace moldau::api
