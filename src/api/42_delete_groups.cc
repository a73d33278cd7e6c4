#include "api/42_delete_groups.h"

#include <set>

namespace moldau::api {

DeleteGroupsPlan plan_delete_groups(const RequestContext& context, const wire::DeleteGroupsRequest& request) {
  DeleteGroupsPlan plan;
  std::set<std::string_view> seen;
  for (const std::string_view group : request.groups_names) {
    if (!seen.insert(group).second) continue;
    const bool may = context.may(Operation::remove, ResourceType::group, group);
    (may ? plan.groups : plan.refused).push_back(group);
  }
  return plan;
}

}  // namespace moldau::api
