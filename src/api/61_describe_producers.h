// DescribeProducers (key 61, version 0): what a partition's leader remembers of its idempotent and transactional
// producers (KIP-664).
//
//   A bad name: INVALID_TOPIC_EXCEPTION. Unknown: UNKNOWN_TOPIC_OR_PARTITION. Not led here: NOT_LEADER_OR_FOLLOWER.
//   Needs READ on the topic (TOPIC_AUTHORIZATION_FAILED).
#pragma once

#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/61_describe_producers.h"

namespace moldau::api {

struct DescribeProducersPlan {
  struct Query {
    TopicPartitionId id;
    size_t topic = 0;
    size_t partition = 0;
  };
  std::vector<Query> queries;
  wire::DescribeProducersResponse response;  ///< with all rows; those of `queries` still to be filled in
};

DescribeProducersPlan plan_describe_producers(const RequestContext& context, const Facts& facts,
                                              const wire::DescribeProducersRequest& request);

}  // namespace moldau::api
