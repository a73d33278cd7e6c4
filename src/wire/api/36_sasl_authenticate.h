// SaslAuthenticate: one step of a SASL exchange. v1 returns the session's lifetime; v2 is flexible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "wire/field.h"

namespace moldau::wire {

struct SaslAuthenticateRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::sasl_authenticate;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  std::span<const std::byte> auth_bytes;
};

template <>
inline constexpr auto fields_of<SaslAuthenticateRequest> = [] {
  using S = SaslAuthenticateRequest;
  return field_list<S>("SaslAuthenticateRequest", field<&S::auth_bytes>({.name = "authBytes"}));
}();

struct SaslAuthenticateResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::sasl_authenticate;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::span<const std::byte> auth_bytes;
  int64_t session_lifetime_ms = 0;
};

template <>
inline constexpr auto fields_of<SaslAuthenticateResponse> = [] {
  using S = SaslAuthenticateResponse;
  return field_list<S>(
      "SaslAuthenticateResponse", field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::auth_bytes>({.name = "authBytes"}),
      field<&S::session_lifetime_ms>({.name = "sessionLifetimeMs", .versions = since(1), .ignorable = true}));
}();

}  // namespace moldau::wire
