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

/// Logs that are opened as they were found in one job: each takes a fraction of a millisecond, and clients wait for the
/// first of them.
constexpr size_t as_found_at_once = 8;

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

/// What all logs of the directory have in common: the journal of the last run, and whether files are as it says. Of one
/// job of the pool at a time; home looks at it in between.
struct RecoveryLane::Journal {
  Journal(DataFolder& of, bool is_there) : folder(of), there(is_there), trusted(of.trusted) {}

  DataFolder& folder;
  const bool there;
  bool trusted;
  std::unique_ptr<JournalReplay> replay;  // null when it is not there, and while its heads are enough
  std::vector<log::PartitionReplay> heads;
  std::map<TopicPartitionId, const log::PartitionReplay*> partitions;
  Status outcome = called_off();

  /// `known`: partitions that are here, or known to be removed.
  void read(io::Disk& disk, const std::unordered_set<TopicPartitionId>& known) {
    outcome = trusted ? read_heads(disk, known) : read_whole(disk);
  }
  /// What is damaged, or missing, is told when it is read whole.
  Status read_heads(io::Disk& disk, const std::unordered_set<TopicPartitionId>& known) {
    if (!there) return {};
    auto found = read_journal_heads(disk, folder.path, folder.opened.identity.directory_id);
    if (!found.ok() && found.failure().kind != FailureKind::corrupt) return found.failure();
    const bool fits = found.ok() && std::all_of(found->begin(), found->end(), [&](const auto& partition) {
                        return partition.batches.empty() || known.contains(partition.id);
                      });
    if (!fits) return doubt(disk);
    heads = std::move(found).value();
    take(heads);
    return {};
  }
  Status read_whole(io::Disk& disk) {
    if (!there) return {};
    ASSIGN_OR_RETURN(replay, JournalReplay::read(disk, folder.path, folder.opened.identity.directory_id));
    take(replay->plan());
    return {};
  }
  void take(const std::vector<log::PartitionReplay>& plan) {
    partitions.clear();
    for (const log::PartitionReplay& partition : plan) partitions.emplace(partition.id, &partition);
  }
  /// From here on by the rules: also after a process that dies now.
  Status doubt(io::Disk& disk) {
    trace(TraceLevel::warn, "log_directory={} state=doubted", folder.path);
    folder.doubt(disk);
    trusted = false;
    return read_whole(disk);
  }
  const log::PartitionReplay* find(const TopicPartitionId& id) const {
    const auto found = partitions.find(id);
    return found == partitions.end() ? nullptr : found->second;
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
    make_log(home.options.config_of(what.topic));
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { give_up(); }

  void give_up() {
    if (log) log->retire();
    log.reset();
  }
  void make_log(const LogConfig& config) {
    log = std::make_shared<PartitionLog>(core, directory, what.id, what.topic, what.folder, config);
    if (what.clean_end) log->set_clean_end(what.clean_end);
  }
  /// In the pool.
  void open() {
    tried = true;
    outcome = journal->trusted ? open_as_found() : open_by_the_rules();
  }
  Status open_as_found() {
    LoadFacts facts = what.facts;
    facts.leave_doubted = true;
    RETURN_IF_FAILED(log->load(facts));
    ASSIGN_OR_RETURN(as_found, fits_journal());
    if (as_found) return {};
    const LogConfig config = log->config();
    give_up();
    RETURN_IF_FAILED(journal->doubt(core.surface.disk));
    make_log(config);
    return open_by_the_rules();
  }
  /// What the journal has of it is stable. False when the log is not what the journal tells of.
  Result<bool> fits_journal() {
    if (log->doubted()) return false;
    const log::PartitionReplay* const entries = journal->find(what.id);
    if (entries == nullptr) return true;
    if (!entries->batches.empty() && !log->take_stable(entries->batches.back().entry.end)) return false;
    if (entries->log_start > log->appended_end()) return false;
    if (entries->log_start > log->log_start()) RETURN_IF_FAILED(log->advance_log_start(entries->log_start));
    return true;
  }
  Status open_by_the_rules() {
    LoadFacts facts = what.facts;
    facts.trusted = false;
    RETURN_IF_FAILED(log->load(facts));
    sync = log->take_recovered_sync();
    const log::PartitionReplay* const entries = journal->find(what.id);
    if (entries == nullptr) return {};
    LogInReplay target(*log);
    return journal->replay->replay(*entries, target);
  }
  /// In the pool, when open() is over.
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
  bool tried = false;
  bool as_found = false;
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
  scanning_ = true;
  auto journal = std::make_shared<Journal>(folder_, with_journal);
  core_.surface.executor.offload([journal, known = known(), gate = core_.gate,
                                  &disk = core_.surface.disk] { gate->run([&] { journal->read(disk, known); }); },
                                 [this, journal, alive = std::weak_ptr(core_.alive)] {
                                   if (alive.expired() || over_ || core_.closed) return;
                                   scanning_ = false;
                                   if (!journal->outcome.ok()) return fail(journal->outcome.failure());
                                   order(*journal);
                                   journal_ = journal;
                                   next();
                                 });
}

/// Partitions that are here, or known to be removed.
std::unordered_set<TopicPartitionId> RecoveryLane::known() const {
  std::unordered_set<TopicPartitionId> ids = removed_;
  for (const LogToRecover& log : queue_) ids.insert(log.id);
  return ids;
}

/// By what is known without a look into any partition's folder.
void RecoveryLane::order(const Journal& journal) {
  for (LogToRecover& log : queue_) {
    Offset end = log.high_watermark.value_or(0);
    const log::PartitionReplay* const entries = journal.find(log.id);
    if (entries != nullptr && !entries->batches.empty()) end = std::max(end, entries->batches.back().entry.end);
    log.beyond = std::max<Offset>(end - log.facts.recovery_point.value_or(0), 0);
  }
  std::sort(queue_.begin(), queue_.end(), [](const LogToRecover& a, const LogToRecover& b) { return before(b, a); });
  if (journal.replay == nullptr) return;
  std::unordered_set<TopicPartitionId> here;
  for (const LogToRecover& log : queue_) here.insert(log.id);
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
  const auto syncing_max = static_cast<size_t>(std::max(core_.options.syncs_in_flight_max / 2, 1));
  if (scanning_ || queue_.empty() || syncing_ >= syncing_max) return;
  open_some(journal_->trusted ? as_found_at_once : 1);
}

/// The next ones, at most `count`, in one job: a wake of the pool, and one of home, for all of them.
void RecoveryLane::open_some(size_t count) {
  scanning_ = true;
  auto places = std::make_shared<std::vector<std::shared_ptr<Place>>>();
  for (; count > 0 && !queue_.empty(); --count) {
    places->push_back(std::make_shared<Place>(core_, folder_, std::move(queue_.back()), journal_, stopping_));
    queue_.pop_back();
  }
  under_way_.insert(under_way_.end(), places->begin(), places->end());
  const auto open = [places] {
    for (const auto& place : *places) {
      place->open();
      if (!place->as_found) break;  // those behind it are opened by the rules, one at a time
    }
  };
  core_.surface.executor.offload([open, gate = core_.gate] { gate->run(open); },
                                 [this, places, alive = std::weak_ptr(core_.alive)] {
                                   if (alive.expired() || over_ || core_.closed) return;
                                   scanning_ = false;
                                   opened(*places);
                                 });
}

void RecoveryLane::opened(const std::vector<std::shared_ptr<Place>>& places) {
  if (journal_->replay != nullptr) replayed_ = journal_->replay->counts();
  if (!journal_->trusted) folder_.trusted = false;
  const auto untouched = std::find_if(places.begin(), places.end(), [](const auto& place) { return !place->tried; });
  for (auto place = places.end(); place != untouched;) {
    std::erase(under_way_, *--place);
    queue_.push_back(std::move((*place)->what));
  }
  if (journal_->trusted) next();  // while these become the host's
  for (auto place = places.begin(); place != untouched && !over_; ++place) scanned(*place);
  next();
}

void RecoveryLane::scanned(const std::shared_ptr<Place>& place) {
  if (!place->outcome.ok()) return fail(place->outcome.failure());
  if (place->as_found) {
    some_as_found_ = true;
    return synced(place);
  }
  ++syncing_;
  core_.surface.executor.offload_sync([place, gate = core_.gate] { gate->run([&] { place->make_durable(); }); },
                                      [this, place, alive = std::weak_ptr(core_.alive)] {
                                        if (alive.expired() || over_ || core_.closed) return;
                                        --syncing_;
                                        synced(place);
                                        next();
                                      });
}

void RecoveryLane::synced(const std::shared_ptr<Place>& place) {
  if (!place->outcome.ok()) return fail(place->outcome.failure());
  if (folder_.offline) return;  // next() says so
  std::erase(under_way_, place);
  std::shared_ptr<PartitionLog> log = place->take_log();
  core_.take_removals(place->core);
  host_.log_recovered(place->what, std::move(log));
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
