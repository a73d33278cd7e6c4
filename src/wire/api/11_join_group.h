// JoinGroup: joins a classic group. v1 brings the rebalance timeout; v4 asks a new member to join again with the id it
// was given; v5 static members; v6 is flexible; v7 returns the protocol type; v8 takes a reason; v9 can skip the
// assignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct JoinGroupRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::join_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 9;
  static constexpr VersionRange valid_versions = {0, 9};
  static constexpr int16_t flexible_since = 6;

  struct JoinGroupRequestProtocol {
    std::string_view name;
    std::span<const std::byte> metadata;
  };

  std::string_view group_id;
  int32_t session_timeout_ms = 0;
  int32_t rebalance_timeout_ms = -1;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::string_view protocol_type;
  std::vector<JoinGroupRequestProtocol> protocols;
  std::optional<std::string_view> reason;
};

template <>
inline constexpr auto fields_of<JoinGroupRequest::JoinGroupRequestProtocol> = [] {
  using S = JoinGroupRequest::JoinGroupRequestProtocol;
  return field_list<S>("JoinGroupRequestProtocol", field<&S::name>({.name = "name"}),
                       field<&S::metadata>({.name = "metadata"}));
}();

template <>
inline constexpr auto fields_of<JoinGroupRequest> = [] {
  using S = JoinGroupRequest;
  return field_list<S>(
      "JoinGroupRequest", field<&S::group_id>({.name = "groupId"}),
      field<&S::session_timeout_ms>({.name = "sessionTimeoutMs"}),
      field<&S::rebalance_timeout_ms>({.name = "rebalanceTimeoutMs", .versions = since(1), .ignorable = true}),
      field<&S::member_id>({.name = "memberId"}),
      field<&S::group_instance_id>({.name = "groupInstanceId", .versions = since(5), .nullable = since(5)}),
      field<&S::protocol_type>({.name = "protocolType"}), field<&S::protocols>({.name = "protocols"}),
      field<&S::reason>({.name = "reason", .versions = since(8), .nullable = since(8), .ignorable = true}));
}();

struct JoinGroupResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::join_group;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 9;
  static constexpr VersionRange valid_versions = {0, 9};
  static constexpr int16_t flexible_since = 6;

  struct JoinGroupResponseMember {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id;
    std::span<const std::byte> metadata;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int32_t generation_id = -1;
  std::optional<std::string_view> protocol_type;
  std::optional<std::string_view> protocol_name{std::in_place};
  std::string_view leader;
  bool skip_assignment = false;
  std::string_view member_id;
  std::vector<JoinGroupResponseMember> members;
};

template <>
inline constexpr auto fields_of<JoinGroupResponse::JoinGroupResponseMember> = [] {
  using S = JoinGroupResponse::JoinGroupResponseMember;
  return field_list<S>("JoinGroupResponseMember", field<&S::member_id>({.name = "memberId"}),
                       field<&S::group_instance_id>(
                           {.name = "groupInstanceId", .versions = since(5), .nullable = since(5), .ignorable = true}),
                       field<&S::metadata>({.name = "metadata"}));
}();

template <>
inline constexpr auto fields_of<JoinGroupResponse> = [] {
  using S = JoinGroupResponse;
  return field_list<S>(
      "JoinGroupResponse",
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(2), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}), field<&S::generation_id>({.name = "generationId"}),
      field<&S::protocol_type>({.name = "protocolType", .versions = since(7), .nullable = since(7), .ignorable = true}),
      field<&S::protocol_name>({.name = "protocolName", .nullable = since(7)}), field<&S::leader>({.name = "leader"}),
      field<&S::skip_assignment>({.name = "skipAssignment", .versions = since(9)}),
      field<&S::member_id>({.name = "memberId"}), field<&S::members>({.name = "members"}));
}();

}  // namespace moldau::wire
