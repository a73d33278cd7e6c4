// RemoveRaftVoter: removes a voter from the KRaft quorum.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/field.h"

namespace moldau::wire {

struct RemoveRaftVoterRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::remove_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::optional<std::string_view> cluster_id{std::in_place};
  int32_t voter_id = 0;
  Uuid voter_directory_id;
};

template <>
inline constexpr auto fields_of<RemoveRaftVoterRequest> = [] {
  using S = RemoveRaftVoterRequest;
  return field_list<S>("RemoveRaftVoterRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
                       field<&S::voter_id>({.name = "voterId"}),
                       field<&S::voter_directory_id>({.name = "voterDirectoryId"}));
}();

struct RemoveRaftVoterResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::remove_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
};

template <>
inline constexpr auto fields_of<RemoveRaftVoterResponse> = [] {
  using S = RemoveRaftVoterResponse;
  return field_list<S>("RemoveRaftVoterResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0), .ignorable = true}));
}();

}  // namespace moldau::wire
