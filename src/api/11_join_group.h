// JoinGroup (key 11, versions 0-9): a member joins, or joins again, a classic group; answered when the rebalance is
// done.
//
//   v1 rebalance timeout (before: the session timeout); v4 member ids in two steps (KIP-394: MEMBER_ID_REQUIRED); v5
//   static members (KIP-345); v7 protocol type; v8 the reason; v9 skip_assignment. Needs READ on the group
//   (GROUP_AUTHORIZATION_FAILED). An empty group id: INVALID_GROUP_ID; a session timeout outside
//   group.min.session.timeout.ms and group.max.session.timeout.ms: INVALID_SESSION_TIMEOUT. Then the group decides.
#pragma once

#include <optional>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/11_join_group.h"

namespace moldau::api {

/// The refusal of a request that no group needs to be asked about; nothing if it is fit for its group.
std::optional<wire::JoinGroupResponse> check_join_group(const RequestContext& context, const Facts& facts,
                                                        wire::JoinGroupRequest& request);
wire::JoinGroupResponse join_group_error(const RequestContext& context, const wire::JoinGroupRequest& request,
                                         wire::ErrorCode error);

}  // namespace moldau::api
