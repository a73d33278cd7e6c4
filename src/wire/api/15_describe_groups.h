// DescribeGroups: state and members of groups. v3 returns authorized operations, v4 static members; v5 is flexible; v6
// reports a missing group as an error with a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeGroupsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 5;

  std::vector<std::string_view> groups;
  bool include_authorized_operations = false;
};

template <>
inline constexpr auto fields_of<DescribeGroupsRequest> = [] {
  using S = DescribeGroupsRequest;
  return field_list<S>(
      "DescribeGroupsRequest", field<&S::groups>({.name = "groups"}),
      field<&S::include_authorized_operations>({.name = "includeAuthorizedOperations", .versions = since(3)}));
}();

struct DescribeGroupsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_groups;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 5;

  struct DescribedGroupMember {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id;
    std::string_view client_id;
    std::string_view client_host;
    std::span<const std::byte> member_metadata;
    std::span<const std::byte> member_assignment;
  };

  struct DescribedGroup {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    std::string_view group_id;
    std::string_view group_state;
    std::string_view protocol_type;
    std::string_view protocol_data;
    std::vector<DescribedGroupMember> members;
    int32_t authorized_operations = INT32_MIN;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribedGroup> groups;
};

template <>
inline constexpr auto fields_of<DescribeGroupsResponse::DescribedGroupMember> = [] {
  using S = DescribeGroupsResponse::DescribedGroupMember;
  return field_list<S>("DescribedGroupMember", field<&S::member_id>({.name = "memberId"}),
                       field<&S::group_instance_id>(
                           {.name = "groupInstanceId", .versions = since(4), .nullable = since(4), .ignorable = true}),
                       field<&S::client_id>({.name = "clientId"}), field<&S::client_host>({.name = "clientHost"}),
                       field<&S::member_metadata>({.name = "memberMetadata"}),
                       field<&S::member_assignment>({.name = "memberAssignment"}));
}();

template <>
inline constexpr auto fields_of<DescribeGroupsResponse::DescribedGroup> = [] {
  using S = DescribeGroupsResponse::DescribedGroup;
  return field_list<S>("DescribedGroup", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .versions = since(6), .nullable = since(6)}),
                       field<&S::group_id>({.name = "groupId"}), field<&S::group_state>({.name = "groupState"}),
                       field<&S::protocol_type>({.name = "protocolType"}),
                       field<&S::protocol_data>({.name = "protocolData"}), field<&S::members>({.name = "members"}),
                       field<&S::authorized_operations>({.name = "authorizedOperations", .versions = since(3)}));
}();

template <>
inline constexpr auto fields_of<DescribeGroupsResponse> = [] {
  using S = DescribeGroupsResponse;
  return field_list<S>("DescribeGroupsResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
                       field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
