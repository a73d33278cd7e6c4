// DescribeConfigs: configuration of topics, brokers, groups and client metrics. v1 returns sources and synonyms; v3
// types and texts; v4 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeConfigsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_configs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {1, 4};
  static constexpr int16_t flexible_since = 4;

  struct DescribeConfigsResource {
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::optional<std::vector<std::string_view>> configuration_keys{std::in_place};
  };

  std::vector<DescribeConfigsResource> resources;
  bool include_synonyms = false;
  bool include_documentation = false;
};

template <>
inline constexpr auto fields_of<DescribeConfigsRequest::DescribeConfigsResource> = [] {
  using S = DescribeConfigsRequest::DescribeConfigsResource;
  return field_list<S>("DescribeConfigsResource", field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}),
                       field<&S::configuration_keys>({.name = "configurationKeys", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeConfigsRequest> = [] {
  using S = DescribeConfigsRequest;
  return field_list<S>("DescribeConfigsRequest", field<&S::resources>({.name = "resources"}),
                       field<&S::include_synonyms>({.name = "includeSynonyms", .versions = since(1)}),
                       field<&S::include_documentation>({.name = "includeDocumentation", .versions = since(3)}));
}();

struct DescribeConfigsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_configs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {1, 4};
  static constexpr int16_t flexible_since = 4;

  struct DescribeConfigsSynonym {
    std::string_view name;
    std::optional<std::string_view> value{std::in_place};
    int8_t source = 0;
  };

  struct DescribeConfigsResourceResult {
    std::string_view name;
    std::optional<std::string_view> value{std::in_place};
    bool read_only = false;
    int8_t config_source = -1;
    bool is_sensitive = false;
    std::vector<DescribeConfigsSynonym> synonyms;
    int8_t config_type = 0;
    std::optional<std::string_view> documentation{std::in_place};
  };

  struct DescribeConfigsResult {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::vector<DescribeConfigsResourceResult> configs;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribeConfigsResult> results;
};

template <>
inline constexpr auto fields_of<DescribeConfigsResponse::DescribeConfigsSynonym> = [] {
  using S = DescribeConfigsResponse::DescribeConfigsSynonym;
  return field_list<S>("DescribeConfigsSynonym", field<&S::name>({.name = "name", .versions = since(1)}),
                       field<&S::value>({.name = "value", .versions = since(1), .nullable = since(0)}),
                       field<&S::source>({.name = "source", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<DescribeConfigsResponse::DescribeConfigsResourceResult> = [] {
  using S = DescribeConfigsResponse::DescribeConfigsResourceResult;
  return field_list<S>("DescribeConfigsResourceResult", field<&S::name>({.name = "name"}),
                       field<&S::value>({.name = "value", .nullable = since(0)}),
                       field<&S::read_only>({.name = "readOnly"}),
                       field<&S::config_source>({.name = "configSource", .versions = since(1), .ignorable = true}),
                       field<&S::is_sensitive>({.name = "isSensitive"}),
                       field<&S::synonyms>({.name = "synonyms", .versions = since(1), .ignorable = true}),
                       field<&S::config_type>({.name = "configType", .versions = since(3), .ignorable = true}),
                       field<&S::documentation>(
                           {.name = "documentation", .versions = since(3), .nullable = since(0), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<DescribeConfigsResponse::DescribeConfigsResult> = [] {
  using S = DescribeConfigsResponse::DescribeConfigsResult;
  return field_list<S>("DescribeConfigsResult", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}), field<&S::configs>({.name = "configs"}));
}();

template <>
inline constexpr auto fields_of<DescribeConfigsResponse> = [] {
  using S = DescribeConfigsResponse;
  return field_list<S>("DescribeConfigsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
