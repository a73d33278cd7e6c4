// FindCoordinator: the broker that coordinates a group (0), a transactional id (1) or a share partition (2, from v6).
// v3 is flexible; from v4 a list of keys is asked and answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct FindCoordinatorRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::find_coordinator;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 3;

  std::string_view key;
  int8_t key_type = 0;
  std::vector<std::string_view> coordinator_keys;
};

template <>
inline constexpr auto fields_of<FindCoordinatorRequest> = [] {
  using S = FindCoordinatorRequest;
  return field_list<S>("FindCoordinatorRequest", field<&S::key>({.name = "key", .versions = {0, 3}}),
                       field<&S::key_type>({.name = "keyType", .versions = since(1)}),
                       field<&S::coordinator_keys>({.name = "coordinatorKeys", .versions = since(4)}));
}();

struct FindCoordinatorResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::find_coordinator;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 3;

  struct Coordinator {
    std::string_view key;
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  int32_t node_id = 0;
  std::string_view host;
  int32_t port = 0;
  std::vector<Coordinator> coordinators;
};

template <>
inline constexpr auto fields_of<FindCoordinatorResponse::Coordinator> = [] {
  using S = FindCoordinatorResponse::Coordinator;
  return field_list<S>("Coordinator", field<&S::key>({.name = "key", .versions = since(4)}),
                       field<&S::node_id>({.name = "nodeId", .versions = since(4)}),
                       field<&S::host>({.name = "host", .versions = since(4)}),
                       field<&S::port>({.name = "port", .versions = since(4)}),
                       field<&S::error_code>({.name = "errorCode", .versions = since(4)}),
                       field<&S::error_message>(
                           {.name = "errorMessage", .versions = since(4), .nullable = since(4), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<FindCoordinatorResponse> = [] {
  using S = FindCoordinatorResponse;
  return field_list<S>(
      "FindCoordinatorResponse",
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode", .versions = {0, 3}}),
      field<&S::error_message>({.name = "errorMessage", .versions = {1, 3}, .nullable = {1, 3}, .ignorable = true}),
      field<&S::node_id>({.name = "nodeId", .versions = {0, 3}}), field<&S::host>({.name = "host", .versions = {0, 3}}),
      field<&S::port>({.name = "port", .versions = {0, 3}}),
      field<&S::coordinators>({.name = "coordinators", .versions = since(4)}));
}();

}  // namespace moldau::wire
