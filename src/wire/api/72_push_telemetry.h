// PushTelemetry: a client's metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/field.h"

namespace moldau::wire {

struct PushTelemetryRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::push_telemetry;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  Uuid client_instance_id;
  int32_t subscription_id = 0;
  bool terminating = false;
  int8_t compression_type = 0;
  std::span<const std::byte> metrics;
};

template <>
inline constexpr auto fields_of<PushTelemetryRequest> = [] {
  using S = PushTelemetryRequest;
  return field_list<S>(
      "PushTelemetryRequest", field<&S::client_instance_id>({.name = "clientInstanceId"}),
      field<&S::subscription_id>({.name = "subscriptionId"}), field<&S::terminating>({.name = "terminating"}),
      field<&S::compression_type>({.name = "compressionType"}), field<&S::metrics>({.name = "metrics"}));
}();

struct PushTelemetryResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::push_telemetry;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
};

template <>
inline constexpr auto fields_of<PushTelemetryResponse> = [] {
  using S = PushTelemetryResponse;
  return field_list<S>("PushTelemetryResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

}  // namespace moldau::wire
