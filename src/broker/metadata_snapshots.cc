// Snapshots of the metadata log: when one is due, writing it beside the loop, and removing what it makes superfluous.
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "broker/metadata_loop.h"
#include "raft/control.h"
#include "wire/batch_records.h"

namespace moldau::broker {
namespace {

/// How often snapshots are looked at for what may go; Kafka's interval.
constexpr Duration clean_interval = seconds(60);
/// What a start reads back in some ten milliseconds.
constexpr uint64_t bytes_for_a_stop = 512 << 10;
/// Bytes of a snapshot that hold its first batch: header and voters.
constexpr uint64_t first_batch_bytes_max = 1 << 20;

/// Writes `bytes` to `path` so that the name appears only when all of it is durable.
Status write_durably(io::Disk& disk, const std::string& path, std::span<const std::byte> bytes) {
  const std::string part = path + ".part";
  ASSIGN_OR_RETURN(const io::FileRef file, disk.open(part, io::OpenMode::create));
  RETURN_IF_FAILED(disk.truncate(*file, 0));
  const std::span<const std::byte> pieces[] = {bytes};
  RETURN_IF_FAILED(disk.write(*file, 0, pieces));
  RETURN_IF_FAILED(disk.sync_now(*file));
  RETURN_IF_FAILED(disk.rename(part, path));
  return disk.sync_dir(io::parent_of(path));
}

}  // namespace

std::string MetadataLoop::path_of(const raft::SnapshotId& id) const {
  return folder_ + "/" + raft::snapshot_file_name(id);
}

void MetadataLoop::maybe_snapshot() {
  if (snapshot_running_ || failed_ || published_ == nullptr) return;
  if (published_->applied().offset + 1 <= last_snapshot_.end || published_->features().empty()) return;
  const metadata::BrokerSettings& settings = options_.settings;
  const Instant now = surface_.clock.now();
  const bool by_bytes =
      bytes_since_snapshot_ >= static_cast<uint64_t>(settings.metadata_log_max_record_bytes_between_snapshots);
  if (by_bytes || now >= snapshot_deadline_) {
    write_snapshot_in_pool();
    return;
  }
  if (settings.metadata_log_max_snapshot_interval_ms <= 0 || snapshot_timer_ != 0) return;
  snapshot_deadline_ = now + milliseconds(settings.metadata_log_max_snapshot_interval_ms);
  snapshot_timer_ = surface_.timers.start(snapshot_deadline_, [this] {
    snapshot_timer_ = 0;
    maybe_snapshot();
  });
}

/// A snapshot of what is published: everything that its writing needs, so that any thread can do it.
struct MetadataLoop::SnapshotJob {
  metadata::ImageRef image;
  metadata::SnapshotHead head;
  std::string path;
  WallMillis now = 0;
  uint64_t size = 0;
  Status outcome;

