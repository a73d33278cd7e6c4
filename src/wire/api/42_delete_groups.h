// DeleteGroups: v2 is flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteGroupsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  std::vector<std::string_view> groups_names;
};

template <>
inline constexpr auto fields_of<DeleteGroupsRequest> = [] {
  using S = DeleteGroupsRequest;
  return field_list<S>("DeleteGroupsRequest", field<&S::groups_names>({.name = "groupsNames"}));
}();

struct DeleteGroupsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  struct DeletableGroupResult {
    std::string_view group_id;
    int16_t error_code = 0;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeletableGroupResult> results;
};

template <>
inline constexpr auto fields_of<DeleteGroupsResponse::DeletableGroupResult> = [] {
  using S = DeleteGroupsResponse::DeletableGroupResult;
  return field_list<S>("DeletableGroupResult", field<&S::group_id>({.name = "groupId"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<DeleteGroupsResponse> = [] {
  using S = DeleteGroupsResponse;
  return field_list<S>("DeleteGroupsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
