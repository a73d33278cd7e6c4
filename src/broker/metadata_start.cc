// MetadataLoop::start: from a folder to a leader. In order: snapshots listed, an empty folder formatted, the newest
// snapshot and the log behind it replayed, the voters settled, the epoch raised, the first records queued.
#include <fmt/format.h>

#include <algorithm>

#include "base/trace.h"
#include "broker/metadata_loop.h"
#include "raft/control.h"
#include "wire/batch.h"

namespace moldau::broker {
namespace {

/// Bytes of the log read at once while it is replayed.
constexpr uint64_t replay_bytes = 1 << 20;
/// A read that finds nothing in memory is repeated after the bytes were brought in; more often than this is a fault.
constexpr int cold_reads_max = 64;

Failure corrupt(std::string message) {
  return {FailureKind::corrupt, std::move(message)};
}

store::LogConfig log_config(const metadata::BrokerSettings& settings) {
  store::LogConfig config;
  config.segment_bytes = settings.metadata_log_segment_bytes;
  config.segment_ms = settings.metadata_log_segment_ms;
  config.retention_bytes = -1;  // snapshots decide what may go: what lies below the log's start
  config.retention_ms = -1;
  config.file_delete_delay_ms = settings.metadata_delete_delay_ms;
  config.write_caching = false;
  return config;
}

std::vector<metadata::EndpointImage> controller_endpoints(const metadata::BrokerSettings& settings) {
  std::vector<metadata::EndpointImage> endpoints;
  for (const metadata::ListenerConfig& l : settings.controller_listeners) {
    const std::string host = l.host.empty() ? "localhost" : l.host;
    endpoints.push_back({l.name, host, l.port, static_cast<int16_t>(l.protocol)});
  }
  return endpoints;
}

}  // namespace

Status MetadataLoop::start() {
  ASSERT(log_ == nullptr && !store_.folders().empty());
  const store::FolderIdentity& identity = store_.metadata_folder().identity;
  cluster_id_ = identity.cluster_id;
  directory_id_ = identity.directory_id;
  ASSIGN_OR_RETURN(log_, store_.open_metadata_log(log_config(options_.settings)));
  folder_ = log_->folder();
  if (!log_->damaged().empty()) {
    const store::DamagedRange& range = log_->damaged().front();
    // What is cut off above the recovery point was never acknowledged; damage below it is not to be built on.
    if (range.kept_in.empty()) {
      return corrupt(
          fmt::format("metadata log: offsets {} to {} are damaged: {}", range.first, range.last, range.reason));
    }
  }
  const std::string state_path = folder_ + "/quorum-state";
  const auto text = io::read_file(surface_.disk, state_path, raft::quorum_state_bytes_max);
  if (text.ok()) {
    ASSIGN_OR_RETURN(stored_, raft::parse_quorum_state(as_text(text.value())));
    has_quorum_state_ = true;
  } else if (text.failure().kind != FailureKind::not_found) {
    return text.failure();
  }
  RETURN_IF_FAILED(list_snapshots());
  RETURN_IF_FAILED(format_if_empty());

  metadata::ControllerOptions options;
  options.node_id = options_.settings.node_id;
  options.cluster_id = cluster_id_;
  options.static_config = options_.static_config;
  options.num_partitions = options_.settings.num_partitions;
  options.default_replication_factor = options_.settings.default_replication_factor;
  options.delete_topic_enable = options_.settings.delete_topic_enable;
  options.session_timeout = milliseconds(options_.settings.broker_session_timeout_ms);
  RETURN_IF_FAILED(load_bootstrap(options.bootstrap_records));
  controller_ = std::make_unique<metadata::Controller>(std::move(options));

  RETURN_IF_FAILED(load_snapshot());
  RETURN_IF_FAILED(settle_log_end());
  RETURN_IF_FAILED(replay_log());
  RETURN_IF_FAILED(settle_voters());
  metadata::ImageDelta delta;
  published_ = controller_->build(delta);
  return start_node();
}

Status MetadataLoop::list_snapshots() {
  ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, surface_.disk.list(folder_));
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto id = raft::parse_snapshot_file_name(entry.name)) {
      snapshots_.push_back({*id, entry.size, header_timestamp(surface_.disk, folder_ + "/" + entry.name)});
      continue;
    }
    for (const std::string_view cut_short : {".checkpoint.part", ".checkpoint.tmp", ".checkpoint.deleted"}) {
      if (entry.name.ends_with(cut_short)) RETURN_IF_FAILED(surface_.disk.remove(folder_ + "/" + entry.name));
    }
  }
  std::sort(snapshots_.begin(), snapshots_.end(),
            [](const SnapshotFile& a, const SnapshotFile& b) { return a.id < b.id; });
  // Those before the log's start were let go when its segments were. The newest stays, whatever the log looks like.
  while (snapshots_.size() > 1 && snapshots_.front().id.end < log_->log_start()) {
    RETURN_IF_FAILED(surface_.disk.remove(path_of(snapshots_.front().id)));
    snapshots_.erase(snapshots_.begin());
  }
  return {};
}

