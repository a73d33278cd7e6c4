// PartitionLog, making stable what is appended: by syncs of its own, or as a member of rounds of the journal
// (docs/design/journal.md); log starts that are to survive a crash; replay of the journal.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "store/directory_journal.h"
#include "store/journal/journal_replay.h"
#include "store/journal/pool_work.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

/// What is held for a round at most; with more, the log syncs itself.
constexpr uint64_t held_for_round_max = 8u << 20;
/// Who waits for a log's first commit after a start looks again after this.
constexpr int64_t first_commit_pause_ms = 5;

}  // namespace

/// What one commit syncs, in this order: files first, names after them, so that no name points at bytes that are not
/// there.
struct PartitionLog::CommitJob final : PoolWork {
  CommitJob(io::Disk& on, const LogDirectory& in) : disk(on), directory(in) {}

  io::Disk& disk;
  const LogDirectory& directory;
  std::vector<Unchecked> unchecked;  // as a process left them that died
  std::vector<io::FileRef> files;
  std::string folder;     // empty: its names are durable
  Offset first_base = 0;  // of the segments it has
  std::string parent;
  std::string epochs;  // text of the leader-epoch checkpoint; empty: unchanged
  std::string epochs_path;
  Epoch epoch = no_epoch;  // the latest in it
  Status outcome;
  bool epochs_failed = false;
  bool try_again = false;  // Mutant::sync_tried_again

 private:
  void work() override {
    outcome = sync();
    if (!outcome.ok()) directory.folder().distrust(disk);
  }

  Status sync() {
    RETURN_IF_FAILED(check(disk, unchecked));
    for (const io::FileRef& file : files) {
      Status synced = disk.sync_now(*file);
      if (!synced.ok() && try_again) synced = disk.sync_now(*file);
      RETURN_IF_FAILED(synced);
    }
    if (!epochs.empty()) {
      // Also in the batches' headers, from which recovery completes it: without room it may wait.
      const Status written = io::replace_file(disk, epochs_path, as_bytes(epochs));
      epochs_failed = !written.ok() && written.failure().kind == FailureKind::no_space;
      if (!written.ok() && !epochs_failed) return written;
    }
    if (!folder.empty()) RETURN_IF_FAILED(directory.sync_folder(folder));
    if (!parent.empty()) RETURN_IF_FAILED(directory.sync_folder(parent));
    return {};
  }
};

void PartitionLog::start_commit(io::Callback done) {
  if (offline() || retired_) {
    core_->surface.executor.defer(std::move(done));
    return;
  }
  if (being_synced_) {  // one sync of a file at a time: of two, one alone hears of a failure
    commit_later_ = std::move(done);
    return;
  }
  const Status opened = ensure_open(active());
  if (!opened.ok()) {
    (void)fail_directory(opened.failure());
    core_->surface.executor.defer(std::move(done));
    return;
  }
  cut_unsynced_ = false;
  if (for_round_ != nullptr) for_round_->batches.clear();
  // The common case is one file and one fdatasync. The job keeps its outcome for close(), which may come before `done`.
  auto job = std::make_shared<CommitJob>(disk(), *directory_);
  job->try_again = core_->mutant(Mutant::sync_tried_again);
  job->unchecked = std::exchange(unchecked_, {});
  job->files = std::exchange(unsynced_files_, {});
  if (std::find(job->files.begin(), job->files.end(), active().log) == job->files.end())
    job->files.push_back(active().log);
  if (std::exchange(folder_dirty_, false)) job->folder = folder_;
  job->first_base = segments_.front().base;
  if (std::exchange(parent_dirty_, false)) job->parent = directory_->path();
  if (std::exchange(epochs_dirty_, false)) {
    job->epochs = log::print_epoch_checkpoint(epochs_.entries());
    job->epochs_path = path_in(folder_, log::epoch_checkpoint_name);
    job->epoch = epochs_.latest();
  }
  running_ = job;
  core_->surface.executor.offload_sync([job, gate = core_->gate] { gate->run([&] { job->run(); }); },
                                       [weak = weak_from_this(), &core = *core_, job, what = committing_now(),
                                        began = core_->surface.clock.now(), done = std::move(done)]() mutable {
                                         const auto self = weak.lock();
                                         if (!self || !self->here(core)) return done();
                                         self->core_->syncs.durations.record(self->core_->surface.clock.now() - began);
                                         if (!job->outcome.ok()) ++self->core_->syncs.failed;
                                         self->running_.reset();
                                         if (job->epochs_failed) self->epochs_dirty_ = true;
                                         if (job->outcome.ok() && !job->epochs_failed) {
                                           self->epoch_written_ = std::max(
                                               self->epoch_written_, std::min(job->epoch, self->epochs_.latest()));
                                         }
                                         if (job->outcome.ok() && !job->folder.empty())
                                           self->durable_first_base_ = job->first_base;
                                         if (!job->outcome.ok() && !self->retired_)
                                           (void)self->fail_directory(job->outcome.failure());
                                         if (job->outcome.ok() && !self->retired_ && !self->offline()) {
                                           if (what.generation == self->generation_)
                                             self->synced_end_ = std::max(self->synced_end_, what.end);
                                           self->committed(what);
                                           if (self->checkpointer_ != nullptr)
                                             self->checkpointer_->segments_synced(*self->directory_);
                                         }
                                         done();
                                       });
}

