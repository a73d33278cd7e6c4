// OffsetForLeaderEpoch (key 23, versions 2-4): where a leader epoch ends in a partition's log (KIP-101, KIP-320); how
// consumers find out that records they read were taken back.
//
//   Only the leader answers (NOT_LEADER_OR_FOLLOWER). The client's current epoch is checked first: FENCED_ or
//   UNKNOWN_LEADER_EPOCH. An epoch that the log does not reach: -1 and -1 without error. Needs DESCRIBE on the topic
//   (TOPIC_AUTHORIZATION_FAILED) or CLUSTER_ACTION on the cluster.
#pragma once

#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/23_offset_for_leader_epoch.h"

namespace moldau::api {

struct OffsetForLeaderEpochPlan {
  /// A partition to be asked, and its row in the response.
  struct Query {
    TopicPartitionId id;
    Epoch current_epoch = no_epoch;
    Epoch epoch = no_epoch;
    size_t topic = 0;
    size_t partition = 0;
  };
  std::vector<Query> queries;
  wire::OffsetForLeaderEpochResponse response;  ///< with all rows; those of `queries` still to be filled in
};

OffsetForLeaderEpochPlan plan_offset_for_leader_epoch(const RequestContext& context, const Facts& facts,
                                                      const wire::OffsetForLeaderEpochRequest& request);

}  // namespace moldau::api
