// SyncGroup: hands out the assignment that the group's leader made. v3 brings static members; v4 is flexible; v5 checks
// the protocol's type and name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct SyncGroupRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::sync_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 4;

  struct SyncGroupRequestAssignment {
    std::string_view member_id;
    std::span<const std::byte> assignment;
  };

  std::string_view group_id;
  int32_t generation_id = 0;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::optional<std::string_view> protocol_type;
  std::optional<std::string_view> protocol_name;
  std::vector<SyncGroupRequestAssignment> assignments;
};

template <>
inline constexpr auto fields_of<SyncGroupRequest::SyncGroupRequestAssignment> = [] {
  using S = SyncGroupRequest::SyncGroupRequestAssignment;
  return field_list<S>("SyncGroupRequestAssignment", field<&S::member_id>({.name = "memberId"}),
                       field<&S::assignment>({.name = "assignment"}));
}();

template <>
inline constexpr auto fields_of<SyncGroupRequest> = [] {
  using S = SyncGroupRequest;
  return field_list<S>(
      "SyncGroupRequest", field<&S::group_id>({.name = "groupId"}), field<&S::generation_id>({.name = "generationId"}),
      field<&S::member_id>({.name = "memberId"}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(3), .nullable = since(3)}),
      field<&S::protocol_type>({.name = "protocolType", .versions = since(5), .nullable = since(5), .ignorable = true}),
      field<&S::protocol_name>({.name = "protocolName", .versions = since(5), .nullable = since(5), .ignorable = true}),
      field<&S::assignments>({.name = "assignments"}));
}();

struct SyncGroupResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::sync_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 4;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> protocol_type;
  std::optional<std::string_view> protocol_name;
  std::span<const std::byte> assignment;
};

template <>
inline constexpr auto fields_of<SyncGroupResponse> = [] {
  using S = SyncGroupResponse;
  return field_list<S>(
      "SyncGroupResponse",
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::protocol_type>({.name = "protocolType", .versions = since(5), .nullable = since(5), .ignorable = true}),
      field<&S::protocol_name>({.name = "protocolName", .versions = since(5), .nullable = since(5), .ignorable = true}),
      field<&S::assignment>({.name = "assignment"}));
}();

}  // namespace moldau::wire
