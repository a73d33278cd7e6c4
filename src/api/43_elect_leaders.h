// ElectLeaders (key 43, versions 0-2): the preferred replica as leader, or (v1) any live one where there is none.
//
//   A type that is none: INVALID_REQUEST at the top and per partition. A negative time-out: REQUEST_TIMED_OUT likewise.
//   Null for the partitions means all; those that need no election are then left out. Needs ALTER on the cluster
//   (CLUSTER_AUTHORIZATION_FAILED).
#pragma once

#include <optional>

#include "api/context.h"
#include "metadata/controller.h"
#include "wire/api/43_elect_leaders.h"

namespace moldau::api {

/// Why the request as a whole is refused; nothing when the controller is to be asked.
std::optional<metadata::ApiError> check_elect_leaders(const RequestContext& context,
                                                      const wire::ElectLeadersRequest& request);
metadata::ElectLeaders plan_elect_leaders(const wire::ElectLeadersRequest& request);
/// The same error for all.
wire::ElectLeadersResponse refuse_elect_leaders(const RequestContext& context, const wire::ElectLeadersRequest& request,
                                                const metadata::ApiError& error);
wire::ElectLeadersResponse elect_leaders(const RequestContext& context, const metadata::ElectLeadersResult& result);

}  // namespace moldau::api
