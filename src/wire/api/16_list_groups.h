// ListGroups: the groups of a broker. v3 is flexible; v4 filters by state, v5 by type.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ListGroupsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::list_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  std::vector<std::string_view> states_filter;
  std::vector<std::string_view> types_filter;
};

template <>
inline constexpr auto fields_of<ListGroupsRequest> = [] {
  using S = ListGroupsRequest;
  return field_list<S>("ListGroupsRequest", field<&S::states_filter>({.name = "statesFilter", .versions = since(4)}),
                       field<&S::types_filter>({.name = "typesFilter", .versions = since(5)}));
}();

struct ListGroupsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::list_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  struct ListedGroup {
    std::string_view group_id;
    std::string_view protocol_type;
    std::string_view group_state;
    std::string_view group_type;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<ListedGroup> groups;
};

template <>
inline constexpr auto fields_of<ListGroupsResponse::ListedGroup> = [] {
  using S = ListGroupsResponse::ListedGroup;
  return field_list<S>("ListedGroup", field<&S::group_id>({.name = "groupId"}),
                       field<&S::protocol_type>({.name = "protocolType"}),
                       field<&S::group_state>({.name = "groupState", .versions = since(4), .ignorable = true}),
                       field<&S::group_type>({.name = "groupType", .versions = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<ListGroupsResponse> = [] {
  using S = ListGroupsResponse;
  return field_list<S>("ListGroupsResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
