#include "store/recovery_lane.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/trace.h"
#include "store/log_in_replay.h"
#include "store/off_loop.h"

namespace moldau::store {
namespace {

Failure called_off() {
  return Failure{FailureKind::closed, "the store is closing"};
}

/// Who waits longest for it: coordinators answer nobody before they have their log; then the clients of the logs that
/// took the most.
bool before(const LogToRecover& a, const LogToRecover& b) {
  const auto rank = [](const LogToRecover& log) {
    return std::tuple(!is_essential(log.topic), -log.beyond, std::string_view(log.topic), log.id.partition);
  };
  return rank(a) < rank(b);
}

}  // namespace

/// The journal of the last run, as it was read.
struct RecoveryLane::Journal {
  std::unique_ptr<JournalReplay> replay;
  std::map<TopicPartitionId, const log::PartitionReplay*> partitions;
  Status outcome = called_off();

  void read(io::Disk& disk, const DataFolder& folder) {
    auto found = JournalReplay::read(disk, folder.path, folder.opened.identity.directory_id);
    outcome = found.ok() ? Status() : Status(found.failure());
    if (!found.ok()) return;
    replay = std::move(found).value();
    for (const log::PartitionReplay& partition : replay->plan()) partitions.emplace(partition.id, &partition);
  }
};

/// Where one log is recovered: a store's part of its own, that no other thread sees.
struct RecoveryLane::Place {
  Place(StoreCore& home, DataFolder& in, LogToRecover log_to_recover, std::shared_ptr<Journal> journal_of,
        std::shared_ptr<std::atomic<bool>> stopping_flag)
      : loop(home.surface),
        core(loop.surface(), home.options, home.shard),
        directory(core, in),
        what(std::move(log_to_recover)),
        journal(std::move(journal_of)),
        stopping(std::move(stopping_flag)) {
    core.tell_offline = [](DataFolder&, const Failure&) {};  // home hears of it by the outcome
    core.stopping = stopping.get();
    log = std::make_shared<PartitionLog>(core, directory, what.id, what.topic, what.folder,
                                         home.options.config_of(what.topic));
    if (what.clean_end) log->set_clean_end(what.clean_end);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { give_up(); }

  void give_up() {
    if (log) log->retire();
    log.reset();
  }
  /// In the pool.
  void scan() {
    outcome = log->load(what.facts);
    if (!outcome.ok()) return;
    sync = log->take_recovered_sync();
    if (journal == nullptr) return;
    const auto found = journal->partitions.find(what.id);
    if (found == journal->partitions.end()) return;
    LogInReplay target(*log);
    outcome = journal->replay->replay(*found->second, target);
  }
  /// In the pool, when scan() is over.
  void make_durable() {
    outcome = sync_all();
    if (!outcome.ok()) directory.folder().distrust(core.surface.disk);
  }
  Status sync_all() {
    for (const io::FileRef& file : sync.files) RETURN_IF_FAILED(core.surface.disk.sync_now(*file));
    if (!sync.folder.empty()) RETURN_IF_FAILED(directory.sync_folder(sync.folder));
    return log->end_replay();
  }
  /// It is nobody's then.
  std::shared_ptr<PartitionLog> take_log() {
    sync = {};
    directory.commits().clear();
    log->detach();
    return std::exchange(log, nullptr);
  }

  OffLoop loop;
  StoreCore core;
  LogDirectory directory;
  LogToRecover what;
  std::shared_ptr<Journal> journal;
  std::shared_ptr<std::atomic<bool>> stopping;
  std::shared_ptr<PartitionLog> log;
  PartitionLog::RecoveredSync sync;
  Status outcome = called_off();
};

RecoveryLane::RecoveryLane(StoreCore& core, DataFolder& folder, RecoveryHost& host, std::vector<LogToRecover> logs,
                           std::unordered_set<TopicPartitionId> removed)
    : core_(core), folder_(folder), host_(host), queue_(std::move(logs)), removed_(std::move(removed)) {}

RecoveryLane::~RecoveryLane() = default;

const LogToRecover& RecoveryLane::what_of(const Place& place) {
  return place.what;
}

void RecoveryLane::start(bool with_journal) {
  if (!with_journal) {
    order({});
    return next();
  }
  scanning_ = true;
  auto journal = std::make_shared<Journal>();
  core_.surface.executor.offload([journal, &folder = folder_, gate = core_.gate,
                                  &disk = core_.surface.disk] { gate->run([&] { journal->read(disk, folder); }); },
                                 [this, journal, alive = std::weak_ptr(core_.alive)] {
                                   if (alive.expired() || over_ || core_.closed) return;
                                   scanning_ = false;
                                   if (!journal->outcome.ok()) return fail(journal->outcome.failure());
                                   order(*journal);
                                   journal_ = journal;
                                   next();
                                 });
}

/// By what is known without a look into any partition's folder.
void RecoveryLane::order(const Journal& journal) {
  std::unordered_set<TopicPartitionId> here;
  for (LogToRecover& log : queue_) {
    here.insert(log.id);
    Offset end = log.high_watermark.value_or(0);
    const auto found = journal.partitions.find(log.id);
    if (found != journal.partitions.end() && !found->second->batches.empty()) {
      end = std::max(end, found->second->batches.back().entry.end);
    }
    log.beyond = std::max<Offset>(end - log.facts.recovery_point.value_or(0), 0);
  }
  std::sort(queue_.begin(), queue_.end(), [](const LogToRecover& a, const LogToRecover& b) { return before(b, a); });
  if (journal.replay == nullptr) return;
  for (const log::PartitionReplay& partition : journal.replay->plan()) {
    if (!here.contains(partition.id)) journal.replay->miss(partition, removed_.contains(partition.id));
  }
  replayed_ = journal.replay->counts();
}

void RecoveryLane::next() {
  if (over_) return;
  if (folder_.offline) return fail(Failure{FailureKind::unavailable, folder_.path + " is offline"});
  if (left() == 0) {
    over_ = true;
    return host_.lane_over(folder_.index);
  }
  // What clients wait for is synced beside it.
  const auto under_way_max = static_cast<size_t>(std::max(core_.options.syncs_in_flight_max / 2, 1));
  if (scanning_ || queue_.empty() || under_way_.size() >= under_way_max) return;
  LogToRecover what = std::move(queue_.back());
  queue_.pop_back();
  scan(std::move(what));
}

void RecoveryLane::scan(LogToRecover what) {
  scanning_ = true;
  auto place = std::make_shared<Place>(core_, folder_, std::move(what), journal_, stopping_);
  under_way_.push_back(place);
  core_.surface.executor.offload([place, gate = core_.gate] { gate->run([&] { place->scan(); }); },
                                 [this, place, alive = std::weak_ptr(core_.alive)] {
                                   if (alive.expired() || over_ || core_.closed) return;
                                   scanning_ = false;
                                   scanned(place);
                                 });
}

void RecoveryLane::scanned(const std::shared_ptr<Place>& place) {
  if (journal_ != nullptr) replayed_ = journal_->replay->counts();
  if (!place->outcome.ok()) return fail(place->outcome.failure());
  core_.surface.executor.offload_sync([place, gate = core_.gate] { gate->run([&] { place->make_durable(); }); },
                                      [this, place, alive = std::weak_ptr(core_.alive)] {
                                        if (!alive.expired() && !over_ && !core_.closed) synced(place);
                                      });
  next();
}

void RecoveryLane::synced(const std::shared_ptr<Place>& place) {
  if (!place->outcome.ok()) return fail(place->outcome.failure());
  if (folder_.offline) return next();
  std::erase(under_way_, place);
  std::shared_ptr<PartitionLog> log = place->take_log();
  core_.take_removals(place->core);
  host_.log_recovered(place->what, std::move(log));
  next();
}

/// Jobs that are under way touch nothing but their own place; what comes of them is not looked at.
void RecoveryLane::fail(const Failure& why) {
  if (std::exchange(over_, true)) return;
  stop();
  queue_.clear();
  host_.lane_failed(folder_.index, why);
}

void RecoveryLane::end() {
  for (const auto& place : under_way_) place->give_up();
}

}  // namespace moldau::store
