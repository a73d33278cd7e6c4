// BrokerHeartbeat: a broker reports its state to the controller. v1 carries offline log directories; v2 cordoned ones.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct BrokerHeartbeatRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::broker_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
  int64_t current_metadata_offset = 0;
  bool want_fence = false;
  bool want_shut_down = false;
  std::vector<Uuid> offline_log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;
};

template <>
inline constexpr auto fields_of<BrokerHeartbeatRequest> = [] {
  using S = BrokerHeartbeatRequest;
  return field_list<S>(
      "BrokerHeartbeatRequest", field<&S::broker_id>({.name = "brokerId"}),
      field<&S::broker_epoch>({.name = "brokerEpoch"}),
      field<&S::current_metadata_offset>({.name = "currentMetadataOffset"}),
      field<&S::want_fence>({.name = "wantFence"}), field<&S::want_shut_down>({.name = "wantShutDown"}),
      field<&S::offline_log_dirs>({.name = "offlineLogDirs", .versions = since(1), .tagged = since(1), .tag = 0}),
      field<&S::cordoned_log_dirs>(
          {.name = "cordonedLogDirs", .versions = since(2), .nullable = since(2), .tagged = since(2), .tag = 1}));
}();

struct BrokerHeartbeatResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::broker_heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  bool is_caught_up = false;
  bool is_fenced = true;
  bool should_shut_down = false;
};

template <>
inline constexpr auto fields_of<BrokerHeartbeatResponse> = [] {
  using S = BrokerHeartbeatResponse;
  return field_list<S>("BrokerHeartbeatResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::is_caught_up>({.name = "isCaughtUp"}),
                       field<&S::is_fenced>({.name = "isFenced"}),
                       field<&S::should_shut_down>({.name = "shouldShutDown"}));
}();

}  // namespace moldau::wire
