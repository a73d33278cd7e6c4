#include "raft/control.h"

#include <fmt/format.h>

#include "wire/codec.h"
#include "wire/control_records.h"

namespace moldau::raft {
namespace {

template <typename Message>
ControlRecord record_of(ControlType type, const Message& message) {
  ControlRecord record;
  record.key.resize(4);
  store_big_endian<int16_t>(record.key.data(), 0);
  store_big_endian<int16_t>(record.key.data() + 2, static_cast<int16_t>(type));
  wire::Encoder encoder;
  const wire::EncodeStatus status = wire::encode(encoder, 0, message);
  ASSERT(status == wire::EncodeStatus::ok);
  record.value.assign(encoder.view().begin(), encoder.view().end());
  return record;
}

template <typename Message>
Status parse(std::span<const std::byte> value, const char* what, Message& into) {
  wire::Decoder decoder(value);
  const wire::DecodeStatus status = wire::decode(decoder, 0, into);
  if (status != wire::DecodeStatus::ok || decoder.remaining() > 0) {
    return Failure{FailureKind::corrupt, fmt::format("{} record: {}", what, wire::name_of(status))};
  }
  if (into.version != 0) {
    return Failure{FailureKind::unsupported, fmt::format("{} record of version {}", what, into.version)};
  }
  return {};
}

}  // namespace

ControlRecord leader_change_record(const AppendLeaderChange& change, NodeId leader) {
  wire::LeaderChangeMessage message;
  message.leader_id = leader;
  for (const NodeId id : change.voters) message.voters.push_back({.voter_id = id, .voter_directory_id = {}});
  for (const NodeId id : change.granting) message.granting_voters.push_back({.voter_id = id, .voter_directory_id = {}});
  return record_of(ControlType::leader_change, message);
}

ControlRecord kraft_version_record(int16_t kraft_version) {
  return record_of(ControlType::kraft_version, wire::KRaftVersionRecord{.version = 0, .kraft_version = kraft_version});
}

ControlRecord voters_record(const VoterSet& voters) {
  wire::VotersRecord message;
  for (const Voter& voter : voters.voters()) {
    wire::VotersRecord::Voter& entry = message.voters.emplace_back();
    entry.voter_id = voter.key.id;
    entry.voter_directory_id = voter.key.directory;
    for (const Endpoint& e : voter.endpoints)
      entry.endpoints.push_back({.name = e.name, .host = e.host, .port = e.port});
    entry.kraft_version_feature = {.min_supported_version = voter.kraft_version_min,
                                   .max_supported_version = voter.kraft_version_max};
  }
  return record_of(ControlType::kraft_voters, message);
}

ControlRecord snapshot_header_record(WallMillis last_contained_log_timestamp) {
  return record_of(
      ControlType::snapshot_header,
      wire::SnapshotHeaderRecord{.version = 0, .last_contained_log_timestamp = last_contained_log_timestamp});
}

ControlRecord snapshot_footer_record() {
  return record_of(ControlType::snapshot_footer, wire::SnapshotFooterRecord{.version = 0});
}

std::optional<int16_t> control_type(std::span<const std::byte> key) {
  if (key.size() < 4) return std::nullopt;
  return load_big_endian<int16_t>(key.data() + 2);
}

Result<int16_t> parse_kraft_version(std::span<const std::byte> value) {
  wire::KRaftVersionRecord message;
  RETURN_IF_FAILED(parse(value, "KRAFT_VERSION", message));
  if (message.kraft_version < 0 || message.kraft_version > 1) {
    return Failure{FailureKind::unsupported, fmt::format("kraft.version {} is not known", message.kraft_version)};
  }
  return message.kraft_version;
}

Result<VoterSet> parse_voters(std::span<const std::byte> value) {
  wire::VotersRecord message;
  RETURN_IF_FAILED(parse(value, "KRAFT_VOTERS", message));
  std::vector<Voter> voters;
  for (const wire::VotersRecord::Voter& entry : message.voters) {
    Voter voter;
    voter.key = {entry.voter_id, entry.voter_directory_id};
    for (const auto& e : entry.endpoints) voter.endpoints.push_back({std::string(e.name), std::string(e.host), e.port});
    voter.kraft_version_min = entry.kraft_version_feature.min_supported_version;
    voter.kraft_version_max = entry.kraft_version_feature.max_supported_version;
    voters.push_back(std::move(voter));
  }
  return VoterSet(std::move(voters));
}

Result<WallMillis> parse_snapshot_header(std::span<const std::byte> value) {
  wire::SnapshotHeaderRecord message;
  RETURN_IF_FAILED(parse(value, "SNAPSHOT_HEADER", message));
  return message.last_contained_log_timestamp;
}

}  // namespace moldau::raft
