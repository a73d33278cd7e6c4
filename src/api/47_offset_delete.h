// OffsetDelete (key 47, version 0): committed offsets of a group (KIP-496), at its coordinator.
//
//   Needs DELETE on the group (GROUP_AUTHORIZATION_FAILED) and READ on each topic (TOPIC_AUTHORIZATION_FAILED). Topics
//   and partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. GROUP_ID_NOT_FOUND; NON_EMPTY_GROUP for a group with
//   members that are no consumers; GROUP_SUBSCRIBED_TO_TOPIC for a topic that consumers of the group subscribe to.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/47_offset_delete.h"

namespace moldau::api {

struct OffsetDeletePlan {
  wire::OffsetDeleteRequest request;    ///< topics that the group decides about
  wire::OffsetDeleteResponse response;  ///< the others; an error for the whole
  bool decided() const { return response.error_code != code_of(wire::ErrorCode::none); }
};
OffsetDeletePlan plan_offset_delete(const RequestContext& context, const Facts& facts,
                                    const wire::OffsetDeleteRequest& request);
wire::OffsetDeleteResponse offset_delete_error(const RequestContext& context, wire::ErrorCode error);

}  // namespace moldau::api
