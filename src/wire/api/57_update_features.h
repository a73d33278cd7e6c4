// UpdateFeatures: changes finalized feature levels. v1 brings upgrade types and validation only; v2 answers with one
// result for all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct UpdateFeaturesRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::update_features;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct FeatureUpdateKey {
    std::string_view feature;
    int16_t max_version_level = 0;
    bool allow_downgrade = false;
    int8_t upgrade_type = 1;
  };

  int32_t timeout_ms = 60000;
  std::vector<FeatureUpdateKey> feature_updates;
  bool validate_only = false;
};

template <>
inline constexpr auto fields_of<UpdateFeaturesRequest::FeatureUpdateKey> = [] {
  using S = UpdateFeaturesRequest::FeatureUpdateKey;
  return field_list<S>("FeatureUpdateKey", field<&S::feature>({.name = "feature"}),
                       field<&S::max_version_level>({.name = "maxVersionLevel"}),
                       field<&S::allow_downgrade>({.name = "allowDowngrade", .versions = {0, 0}}),
                       field<&S::upgrade_type>({.name = "upgradeType", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<UpdateFeaturesRequest> = [] {
  using S = UpdateFeaturesRequest;
  return field_list<S>("UpdateFeaturesRequest", field<&S::timeout_ms>({.name = "timeoutMs"}),
                       field<&S::feature_updates>({.name = "featureUpdates"}),
                       field<&S::validate_only>({.name = "validateOnly", .versions = since(1)}));
}();

struct UpdateFeaturesResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::update_features;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct UpdatableFeatureResult {
    std::string_view feature;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::vector<UpdatableFeatureResult> results;
};

template <>
inline constexpr auto fields_of<UpdateFeaturesResponse::UpdatableFeatureResult> = [] {
  using S = UpdateFeaturesResponse::UpdatableFeatureResult;
  return field_list<S>("UpdatableFeatureResult", field<&S::feature>({.name = "feature"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<UpdateFeaturesResponse> = [] {
  using S = UpdateFeaturesResponse;
  return field_list<S>("UpdateFeaturesResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::results>({.name = "results", .versions = {0, 1}, .ignorable = true}));
}();

}  // namespace moldau::wire
