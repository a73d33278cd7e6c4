// Snapshots of the metadata log: when one is due, writing it beside the loop, and removing what it makes superfluous.
#include <algorithm>

#include <utility>

#include "base/trace.h"
#include "broker/metadata_loop.h"

namespace moldau::broker {
namespace {

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

void MetadataLoop::write_snapshot_in_pool() {
  struct Job {
    metadata::ImageRef image;
    metadata::SnapshotHead head;
    std::string path;
    std::vector<SnapshotFile> snapshots;  // those before, ascending
    uint64_t log_bytes = 0;
    WallMillis now = 0;
    Status outcome;
    Offset log_start = no_offset;  // the log may begin here afterwards
  };
  auto job = std::make_shared<Job>();
  job->image = published_;
  const metadata::Applied& applied = published_->applied();
  job->head.id = {.end = applied.offset + 1, .epoch = applied.epoch};
  job->head.last_contained_log_timestamp = applied.timestamp;
  if (kraft_version_ >= 1) job->head.voters = voters_;
  job->head.kraft_version = kraft_version_;
  job->path = path_of(job->head.id);
  job->snapshots = snapshots_;
  job->log_bytes = log_->size_bytes();
  job->now = surface_.clock.wall();
  snapshot_running_ = true;
  bytes_since_snapshot_ = 0;
  if (snapshot_timer_ != 0) surface_.timers.cancel(snapshot_timer_);
  snapshot_timer_ = 0;
  snapshot_deadline_ = Instant::never();

  const int64_t bytes_max = options_.settings.metadata_max_retention_bytes;
  const int64_t age_max = options_.settings.metadata_max_retention_ms;
  io::Disk& disk = surface_.disk;
  surface_.executor.offload(
      [job, &disk, folder = folder_, bytes_max, age_max] {
        const auto bytes = metadata::write_snapshot(job->head, metadata::records_of(*job->image), job->now);
        job->outcome = write_durably(disk, job->path, bytes);
        if (!job->outcome.ok()) return;
        job->snapshots.push_back({job->head.id, bytes.size(), job->now});
        uint64_t total = job->log_bytes;
        for (const SnapshotFile& file : job->snapshots) total += file.size;
        // The oldest goes, and the log up to the next one, while there is too much or it is too old (KIP-630).
        while (job->snapshots.size() > 1) {
          const SnapshotFile& oldest = job->snapshots.front();
          const bool too_much = bytes_max >= 0 && total > static_cast<uint64_t>(bytes_max);
          const bool too_old = age_max >= 0 && job->now - oldest.modified > age_max;
          if (!too_much && !too_old) break;
          if (!disk.remove(folder + "/" + raft::snapshot_file_name(oldest.id)).ok()) break;
          total -= std::min(total, oldest.size);
          job->snapshots.erase(job->snapshots.begin());
          job->log_start = job->snapshots.front().id.end;
        }
      },
      [this, job, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        snapshot_running_ = false;
        if (!job->outcome.ok()) {
          trace(TraceLevel::error, "event=metadata_snapshot_failed why=\"{}\"", job->outcome.failure().message);
          return;
        }
        snapshots_ = job->snapshots;
        last_snapshot_ = job->head.id;
        if (job->log_start <= log_->log_start()) return;
        if (const Status moved = log_->advance_log_start(job->log_start); !moved.ok()) {
          trace(TraceLevel::error, "event=metadata_trim_failed why=\"{}\"", moved.failure().message);
        }
      });
}

}  // namespace moldau::broker
