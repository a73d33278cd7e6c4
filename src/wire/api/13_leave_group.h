// LeaveGroup: members leave a classic group; one until v2, a list from v3. v4 is flexible; v5 takes a reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct LeaveGroupRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::leave_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 4;

  struct MemberIdentity {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id;
    std::optional<std::string_view> reason;
  };

  std::string_view group_id;
  std::string_view member_id;
  std::vector<MemberIdentity> members;
};

template <>
inline constexpr auto fields_of<LeaveGroupRequest::MemberIdentity> = [] {
  using S = LeaveGroupRequest::MemberIdentity;
  return field_list<S>(
      "MemberIdentity", field<&S::member_id>({.name = "memberId", .versions = since(3)}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(3), .nullable = since(3)}),
      field<&S::reason>({.name = "reason", .versions = since(5), .nullable = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<LeaveGroupRequest> = [] {
  using S = LeaveGroupRequest;
  return field_list<S>("LeaveGroupRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::member_id>({.name = "memberId", .versions = {0, 2}}),
                       field<&S::members>({.name = "members", .versions = since(3)}));
}();

struct LeaveGroupResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::leave_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 4;

  struct MemberResponse {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id{std::in_place};
    int16_t error_code = 0;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<MemberResponse> members;
};

template <>
inline constexpr auto fields_of<LeaveGroupResponse::MemberResponse> = [] {
  using S = LeaveGroupResponse::MemberResponse;
  return field_list<S>(
      "MemberResponse", field<&S::member_id>({.name = "memberId", .versions = since(3)}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(3), .nullable = since(3)}),
      field<&S::error_code>({.name = "errorCode", .versions = since(3)}));
}();

template <>
inline constexpr auto fields_of<LeaveGroupResponse> = [] {
  using S = LeaveGroupResponse;
  return field_list<S>("LeaveGroupResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::members>({.name = "members", .versions = since(3)}));
}();

}  // namespace moldau::wire
