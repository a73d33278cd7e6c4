// ListConfigResources: resources that have a configuration. v0 lists client metrics only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ListConfigResourcesRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::list_config_resources;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  std::vector<int8_t> resource_types;
};

template <>
inline constexpr auto fields_of<ListConfigResourcesRequest> = [] {
  using S = ListConfigResourcesRequest;
  return field_list<S>("ListConfigResourcesRequest",
                       field<&S::resource_types>({.name = "resourceTypes", .versions = since(1)}));
}();

struct ListConfigResourcesResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::list_config_resources;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct ConfigResource {
    std::string_view resource_name;
    int8_t resource_type = 16;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<ConfigResource> config_resources;
};

template <>
inline constexpr auto fields_of<ListConfigResourcesResponse::ConfigResource> = [] {
  using S = ListConfigResourcesResponse::ConfigResource;
  return field_list<S>("ConfigResource", field<&S::resource_name>({.name = "resourceName"}),
                       field<&S::resource_type>({.name = "resourceType", .versions = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<ListConfigResourcesResponse> = [] {
  using S = ListConfigResourcesResponse;
  return field_list<S>("ListConfigResourcesResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::config_resources>({.name = "configResources"}));
}();

}  // namespace moldau::wire
