// ExpireDelegationToken: v2 is flexible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/field.h"

namespace moldau::wire {

struct ExpireDelegationTokenRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::expire_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 2;

  std::span<const std::byte> hmac;
  int64_t expiry_time_period_ms = 0;
};

template <>
inline constexpr auto fields_of<ExpireDelegationTokenRequest> = [] {
  using S = ExpireDelegationTokenRequest;
  return field_list<S>("ExpireDelegationTokenRequest", field<&S::hmac>({.name = "hmac"}),
                       field<&S::expiry_time_period_ms>({.name = "expiryTimePeriodMs"}));
}();

struct ExpireDelegationTokenResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::expire_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 2;

  int16_t error_code = 0;
  int64_t expiry_timestamp_ms = 0;
  int32_t throttle_time_ms = 0;
};

template <>
inline constexpr auto fields_of<ExpireDelegationTokenResponse> = [] {
  using S = ExpireDelegationTokenResponse;
  return field_list<S>("ExpireDelegationTokenResponse", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::expiry_timestamp_ms>({.name = "expiryTimestampMs"}),
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs"}));
}();

}  // namespace moldau::wire
