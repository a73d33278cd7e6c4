// ListConfigResources (key 74, versions 0-1): names of what can have settings. v0 lists client metrics subscriptions;
// v1 the types asked for, all where none is.
//
//   A type that is not among them: UNSUPPORTED_VERSION. Needs DESCRIBE_CONFIGS on the cluster.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/74_list_config_resources.h"

namespace moldau::api {

wire::ListConfigResourcesResponse list_config_resources(const RequestContext& context, const Facts& facts,
                                                        const wire::ListConfigResourcesRequest& request);

}  // namespace moldau::api
