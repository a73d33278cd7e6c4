// Envelope: carries a client's request to the controller together with its principal and address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "wire/field.h"

namespace moldau::wire {

struct EnvelopeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::envelope;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::span<const std::byte> request_data;
  std::optional<std::span<const std::byte>> request_principal{std::in_place};
  std::span<const std::byte> client_host_address;
};

template <>
inline constexpr auto fields_of<EnvelopeRequest> = [] {
  using S = EnvelopeRequest;
  return field_list<S>("EnvelopeRequest", field<&S::request_data>({.name = "requestData"}),
                       field<&S::request_principal>({.name = "requestPrincipal", .nullable = since(0)}),
                       field<&S::client_host_address>({.name = "clientHostAddress"}));
}();

struct EnvelopeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::envelope;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::optional<std::span<const std::byte>> response_data;
  int16_t error_code = 0;
};

template <>
inline constexpr auto fields_of<EnvelopeResponse> = [] {
  using S = EnvelopeResponse;
  return field_list<S>("EnvelopeResponse", field<&S::response_data>({.name = "responseData", .nullable = since(0)}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

}  // namespace moldau::wire
