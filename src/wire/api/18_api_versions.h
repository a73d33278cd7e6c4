// ApiVersions: what the broker serves. The response's header is always v0; a version that is not served is answered in
// v0 with UNSUPPORTED_VERSION. v3 is flexible, names the client and returns features; v4 allows features whose lowest
// level is 0, which older responses leave out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ApiVersionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::api_versions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 3;

  std::string_view client_software_name;
  std::string_view client_software_version;
};

template <>
inline constexpr auto fields_of<ApiVersionsRequest> = [] {
  using S = ApiVersionsRequest;
  return field_list<S>(
      "ApiVersionsRequest",
      field<&S::client_software_name>({.name = "clientSoftwareName", .versions = since(3), .ignorable = true}),
      field<&S::client_software_version>({.name = "clientSoftwareVersion", .versions = since(3), .ignorable = true}));
}();

struct ApiVersionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::api_versions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 3;

  struct ApiVersion {
    int16_t api_key = 0;
    int16_t min_version = 0;
    int16_t max_version = 0;
  };

  struct SupportedFeatureKey {
    std::string_view name;
    int16_t min_version = 0;
    int16_t max_version = 0;
  };

  struct FinalizedFeatureKey {
    std::string_view name;
    int16_t max_version_level = 0;
    int16_t min_version_level = 0;
  };

  int16_t error_code = 0;
  std::vector<ApiVersion> api_keys;
  int32_t throttle_time_ms = 0;
  std::vector<SupportedFeatureKey> supported_features;
  int64_t finalized_features_epoch = -1;
  std::vector<FinalizedFeatureKey> finalized_features;
  bool zk_migration_ready = false;
};

template <>
inline constexpr auto fields_of<ApiVersionsResponse::ApiVersion> = [] {
  using S = ApiVersionsResponse::ApiVersion;
  return field_list<S>("ApiVersion", field<&S::api_key>({.name = "apiKey"}),
                       field<&S::min_version>({.name = "minVersion"}), field<&S::max_version>({.name = "maxVersion"}));
}();

template <>
inline constexpr auto fields_of<ApiVersionsResponse::SupportedFeatureKey> = [] {
  using S = ApiVersionsResponse::SupportedFeatureKey;
  return field_list<S>("SupportedFeatureKey", field<&S::name>({.name = "name", .versions = since(3)}),
                       field<&S::min_version>({.name = "minVersion", .versions = since(3)}),
                       field<&S::max_version>({.name = "maxVersion", .versions = since(3)}));
}();

template <>
inline constexpr auto fields_of<ApiVersionsResponse::FinalizedFeatureKey> = [] {
  using S = ApiVersionsResponse::FinalizedFeatureKey;
  return field_list<S>("FinalizedFeatureKey", field<&S::name>({.name = "name", .versions = since(3)}),
                       field<&S::max_version_level>({.name = "maxVersionLevel", .versions = since(3)}),
                       field<&S::min_version_level>({.name = "minVersionLevel", .versions = since(3)}));
}();

template <>
inline constexpr auto fields_of<ApiVersionsResponse> = [] {
  using S = ApiVersionsResponse;
  return field_list<S>(
      "ApiVersionsResponse", field<&S::error_code>({.name = "errorCode"}), field<&S::api_keys>({.name = "apiKeys"}),
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
      field<&S::supported_features>(
          {.name = "supportedFeatures", .versions = since(3), .tagged = since(3), .tag = 0, .ignorable = true}),
      field<&S::finalized_features_epoch>(
          {.name = "finalizedFeaturesEpoch", .versions = since(3), .tagged = since(3), .tag = 1, .ignorable = true}),
      field<&S::finalized_features>(
          {.name = "finalizedFeatures", .versions = since(3), .tagged = since(3), .tag = 2, .ignorable = true}),
      field<&S::zk_migration_ready>(
          {.name = "zkMigrationReady", .versions = since(3), .tagged = since(3), .tag = 3, .ignorable = true}));
}();

}  // namespace moldau::wire
