// ControllerRegistration: a controller registers its endpoints and features with the active one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ControllerRegistrationRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::controller_registration;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct Listener {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
    int16_t security_protocol = 0;
  };

  struct Feature {
    std::string_view name;
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
  };

  int32_t controller_id = 0;
  Uuid incarnation_id;
  bool zk_migration_ready = false;
  std::vector<Listener> listeners;
  std::vector<Feature> features;
};

template <>
inline constexpr auto fields_of<ControllerRegistrationRequest::Listener> = [] {
  using S = ControllerRegistrationRequest::Listener;
  return field_list<S>("Listener", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::security_protocol>({.name = "securityProtocol"}));
}();

template <>
inline constexpr auto fields_of<ControllerRegistrationRequest::Feature> = [] {
  using S = ControllerRegistrationRequest::Feature;
  return field_list<S>("Feature", field<&S::name>({.name = "name"}),
                       field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<ControllerRegistrationRequest> = [] {
  using S = ControllerRegistrationRequest;
  return field_list<S>("ControllerRegistrationRequest", field<&S::controller_id>({.name = "controllerId"}),
                       field<&S::incarnation_id>({.name = "incarnationId"}),
                       field<&S::zk_migration_ready>({.name = "zkMigrationReady"}),
                       field<&S::listeners>({.name = "listeners"}), field<&S::features>({.name = "features"}));
}();

struct ControllerRegistrationResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::controller_registration;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
};

template <>
inline constexpr auto fields_of<ControllerRegistrationResponse> = [] {
  using S = ControllerRegistrationResponse;
  return field_list<S>("ControllerRegistrationResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

}  // namespace moldau::wire
