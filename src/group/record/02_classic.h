// The record of a classic group in __consumer_offsets: one per group, written when its generation is complete. v1
// brings the rebalance timeout, v2 the time of the last change of state, v3 static members; v4 is flexible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::group {

struct GroupMetadataKey {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_key;
  static constexpr int16_t message_id = 2;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr wire::VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = wire::never_flexible;

  std::string_view group;
};

struct GroupMetadataValue {
  static constexpr wire::MessageKind kind = wire::MessageKind::coordinator_value;
  static constexpr int16_t message_id = 2;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr wire::VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 4;

  struct MemberMetadata {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id;
    std::string_view client_id;
    std::string_view client_host;
    int32_t rebalance_timeout = -1;
    int32_t session_timeout = 0;
    std::span<const std::byte> subscription;
    std::span<const std::byte> assignment;
  };

  std::string_view protocol_type;
  int32_t generation = 0;
  std::optional<std::string_view> protocol{std::in_place};
  std::optional<std::string_view> leader{std::in_place};
  int64_t current_state_timestamp = -1;
  std::vector<MemberMetadata> members;
};

}  // namespace moldau::group

namespace moldau::wire {

template <>
inline constexpr auto fields_of<group::GroupMetadataKey> = [] {
  using S = group::GroupMetadataKey;
  return field_list<S>("GroupMetadataKey", field<&S::group>({.name = "group", .versions = {0, 0}}));
}();

template <>
inline constexpr auto fields_of<group::GroupMetadataValue::MemberMetadata> = [] {
  using S = group::GroupMetadataValue::MemberMetadata;
  return field_list<S>(
      "MemberMetadata", field<&S::member_id>({.name = "memberId"}),
      field<&S::group_instance_id>(
          {.name = "groupInstanceId", .versions = since(3), .nullable = since(3), .ignorable = true}),
      field<&S::client_id>({.name = "clientId"}), field<&S::client_host>({.name = "clientHost"}),
      field<&S::rebalance_timeout>({.name = "rebalanceTimeout", .versions = since(1), .ignorable = true}),
      field<&S::session_timeout>({.name = "sessionTimeout"}), field<&S::subscription>({.name = "subscription"}),
      field<&S::assignment>({.name = "assignment"}));
}();

template <>
inline constexpr auto fields_of<group::GroupMetadataValue> = [] {
  using S = group::GroupMetadataValue;
  return field_list<S>(
      "GroupMetadataValue", field<&S::protocol_type>({.name = "protocolType"}),
      field<&S::generation>({.name = "generation"}), field<&S::protocol>({.name = "protocol", .nullable = since(0)}),
      field<&S::leader>({.name = "leader", .nullable = since(0)}),
      field<&S::current_state_timestamp>({.name = "currentStateTimestamp", .versions = since(2), .ignorable = true}),
      field<&S::members>({.name = "members"}));
}();

}  // namespace moldau::wire