  void run(io::Disk& disk) {
    const auto bytes = metadata::write_snapshot(head, metadata::records_of(*image), now);
    size = bytes.size();
    image.reset();  // it may be the last to hold an old one: that is freed here, not in the loop
    outcome = write_durably(disk, path, bytes);
    if (outcome.ok()) return;
    trace(TraceLevel::error, "event=metadata_snapshot_failed why=\"{}\"", outcome.failure().message);
  }
};

std::shared_ptr<MetadataLoop::SnapshotJob> MetadataLoop::next_snapshot() {
  auto job = std::make_shared<SnapshotJob>();
  job->image = published_;
  const metadata::Applied& applied = published_->applied();
  job->head.id = {.end = applied.offset + 1, .epoch = applied.epoch};
  job->head.last_contained_log_timestamp = applied.timestamp;
  if (kraft_version_ >= 1) job->head.voters = voters_;
  job->head.kraft_version = kraft_version_;
  job->path = path_of(job->head.id);
  job->now = surface_.clock.wall();
  bytes_since_snapshot_ = 0;
  return job;
}

void MetadataLoop::write_snapshot_in_pool() {
  const auto job = next_snapshot();
  snapshot_running_ = true;
  if (snapshot_timer_ != 0) surface_.timers.cancel(snapshot_timer_);
  snapshot_timer_ = 0;
  snapshot_deadline_ = Instant::never();
  io::Disk& disk = surface_.disk;
  surface_.executor.offload([job, &disk] { job->run(disk); },
                            [this, job, alive = std::weak_ptr<int>(alive_)] {
                              if (alive.expired()) return;
                              snapshot_running_ = false;
                              if (!job->outcome.ok()) return;
                              snapshots_.push_back({job->head.id, job->size, job->head.last_contained_log_timestamp});
                              last_snapshot_ = job->head.id;
                              clean();
                            });
}

/// Each start and each stop changes every partition of the node, so that the log of a node with many grows with every
/// restart; the next start reads a snapshot faster.
void MetadataLoop::close() {
  const bool committed = !failed_ && published_ != nullptr && published_->applied().offset >= last_snapshot_.end;
  if (!committed || snapshot_running_ || published_->features().empty()) return;
  if (bytes_since_snapshot_ >= bytes_for_a_stop) next_snapshot()->run(surface_.disk);
}

/// The timestamp in the header of the snapshot at `path`. Blocking; at start.
std::optional<WallMillis> MetadataLoop::header_timestamp(io::Disk& disk, const std::string& path) {
  const auto file = disk.open(path, io::OpenMode::read);
  if (!file.ok()) return std::nullopt;
  const Result<uint64_t> size = disk.size(**file);
  if (!size.ok()) return std::nullopt;
  std::vector<std::byte> bytes(std::min(*size, first_batch_bytes_max));
  const Result<size_t> got = disk.read(**file, 0, bytes);
  if (!got.ok()) return std::nullopt;
  std::optional<WallMillis> timestamp;
  wire::for_each_batch(std::span(bytes).first(*got), [&](const wire::BatchView& batch) {
    wire::RecordIterator records;
    wire::RecordView record;
    if (!batch.crc_valid() || !batch.is_control() || records.start(batch) != wire::RecordFault::none) return false;
    if (!records.next(record) || !record.key || !record.value) return false;
    if (raft::control_type(*record.key) != static_cast<int16_t>(raft::ControlType::snapshot_header)) return false;
    const Result<WallMillis> parsed = raft::parse_snapshot_header(*record.value);
    if (parsed.ok()) timestamp = *parsed;
    return false;  // it is in the first batch
  });
  return timestamp;
}

// What may go (KIP-630; Kafka's KafkaRaftLog.maybeClean)
// --------------------------------------------------------------------------------------------------------------

void MetadataLoop::arm_cleaning() {
  if (clean_timer_ != 0 || snapshots_.size() < 2) return;  // the newest always stays
  clean_timer_ = surface_.timers.start(surface_.clock.now() + clean_interval, [this] {
    clean_timer_ = 0;
    clean();
  });
}

/// The oldest snapshot goes, and the log up to the next one, while all together is too much or the oldest too old.
void MetadataLoop::clean() {
  if (failed_) return;
  const metadata::BrokerSettings& settings = options_.settings;
  const WallMillis now = surface_.clock.wall();
  while (snapshots_.size() > 1) {
    uint64_t total = log_->size_bytes();
    for (const SnapshotFile& file : snapshots_) total += file.size;
    const SnapshotFile& oldest = snapshots_.front();
    const int64_t bytes_max = settings.metadata_max_retention_bytes;
    const int64_t age_max = settings.metadata_max_retention_ms;
    const bool too_much = bytes_max >= 0 && total > static_cast<uint64_t>(bytes_max);
    const bool too_old = age_max >= 0 && oldest.timestamp && now - *oldest.timestamp > age_max;
    if ((!too_much && !too_old) || !drop_oldest_snapshot()) break;
  }
  arm_cleaning();
}

/// In an order in which a crash leaves nothing that a start could not use: first the segments that lie wholly below the
/// next snapshot, then the snapshot. False when that failed, and ends this round.
bool MetadataLoop::drop_oldest_snapshot() {
  const raft::SnapshotId oldest = snapshots_.front().id;
  const raft::SnapshotId next = snapshots_[1].id;
  Status done = log_->advance_log_start(std::max(next.end, log_->log_start()));
  if (done.ok()) done = log_->apply_retention(surface_.clock.wall(), node_->high_watermark());
  const std::string path = path_of(oldest);
  const std::string deleted = path + ".deleted";
  if (done.ok()) done = surface_.disk.rename(path, deleted);
  if (!done.ok() && done.failure().kind != FailureKind::not_found) {
    trace(TraceLevel::error, "event=metadata_clean_failed snapshot={} why=\"{}\"", path, done.failure().message);
    return false;
  }
  trace(TraceLevel::info, "event=metadata_snapshot_deleted end={} epoch={} log_start={}", oldest.end, oldest.epoch,
        log_->log_start());
  if (done.ok()) remove_later(deleted);
  snapshots_.erase(snapshots_.begin());
  return true;
}

void MetadataLoop::remove_later(std::string path) {
  const Instant due = surface_.clock.now() + milliseconds(options_.settings.metadata_delete_delay_ms);
  surface_.timers.start(due, [this, path = std::move(path), alive = std::weak_ptr<int>(alive_)]() mutable {
    if (alive.expired()) return;
    surface_.executor.offload(
        [path = std::move(path), &disk = surface_.disk] {
          const Status removed = disk.remove(path);
          if (removed.ok() || removed.failure().kind == FailureKind::not_found) return;
          trace(TraceLevel::warn, "path={} state=not_removed reason=\"{}\"", path, removed.failure().message);
        },
        [] {});
  });
}

}  // namespace moldau::broker
