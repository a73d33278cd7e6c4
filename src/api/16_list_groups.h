// ListGroups (key 16, versions 0-5): the groups whose coordinator this broker is.
//
//   v4 filter by state (KIP-518), v5 by type (KIP-848); both in any case, unknown ones match nothing.
//   Shows all with DESCRIBE on the cluster, else the groups with DESCRIBE on them. COORDINATOR_LOAD_IN_PROGRESS while
//   one of this broker's coordinators loads: the list would not be whole.
#pragma once

#include <string>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/16_list_groups.h"

namespace moldau::api {

/// The filters in lower case.
struct GroupFilters {
  std::vector<std::string> states;
  std::vector<std::string> types;
};
GroupFilters group_filters(const wire::ListGroupsRequest& request);
/// Drops the groups that the caller may not know of.
void keep_visible_groups(const RequestContext& context, wire::ListGroupsResponse& response);

}  // namespace moldau::api
