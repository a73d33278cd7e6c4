#include "store/directory_journal.h"

#include <utility>

#include "base/trace.h"
#include "store/directory.h"
#include "store/journal/pool_work.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

/// Logs that one job syncs: then other work of the pool has its turn.
constexpr size_t syncs_a_job_max = 32;
/// A log whose commit is under way is looked at again after this.
constexpr int64_t busy_retry_ms = 1;
/// A file that is to be sealed waits this long for the one that follows it.
constexpr int64_t seal_retry_ms = 50;
/// A checkpoint that found no room is tried again.
constexpr int64_t checkpoint_retry_ms = 1000;

JournalOptions journal_options(const StoreCore& core, const LogDirectory& directory) {
  const JournalSettings& settings = core.options.journal;
  JournalOptions options{directory.path(), directory.folder().opened.identity.directory_id,
                         static_cast<uint32_t>(core.shard), settings.file_bytes, settings.files_max};
  options.sync_failed = [&folder = directory.folder(), &disk = core.surface.disk] { folder.distrust(disk); };
  if (core.mutant(Mutant::journal_ack_before_sync)) options.mutant = log::JournalMutant::acknowledged_before_sync;
  return options;
}

}  // namespace

/// Syncs of some logs, in the pool one after the other.
struct DirectoryJournal::SyncJob final : PoolWork {
  SyncJob(io::Disk& on, DataFolder& in) : disk(on), folder(in) {}

  io::Disk& disk;
  DataFolder& folder;
  std::vector<std::weak_ptr<PartitionLog>> logs;  // the store may end before the job does
  std::vector<PartitionLog::SyncPart> parts;
  Status outcome = Failure{FailureKind::closed, "the store is closing"};

 private:
  void work() override {
    outcome = {};
    for (const PartitionLog::SyncPart& part : parts) {
      for (const io::FileRef& file : part.files) {
        if (outcome.ok()) outcome = disk.sync_now(*file);
      }
    }
    // Whatever a sync says is wrong, what it should have written may be gone.
    if (outcome.ok()) return;
    outcome = Failure{FailureKind::io, outcome.failure().message, outcome.failure().os_errno};
    folder.distrust(disk);
  }
};

/// Logs that are to be synced, and who waits for that.
struct DirectoryJournal::Syncing {
  std::vector<std::weak_ptr<PartitionLog>> left;
  io::Completion<Status> done;
};

DirectoryJournal::DirectoryJournal(StoreCore& core, LogDirectory& directory, JournalStore& store)
    : core_(core),
      directory_(directory),
      store_(store),
      writer_(core.surface, journal_options(core, directory), *this) {}

DirectoryJournal::~DirectoryJournal() {
  if (seal_timer_ != 0) core_.surface.timers.cancel(seal_timer_);
}

void DirectoryJournal::sync(const std::vector<std::shared_ptr<PartitionLog>>& logs, io::Completion<Status> done) {
  auto all = std::make_shared<Syncing>();
  all->left.assign(logs.begin(), logs.end());
  all->done = std::move(done);
  sync_some(all);
}

/// Syncs some of those whose files nobody syncs now, then the others.
void DirectoryJournal::sync_some(const std::shared_ptr<Syncing>& all) {
  auto job = std::make_shared<SyncJob>(core_.surface.disk, directory_.folder());
  std::vector<std::weak_ptr<PartitionLog>> later;
  for (const std::weak_ptr<PartitionLog>& weak : all->left) {
    const auto log = weak.lock();
    if (!log || !log->here(core_) || log->retired() || log->offline() || &log->directory() != &directory_) continue;
    if (log->busy() || job->logs.size() == syncs_a_job_max) {
      later.push_back(weak);
      continue;
    }
    auto part = log->begin_sync();
    if (!part.ok()) return sync_over(*all, *job, part.failure());
    job->logs.push_back(log);
    job->parts.push_back(std::move(part).value());
  }
  all->left = std::move(later);
  if (job->logs.empty() && !all->left.empty()) {
    const Instant later_on = core_.surface.clock.now() + milliseconds(busy_retry_ms);
    core_.surface.timers.start(later_on, [this, all, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) sync_some(all);
    });
    return;
  }
  if (core_.mutant(Mutant::journal_settled_before_sync)) {
    for (PartitionLog::SyncPart& part : job->parts) part.files.clear();
  }
  jobs_.push_back(job);
  core_.surface.executor.offload([job, gate = core_.gate] { gate->run([&] { job->run(); }); },
                                 [this, job, all, alive = std::weak_ptr(alive_)] {
                                   if (!alive.expired()) sync_over(*all, *job, job->outcome, all);
                                 });
}

