// Heartbeat: keeps a member of a classic group alive. v3 brings static members; v4 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/field.h"

namespace moldau::wire {

struct HeartbeatRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 4;

  std::string_view group_id;
  int32_t generation_id = 0;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
};

template <>
inline constexpr auto fields_of<HeartbeatRequest> = [] {
  using S = HeartbeatRequest;
  return field_list<S>(
      "HeartbeatRequest", field<&S::group_id>({.name = "groupId"}), field<&S::generation_id>({.name = "generationId"}),
      field<&S::member_id>({.name = "memberId"}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(3), .nullable = since(3)}));
}();

struct HeartbeatResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::heartbeat;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 4;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
};

template <>
inline constexpr auto fields_of<HeartbeatResponse> = [] {
  using S = HeartbeatResponse;
  return field_list<S>("HeartbeatResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

}  // namespace moldau::wire
