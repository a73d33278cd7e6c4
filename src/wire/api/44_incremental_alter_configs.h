// IncrementalAlterConfigs: sets, deletes, appends to and subtracts from configuration keys one by one. v1 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct IncrementalAlterConfigsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::incremental_alter_configs;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct AlterableConfig {
    std::string_view name;
    int8_t config_operation = 0;
    std::optional<std::string_view> value{std::in_place};
  };

  struct AlterConfigsResource {
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::vector<AlterableConfig> configs;
  };

  std::vector<AlterConfigsResource> resources;
  bool validate_only = false;
};

template <>
inline constexpr auto fields_of<IncrementalAlterConfigsRequest::AlterableConfig> = [] {
  using S = IncrementalAlterConfigsRequest::AlterableConfig;
  return field_list<S>("AlterableConfig", field<&S::name>({.name = "name"}),
                       field<&S::config_operation>({.name = "configOperation"}),
                       field<&S::value>({.name = "value", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<IncrementalAlterConfigsRequest::AlterConfigsResource> = [] {
  using S = IncrementalAlterConfigsRequest::AlterConfigsResource;
  return field_list<S>("AlterConfigsResource", field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}), field<&S::configs>({.name = "configs"}));
}();

template <>
inline constexpr auto fields_of<IncrementalAlterConfigsRequest> = [] {
  using S = IncrementalAlterConfigsRequest;
  return field_list<S>("IncrementalAlterConfigsRequest", field<&S::resources>({.name = "resources"}),
                       field<&S::validate_only>({.name = "validateOnly"}));
}();

struct IncrementalAlterConfigsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::incremental_alter_configs;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct AlterConfigsResourceResponse {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    int8_t resource_type = 0;
    std::string_view resource_name;
  };

  int32_t throttle_time_ms = 0;
  std::vector<AlterConfigsResourceResponse> responses;
};

template <>
inline constexpr auto fields_of<IncrementalAlterConfigsResponse::AlterConfigsResourceResponse> = [] {
  using S = IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;
  return field_list<S>("AlterConfigsResourceResponse", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}));
}();

template <>
inline constexpr auto fields_of<IncrementalAlterConfigsResponse> = [] {
  using S = IncrementalAlterConfigsResponse;
  return field_list<S>("IncrementalAlterConfigsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::responses>({.name = "responses"}));
}();

}  // namespace moldau::wire
