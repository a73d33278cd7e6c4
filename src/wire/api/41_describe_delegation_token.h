// DescribeDelegationToken: v2 is flexible; v3 returns who asked for the token.
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

struct DescribeDelegationTokenRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct DescribeDelegationTokenOwner {
    std::string_view principal_type;
    std::string_view principal_name;
  };

  std::optional<std::vector<DescribeDelegationTokenOwner>> owners{std::in_place};
};

template <>
inline constexpr auto fields_of<DescribeDelegationTokenRequest::DescribeDelegationTokenOwner> = [] {
  using S = DescribeDelegationTokenRequest::DescribeDelegationTokenOwner;
  return field_list<S>("DescribeDelegationTokenOwner", field<&S::principal_type>({.name = "principalType"}),
                       field<&S::principal_name>({.name = "principalName"}));
}();

template <>
inline constexpr auto fields_of<DescribeDelegationTokenRequest> = [] {
  using S = DescribeDelegationTokenRequest;
  return field_list<S>("DescribeDelegationTokenRequest", field<&S::owners>({.name = "owners", .nullable = since(0)}));
}();

struct DescribeDelegationTokenResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_delegation_token;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {1, 3};
  static constexpr int16_t flexible_since = 2;

  struct DescribedDelegationTokenRenewer {
    std::string_view principal_type;
    std::string_view principal_name;
  };

  struct DescribedDelegationToken {
    std::string_view principal_type;
    std::string_view principal_name;
    std::string_view token_requester_principal_type;
    std::string_view token_requester_principal_name;
    int64_t issue_timestamp = 0;
    int64_t expiry_timestamp = 0;
    int64_t max_timestamp = 0;
    std::string_view token_id;
    std::span<const std::byte> hmac;
    std::vector<DescribedDelegationTokenRenewer> renewers;
  };

  int16_t error_code = 0;
  std::vector<DescribedDelegationToken> tokens;
  int32_t throttle_time_ms = 0;
};

template <>
inline constexpr auto fields_of<DescribeDelegationTokenResponse::DescribedDelegationTokenRenewer> = [] {
  using S = DescribeDelegationTokenResponse::DescribedDelegationTokenRenewer;
  return field_list<S>("DescribedDelegationTokenRenewer", field<&S::principal_type>({.name = "principalType"}),
                       field<&S::principal_name>({.name = "principalName"}));
}();

template <>
inline constexpr auto fields_of<DescribeDelegationTokenResponse::DescribedDelegationToken> = [] {
  using S = DescribeDelegationTokenResponse::DescribedDelegationToken;
  return field_list<S>(
      "DescribedDelegationToken", field<&S::principal_type>({.name = "principalType"}),
      field<&S::principal_name>({.name = "principalName"}),
      field<&S::token_requester_principal_type>({.name = "tokenRequesterPrincipalType", .versions = since(3)}),
      field<&S::token_requester_principal_name>({.name = "tokenRequesterPrincipalName", .versions = since(3)}),
      field<&S::issue_timestamp>({.name = "issueTimestamp"}), field<&S::expiry_timestamp>({.name = "expiryTimestamp"}),
      field<&S::max_timestamp>({.name = "maxTimestamp"}), field<&S::token_id>({.name = "tokenId"}),
      field<&S::hmac>({.name = "hmac"}), field<&S::renewers>({.name = "renewers"}));
}();

template <>
inline constexpr auto fields_of<DescribeDelegationTokenResponse> = [] {
  using S = DescribeDelegationTokenResponse;
  return field_list<S>("DescribeDelegationTokenResponse", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::tokens>({.name = "tokens"}), field<&S::throttle_time_ms>({.name = "throttleTimeMs"}));
}();

}  // namespace moldau::wire
