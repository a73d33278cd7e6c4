#include "store/cleaner.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "store/batch_scan.h"

namespace moldau::store {
namespace {

constexpr uint64_t transaction_index_bytes_max = 64u << 20;
constexpr size_t write_bytes_min = 64 << 10;
constexpr size_t slice_bytes_min = 64 << 10;
constexpr double slices_per_second_min = 8;

Failure cut_short(const char* why) {
  return Failure{FailureKind::unavailable, why};
}

template <typename Entry>
void push_entry(std::vector<std::byte>& into, Offset base, const Entry& entry, size_t size) {
  const size_t at = into.size();
  into.resize(at + size);
  log::put_entry(into.data() + at, base, entry);
}

Status write_whole(io::Disk& disk, io::File& file, std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  return disk.write(file, 0, std::span(&bytes, 1));
}

}  // namespace

/// One round on one log. The pool works on it slice by slice; the loop touches it only between slices.
struct Cleaner::Round {
  // What was found when it began; the loop's.
  std::weak_ptr<PartitionLog> log;
  TopicPartitionId id;
  std::string folder;
  LogDirectory* directory = nullptr;
  uint64_t cuts = 0;
  log::CompactionPolicy policy;
  log::CompactionPlan plan;
  std::vector<log::CompactionSegment> segments;
  std::vector<std::string> transaction_indexes;  // of all segments, if there are transactions
  std::vector<Offset> bases;                     // of the segments that these belong to
  WallMillis now = 0;
  Instant began;
  Offset end = 0;  // of the key map
  uint64_t replaced = 0;

  // The map.
  log::KeyMapSize map_size;
  log::HashSecret secret;
  std::optional<log::KeyMapBuilder> map;
  bool map_full = false;

  // The segment that is read.
  Offset source_base = 0;
  io::FileRef source;
  std::optional<BatchScan> scan;
  bool source_done = false;
  Offset source_end = 0;                 // where the next segment begins
  std::optional<Offset> place_expected;  // the batch that is to come where the scan went on
  Offset transactions_from = 0;
  Offset transactions_to = 0;

  // The segment that is written.
  int64_t delete_retention_ms = 0;
  int32_t index_interval_bytes = 0;
  log::TransactionFilter transactions;
  std::optional<log::Survivors> survivors;
  std::optional<log::BatchCleaner> chooser;
  bool writing = false;  // its files may be there
  CleanedSegment made;
  io::FileRef transaction_index;
  log::SegmentTail tail;
  std::vector<std::byte> offset_entries;
  std::vector<std::byte> time_entries;
  std::vector<std::byte> pending;
  uint64_t written = 0;

  uint64_t slice_bytes = 0;
  size_t write_bytes = 0;
  uint64_t moved = 0;  // read and written by the last slice

  void begin_source(Offset base, const CleanerSource& from, io::Disk& disk) {
    source_base = base;
    source = from.log;
    scan.emplace(disk, *source, 0, from.size);
    source_done = false;
    place_expected.reset();
  }
  void begin_target(Offset base, WallMillis wall) {
    made = {};
    made.base = base;
    tail = log::new_segment_tail(base, wall);
    offset_entries.clear();
    time_entries.clear();
    pending.clear();
    written = 0;
    transaction_index.reset();
  }

  // In the pool.
  Status load_transactions(io::Disk& disk, log::TransactionFilter& into) const;
  Status begin_map(io::Disk& disk);
  Status map_slice(io::Disk& disk);
  Status begin_copy(io::Disk& disk) { return load_transactions(disk, transactions); }
  Status copy_slice(io::Disk& disk);
  bool pass_by(Offset from, uint64_t position);
  Status seal(io::Disk& disk);

