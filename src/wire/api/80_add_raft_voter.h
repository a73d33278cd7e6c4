// AddRaftVoter: adds a voter to the KRaft quorum. v1 chooses when it is acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AddRaftVoterRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::add_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct Listener {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };

  std::optional<std::string_view> cluster_id{std::in_place};
  int32_t timeout_ms = 0;
  int32_t voter_id = 0;
  Uuid voter_directory_id;
  std::vector<Listener> listeners;
  bool ack_when_committed = true;
};

template <>
inline constexpr auto fields_of<AddRaftVoterRequest::Listener> = [] {
  using S = AddRaftVoterRequest::Listener;
  return field_list<S>("Listener", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<AddRaftVoterRequest> = [] {
  using S = AddRaftVoterRequest;
  return field_list<S>("AddRaftVoterRequest", field<&S::cluster_id>({.name = "clusterId", .nullable = since(0)}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}), field<&S::voter_id>({.name = "voterId"}),
                       field<&S::voter_directory_id>({.name = "voterDirectoryId"}),
                       field<&S::listeners>({.name = "listeners"}),
                       field<&S::ack_when_committed>({.name = "ackWhenCommitted", .versions = since(1)}));
}();

struct AddRaftVoterResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::add_raft_voter;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
};

template <>
inline constexpr auto fields_of<AddRaftVoterResponse> = [] {
  using S = AddRaftVoterResponse;
  return field_list<S>("AddRaftVoterResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0), .ignorable = true}));
}();

}  // namespace moldau::wire
