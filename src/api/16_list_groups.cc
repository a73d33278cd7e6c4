#include "api/16_list_groups.h"

namespace moldau::api {

namespace {

std::vector<std::string> lower_case(const std::vector<std::string_view>& texts) {
  std::vector<std::string> result;
  for (std::string_view text : texts) {
    while (!text.empty() && text.front() <= ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() <= ' ') text.remove_suffix(1);
    std::string& lower = result.emplace_back(text);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
  }
  return result;
}

}  // namespace

GroupFilters group_filters(const wire::ListGroupsRequest& request) {
  return {lower_case(request.states_filter), lower_case(request.types_filter)};
}

void keep_visible_groups(const RequestContext& context, wire::ListGroupsResponse& response) {
  if (context.may_on_cluster(Operation::describe)) return;
  std::erase_if(response.groups, [&](const auto& listed) {
    return !context.may(Operation::describe, ResourceType::group, listed.group_id);
  });
}

}  // namespace moldau::api
