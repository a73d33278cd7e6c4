// AlterUserScramCredentials: adds, changes and deletes SCRAM credentials.
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

struct AlterUserScramCredentialsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_user_scram_credentials;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct ScramCredentialDeletion {
    std::string_view name;
    int8_t mechanism = 0;
  };

  struct ScramCredentialUpsertion {
    std::string_view name;
    int8_t mechanism = 0;
    int32_t iterations = 0;
    std::span<const std::byte> salt;
    std::span<const std::byte> salted_password;
  };

  std::vector<ScramCredentialDeletion> deletions;
  std::vector<ScramCredentialUpsertion> upsertions;
};

template <>
inline constexpr auto fields_of<AlterUserScramCredentialsRequest::ScramCredentialDeletion> = [] {
  using S = AlterUserScramCredentialsRequest::ScramCredentialDeletion;
  return field_list<S>("ScramCredentialDeletion", field<&S::name>({.name = "name"}),
                       field<&S::mechanism>({.name = "mechanism"}));
}();

template <>
inline constexpr auto fields_of<AlterUserScramCredentialsRequest::ScramCredentialUpsertion> = [] {
  using S = AlterUserScramCredentialsRequest::ScramCredentialUpsertion;
  return field_list<S>("ScramCredentialUpsertion", field<&S::name>({.name = "name"}),
                       field<&S::mechanism>({.name = "mechanism"}), field<&S::iterations>({.name = "iterations"}),
                       field<&S::salt>({.name = "salt"}), field<&S::salted_password>({.name = "saltedPassword"}));
}();

template <>
inline constexpr auto fields_of<AlterUserScramCredentialsRequest> = [] {
  using S = AlterUserScramCredentialsRequest;
  return field_list<S>("AlterUserScramCredentialsRequest", field<&S::deletions>({.name = "deletions"}),
                       field<&S::upsertions>({.name = "upsertions"}));
}();

struct AlterUserScramCredentialsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_user_scram_credentials;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct AlterUserScramCredentialsResult {
    std::string_view user;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
  };

  int32_t throttle_time_ms = 0;
  std::vector<AlterUserScramCredentialsResult> results;
};

template <>
inline constexpr auto fields_of<AlterUserScramCredentialsResponse::AlterUserScramCredentialsResult> = [] {
  using S = AlterUserScramCredentialsResponse::AlterUserScramCredentialsResult;
  return field_list<S>("AlterUserScramCredentialsResult", field<&S::user>({.name = "user"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterUserScramCredentialsResponse> = [] {
  using S = AlterUserScramCredentialsResponse;
  return field_list<S>("AlterUserScramCredentialsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
