// BrokerRegistration: a broker registers with the controller. v1 was for migration; v2 carries log directories; v3 the
// epoch before; v4 allows features whose lowest level is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct BrokerRegistrationRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::broker_registration;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
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

  int32_t broker_id = 0;
  std::string_view cluster_id;
  Uuid incarnation_id;
  std::vector<Listener> listeners;
  std::vector<Feature> features;
  std::optional<std::string_view> rack{std::in_place};
  bool is_migrating_zk_broker = false;
  std::vector<Uuid> log_dirs;
  int64_t previous_broker_epoch = -1;
};

template <>
inline constexpr auto fields_of<BrokerRegistrationRequest::Listener> = [] {
  using S = BrokerRegistrationRequest::Listener;
  return field_list<S>("Listener", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::security_protocol>({.name = "securityProtocol"}));
}();

template <>
inline constexpr auto fields_of<BrokerRegistrationRequest::Feature> = [] {
  using S = BrokerRegistrationRequest::Feature;
  return field_list<S>("Feature", field<&S::name>({.name = "name"}),
                       field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<BrokerRegistrationRequest> = [] {
  using S = BrokerRegistrationRequest;
  return field_list<S>(
      "BrokerRegistrationRequest", field<&S::broker_id>({.name = "brokerId"}),
      field<&S::cluster_id>({.name = "clusterId"}), field<&S::incarnation_id>({.name = "incarnationId"}),
      field<&S::listeners>({.name = "listeners"}), field<&S::features>({.name = "features"}),
      field<&S::rack>({.name = "rack", .nullable = since(0)}),
      field<&S::is_migrating_zk_broker>({.name = "isMigratingZkBroker", .versions = since(1)}),
      field<&S::log_dirs>({.name = "logDirs", .versions = since(2), .ignorable = true}),
      field<&S::previous_broker_epoch>({.name = "previousBrokerEpoch", .versions = since(3), .ignorable = true}));
}();

struct BrokerRegistrationResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::broker_registration;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int64_t broker_epoch = -1;
};

template <>
inline constexpr auto fields_of<BrokerRegistrationResponse> = [] {
  using S = BrokerRegistrationResponse;
  return field_list<S>("BrokerRegistrationResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::broker_epoch>({.name = "brokerEpoch"}));
}();

}  // namespace moldau::wire