void DirectoryJournal::sync_over(Syncing& all, SyncJob& job, Status outcome, const std::shared_ptr<Syncing>& rest) {
  std::erase_if(jobs_, [&](const std::weak_ptr<SyncJob>& one) { return one.lock().get() == &job || one.expired(); });
  // Before commits go on that waited for it: they must not find the files clean.
  if (!outcome.ok() && outcome.failure().kind != FailureKind::closed) directory_.fail(outcome.failure());
  for (size_t i = 0; i < job.logs.size(); ++i) {
    const auto log = job.logs[i].lock();
    if (log && log->here(core_)) log->end_sync(job.parts[i], outcome.ok());
  }
  if (outcome.ok() && rest != nullptr && !rest->left.empty()) return sync_some(rest);
  if (rest != nullptr) return all.done(std::move(outcome));
  core_.surface.executor.defer([done = std::move(all.done), outcome]() mutable { done(std::move(outcome)); });
}

Status DirectoryJournal::finish_syncs() {
  for (const std::weak_ptr<SyncJob>& weak : std::vector(jobs_)) {
    const auto job = weak.lock();
    if (job == nullptr) continue;
    job->finish();
    RETURN_IF_FAILED(job->outcome);
  }
  return {};
}

Status DirectoryJournal::close_partition(log::JournalKind kind, const TopicPartitionId& id, Offset at) {
  JournalRound round;
  round.add(kind, id, at);
  return writer_.append_now(std::move(round));
}

Status DirectoryJournal::close() {
  if (seal_timer_ != 0) core_.surface.timers.cancel(std::exchange(seal_timer_, 0));
  const Status synced = finish_syncs();
  const Status closed = writer_.close();
  alive_.reset();  // whatever comes back later is too late
  return synced.ok() ? closed : synced;
}

// ----------------------------------------------------------------------------------------------------------------
// files of the journal

void DirectoryJournal::journal_failed(const Failure& why) {
  directory_.fail(why);
}

void DirectoryJournal::file_begun() {
  if (seal_timer_ != 0) core_.surface.timers.cancel(seal_timer_);
  const Instant due = core_.surface.clock.now() + milliseconds(core_.options.journal.seal_after_ms);
  seal_timer_ = core_.surface.timers.start(due, [this] {
    seal_timer_ = 0;
    seal_when_due();
  });
}

/// Not before another file is ready: rounds are to go on.
void DirectoryJournal::seal_when_due() {
  if (directory_.offline()) return;
  if (writer_.next_is_ready()) return writer_.seal();
  const Instant later = core_.surface.clock.now() + milliseconds(seal_retry_ms);
  seal_timer_ = core_.surface.timers.start(later, [this] {
    seal_timer_ = 0;
    seal_when_due();
  });
}

void DirectoryJournal::checkpoint(uint64_t generation, std::vector<TopicPartitionId> members) {
  if (directory_.offline()) return;
  ++settling_;
  std::vector<std::shared_ptr<PartitionLog>> logs;
  for (const TopicPartitionId& id : members) {
    auto log = store_.find_log(id);
    // One that is not here any more was closed in the journal before it went.
    if (log != nullptr && &log->directory() == &directory_) logs.push_back(std::move(log));
  }
  const Instant began = core_.surface.clock.now();
  auto synced = [this, generation, began, alive = std::weak_ptr(alive_),
                 shared =
                     std::make_shared<const std::vector<TopicPartitionId>>(std::move(members))](const Status& outcome) {
    if (!alive.expired() && outcome.ok()) settle_synced(generation, shared, began);
  };
  sync(logs, std::move(synced));
}

/// The segments are durable. Log starts that DeleteRecords put into the journal stand nowhere else yet.
void DirectoryJournal::settle_synced(uint64_t generation, const Members& members, Instant began) {
  if (directory_.offline()) return;
  bool starts = false;
  for (const TopicPartitionId& id : *members) {
    const auto log = store_.find_log(id);
    starts = starts || (log != nullptr && &log->directory() == &directory_ && log->has_start_to_write());
  }
  if (!starts) return settled(generation, began);
  auto written = [this, generation, members, began, alive = std::weak_ptr(alive_)](const Status& outcome) {
    if (alive.expired() || directory_.offline()) return;
    if (outcome.ok()) return settled(generation, began);
    // No room for the checkpoint: until there is, the file stays as it is.
    const Instant later = core_.surface.clock.now() + milliseconds(checkpoint_retry_ms);
    core_.surface.timers.start(later, [this, generation, members, began, alive] {
      if (!alive.expired()) settle_synced(generation, members, began);
    });
  };
  store_.write_log_starts(directory_, std::move(written));
}

void DirectoryJournal::settled(uint64_t generation, Instant began) {
  --settling_;
  ++settled_files_;
  settle_times_.record(core_.surface.clock.now() - began);
  writer_.settled(generation);
  store_.segments_synced(directory_);
}

}  // namespace moldau::store