void PartitionLog::cancel_commit() {
  if (running_ != nullptr) running_->cancel();
  running_.reset();
}

/// At close, when the gate is closed: the job is over, or will never run.
Status PartitionLog::take_back_commit() {
  if (running_ == nullptr) return {};
  RETURN_IF_FAILED(running_->outcome);  // a failed sync is a failed sync, whoever hears of it
  for (io::FileRef& file : running_->files) unsynced_files_.push_back(std::move(file));
  for (Unchecked& part : running_->unchecked) unchecked_.push_back(std::move(part));
  parent_dirty_ = parent_dirty_ || !running_->parent.empty();
  epochs_dirty_ = epochs_dirty_ || !running_->epochs.empty();
  running_.reset();
  return {};
}

void PartitionLog::committed(const Committing& what) {
  const uint64_t flushed = std::min(what.bytes, unflushed_bytes_);
  unflushed_bytes_ -= flushed;
  accounted_bytes_ -= std::min(accounted_bytes_, flushed);
  directory_->subtract_unflushed(flushed);
  // After a cut, a commit that began before it says nothing about the bytes written since.
  if (what.generation == generation_ && what.end > stable_end_) {
    stable_end_ = what.end;
    if (listener_ != nullptr) listener_->on_stable(stable_end_);
  } else if (what.generation != generation_ && appended_end_ > stable_end_) {
    join_commit();
  }
}

void PartitionLog::flush() {
  if (offline() || retired_) return;
  if (appended_end_ > stable_end_ || !unsynced_files_.empty() || first_files_closed_ || epochs_dirty_ ||
      (queue_ && !queue_->batches.empty())) {
    join_commit();
  }
}

void PartitionLog::start_flush_timer() {
  if (flush_timer_ != 0) return;
  const Instant due = core_->surface.clock.now() + milliseconds(config_.flush_ms);
  flush_timer_ = core_->surface.timers.start(due, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->flush_timer_ = 0;
      self->flush();
    }
  });
}

/// Recovery takes the epochs of what it scans from the batches; of what lies below the point only their file tells
/// them, so the point waits for that.
Offset PartitionLog::recovery_point() const {
  if (core_->mutant(Mutant::checkpoint_before_data)) return appended_end_;
  const bool told = epochs_.epoch_of(synced_end_ - 1) <= epoch_written_;
  return told ? synced_end_ : std::min(synced_end_, checkpointed_recovery_point_);
}

// ----------------------------------------------------------------------------------------------------------------
// rounds of the journal

void PartitionLog::hold_for_round(const Bytes& batch) {
  if (for_round_ == nullptr) for_round_ = std::make_unique<ForRound>();
  ForRound& held = *for_round_;
  if (held.batches.empty()) {
    held.from = appended_end_;
    held.bytes = 0;
  }
  held.bytes += batch.size();
  held.batches.push_back(batch);
  // The rest goes without its beginning, and so into no round.
  if (held.bytes > held_for_round_max) held.batches.clear();
}

/// Only what is appended, and all of it since what is stable, can be told by a round.
uint64_t PartitionLog::round_bytes() const {
  const bool all_held = for_round_ != nullptr && !for_round_->batches.empty() && for_round_->from == stable_end_;
  const bool more = !unsynced_files_.empty() || folder_dirty_ || parent_dirty_ || epochs_dirty_ || cut_unsynced_;
  if (!all_held || more || running_ != nullptr || held_ || retired_ || !journaled() || offline()) return 0;
  return for_round_->bytes;
}

void PartitionLog::join_round(JournalRound& round) {
  in_round_ = committing_now();
  round.take_batches(id_, epochs_.latest(), for_round_->from, appended_end_, for_round_->batches);
  for_round_->batches.clear();
}

void PartitionLog::end_round(const Status& outcome) {
  if (retired_ || offline()) return;
  if (outcome.ok()) {
    committed(in_round_);
  } else if (outcome.failure().kind == FailureKind::no_space) {
    join_commit();  // nothing is held any more: by a sync of its own
  }
}

