// CreateAcls: adds access control entries. v1 brings pattern types; v2 is flexible; v3 user resources.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct CreateAclsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::create_acls;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct AclCreation {
    int8_t resource_type = 0;
    std::string_view resource_name;
    int8_t resource_pattern_type = 3;
    std::string_view principal;
    std::string_view host;
    int8_t operation = 0;
    int8_t permission_type = 0;
  };

  std::vector<AclCreation> creations;
};

template <>
inline constexpr auto fields_of<CreateAclsRequest::AclCreation> = [] {
  using S = CreateAclsRequest::AclCreation;
  return field_list<S>("AclCreation", field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}),
                       field<&S::resource_pattern_type>({.name = "resourcePatternType", .versions = since(1)}),
                       field<&S::principal>({.name = "principal"}), field<&S::host>({.name = "host"}),
                       field<&S::operation>({.name = "operation"}),
                       field<&S::permission_type>({.name = "permissionType"}));
}();

template <>
inline constexpr auto fields_of<CreateAclsRequest> = [] {
  using S = CreateAclsRequest;
  return field_list<S>("CreateAclsRequest", field<&S::creations>({.name = "creations"}));
}();

struct CreateAclsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::create_acls;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct AclCreationResult {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  int32_t throttle_time_ms = 0;
  std::vector<AclCreationResult> results;
};

template <>
inline constexpr auto fields_of<CreateAclsResponse::AclCreationResult> = [] {
  using S = CreateAclsResponse::AclCreationResult;
  return field_list<S>("AclCreationResult", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<CreateAclsResponse> = [] {
  using S = CreateAclsResponse;
  return field_list<S>("CreateAclsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
