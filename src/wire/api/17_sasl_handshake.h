// SaslHandshake: chooses a SASL mechanism. After v0 the SASL bytes follow bare, after v1 inside SaslAuthenticate. Never
// flexible, so that it can be read before versions are known.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct SaslHandshakeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::sasl_handshake;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = never_flexible;

  std::string_view mechanism;
};

template <>
inline constexpr auto fields_of<SaslHandshakeRequest> = [] {
  using S = SaslHandshakeRequest;
  return field_list<S>("SaslHandshakeRequest", field<&S::mechanism>({.name = "mechanism"}));
}();

struct SaslHandshakeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::sasl_handshake;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = never_flexible;

  int16_t error_code = 0;
  std::vector<std::string_view> mechanisms;
};

template <>
inline constexpr auto fields_of<SaslHandshakeResponse> = [] {
  using S = SaslHandshakeResponse;
  return field_list<S>("SaslHandshakeResponse", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::mechanisms>({.name = "mechanisms"}));
}();

}  // namespace moldau::wire