Result<PartitionLog::SyncPart> PartitionLog::sync_part() {
  RETURN_IF_FAILED(ensure_open(active()));
  // What is stable lies in files whose names are durable. What is only appended may not.
  const bool named = !folder_dirty_ && !parent_dirty_ && running_ == nullptr;
  SyncPart part{unsynced_files_, named ? appended_end_ : stable_end_, generation_};
  if (std::find(part.files.begin(), part.files.end(), active().log) == part.files.end()) {
    part.files.push_back(active().log);
  }
  return part;
}

Result<PartitionLog::SyncPart> PartitionLog::begin_sync() {
  ASSERT(!busy());
  ASSIGN_OR_RETURN(SyncPart part, sync_part());
  being_synced_ = true;
  return part;
}

void PartitionLog::end_sync(const SyncPart& part, bool synced) {
  being_synced_ = false;
  if (synced && part.generation == generation_) synced_end_ = std::max(synced_end_, part.end);
  if (commit_later_) start_commit(std::exchange(commit_later_, nullptr));
}

/// All syncs of its files that are under way are over afterwards. Blocking.
Status PartitionLog::wait_for_syncs() {
  if (being_synced_) RETURN_IF_FAILED(directory_->journal()->finish_syncs());
  if (running_ == nullptr) return {};
  running_->finish();
  return running_->outcome;
}

Status PartitionLog::close_in_journal(log::JournalKind kind, Offset at) {
  DirectoryJournal* const journal = directory_->journal();
  if (journal == nullptr && data_folder_->journal_left && kind != log::JournalKind::moved) {
    return Failure{FailureKind::no_space, directory_->path() + ": the journal of the last run still stands"};
  }
  if (journal == nullptr || offline()) return {};
  // A log start that waits for a round would come behind the closing entry: it goes the other way.
  directory_->commits().withdraw(id_);
  if (!journal->writer().holds(id_)) return {};
  const auto sync = [&]() -> Status {
    RETURN_IF_FAILED(wait_for_syncs());
    ASSIGN_OR_RETURN(const SyncPart part, sync_part());
    for (const io::FileRef& file : part.files) RETURN_IF_FAILED(disk().sync_now(*file));
    synced_end_ = std::max(synced_end_, part.end);
    return {};
  };
  if (const Status synced = sync(); !synced.ok()) return fail_directory(synced.failure());
  if (has_start_to_write() && checkpointer_ != nullptr) {
    const Status written = checkpointer_->write_log_starts_now(*directory_);
    if (!written.ok() && written.failure().kind != FailureKind::no_space) return fail_directory(written.failure());
    RETURN_IF_FAILED(written);
  }
  return journal->close_partition(kind, id_, at);
}

// ----------------------------------------------------------------------------------------------------------------
// log starts

Offset PartitionLog::durable_log_start() const {
  const bool in_segments = config_.write_caching && stable_end_ == synced_end_;
  if (in_segments || core_->mutant(Mutant::journal_start_ahead)) return log_start_;
  return std::min(log_start_, synced_end_);
}

void PartitionLog::delete_records(Offset offset, io::Completion<Status> done) {
  Status advanced =
      offline() ? Status(Failure{FailureKind::unavailable, folder_ + " is offline"}) : advance_log_start(offset);
  if (!advanced.ok() || checkpointer_ == nullptr) {
    core_->surface.executor.defer(
        [done = std::move(done), advanced = std::move(advanced)]() mutable { done(advanced); });
    return;
  }
  ++starts_under_way_;
  done = [weak = weak_from_this(), &core = *core_, done = std::move(done)](Status outcome) mutable {
    const auto self = weak.lock();
    if (self && self->here(core)) --self->starts_under_way_;
    done(std::move(outcome));
  };
  if (!held_) return write_start_down(offset, std::move(done));
  // By then it is known in which directory it is to be written down.
  after_hold_.push_back([this, offset, done = std::move(done)]() mutable {
    if (!offline()) return write_start_down(offset, std::move(done));
    done(Failure{FailureKind::unavailable, folder_ + " is offline"});
  });
}

/// By an entry in the next round of the journal, or else in the checkpoint.
void PartitionLog::write_start_down(Offset offset, io::Completion<Status> done) {
  if (!journaled()) return sync_and_write_start_down(std::move(done));
  auto entered = [weak = weak_from_this(), done = std::move(done)](const Status& outcome) mutable {
    const auto self = weak.lock();
    const bool other_way = !outcome.ok() && outcome.failure().kind == FailureKind::no_space;
    if (!other_way || !self || self->retired_ || self->offline()) return done(outcome);
    self->sync_and_write_start_down(std::move(done));
  };
  directory_->commits().add_entry(log::JournalKind::log_start, id_, offset, std::move(entered));
}

