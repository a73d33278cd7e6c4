// StoreShardImpl, its logs: how they come and go; retention, the expiry of producers; the end.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "store/store_shard_impl.h"

namespace moldau::store {
namespace {

/// Logs whose retention is looked at in one turn.
constexpr size_t retention_per_turn = 128;
/// A log that is to leave is looked at again after this.
constexpr Duration rest_pause = microseconds(250);
/// Whether logs that a start left to be synced are synced by now.
constexpr Duration found_look_pause = milliseconds(20);
/// A closing entry that found no room in the journal is tried again.
constexpr int64_t closing_retry_ms = 1000;

Failure not_now(const PartitionLog& log, const char* why) {
  return Failure{FailureKind::unavailable, log.folder() + " " + why};
}

}  // namespace

StoreShardImpl::StoreShardImpl(StoreHome& home, io::Surface surface, StoreOptions options, size_t index,
                               const std::vector<std::unique_ptr<DataFolder>>& folders)
    : home_(home), core_(surface, std::move(options), index), checkpoints_(folders.size()) {
  for (const auto& folder : folders) core_.directories.push_back(std::make_unique<LogDirectory>(core_, *folder));
}

StoreShardImpl::~StoreShardImpl() = default;

std::vector<PartitionLog*> StoreShardImpl::ordered(const LogDirectory& directory) {
  std::vector<PartitionLog*> logs = directory.logs();
  std::sort(logs.begin(), logs.end(), [](const PartitionLog* a, const PartitionLog* b) {
    return std::pair(std::string_view(a->topic()), a->partition()) <
           std::pair(std::string_view(b->topic()), b->partition());
  });
  return logs;
}

std::vector<Log*> StoreShardImpl::logs() {
  std::vector<Log*> all;
  for (const auto& directory : core_.directories) {
    for (PartitionLog* log : ordered(*directory)) all.push_back(log);
  }
  return all;
}

std::shared_ptr<PartitionLog> StoreShardImpl::find_log(const TopicPartitionId& id) {
  if (index() == 0) return home_.find_at_home(id);
  const auto found = logs_.find(id);
  return found == logs_.end() ? nullptr : found->second->shared_from_this();
}

// ----------------------------------------------------------------------------------------------------------------
// logs come and go

void StoreShardImpl::join(LogRef ref) {
  auto& log = static_cast<PartitionLog&>(*ref);
  if (stopped_ || log.retired()) return;  // Store closes it, or removes it
  log.join(core_, *this);
  if (index() != 0) logs_.emplace(log.id(), &log);
  const DataFolder& folder = log.data_folder();
  const CheckpointFile::Key key(log.topic(), log.partition());
  for (CheckpointFile* file : folder.files()) file->arrive(index(), key);
}

Status StoreShardImpl::may_leave(const PartitionLog& log) const {
  ASSERT(log.here(core_));
  if (log.leaving()) return not_now(log, "is leaving already");
  if (index() == 0 && home_.stays_home(log.id())) return not_now(log, "is moved to another log directory");
  return {};
}

Result<LogRef> StoreShardImpl::leave_at_once(Log& given) {
  auto& log = static_cast<PartitionLog&>(given);
  RETURN_IF_FAILED(may_leave(log));
  if (!log.at_rest()) return not_now(log, "has something under way");
  const DirectoryJournal* const journal = log.directory().journal();
  if (journal != nullptr && journal->writer().holds(log.id())) return not_now(log, "has entries in the journal");
  return let_go(log.shared_from_this());
}

void StoreShardImpl::leave(Log& given, io::Completion<Result<LogRef>> done) {
  auto& log = static_cast<PartitionLog&>(given);
  Status may = may_leave(log);
  if (may.ok() && log.data_folder().journal_left) may = not_now(log, "was not synced yet since the start");
  if (!may.ok()) {
    core_.surface.executor.defer([done = std::move(done), why = may.failure()]() mutable { done(std::move(why)); });
    return;
  }
  log.set_leaving(true);
  leaving_.spawn(leave_when_at_rest(log.shared_from_this(), std::move(done)));
}

io::Task<void> StoreShardImpl::leave_when_at_rest(std::shared_ptr<PartitionLog> log,
                                                  io::Completion<Result<LogRef>> done) {
  bool synced = false;
  Result<LogRef> outcome = Failure{FailureKind::closed, log->folder() + " is removed"};
  co_await io::next_turn(core_.surface.executor);
  while (!log->retired()) {
    if (!log->at_rest()) {
      const Instant later = core_.surface.clock.now() + rest_pause;
      co_await io::sleep_until(core_.surface.timers, later);
      continue;
    }
    DirectoryJournal* const journal = log->directory().journal();
    const bool held = journal != nullptr && !log->offline() && journal->writer().holds(log->id());
    if (held && !std::exchange(synced, true)) {
      // In the pool: what is left for close_in_journal() is then little.
      io::OneShot<Status> over;
      journal->sync({log}, over.completion());
      [[maybe_unused]] const Status heard = co_await over;  // of a failure the directory hears
      continue;
    }
    outcome = let_go(log);
    break;
  }
  log->set_leaving(false);
  // Whoever hears of it may end this shard.
  core_.surface.executor.defer(
      [done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
}

/// REQUIRES: at rest.
Result<LogRef> StoreShardImpl::let_go(const std::shared_ptr<PartitionLog>& log) {
  const Offset high_watermark = high_watermark_of(*log);
  RETURN_IF_FAILED(log->leave());
  log->note_high_watermark(high_watermark);
  keep_lines(*log, high_watermark);
  logs_.erase(log->id());
  return LogRef(log);
}

void StoreShardImpl::retire(Log& given) {
  auto& log = static_cast<PartitionLog&>(given);
  ASSERT(log.here(core_));
  log.retire();
  logs_.erase(log.id());
  LogDirectory& directory = log.directory();
  directory.commits().withdraw(log.id());
  const DirectoryJournal* const journal = directory.journal();
  if (index() != 0 && journal != nullptr && journal->writer().holds(log.id())) log.set_entries_left(index());
  const CheckpointFile::Key key(log.topic(), log.partition());
  for (CheckpointFile* file : log.data_folder().files()) file->depart(index(), key, std::nullopt);
}

void StoreShardImpl::close_removed(size_t index, const TopicPartitionId& id, io::Callback done) {
  LogDirectory& directory = *core_.directories[index];
  if (directory.journal() == nullptr || core_.mutant(Mutant::journal_removal_not_closed)) return done();
  auto entered = [this, index, id, done = std::move(done),
                  alive = std::weak_ptr(core_.alive)](const Status& outcome) mutable {
    if (outcome.ok() || outcome.failure().kind != FailureKind::no_space) return done();
    const Instant later = core_.surface.clock.now() + milliseconds(closing_retry_ms);
    core_.surface.timers.start(later, [this, index, id, done = std::move(done), alive]() mutable {
      if (!alive.expired()) close_removed(index, id, std::move(done));
    });
  };
  directory.commits().add_entry(log::JournalKind::deleted, id, 0, std::move(entered));
}

// ----------------------------------------------------------------------------------------------------------------
// from time to time

void StoreShardImpl::every(int64_t interval_ms, std::function<void()> work) {
  if (interval_ms <= 0 || core_.closed) return;
  const uint64_t key = ++next_timer_;
  const Instant due = core_.surface.clock.now() + milliseconds(interval_ms);
  timers_[key] = core_.surface.timers.start(
      due, [this, key, interval_ms, work = std::move(work), alive = std::weak_ptr(core_.alive)]() mutable {
        if (alive.expired()) return;
        timers_.erase(key);
        work();
        every(interval_ms, std::move(work));
      });
}

void StoreShardImpl::start_background() {
  every(core_.options.retention_check_interval_ms, [this] { retention_tick(); });
  every(core_.options.producer_expiration_check_interval_ms, [this] { expiry_tick(); });
  cleaner_.start(core_.options.cleaner);
  scrub_.start(core_.options.scrub);
}

void StoreShardImpl::trim_memory(LogDirectory& directory) {
  for (PartitionLog* log : directory.logs()) log->trim_memory();
}

void StoreShardImpl::retention_tick() {
  std::vector<std::weak_ptr<PartitionLog>> all;
  for (const auto& directory : core_.directories) {
    for (PartitionLog* log : ordered(*directory)) {
      if (!log->is_metadata()) all.push_back(log->weak_from_this());
    }
  }
  retain_some(std::move(all));
}

void StoreShardImpl::retain_some(std::vector<std::weak_ptr<PartitionLog>> rest) {
  const WallMillis now = core_.surface.clock.wall();
  for (size_t i = 0; i < retention_per_turn && !rest.empty(); ++i) {
    const auto log = rest.back().lock();
    rest.pop_back();
    if (!log || !log->here(core_) || log->offline()) continue;
    const Status done = log->apply_retention(now, high_watermark_of(*log));
    if (!done.ok())
      trace(TraceLevel::warn, "log={} retention=failed reason=\"{}\"", log->folder(), done.failure().message);
  }
  if (rest.empty()) return;
  core_.surface.executor.defer([this, rest = std::move(rest), alive = std::weak_ptr(core_.alive)]() mutable {
    if (!alive.expired()) retain_some(std::move(rest));
  });
}

void StoreShardImpl::expiry_tick() {
  for (const auto& directory : core_.directories) {
    for (PartitionLog* log : directory->logs()) log->expire_producers(core_.surface.clock.wall());
  }
}

void StoreShardImpl::configure_cleaner(const CleanerOptions& options) {
  core_.options.cleaner = options;
  cleaner_.configure(options);
}

void StoreShardImpl::configure_scrub(const ScrubOptions& options) {
  core_.options.scrub = options;
  scrub_.configure(options);
}

// ----------------------------------------------------------------------------------------------------------------
// counts

SyncCounts StoreShardImpl::sync_counts() const {
  SyncCounts counts = core_.syncs;
  for (const auto& directory : core_.directories) counts.unflushed_bytes += directory->unflushed_bytes();
  return counts;
}

JournalStats StoreShardImpl::journal_stats() const {
  JournalStats stats;
  if (index() == 0) {
    const ReplayCounts& replayed = home_.replayed();
    stats.replayed_rounds = replayed.rounds;
    stats.replayed_batches = replayed.batches_appended;
    stats.replayed_bytes = replayed.bytes_appended;
    stats.replay_missing = replayed.partitions_missing;
  }
  for (const auto& directory : core_.directories) {
    const DirectoryJournal* const journal = directory->journal();
    if (journal == nullptr) continue;
    const JournalCounts& counts = journal->writer().counts();
    stats.rounds += counts.rounds;
    stats.entries += counts.entries;
    stats.payload_bytes += counts.payload_bytes;
    stats.written_bytes += counts.written_bytes;
    stats.refused += counts.refused;
    stats.files += counts.files;
    stats.settled_files += journal->settled_files();
    stats.settling += journal->settling();
    stats.unsettled_bytes += journal->writer().unsettled_bytes();
  }
  return stats;
}

// ----------------------------------------------------------------------------------------------------------------
// begin and end

Status StoreShardImpl::open_journal(size_t index) {
  LogDirectory& directory = *core_.directories[index];
  auto journal = std::make_unique<DirectoryJournal>(core_, directory, static_cast<JournalStore&>(*this));
  RETURN_IF_FAILED(journal->open());
  directory.set_journal(std::move(journal));
  return {};
}

void StoreShardImpl::settle_found(size_t directory, io::Callback done) {
  leaving_.spawn(settle_logs(directory, std::move(done)));
}

io::Task<void> StoreShardImpl::settle_logs(size_t index, io::Callback done) {
  LogDirectory& directory = *core_.directories[index];
  co_await io::next_turn(core_.surface.executor);  // logs go to their shards first
  for (PartitionLog* log : ordered(directory)) {
    if (log->commit_end() < log->appended_end()) log->settle_soon();  // nobody can read its end before
  }
  const Instant later = core_.surface.clock.now() + milliseconds(core_.options.settle_found_after_ms);
  co_await io::sleep_until(core_.surface.timers, later);
  std::vector<std::weak_ptr<PartitionLog>> found;
  for (PartitionLog* log : ordered(directory)) {
    if (!log->unsettled()) continue;
    log->settle_soon();
    found.push_back(log->weak_from_this());
  }
  while (!directory.offline()) {
    std::erase_if(found, [this](const std::weak_ptr<PartitionLog>& weak) {
      const auto log = weak.lock();
      return !log || !log->here(core_) || !log->unsettled();
    });
    if (found.empty()) break;
    const Instant again = core_.surface.clock.now() + found_look_pause;
    co_await io::sleep_until(core_.surface.timers, again);
  }
  if (!directory.offline()) core_.surface.executor.defer(std::move(done));
}

void StoreShardImpl::end_work() {
  core_.closed = true;
  leaving_.cancel();
  cleaner_.stop();
  scrub_.stop();
  core_.gate->close();
  for (const auto& [key, timer] : timers_) core_.surface.timers.cancel(timer);
  timers_.clear();
}

Status StoreShardImpl::close_journal(LogDirectory& directory) {
  if (directory.journal() == nullptr || directory.offline()) return {};
  const Status closed = directory.journal()->close();
  if (!closed.ok() && closed.failure().kind != FailureKind::no_space && closed.failure().kind != FailureKind::closed) {
    directory.fail(closed.failure());
  }
  return closed;
}

void StoreShardImpl::close_journals() {
  // A failed write or sync takes its directory offline: it is then left for the next start.
  for (const auto& directory : core_.directories) (void)close_journal(*directory);
}

void StoreShardImpl::stop() {
  if (std::exchange(stopped_, true)) return;
  end_work();
  close_journals();
  for (const auto& directory : core_.directories) {
    directory->commits().stop();
    for (PartitionLog* log : directory->logs()) {
      log->note_high_watermark(high_watermark_of(*log));
      log->abandon();
    }
  }
  core_.alive.reset();
}

}  // namespace moldau::store
