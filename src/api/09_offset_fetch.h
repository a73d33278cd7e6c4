// OffsetFetch (key 9, versions 1-10): the committed offsets of groups, from their coordinator.
//
//   v2 all offsets of a group (null topics), an error for the whole; v5 leader epochs; v7 require_stable (KIP-447:
//   UNSTABLE_OFFSET_COMMIT while a transaction has them open); v8 many groups; v9 member and epoch (KIP-848); v10
//   topics by id (UNKNOWN_TOPIC_ID). Needs DESCRIBE on each group (GROUP_AUTHORIZATION_FAILED) and topic
//   (TOPIC_AUTHORIZATION_FAILED; left out when all are asked for). A group without offsets has offset -1 everywhere,
//   and no error.
#pragma once

#include <optional>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/09_offset_fetch.h"

namespace moldau::api {

struct OffsetFetchPart {
  using Group = wire::OffsetFetchRequest::OffsetFetchRequestGroup;
  using Answer = wire::OffsetFetchResponse::OffsetFetchResponseGroup;

  Group group;    ///< as asked, with the topics that may be answered, by name
  Answer answer;  ///< errors of topics before the group is asked; the group's when `decided`
  bool decided = false;
};

/// One part per group, in the request's order (before v8: one).
std::vector<OffsetFetchPart> plan_offset_fetch(const RequestContext& context, const Facts& facts,
                                               const wire::OffsetFetchRequest& request);
/// Takes what the group's coordinator found into the part.
void add_offsets(const RequestContext& context, const Facts& facts, OffsetFetchPart& part,
                 OffsetFetchPart::Answer found);
wire::OffsetFetchResponse offset_fetch(const RequestContext& context, std::vector<OffsetFetchPart>& parts,
                                       const wire::OffsetFetchRequest& request);

}  // namespace moldau::api