/// A log that ends below the newest snapshot goes on at the snapshot's end, as Kafka's does: what it holds is in the
/// snapshot, and records appended below that end would count for nothing at the next start.
Status MetadataLoop::settle_log_end() {
  if (log_->next_offset() >= last_snapshot_.end) return {};
  trace(TraceLevel::warn, "event=metadata_log_behind_snapshot log_end={} snapshot_end={}", log_->next_offset(),
        last_snapshot_.end);
  return log_->restart_at(last_snapshot_.end);
}

raft::VoterSet MetadataLoop::own_voters(bool with_directory) const {
  raft::Voter voter;
  voter.key = {options_.settings.node_id, with_directory ? directory_id_ : Uuid{}};
  for (const metadata::EndpointImage& e : controller_endpoints(options_.settings)) {
    voter.endpoints.push_back({e.name, e.host, e.port});
  }
  return raft::VoterSet({voter});
}

/// A folder that holds nothing of a metadata log becomes one: bootstrap.checkpoint, and with voters in the log the
/// first snapshot. A crash in between leaves a folder that is still empty in this sense.
Status MetadataLoop::format_if_empty() {
  if (log_->next_offset() > 0 || !snapshots_.empty() || has_quorum_state_) return {};
  const WallMillis now = surface_.clock.wall();
  const std::string bootstrap = io::parent_of(folder_) + "/bootstrap.checkpoint";
  const auto existing = surface_.disk.stat(bootstrap);
  if (!existing.ok() && existing.failure().kind != FailureKind::not_found) return existing.failure();
  if (!existing.ok()) {
    const metadata::SnapshotHead head{.id = raft::bootstrap_snapshot, .last_contained_log_timestamp = 0, .voters = {}};
    const auto bytes = metadata::write_snapshot(head, metadata::default_bootstrap_records(), now);
    RETURN_IF_FAILED(io::replace_file(surface_.disk, bootstrap, bytes));
  }
  if (!options_.settings.quorum_voters.empty()) return {};  // static voters: kraft.version 0 has no first snapshot
  const metadata::SnapshotHead head{.id = raft::bootstrap_snapshot,
                                    .last_contained_log_timestamp = now,
                                    .voters = own_voters(true),
                                    .kraft_version = 1};
  const auto bytes = metadata::write_snapshot(head, {}, now);
  RETURN_IF_FAILED(io::replace_file(surface_.disk, path_of(raft::bootstrap_snapshot), bytes));
  snapshots_.push_back({raft::bootstrap_snapshot, bytes.size(), now});
  return {};
}

Status MetadataLoop::load_bootstrap(std::vector<metadata::EncodedRecord>& records) {
  const std::string path = io::parent_of(folder_) + "/bootstrap.checkpoint";
  const auto bytes = io::read_file(surface_.disk, path, metadata::snapshot_bytes_max);
  if (!bytes.ok()) {
    if (bytes.failure().kind != FailureKind::not_found) return bytes.failure();
    records = metadata::default_bootstrap_records();
    return {};
  }
  auto contents = metadata::read_snapshot(bytes.value());
  if (!contents.ok()) return Failure{contents.failure().kind, path + ": " + contents.failure().message};
  records = std::move(contents.value().records);
  metadata::ImageBuilder check;
  for (const metadata::EncodedRecord& record : records) RETURN_IF_FAILED(check.apply(record, 0));
  return {};
}

Status MetadataLoop::load_snapshot() {
  if (snapshots_.empty()) return {};
  last_snapshot_ = snapshots_.back().id;
  const std::string path = path_of(last_snapshot_);
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes,
                   io::read_file(surface_.disk, path, metadata::snapshot_bytes_max));
  auto contents = metadata::read_snapshot(bytes);
  if (!contents.ok()) return Failure{contents.failure().kind, path + ": " + contents.failure().message};
  kraft_version_ = contents.value().quorum.kraft_version.value_or(0);
  if (contents.value().quorum.voters) voters_ = *contents.value().quorum.voters;
  voters_in_log_ = last_snapshot_.end > 0;
  for (const metadata::EncodedRecord& record : contents.value().records) {
    const Status applied = controller_->replay_one(record, last_snapshot_.end - 1);
    if (!applied.ok()) return Failure{applied.failure().kind, path + ": " + applied.failure().message};
  }
  if (last_snapshot_.end > 0) {
    controller_->set_applied({.offset = last_snapshot_.end - 1,
                              .epoch = last_snapshot_.epoch,
                              .timestamp = contents.value().last_contained_log_timestamp});
  }
  return {};
}

