// OffsetCommit (key 8, versions 2-10): offsets of a group, kept in __consumer_offsets by its coordinator.
//
//   v2-4 retention time; v5 drops it; v6 leader epochs; v7 static members; v8 flexible; v9 member epochs (KIP-848);
//   v10 topics by id (UNKNOWN_TOPIC_ID), and GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH since v9.
//   Needs READ on the group (GROUP_AUTHORIZATION_FAILED for all) and on each topic (TOPIC_AUTHORIZATION_FAILED). Topics
//   and partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. What is left goes to the group.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/08_offset_commit.h"

namespace moldau::api {

struct OffsetCommitPlan {
  wire::OffsetCommitRequest request;    ///< topics that the group decides about, with name and id
  wire::OffsetCommitResponse response;  ///< the others
  bool undecided() const { return !request.topics.empty(); }
};

OffsetCommitPlan plan_offset_commit(const RequestContext& context, const Facts& facts,
                                    const wire::OffsetCommitRequest& request);
/// Every partition of `request` with `error`.
wire::OffsetCommitResponse offset_commit_error(const RequestContext& context, const wire::OffsetCommitRequest& request,
                                               wire::ErrorCode error);

}  // namespace moldau::api
