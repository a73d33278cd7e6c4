// GetTelemetrySubscriptions: which metrics a client shall push.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct GetTelemetrySubscriptionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::get_telemetry_subscriptions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  Uuid client_instance_id;
};

template <>
inline constexpr auto fields_of<GetTelemetrySubscriptionsRequest> = [] {
  using S = GetTelemetrySubscriptionsRequest;
  return field_list<S>("GetTelemetrySubscriptionsRequest", field<&S::client_instance_id>({.name = "clientInstanceId"}));
}();

struct GetTelemetrySubscriptionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::get_telemetry_subscriptions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  Uuid client_instance_id;
  int32_t subscription_id = 0;
  std::vector<int8_t> accepted_compression_types;
  int32_t push_interval_ms = 0;
  int32_t telemetry_max_bytes = 0;
  bool delta_temporality = false;
  std::vector<std::string_view> requested_metrics;
};

template <>
inline constexpr auto fields_of<GetTelemetrySubscriptionsResponse> = [] {
  using S = GetTelemetrySubscriptionsResponse;
  return field_list<S>("GetTelemetrySubscriptionsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::client_instance_id>({.name = "clientInstanceId"}),
                       field<&S::subscription_id>({.name = "subscriptionId"}),
                       field<&S::accepted_compression_types>({.name = "acceptedCompressionTypes"}),
                       field<&S::push_interval_ms>({.name = "pushIntervalMs"}),
                       field<&S::telemetry_max_bytes>({.name = "telemetryMaxBytes"}),
                       field<&S::delta_temporality>({.name = "deltaTemporality"}),
                       field<&S::requested_metrics>({.name = "requestedMetrics"}));
}();

}  // namespace moldau::wire
