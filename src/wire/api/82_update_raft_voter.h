// UpdateRaftVoter: a voter updates its endpoints and supported versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct UpdateRaftVoterRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::update_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct Listener {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };

  struct KRaftVersionFeature {
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
  };

  std::optional<std::string_view> cluster_id{std::in_place};
  int32_t current_leader_epoch = 0;
  int32_t voter_id = 0;
  Uuid voter_directory_id;
  std::vector<Listener> listeners;
  KRaftVersionFeature kraft_version_feature;
};

template <>
inline constexpr auto fields_of<UpdateRaftVoterRequest::Listener> = [] {
  using S = UpdateRaftVoterRequest::Listener;
  return field_list<S>("Listener", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<UpdateRaftVoterRequest::KRaftVersionFeature> = [] {
  using S = UpdateRaftVoterRequest::KRaftVersionFeature;
  return field_list<S>("KRaftVersionFeature", field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<UpdateRaftVoterRequest> = [] {
  using S = UpdateRaftVoterRequest;
  return field_list<S>(
      "UpdateRaftVoterRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
      field<&S::current_leader_epoch>({.name = "currentLeaderEpoch"}), field<&S::voter_id>({.name = "voterId"}),
      field<&S::voter_directory_id>({.name = "voterDirectoryId"}), field<&S::listeners>({.name = "listeners"}),
      field<&S::kraft_version_feature>({.name = "kRaftVersionFeature"}));
}();

struct UpdateRaftVoterResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::update_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct CurrentLeader {
    int32_t leader_id = -1;
    int32_t leader_epoch = -1;
    std::string_view host;
    int32_t port = 0;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  CurrentLeader current_leader;
};

template <>
inline constexpr auto fields_of<UpdateRaftVoterResponse::CurrentLeader> = [] {
  using S = UpdateRaftVoterResponse::CurrentLeader;
  return field_list<S>("CurrentLeader", field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<UpdateRaftVoterResponse> = [] {
  using S = UpdateRaftVoterResponse;
  return field_list<S>("UpdateRaftVoterResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::current_leader>({.name = "currentLeader", .tagged = since(0), .tag = 0}));
}();

}  // namespace moldau::wire
