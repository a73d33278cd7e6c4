// DescribeUserScramCredentials: which SCRAM mechanisms users have, with iterations; never the secrets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeUserScramCredentialsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_user_scram_credentials;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct UserName {
    std::string_view name;
  };

  std::optional<std::vector<UserName>> users{std::in_place};
};

template <>
inline constexpr auto fields_of<DescribeUserScramCredentialsRequest::UserName> = [] {
  using S = DescribeUserScramCredentialsRequest::UserName;
  return field_list<S>("UserName", field<&S::name>({.name = "name"}));
}();

template <>
inline constexpr auto fields_of<DescribeUserScramCredentialsRequest> = [] {
  using S = DescribeUserScramCredentialsRequest;
  return field_list<S>("DescribeUserScramCredentialsRequest",
                       field<&S::users>({.name = "users", .nullable = since(0)}));
}();

struct DescribeUserScramCredentialsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_user_scram_credentials;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct CredentialInfo {
    int8_t mechanism = 0;
    int32_t iterations = 0;
  };

  struct DescribeUserScramCredentialsResult {
    std::string_view user;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    std::vector<CredentialInfo> credential_infos;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::vector<DescribeUserScramCredentialsResult> results;
};

template <>
inline constexpr auto fields_of<DescribeUserScramCredentialsResponse::CredentialInfo> = [] {
  using S = DescribeUserScramCredentialsResponse::CredentialInfo;
  return field_list<S>("CredentialInfo", field<&S::mechanism>({.name = "mechanism"}),
                       field<&S::iterations>({.name = "iterations"}));
}();

template <>
inline constexpr auto fields_of<DescribeUserScramCredentialsResponse::DescribeUserScramCredentialsResult> = [] {
  using S = DescribeUserScramCredentialsResponse::DescribeUserScramCredentialsResult;
  return field_list<S>("DescribeUserScramCredentialsResult", field<&S::user>({.name = "user"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::credential_infos>({.name = "credentialInfos"}));
}();

template <>
inline constexpr auto fields_of<DescribeUserScramCredentialsResponse> = [] {
  using S = DescribeUserScramCredentialsResponse;
  return field_list<S>("DescribeUserScramCredentialsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