/// Reads whole batches from `from` on into `into`, at least one.
Status MetadataLoop::read_log(Offset from, Offset end, std::vector<std::byte>& into) {
  into.clear();
  for (int attempt = 0; attempt < cold_reads_max; ++attempt) {
    store::ReadError error = store::ReadError::none;
    store::ReadResult result = log_->read(from, end, replay_bytes, true, error);
    if (error != store::ReadError::none) {
      return corrupt(fmt::format("metadata log: offset {} cannot be read", from));
    }
    if (result.cold) {
      std::vector<std::byte> warmed(result.cold->size);
      ASSIGN_OR_RETURN([[maybe_unused]] const size_t size,
                       surface_.disk.read(*result.cold->file, result.cold->offset, warmed));
      continue;
    }
    for (const store::Piece& piece : result.pieces) {
      if (const auto* bytes = std::get_if<Bytes>(&piece)) {
        into.insert(into.end(), bytes->view().begin(), bytes->view().end());
        continue;
      }
      const auto& slice = std::get<io::FileSlice>(piece);
      const size_t at = into.size();
      into.resize(at + slice.size);
      ASSIGN_OR_RETURN(const size_t size, surface_.disk.read(*slice.file, slice.offset, std::span(into).subspan(at)));
      if (size != slice.size) return corrupt(fmt::format("metadata log: {} ends too early", slice.file->path()));
    }
    const wire::BatchWalk walk = wire::for_each_batch(into, [](const wire::BatchView&) { return true; });
    into.resize(walk.consumed);  // the last batch may be cut
    if (into.empty()) return corrupt(fmt::format("metadata log: no batch at offset {}", from));
    return {};
  }
  return Failure{FailureKind::unavailable, fmt::format("metadata log: offset {} does not come into memory", from)};
}

Status MetadataLoop::replay_log() {
  if (log_->log_start() > last_snapshot_.end) {
    return corrupt(fmt::format("metadata log begins at offset {}, but the newest snapshot ends at {}",
                               log_->log_start(), last_snapshot_.end));
  }
  const Offset end = log_->stable_end();
  Offset next = std::max(log_->log_start(), last_snapshot_.end);
  std::vector<std::byte> bytes;
  metadata::QuorumRecords quorum;
  while (next < end) {
    RETURN_IF_FAILED(read_log(next, end, bytes));
    const Offset before = next;
    RETURN_IF_FAILED(metadata::read_batches(
        bytes, quorum,
        [&](std::span<const std::byte> value, Offset offset) -> Status {
          return offset < last_snapshot_.end ? Status() : controller_->replay_one(value, offset);
        },
        [&](const metadata::LogBatch& batch) -> Status {
          if (batch.last_offset >= last_snapshot_.end) {
            controller_->set_applied({.offset = batch.last_offset, .epoch = batch.epoch, .timestamp = batch.timestamp});
          }
          next = batch.last_offset + 1;
          return {};
        }));
    if (next <= before) return corrupt(fmt::format("metadata log: no progress at offset {}", before));
    bytes_since_snapshot_ += bytes.size();
  }
  if (quorum.kraft_version) kraft_version_ = *quorum.kraft_version;
  if (quorum.voters) {
    voters_ = *quorum.voters;
    voters_in_log_ = true;
  }
  return {};
}

Status MetadataLoop::settle_voters() {
  if (kraft_version_ == 0) {
    std::vector<raft::Voter> voters;
    for (const metadata::StaticVoter& voter : options_.settings.quorum_voters) {
      voters.push_back({.key = {voter.id, {}}, .endpoints = {{"CONTROLLER", voter.host, voter.port}}});
    }
    if (voters.empty()) {
      for (const NodeId id : stored_.current_voters) voters.push_back({.key = {id, {}}, .endpoints = {}});
    }
    voters_ = voters.empty() ? own_voters(false) : raft::VoterSet(std::move(voters));
  }
  if (!voters_.contains({options_.settings.node_id, directory_id_})) {
    return Failure{FailureKind::foreign,
                   fmt::format("node {} with the folder {} is no voter of this metadata log's quorum",
                               options_.settings.node_id, directory_id_.to_string())};
  }
  if (voters_.size() > 1) {
    return Failure{FailureKind::unsupported,
                   fmt::format("the metadata log's quorum has {} voters; this version runs one", voters_.size())};
  }
  return {};
}

Status MetadataLoop::start_node() {
  const Offset end = log_->stable_end();
  const Epoch last_epoch = end > log_->log_start() ? log_->epoch_of(end - 1) : last_snapshot_.epoch;
  raft::NodeOptions options;
  options.self = {options_.settings.node_id, kraft_version_ == 0 ? Uuid{} : directory_id_};
  options.kraft_version = kraft_version_;
  options.voters = voters_;
  options.stored = stored_;
  options.log_end = {.offset = end, .epoch = std::max(last_epoch, 0)};
  options.seed = surface_.entropy.next();
  node_ = std::make_unique<raft::Node>(std::move(options));
  log_->set_listener(this);
  Effects<raft::Effect> effects;
  node_->start(surface_.clock.now(), effects);
  RETURN_IF_FAILED(carry_out(effects));
  ASSERT(node_->is_leader());  // there is no other voter
  submit(metadata::Activate{}, nullptr);
  submit(metadata::RegisterController{.controller = options_.settings.node_id,
                                      .incarnation = surface_.entropy.uuid(),
                                      .listeners = controller_endpoints(options_.settings),
                                      .features = metadata::registered_features()},
         nullptr);
  // A registration always makes a record: without one the log took nothing.
  if (failed_ || pending_.empty()) return Failure{FailureKind::io, "the metadata log takes no records"};
  arm_cleaning();
  return {};
}

}  // namespace moldau::broker
