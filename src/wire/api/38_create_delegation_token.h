// CreateDelegationToken: v2 is flexible; v3 allows tokens for others.
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

struct CreateDelegationTokenRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::create_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct CreatableRenewers {
    std::string_view principal_type;
    std::string_view principal_name;
  };

  std::optional<std::string_view> owner_principal_type{std::in_place};
  std::optional<std::string_view> owner_principal_name{std::in_place};
  std::vector<CreatableRenewers> renewers;
  int64_t max_lifetime_ms = 0;
};

template <>
inline constexpr auto fields_of<CreateDelegationTokenRequest::CreatableRenewers> = [] {
  using S = CreateDelegationTokenRequest::CreatableRenewers;
  return field_list<S>("CreatableRenewers", field<&S::principal_type>({.name = "principalType"}),
                       field<&S::principal_name>({.name = "principalName"}));
}();

template <>
inline constexpr auto fields_of<CreateDelegationTokenRequest> = [] {
  using S = CreateDelegationTokenRequest;
  return field_list<S>(
      "CreateDelegationTokenRequest",
      field<&S::owner_principal_type>({.name = "ownerPrincipalType", .versions = since(3), .nullable = since(3)}),
      field<&S::owner_principal_name>({.name = "ownerPrincipalName", .versions = since(3), .nullable = since(3)}),
      field<&S::renewers>({.name = "renewers"}), field<&S::max_lifetime_ms>({.name = "maxLifetimeMs"}));
}();

struct CreateDelegationTokenResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::create_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  int16_t error_code = 0;
  std::string_view principal_type;
  std::string_view principal_name;
  std::string_view token_requester_principal_type;
  std::string_view token_requester_principal_name;
  int64_t issue_timestamp_ms = 0;
  int64_t expiry_timestamp_ms = 0;
  int64_t max_timestamp_ms = 0;
  std::string_view token_id;
  std::span<const std::byte> hmac;
  int32_t throttle_time_ms = 0;
};

template <>
inline constexpr auto fields_of<CreateDelegationTokenResponse> = [] {
  using S = CreateDelegationTokenResponse;
  return field_list<S>(
      "CreateDelegationTokenResponse", field<&S::error_code>({.name = "errorCode"}),
      field<&S::principal_type>({.name = "principalType"}), field<&S::principal_name>({.name = "principalName"}),
      field<&S::token_requester_principal_type>({.name = "tokenRequesterPrincipalType", .versions = since(3)}),
      field<&S::token_requester_principal_name>({.name = "tokenRequesterPrincipalName", .versions = since(3)}),
      field<&S::issue_timestamp_ms>({.name = "issueTimestampMs"}),
      field<&S::expiry_timestamp_ms>({.name = "expiryTimestampMs"}),
      field<&S::max_timestamp_ms>({.name = "maxTimestampMs"}), field<&S::token_id>({.name = "tokenId"}),
      field<&S::hmac>({.name = "hmac"}), field<&S::throttle_time_ms>({.name = "throttleTimeMs"}));
}();

}  // namespace moldau::wire
