// FindCoordinator (key 10, versions 0-6): which broker coordinates a group, a transactional id or a share group.
//
//   v1 key type; v4 (KIP-699) many keys per request; v6 share groups (key type 2).
//   There are no coordinators yet: whoever may ask gets COORDINATOR_NOT_AVAILABLE, which clients retry.
//   Needs DESCRIBE on the group or transactional id (GROUP_AUTHORIZATION_FAILED,
//   TRANSACTIONAL_ID_AUTHORIZATION_FAILED), CLUSTER_ACTION for share groups (CLUSTER_AUTHORIZATION_FAILED). An unknown
//   key type is INVALID_REQUEST.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/10_find_coordinator.h"

namespace moldau::api {

wire::FindCoordinatorResponse find_coordinator(const RequestContext& context,
                                               const wire::FindCoordinatorRequest& request);

}  // namespace moldau::api
