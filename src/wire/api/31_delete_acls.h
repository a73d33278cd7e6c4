// DeleteAcls: removes the access control entries that match filters. v1 brings pattern types; v2 is flexible; v3 user
// resources.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteAclsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_acls;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct DeleteAclsFilter {
    int8_t resource_type_filter = 0;
    std::optional<std::string_view> resource_name_filter{std::in_place};
    int8_t pattern_type_filter = 3;
    std::optional<std::string_view> principal_filter{std::in_place};
    std::optional<std::string_view> host_filter{std::in_place};
    int8_t operation = 0;
    int8_t permission_type = 0;
  };

  std::vector<DeleteAclsFilter> filters;
};

template <>
inline constexpr auto fields_of<DeleteAclsRequest::DeleteAclsFilter> = [] {
  using S = DeleteAclsRequest::DeleteAclsFilter;
  return field_list<S>("DeleteAclsFilter", field<&S::resource_type_filter>({.name = "resourceTypeFilter"}),
                       field<&S::resource_name_filter>({.name = "resourceNameFilter", .nullable = since(0)}),
                       field<&S::pattern_type_filter>({.name = "patternTypeFilter", .versions = since(1)}),
                       field<&S::principal_filter>({.name = "principalFilter", .nullable = since(0)}),
                       field<&S::host_filter>({.name = "hostFilter", .nullable = since(0)}),
                       field<&S::operation>({.name = "operation"}),
                       field<&S::permission_type>({.name = "permissionType"}));
}();

template <>
inline constexpr auto fields_of<DeleteAclsRequest> = [] {
  using S = DeleteAclsRequest;
  return field_list<S>("DeleteAclsRequest", field<&S::filters>({.name = "filters"}));
}();

struct DeleteAclsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_acls;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct DeleteAclsMatchingAcl {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    int8_t resource_type = 0;
    std::string_view resource_name;
    int8_t pattern_type = 3;
    std::string_view principal;
    std::string_view host;
    int8_t operation = 0;
    int8_t permission_type = 0;
  };

  struct DeleteAclsFilterResult {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    std::vector<DeleteAclsMatchingAcl> matching_acls;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeleteAclsFilterResult> filter_results;
};

template <>
inline constexpr auto fields_of<DeleteAclsResponse::DeleteAclsMatchingAcl> = [] {
  using S = DeleteAclsResponse::DeleteAclsMatchingAcl;
  return field_list<S>(
      "DeleteAclsMatchingAcl", field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::resource_type>({.name = "resourceType"}), field<&S::resource_name>({.name = "resourceName"}),
      field<&S::pattern_type>({.name = "patternType", .versions = since(1)}),
      field<&S::principal>({.name = "principal"}), field<&S::host>({.name = "host"}),
      field<&S::operation>({.name = "operation"}), field<&S::permission_type>({.name = "permissionType"}));
}();

template <>
inline constexpr auto fields_of<DeleteAclsResponse::DeleteAclsFilterResult> = [] {
  using S = DeleteAclsResponse::DeleteAclsFilterResult;
  return field_list<S>("DeleteAclsFilterResult", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::matching_acls>({.name = "matchingAcls"}));
}();

template <>
inline constexpr auto fields_of<DeleteAclsResponse> = [] {
  using S = DeleteAclsResponse;
  return field_list<S>("DeleteAclsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::filter_results>({.name = "filterResults"}));
}();

}  // namespace moldau::wire
