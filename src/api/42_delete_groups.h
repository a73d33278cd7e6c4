// DeleteGroups (key 42, versions 0-2): empty groups with their offsets, at their coordinators.
//
//   Needs DELETE on each group (GROUP_AUTHORIZATION_FAILED). GROUP_ID_NOT_FOUND; NON_EMPTY_GROUP while it has members.
//   A group that is named twice is deleted once.
#pragma once

#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/42_delete_groups.h"

namespace moldau::api {

/// Groups to delete, each once, and the refusal of the others.
struct DeleteGroupsPlan {
  std::vector<std::string_view> groups;
  std::vector<std::string_view> refused;
};
DeleteGroupsPlan plan_delete_groups(const RequestContext& context, const wire::DeleteGroupsRequest& request);

}  // namespace moldau::api