 private:
  template <typename Take>
  Status each_batch(Take&& take);
  Status put(io::Disk& disk, std::span<const std::byte> bytes);
  Status flush(io::Disk& disk, std::span<const std::byte> rest);
};

// --- in the pool

/// Aborted transactions that touch [transactions_from, transactions_to): from the indexes of the segments where they
/// were ended.
Status Cleaner::Round::load_transactions(io::Disk& disk, log::TransactionFilter& into) const {
  for (size_t i = 0; i < transaction_indexes.size(); ++i) {
    if (i + 1 < bases.size() && bases[i + 1] <= transactions_from) continue;
    const auto bytes = io::read_file(disk, transaction_indexes[i], transaction_index_bytes_max);
    if (!bytes.ok() && bytes.failure().kind == FailureKind::not_found) continue;
    if (!bytes.ok()) return bytes.failure();
    std::vector<log::AbortedTransaction> found;
    bool complete = false;
    for (size_t slot = 0; (slot + 1) * log::aborted_transaction_bytes <= bytes->size() && !complete; ++slot) {
      const auto entry = log::aborted_transaction_at(*bytes, slot);
      if (!entry) return Failure{FailureKind::corrupt, transaction_indexes[i] + " has an entry of another version"};
      if (entry->last_offset >= transactions_from && entry->first_offset < transactions_to) found.push_back(*entry);
      complete = entry->last_stable_offset >= transactions_to;
    }
    into.add_aborted(found);
    if (complete) break;
  }
  return {};
}

template <typename Take>
Status Cleaner::Round::each_batch(Take&& take) {
  uint64_t read = 0;
  while (read < slice_bytes) {
    ASSIGN_OR_RETURN(const BatchScan::Step step, scan->next());
    if (step == BatchScan::Step::end) {
      source_done = true;
      break;
    }
    if (step == BatchScan::Step::fault) {
      return Failure{FailureKind::corrupt, fmt::format("segment {} at byte {}: {}", source_base, scan->position(),
                                                       wire::name_of(scan->fault()))};
    }
    read += scan->batch().size();
    ASSIGN_OR_RETURN(const bool on, take(scan->batch()));
    if (!on) break;
  }
  moved += read;
  return {};
}

Status Cleaner::Round::begin_map(io::Disk& disk) {
  map.emplace(map_size, secret, plan.first_dirty, plan.first_uncleanable);
  return load_transactions(disk, map->transactions());
}

Status Cleaner::Round::map_slice(io::Disk&) {
  moved = 0;
  return each_batch([this](const wire::BatchView& batch) -> Result<bool> {
    ASSIGN_OR_RETURN(map_full, map->add(batch, source_base, scan->position()));
    return !map_full;
  });
}

Status Cleaner::Round::copy_slice(io::Disk& disk) {
  moved = 0;
  if (scan->position() == 0 && !pass_by(source_base, 0)) return {};
  return each_batch([&](const wire::BatchView& batch) -> Result<bool> {
    if (place_expected && *place_expected != batch.base_offset()) {
      return Failure{FailureKind::corrupt,
                     fmt::format("segment {} at byte {}: offset {} where {} was before", source_base, scan->position(),
                                 batch.base_offset(), *place_expected)};
    }
    place_expected.reset();
    std::span<const std::byte> out;
    ASSIGN_OR_RETURN(const log::BatchFate fate, chooser->clean(batch, out));
    if (fate != log::BatchFate::dropped) RETURN_IF_FAILED(put(disk, out));
    return pass_by(batch.next_offset(), scan->position() + batch.size());
  });
}

/// Passes by what begins at offset `from`, at `position`, as far as nothing of it stays. False: the segment is done.
bool Cleaner::Round::pass_by(Offset from, uint64_t position) {
  const Offset wanted = survivors->next(from);
  if (wanted == from) return true;
  if (wanted >= source_end) {
    chooser->passed_by(scan->end() - position);
    source_done = true;
    return false;
  }
  if (const auto place = survivors->place_before(wanted, source_base, position)) {
    chooser->passed_by(place->position - position);
    scan->seek(place->position);
    place_expected = place->base;
  }
  return true;
}

Status Cleaner::Round::put(io::Disk& disk, std::span<const std::byte> bytes) {
  const auto view = wire::BatchView::parse(bytes);
  ASSERT(view && view->size() == bytes.size());
  if (view->base_offset() < made.base || view->last_offset() - made.base > log::relative_offset_max ||
      tail.size + bytes.size() > INT32_MAX) {
    return Failure{FailureKind::unsupported,
                   fmt::format("offset {} does not fit a segment that begins at {}", view->last_offset(), made.base)};
  }
  const log::TailEntries entries =
      tail.add({bytes.size(), view->base_offset(), view->last_offset(), view->max_timestamp()}, index_interval_bytes);
  if (entries.offset) push_entry(offset_entries, made.base, *entries.offset, log::offset_entry_bytes);
  if (entries.time) push_entry(time_entries, made.base, *entries.time, log::time_entry_bytes);
  if (pending.size() + bytes.size() > write_bytes) return flush(disk, bytes);
  pending.insert(pending.end(), bytes.begin(), bytes.end());
  return {};
}

/// Writes what is pending, and `rest` behind it.
Status Cleaner::Round::flush(io::Disk& disk, std::span<const std::byte> rest) {
  const std::span<const std::byte> pieces[] = {pending, rest};
  RETURN_IF_FAILED(disk.write(*made.log, written, pieces));
  written += pending.size() + rest.size();
  moved += pending.size() + rest.size();
  pending.clear();
  return {};
}

Status Cleaner::Round::seal(io::Disk& disk) {
  moved = 0;
  if (!pending.empty()) RETURN_IF_FAILED(flush(disk, {}));
  if (const auto entry = tail.final_time_entry()) {
    push_entry(time_entries, made.base, *entry, log::time_entry_bytes);
  }
  RETURN_IF_FAILED(write_whole(disk, *made.offset_index, offset_entries));
  RETURN_IF_FAILED(write_whole(disk, *made.time_index, time_entries));
  const std::vector<log::AbortedTransaction> aborted = transactions.take_retained();
  if (transaction_index != nullptr) {
    std::vector<std::byte> bytes(aborted.size() * log::aborted_transaction_bytes);
    for (size_t i = 0; i < aborted.size(); ++i) {
      log::put_entry(bytes.data() + i * log::aborted_transaction_bytes, aborted[i]);
    }
    RETURN_IF_FAILED(write_whole(disk, *transaction_index, bytes));
    RETURN_IF_FAILED(disk.sync_now(*transaction_index));
  }
  for (const io::FileRef& file : {made.log, made.offset_index, made.time_index}) {
    RETURN_IF_FAILED(disk.sync_now(*file));
  }
  made.size = tail.size;
  made.max_timestamp = tail.max_timestamp;
  made.offset_entries = static_cast<uint32_t>(offset_entries.size() / log::offset_entry_bytes);
  made.time_entries = static_cast<uint32_t>(time_entries.size() / log::time_entry_bytes);
  made.has_transactions = transaction_index != nullptr;
  return {};
}

// --- workers

void Cleaner::start(const CleanerOptions& options) {
  options_ = options;
  started_ = true;
  last_run_ = core_.surface.clock.now();
  spawn_workers();
}

void Cleaner::configure(const CleanerOptions& options) {
  if (options == options_) return;
  options_ = options;
  io_free_at_ = core_.surface.clock.now();
  if (!started_) return;
  for (Worker& worker : workers_) {
    if (worker.wake) std::exchange(worker.wake, nullptr)();
  }
  spawn_workers();
}

void Cleaner::stop() {
  started_ = false;
  tasks_.cancel();
  workers_.clear();
}

void Cleaner::spawn_workers() {
  // A worker that is too many ends when its round does; it leaves its place only then.
  while (static_cast<int>(workers_.size()) < threads()) {
    workers_.emplace_back();
    tasks_.spawn(work(workers_.size() - 1));
  }
}

io::Task<void> Cleaner::work(size_t index) {
  while (true) {
    if (static_cast<int>(index) >= threads()) {
      co_await rest(index, INT64_MAX);  // until there are more threads again
      continue;
    }
    std::optional<Choice> choice = choose(index);
    if (choice) {
      const uint64_t before = totals_.rounds;
      co_await clean(index, std::move(*choice));
      if (totals_.rounds != before) continue;
    }
    co_await rest(index, options_.backoff_ms);
  }
}

/// Waits, or until the settings change.
io::Task<void> Cleaner::rest(size_t index, int64_t ms) {
  io::OneShot<void> woken;
  workers_[index].wake = woken.completion();
  io::TimerId timer = 0;
  if (ms != INT64_MAX) {
    timer = core_.surface.timers.start(core_.surface.clock.now() + milliseconds(std::max<int64_t>(ms, 1)),
                                       woken.completion());
  }
  co_await woken;
  workers_[index].wake = nullptr;
  if (timer != 0) core_.surface.timers.cancel(timer);
}

std::optional<log::CompactionPlan> Cleaner::plan_of(PartitionLog& log, const log::CompactionPolicy& policy) const {
  const std::vector<log::CompactionSegment> segments = log.compaction_segments(policy);
  Offset stable = std::min(host_.high_watermark_of(log), log.recovery_point());
  if (const auto open = log.first_open_transaction()) stable = std::min(stable, *open);
  const log::CompactionLog facts{segments, log.log_start(), log.next_offset(), stable, log.clean_end()};
  return log::plan_compaction(facts, policy, core_.surface.clock.wall());
}

/// The dirtiest log of those that are due.
std::optional<Cleaner::Choice> Cleaner::choose(size_t index) {
  last_run_ = core_.surface.clock.now();
  std::erase_if(uncleanable_, [this](const auto& entry) {
    const auto log = entry.second.log.lock();
    return !log || !log->here(core_);
  });
  std::erase_if(in_progress_, [](const auto& entry) { return entry.second.expired(); });
  std::optional<Choice> best;
  double dirtiest = 0;
  int64_t delay_ms = 0;
  for (const auto& directory : core_.directories) {
    if (directory->offline()) continue;
    for (PartitionLog* log : directory->logs()) {
      if (!log->may_compact() || in_progress_.contains(log->id()) || uncleanable_.contains(log->id())) continue;
      const log::CompactionPolicy policy = log->compaction_policy();
      const auto plan = plan_of(*log, policy);
      if (plan->clean_end_invalid) log->set_clean_end(plan->first_dirty);
      delay_ms = std::max(delay_ms, plan->delay_ms);
      dirtiest = std::max(dirtiest, plan->ratio());
      if (!plan->due(policy) || (best && best->plan.ratio() >= plan->ratio())) continue;
      best = Choice{log->shared_from_this(), *plan};
    }
  }
  totals_.max_dirty_percent = static_cast<int>(dirtiest * 100);
  if (best) workers_[index].compaction_delay_secs = delay_ms / 1000;
  return best;
}

io::Task<void> Cleaner::clean(size_t index, Choice choice) {
  PartitionLog& log = *choice.log;
  auto round = std::make_shared<Round>();
  round->log = choice.log;
  round->id = log.id();
  round->folder = log.folder();
  round->directory = &log.directory();
  round->cuts = log.cuts();
  round->policy = log.compaction_policy();
  round->plan = choice.plan;
  round->segments = log.compaction_segments(round->policy);
  round->now = core_.surface.clock.wall();
  round->began = core_.surface.clock.now();
  round->delete_retention_ms = log.config().delete_retention_ms;
  round->index_interval_bytes = log.config().index_interval_bytes;
  if (log.holds_transactional_data()) {
    for (const log::CompactionSegment& segment : round->segments) {
      round->bases.push_back(segment.base);
      round->transaction_indexes.push_back(log.transaction_index_path(segment.base));
    }
  }
  const auto threads = static_cast<uint64_t>(std::max(this->threads(), 1));
  // A bound on what is read and written is kept slice by slice.
  const double slice_max = std::max(options_.io_bytes_per_second_max / slices_per_second_min, double{slice_bytes_min});
  round->slice_bytes = std::max<uint64_t>(options_.slice_bytes, 1);
  if (slice_max < static_cast<double>(round->slice_bytes)) round->slice_bytes = static_cast<uint64_t>(slice_max);
  round->write_bytes = std::max<size_t>(options_.io_buffer_bytes / threads / 2, write_bytes_min);
  round->secret = {core_.surface.entropy.next(), core_.surface.entropy.next()};
  const Offset dirty = std::max<Offset>(round->plan.first_uncleanable - round->plan.first_dirty, 0);
  round->map_size =
      log::KeyMap::size_for(options_.dedupe_buffer_bytes / threads, options_.load_factor, static_cast<uint64_t>(dirty));
  in_progress_[round->id] = round->log;
  log.set_being_cleaned(true);
  choice.log.reset();

  Status outcome = co_await run(round);
  if (!outcome.ok() && round->writing) {
    const auto alive = round->log.lock();
    if (alive && !alive->retired() && !alive->offline()) {
      std::function<Status(io::Disk&)> remove = [raw = round.get()](io::Disk& disk) {
        return PartitionLog::remove_cleaned(disk, *raw->directory, raw->folder, raw->made.base);
      };
      const Status removed = co_await in_pool(round, std::move(remove));
      if (!removed.ok()) outcome = removed;
    }
    if (alive) alive->unstage();
  }
  finish(index, *round, outcome);
}

Status Cleaner::may_go_on(const Round& round) const {
  const auto log = round.log.lock();
  if (!log || log->retired()) return cut_short("the log is gone");
  if (log->offline()) return cut_short("the log directory is offline");
  if (!log->config().cleanup_compact) return cut_short("cleanup.policy has no \"compact\" any more");
  if (log->cuts() != round.cuts) return cut_short("the log was cut");
  if (log->being_moved()) return cut_short("the log is being moved to another directory");
  if (log->leaving()) return cut_short("the log goes to another shard");
  return {};
}

io::Task<Status> Cleaner::in_pool(std::shared_ptr<Round> round, std::function<Status(io::Disk&)> job) {
  auto outcome = std::make_shared<Status>(Failure{FailureKind::closed, "the store is closing"});
  io::OneShot<void> done;
  // The job keeps the round alive, whatever becomes of this coroutine.
  core_.surface.executor.offload([round, job = std::move(job), outcome, gate = core_.gate,
                                  &disk = core_.surface.disk] { gate->run([&] { *outcome = job(disk); }); },
                                 done.completion());
  co_await done;
  co_return std::move(*outcome);
}

/// Runs a step in the pool when the io bound allows; looks afterwards whether the round may go on.
io::Task<Status> Cleaner::slice(std::shared_ptr<Round> round, Status (Round::*step)(io::Disk&)) {
  const Instant free_at = io_free_at_;
  if (free_at > core_.surface.clock.now()) {
    co_await io::sleep_until(core_.surface.timers, free_at);
  }
  Status good = may_go_on(*round);
  if (!good.ok()) co_return good;
  round->moved = 0;
  std::function<Status(io::Disk&)> job = [raw = round.get(), step](io::Disk& disk) { return (raw->*step)(disk); };
  Status outcome = co_await in_pool(round, std::move(job));
  const double rate = std::max(options_.io_bytes_per_second_max, 1.0);
  const double seconds = static_cast<double>(round->moved) / rate;
  const Instant now = core_.surface.clock.now();
  if (seconds > 1e-9) {
    const Duration pause = seconds < 1e9 ? nanoseconds(static_cast<int64_t>(seconds * 1e9)) : Duration::max();
    io_free_at_ = std::max(now, io_free_at_) + pause;
  }
  if (outcome.ok()) outcome = may_go_on(*round);
  co_return outcome;
}

io::Task<Status> Cleaner::run(std::shared_ptr<Round> round) {
  Status mapped = co_await build_map(round);
  if (!mapped.ok()) co_return mapped;
  round->end = round->map->latest() + 1;
  if (round->end <= round->plan.first_dirty) {
    co_return Failure{FailureKind::unsupported, "the key map is too small for a single key"};
  }
  round->survivors.emplace(round->map->take_survivors());
  round->chooser.emplace(round->map->map(), round->secret, round->map->latest(), round->transactions, round->now,
                         round->delete_retention_ms, round->plan.first_uncleanable);
  // What lies below the recovery point may have gaps; a log that stops being compacted before the next checkpoint must
  // not be taken for one that lost records.
  std::function<Status(io::Disk&)> checkpoint = host_.recovery_points_now(*round->directory);
  Status written = co_await in_pool(round, std::move(checkpoint));
  if (!written.ok()) co_return written;

  const std::vector<log::SegmentGroup> groups =
      log::group_segments(round->segments, round->policy, round->end, round->plan.first_uncleanable);
  for (const log::SegmentGroup& group : groups) {
    const log::SegmentGroup which = group;
    Status cleaned = co_await clean_group(round, which);
    if (!cleaned.ok()) co_return cleaned;
  }
  const auto log = round->log.lock();
  Status good = may_go_on(*round);
  if (!good.ok()) co_return good;
  log->set_clean_end(round->end);
  std::function<Status(io::Disk&)> remember = host_.clean_ends_now(*round->directory);
  Status remembered = co_await in_pool(round, std::move(remember));
  co_return remembered;
}

io::Task<Status> Cleaner::build_map(std::shared_ptr<Round> round) {
  round->transactions_from = round->plan.first_dirty;
  round->transactions_to = round->plan.first_uncleanable;
  Status begun = co_await slice(round, &Round::begin_map);
  if (!begun.ok()) co_return begun;
  for (size_t i = 0; i < round->segments.size() && !round->map_full; ++i) {
    const Offset base = round->segments[i].base;
    const Offset next = i + 1 < round->segments.size() ? round->segments[i + 1].base : INT64_MAX;
    if (next <= round->plan.first_dirty) continue;
    if (base >= round->plan.first_uncleanable) break;
    const auto log = round->log.lock();
    const Result<CleanerSource> source = log->open_for_cleaning(base);
    if (!source.ok()) co_return source.failure();
    if (source->damaged) co_return Failure{FailureKind::corrupt, fmt::format("segment {} is damaged", base)};
    round->begin_source(base, *source, core_.surface.disk);
    while (!round->source_done && !round->map_full) {
      Status mapped = co_await slice(round, &Round::map_slice);
      if (!mapped.ok()) co_return mapped;
    }
    if (!round->map_full) round->map->segment_done(std::min(next, round->plan.first_uncleanable));
  }
  co_return Status();
}

io::Task<Status> Cleaner::clean_group(std::shared_ptr<Round> round, log::SegmentGroup group) {
  {
    const auto log = round->log.lock();
    const Offset base = round->segments[group.first].base;
    round->begin_target(base, core_.surface.clock.wall());
    round->writing = true;
    for (const auto& [kind, file] : {std::pair{log::FileKind::log, &round->made.log},
                                     std::pair{log::FileKind::offset_index, &round->made.offset_index},
                                     std::pair{log::FileKind::time_index, &round->made.time_index}}) {
      Result<io::FileRef> created = log->create_cleaned(base, kind);
      if (!created.ok()) co_return std::move(created).failure();
      *file = std::move(created).value();
    }
    if (!round->transaction_indexes.empty()) {
      Result<io::FileRef> created = log->create_cleaned(base, log::FileKind::transaction_index);
      if (!created.ok()) co_return std::move(created).failure();
      round->transaction_index = std::move(created).value();
    }
    round->chooser->set_producers(log->producers().entries(), *round->survivors);
  }
  for (size_t i = group.first; i < group.last; ++i) {
    Status copied = co_await copy_segment(round, i);
    if (!copied.ok()) co_return copied;
  }
  Status sealed = co_await slice(round, &Round::seal);
  if (!sealed.ok()) co_return sealed;
  Status swapped = co_await swap(round, group);
  co_return swapped;
}

io::Task<Status> Cleaner::copy_segment(std::shared_ptr<Round> round, size_t index) {
  const Offset base = round->segments[index].base;
  round->transactions_from = base;
  round->transactions_to =
      index + 1 < round->segments.size() ? round->segments[index + 1].base : round->plan.first_uncleanable;
  if (!round->transaction_indexes.empty()) {
    Status loaded = co_await slice(round, &Round::begin_copy);
    if (!loaded.ok()) co_return loaded;
  }
  {
    const auto log = round->log.lock();
    const Result<CleanerSource> source = log->open_for_cleaning(base);
    if (!source.ok()) co_return source.failure();
    if (source->damaged) co_return Failure{FailureKind::corrupt, fmt::format("segment {} is damaged", base)};
    round->made.modified_wall_ms = source->modified_wall_ms;
    round->begin_source(base, *source, core_.surface.disk);
    round->source_end = round->transactions_to;
  }
  while (!round->source_done) {
    Status copied = co_await slice(round, &Round::copy_slice);
    if (!copied.ok()) co_return copied;
  }
  co_return Status();
}

io::Task<Status> Cleaner::swap(std::shared_ptr<Round> round, log::SegmentGroup group) {
  std::shared_ptr<NameStep> step;
  {
    const auto log = round->log.lock();
    step = log->stage_cleaned(round->made);
  }
  std::function<Status(io::Disk&)> stage = [step](io::Disk& disk) -> Status {
    step->run(disk);
    return step->cancel() ? Status(cut_short("called off")) : step->outcome();
  };
  Status staged = co_await in_pool(round, std::move(stage));
  if (staged.ok()) staged = may_go_on(*round);
  if (!staged.ok()) co_return staged;

  {
    const auto log = round->log.lock();
    std::vector<std::pair<Offset, uint64_t>> replaced;
    for (size_t i = group.first; i < group.last; ++i) {
      replaced.emplace_back(round->segments[i].base, round->segments[i].size);
    }
    step = log->install_cleaned(round->made, replaced);
    if (step == nullptr) co_return cut_short("the segments are not there any more");
  }
  round->writing = false;
  round->replaced += group.last - group.first;
  std::function<Status(io::Disk&)> install = [step](io::Disk& disk) -> Status {
    step->run(disk);
    return {};
  };
  Status installed = co_await in_pool(round, std::move(install));
  if (!installed.ok()) co_return installed;
  if (const auto log = round->log.lock()) log->installed();
  co_return may_go_on(*round);
}

void Cleaner::finish(size_t index, Round& round, const Status& outcome) {
  in_progress_.erase(round.id);
  const auto log = round.log.lock();
  if (log) log->set_being_cleaned(false);
  log::CompactionCounts counts;
  if (round.map) counts.add(round.map->counts());
  if (round.chooser) counts.add(round.chooser->counts());
  totals_.segments_replaced += round.replaced;
  totals_.map_bytes += counts.map_bytes;
  totals_.bytes_read += counts.bytes_read;
  totals_.bytes_written += counts.bytes_written;
  totals_.records_read += counts.records_read;
  totals_.records_written += counts.records_written;
  totals_.keyless_records += counts.keyless_records;
  const Duration took = core_.surface.clock.now() - round.began;
  if (outcome.ok()) {
    ++totals_.rounds;
    Worker& worker = workers_[index];
    const log::KeyMap& map = round.map->map();
    const size_t room =
        std::max<size_t>(options_.dedupe_buffer_bytes / std::max(threads(), 1) / log::KeyMap::slot_bytes, 1);
    worker.buffer_utilization_percent = static_cast<int>(100 * map.size() / room);
    worker.bytes_read = counts.bytes_read;
    worker.bytes_written = counts.bytes_written;
    worker.clean_time_secs = took.milliseconds() / 1000;
    trace(TraceLevel::info,
          "log={} compacted={}-{} ms={} map_bytes={} bytes_read={} bytes_written={} records_read={} records_written={} "
          "segments={} keys={}",
          round.folder, round.plan.first_dirty, round.end, took.milliseconds(), counts.map_bytes, counts.bytes_read,
          counts.bytes_written, counts.records_read, counts.records_written, round.replaced, map.size());
    if (counts.keyless_records > 0) {
      trace(TraceLevel::warn, "log={} keyless_records_removed={}", round.folder, counts.keyless_records);
    }
    return;
  }
  const Failure& why = outcome.failure();
  switch (why.kind) {
    case FailureKind::closed:
    case FailureKind::unavailable:
    case FailureKind::no_space:
      ++totals_.rounds_ended;
      trace(TraceLevel::info, "log={} compaction=ended reason=\"{}\"", round.folder, why.message);
      return;
    case FailureKind::corrupt:
    case FailureKind::unsupported:
    case FailureKind::invalid_argument:
      if (log) uncleanable_[round.id] = {round.log, why.message};
      trace(TraceLevel::warn, "log={} compaction=uncleanable reason=\"{}\"", round.folder, why.message);
      return;
    default:
      if (log && !log->retired() && !log->offline()) log->directory().fail(why);
      return;
  }
}

CleanerCounts Cleaner::counts() const {
  CleanerCounts counts = totals_;
  uint64_t read = 0;
  uint64_t written = 0;
  for (const Worker& worker : workers_) {
    counts.max_buffer_utilization_percent =
        std::max(counts.max_buffer_utilization_percent, worker.buffer_utilization_percent);
    counts.max_clean_time_secs = std::max(counts.max_clean_time_secs, worker.clean_time_secs);
    counts.max_compaction_delay_secs = std::max(counts.max_compaction_delay_secs, worker.compaction_delay_secs);
    read += worker.bytes_read;
    written += worker.bytes_written;
  }
  counts.cleaner_recopy_percent = static_cast<int>(100 * written / std::max<uint64_t>(read, 1));
  counts.time_since_last_run_ms = started_ ? (core_.surface.clock.now() - last_run_).milliseconds() : 0;
  for (const auto& directory : core_.directories) counts.uncleanable[directory->path()];
  for (const auto& [id, entry] : uncleanable_) {
    const auto log = entry.log.lock();
    if (!log || !log->here(core_)) continue;
    CleanerCounts::Uncleanable& of = counts.uncleanable[log->directory().path()];
    ++of.partitions;
    if (!log->may_compact()) continue;
    if (const auto plan = plan_of(*log, log->compaction_policy())) of.bytes += plan->cleanable_bytes;
  }
  return counts;
}

}  // namespace moldau::store
