// Metadata records about security: delegation tokens, SCRAM credentials, access control entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DelegationTokenRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 10;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view owner;
  std::string_view requester;
  std::vector<std::string_view> renewers;
  int64_t issue_timestamp = 0;
  int64_t max_timestamp = 0;
  int64_t expiration_timestamp = 0;
  std::string_view token_id;
};

template <>
inline constexpr auto fields_of<DelegationTokenRecord> = [] {
  using S = DelegationTokenRecord;
  return field_list<S>(
      "DelegationTokenRecord", field<&S::owner>({.name = "owner"}), field<&S::requester>({.name = "requester"}),
      field<&S::renewers>({.name = "renewers"}), field<&S::issue_timestamp>({.name = "issueTimestamp"}),
      field<&S::max_timestamp>({.name = "maxTimestamp"}),
      field<&S::expiration_timestamp>({.name = "expirationTimestamp"}), field<&S::token_id>({.name = "tokenId"}));
}();

struct UserScramCredentialRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 11;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view name;
  int8_t mechanism = 0;
  std::span<const std::byte> salt;
  std::span<const std::byte> stored_key;
  std::span<const std::byte> server_key;
  int32_t iterations = 0;
};

template <>
inline constexpr auto fields_of<UserScramCredentialRecord> = [] {
  using S = UserScramCredentialRecord;
  return field_list<S>("UserScramCredentialRecord", field<&S::name>({.name = "name"}),
                       field<&S::mechanism>({.name = "mechanism"}), field<&S::salt>({.name = "salt"}),
                       field<&S::stored_key>({.name = "storedKey"}), field<&S::server_key>({.name = "serverKey"}),
                       field<&S::iterations>({.name = "iterations"}));
}();

struct AccessControlEntryRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 18;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  Uuid id;
  int8_t resource_type = 0;
  std::string_view resource_name;
  int8_t pattern_type = 0;
  std::string_view principal;
  std::string_view host;
  int8_t operation = 0;
  int8_t permission_type = 0;
};

template <>
inline constexpr auto fields_of<AccessControlEntryRecord> = [] {
  using S = AccessControlEntryRecord;
  return field_list<S>(
      "AccessControlEntryRecord", field<&S::id>({.name = "id"}), field<&S::resource_type>({.name = "resourceType"}),
      field<&S::resource_name>({.name = "resourceName"}), field<&S::pattern_type>({.name = "patternType"}),
      field<&S::principal>({.name = "principal"}), field<&S::host>({.name = "host"}),
      field<&S::operation>({.name = "operation"}), field<&S::permission_type>({.name = "permissionType"}));
}();

struct RemoveAccessControlEntryRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 19;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  Uuid id;
};

template <>
inline constexpr auto fields_of<RemoveAccessControlEntryRecord> = [] {
  using S = RemoveAccessControlEntryRecord;
  return field_list<S>("RemoveAccessControlEntryRecord", field<&S::id>({.name = "id"}));
}();

struct RemoveUserScramCredentialRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 22;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view name;
  int8_t mechanism = 0;
};

template <>
inline constexpr auto fields_of<RemoveUserScramCredentialRecord> = [] {
  using S = RemoveUserScramCredentialRecord;
  return field_list<S>("RemoveUserScramCredentialRecord", field<&S::name>({.name = "name"}),
                       field<&S::mechanism>({.name = "mechanism"}));
}();

struct RemoveDelegationTokenRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 26;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view token_id;
};

template <>
inline constexpr auto fields_of<RemoveDelegationTokenRecord> = [] {
  using S = RemoveDelegationTokenRecord;
  return field_list<S>("RemoveDelegationTokenRecord", field<&S::token_id>({.name = "tokenId"}));
}();

}  // namespace moldau::wire