/// The checkpoint never says more than the segments hold.
void PartitionLog::sync_and_write_start_down(io::Completion<Status> done) {
  DirectoryJournal* const journal = directory_->journal();
  if (journal == nullptr && durable_log_start() < log_start_) {
    // As a process left it that died: its first commit is due anyway.
    settle_soon();
    const Instant later = core_->surface.clock.now() + milliseconds(first_commit_pause_ms);
    core_->surface.timers.start(later, [weak = weak_from_this(), &core = *core_, done = std::move(done)]() mutable {
      const auto self = weak.lock();
      if (self && self->here(core) && !self->retired_ && !self->offline()) {
        return self->sync_and_write_start_down(std::move(done));
      }
      done(Failure{FailureKind::unavailable, "the log is not there any more"});
    });
    return;
  }
  if (journal == nullptr || durable_log_start() == log_start_) {
    return checkpointer_->write_log_starts(*directory_, std::move(done));
  }
  auto synced = [weak = weak_from_this(), done = std::move(done)](const Status& outcome) mutable {
    const auto self = weak.lock();
    if (!outcome.ok()) return done(outcome);
    if (!self || self->retired_ || self->offline()) {
      return done(Failure{FailureKind::unavailable, "the log is not there any more"});
    }
    self->checkpointer_->write_log_starts(*self->directory_, std::move(done));
  };
  journal->sync({shared_from_this()}, std::move(synced));
}

// ----------------------------------------------------------------------------------------------------------------
// replay

/// Where a batch of this offset and size lies, and its bytes.
Result<std::optional<PartitionLog::Stored>> PartitionLog::stored(const wire::BatchView& batch) {
  using Maybe = std::optional<Stored>;
  Reading how{.may_wait = true, .cold = {}, .failure = {}};
  Place place;
  const Found found = locate(batch.base_offset(), place, how);
  if (found == Found::failed) return *how.failure;
  if (found != Found::yes || place.base_offset != batch.base_offset() || place.batch_bytes != batch.size()) {
    return Maybe();
  }
  Segment& segment = segments_[place.segment];
  RETURN_IF_FAILED(ensure_open(segment));
  std::vector<std::byte> bytes(batch.size());
  ASSIGN_OR_RETURN(const size_t got, disk().read(*segment.log, place.position, bytes));
  if (got != bytes.size()) return Maybe();
  return Maybe({place, std::move(bytes)});
}

Result<Held> PartitionLog::holds_batch(const wire::BatchView& batch) {
  ASSIGN_OR_RETURN(auto there, stored(batch));
  if (!there) return Held::other;
  if (std::ranges::equal(there->bytes, batch.bytes())) return Held::same;
  wire::set_leader_epoch(there->bytes, batch.leader_epoch());
  return std::ranges::equal(there->bytes, batch.bytes()) ? Held::other_epoch : Held::other;
}

Status PartitionLog::write_over(const wire::BatchView& batch) {
  ASSIGN_OR_RETURN(const auto there, stored(batch));
  ASSERT(there.has_value());
  const Segment& segment = segments_[there->place.segment];
  trace(TraceLevel::warn, "log={} offset={} state=mended reason=\"its leader epoch was torn, the journal has it\"",
        folder_, batch.base_offset());
  const std::span<const std::byte> piece = batch.bytes();
  RETURN_IF_FAILED(disk().write(*segment.log, there->place.position, std::span(&piece, 1)));
  RETURN_IF_FAILED(disk().sync_now(*segment.log));
  RETURN_IF_FAILED(rebuild_epochs());
  epochs_.truncate_from_start(log_start_);
  epochs_dirty_ = changed_ = true;
  return {};
}

Status PartitionLog::append_replayed(Bytes batches) {
  RETURN_IF_FAILED(append_as_follower(std::move(batches)));
  const Offset end = next_offset_;
  write_queued();
  if (appended_end_ == end) return {};
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  return Failure{FailureKind::no_space, folder_ + ": no room for what the journal has of it"};
}

Status PartitionLog::end_replay() {
  if (appended_end_ == synced_end_) return {};
  ASSIGN_OR_RETURN(const SyncPart part, sync_part());
  for (const io::FileRef& file : part.files) RETURN_IF_FAILED(disk().sync_now(*file));
  if (std::exchange(folder_dirty_, false)) RETURN_IF_FAILED(directory_->sync_folder(folder_));
  unsynced_files_.clear();
  directory_->subtract_unflushed(accounted_bytes_);
  unflushed_bytes_ = accounted_bytes_ = 0;
  stable_end_ = synced_end_ = appended_end_;
  // What recovery kept aside behind a torn write is what the journal gave back.
  for (const DamagedRange& range : damaged_) {
    if (range.kept_in.empty() || range.last >= appended_end_) continue;
    RETURN_IF_FAILED(disk().remove(path_in(folder_, range.kept_in)));
  }
  std::erase_if(damaged_, [end = appended_end_](const DamagedRange& range) {
    return !range.kept_in.empty() && range.last < end;
  });
  return {};
}

}  // namespace moldau::store
