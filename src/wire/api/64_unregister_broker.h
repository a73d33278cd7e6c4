// UnregisterBroker: removes a broker's registration.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/field.h"

namespace moldau::wire {

struct UnregisterBrokerRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::unregister_broker;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
};

template <>
inline constexpr auto fields_of<UnregisterBrokerRequest> = [] {
  using S = UnregisterBrokerRequest;
  return field_list<S>("UnregisterBrokerRequest", field<&S::broker_id>({.name = "brokerId"}));
}();

struct UnregisterBrokerResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::unregister_broker;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
};

template <>
inline constexpr auto fields_of<UnregisterBrokerResponse> = [] {
  using S = UnregisterBrokerResponse;
  return field_list<S>("UnregisterBrokerResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

}  // namespace moldau::wire
