// Values of control records: markers that end transactions, and what a KRaft log says about itself. The key of a
// control record is a version and a type, 16 bits each; `message_id` here is the type. Commit markers (1) and abort
// markers (0) share EndTxnMarker, whose value is preceded by its version in 16 bits; the others carry their version as
// a first field.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct EndTxnMarker {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 0;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = never_flexible;

  int32_t coordinator_epoch = 0;
};

template <>
inline constexpr auto fields_of<EndTxnMarker> = [] {
  using S = EndTxnMarker;
  return field_list<S>("EndTxnMarker", field<&S::coordinator_epoch>({.name = "coordinatorEpoch"}));
}();

struct LeaderChangeMessage {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 2;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  struct Voter {
    int32_t voter_id = 0;
    Uuid voter_directory_id;
  };

  int16_t version = 0;
  int32_t leader_id = 0;
  std::vector<Voter> voters;
  std::vector<Voter> granting_voters;
};

template <>
inline constexpr auto fields_of<LeaderChangeMessage::Voter> = [] {
  using S = LeaderChangeMessage::Voter;
  return field_list<S>("Voter", field<&S::voter_id>({.name = "voterId"}),
                       field<&S::voter_directory_id>({.name = "voterDirectoryId", .versions = since(1)}));
}();

template <>
inline constexpr auto fields_of<LeaderChangeMessage> = [] {
  using S = LeaderChangeMessage;
  return field_list<S>("LeaderChangeMessage", field<&S::version>({.name = "version"}),
                       field<&S::leader_id>({.name = "leaderId"}), field<&S::voters>({.name = "voters"}),
                       field<&S::granting_voters>({.name = "grantingVoters"}));
}();

struct SnapshotHeaderRecord {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 3;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int16_t version = 0;
  int64_t last_contained_log_timestamp = 0;
};

template <>
inline constexpr auto fields_of<SnapshotHeaderRecord> = [] {
  using S = SnapshotHeaderRecord;
  return field_list<S>("SnapshotHeaderRecord", field<&S::version>({.name = "version"}),
                       field<&S::last_contained_log_timestamp>({.name = "lastContainedLogTimestamp"}));
}();

struct SnapshotFooterRecord {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 4;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int16_t version = 0;
};

template <>
inline constexpr auto fields_of<SnapshotFooterRecord> = [] {
  using S = SnapshotFooterRecord;
  return field_list<S>("SnapshotFooterRecord", field<&S::version>({.name = "version"}));
}();

struct KRaftVersionRecord {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 5;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int16_t version = 0;
  int16_t kraft_version = 0;
};

template <>
inline constexpr auto fields_of<KRaftVersionRecord> = [] {
  using S = KRaftVersionRecord;
  return field_list<S>("KRaftVersionRecord", field<&S::version>({.name = "version"}),
                       field<&S::kraft_version>({.name = "kRaftVersion"}));
}();

struct VotersRecord {
  static constexpr MessageKind kind = MessageKind::control_value;
  static constexpr int16_t message_id = 6;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct Endpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
  };

  struct KRaftVersionFeature {
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
  };

  struct Voter {
    int32_t voter_id = 0;
    Uuid voter_directory_id;
    std::vector<Endpoint> endpoints;
    KRaftVersionFeature kraft_version_feature;
  };

  int16_t version = 0;
  std::vector<Voter> voters;
};

template <>
inline constexpr auto fields_of<VotersRecord::Endpoint> = [] {
  using S = VotersRecord::Endpoint;
  return field_list<S>("Endpoint", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}));
}();

template <>
inline constexpr auto fields_of<VotersRecord::KRaftVersionFeature> = [] {
  using S = VotersRecord::KRaftVersionFeature;
  return field_list<S>("KRaftVersionFeature", field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<VotersRecord::Voter> = [] {
  using S = VotersRecord::Voter;
  return field_list<S>(
      "Voter", field<&S::voter_id>({.name = "voterId"}), field<&S::voter_directory_id>({.name = "voterDirectoryId"}),
      field<&S::endpoints>({.name = "endpoints"}), field<&S::kraft_version_feature>({.name = "kRaftVersionFeature"}));
}();

template <>
inline constexpr auto fields_of<VotersRecord> = [] {
  using S = VotersRecord;
  return field_list<S>("VotersRecord", field<&S::version>({.name = "version"}), field<&S::voters>({.name = "voters"}));
}();

}  // namespace moldau::wire
