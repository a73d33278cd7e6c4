#include "store/mover.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "store/directory_journal.h"

namespace moldau::store {
namespace {

/// How long a look at something that ends soon is put off.
constexpr Duration short_pause = milliseconds(1);
/// And until a compaction under way has ended at its next slice.
constexpr Duration journal_pause = milliseconds(100);
constexpr Duration cleaning_pause = milliseconds(10);
/// A move that waits for the io bound looks again after this, for the bound may have changed.
constexpr Duration bounded_pause = milliseconds(500);
/// What may be missing when the last sync before the swap begins.
constexpr uint64_t nearly_bytes_max = 256 << 10;

Failure over(const char* why) {
  return Failure{FailureKind::closed, why};
}

}  // namespace

/// Bytes of one file, to be copied in one job.
struct Mover::Piece {
  std::string name;
  uint64_t from = 0;
  uint64_t to = 0;
  bool fresh = false;
  std::optional<Offset> tracked;  // a segment's log: its base
};

/// One move. The pool works on it slice by slice; the loop touches that part only between slices.
struct Mover::Move {
  Move(std::weak_ptr<PartitionLog> what, LogDirectory& where) : log(std::move(what)), to(where) {}

  std::weak_ptr<PartitionLog> log;
  LogDirectory& to;
  TopicPartitionId id;
  std::string topic;
  std::string source_folder;
  std::string folder;
  uint64_t cuts = 0;
  log::MovePlan plan;
  ExtraFiles extras;
  bool turn = false;     // it copies, and others wait
  bool allowed = false;  // by the listener
  bool ended = false;
  std::shared_ptr<MoveSwap> swap;
  uint64_t size_bytes = 0;  // what the copy has, for others to see
  Offset end = 0;

  // The pool's, while a job runs.
  std::string name;  // of the files that are open
  io::FileRef source;
  io::FileRef target;
  log::BatchTracker tracker;
  std::vector<io::FileRef> unsynced;
  uint64_t unsynced_bytes = 0;
  bool source_failed = false;
  ExtraFiles found;

  Status copy(io::Disk& disk, const Piece& piece, uint64_t sync_bytes);
  Status sync(io::Disk& disk);
};

// --- in the pool

Status Mover::Move::copy(io::Disk& disk, const Piece& piece, uint64_t sync_bytes) {
  if (name != piece.name || source == nullptr) {
    auto opened = disk.open(path_in(source_folder, piece.name), io::OpenMode::read);
    if (!opened.ok()) {
      // An index that was never written has no file.
      if (opened.failure().kind == FailureKind::not_found && piece.to == 0) return {};
      source_failed = true;
      return opened.failure();
    }
    source = std::move(opened).value();
    ASSIGN_OR_RETURN(target, disk.open(path_in(folder, piece.name), io::OpenMode::create));
    unsynced.push_back(target);
    name = piece.name;
  }
  if (piece.fresh) RETURN_IF_FAILED(disk.truncate(*target, 0));
  if (piece.tracked && piece.from == 0) tracker.begin(*piece.tracked);
  RETURN_IF_FAILED(copy_range(disk, *source, *target, piece.from, piece.to,
                              piece.tracked.has_value() ? &tracker : nullptr, source_failed));
  unsynced_bytes += piece.to - piece.from;
  return unsynced_bytes >= sync_bytes ? sync(disk) : Status();
}

Status Mover::Move::sync(io::Disk& disk) {
  for (const io::FileRef& file : unsynced) RETURN_IF_FAILED(disk.sync_now(*file));
  unsynced.clear();
  unsynced_bytes = 0;
  // What is written to it from now on is unsynced again.
  if (target != nullptr) unsynced.push_back(target);
  return {};
}

// --- from outside

void Mover::configure(const MoverOptions& options) {
  if (options == options_) return;
  options_ = options;
  io_free_at_ = core_.surface.clock.now();
  for (io::Callback& wake : std::exchange(waiting_, {})) wake();
}

int Mover::threads() const {
  return options_.threads > 0 ? options_.threads : static_cast<int>(std::max<size_t>(host_.log_directories(), 1));
}

Status Mover::begin(const std::shared_ptr<PartitionLog>& log, LogDirectory& to) {
  ASSERT(!moves_.contains(log->id()) && &log->directory() != &to);
  io::Disk& disk = core_.surface.disk;
  const std::string last_name = path_in(to.path(), log::partition_folder_name(log->topic(), log->partition()));
  if (disk.stat(last_name).ok()) return Failure{FailureKind::already_exists, last_name + " exists"};
  auto move = std::make_shared<Move>(log, to);
  move->id = log->id();
  move->topic = log->topic();
  move->source_folder = log->folder();
  move->folder =
      path_in(to.path(), log::future_folder_name(log->topic(), log->partition(), core_.surface.entropy.uuid()));
  const auto make = [&]() -> Status {
    RETURN_IF_FAILED(disk.make_dir(move->folder));
    ASSIGN_OR_RETURN(io::FileRef identity,
                     disk.open(path_in(move->folder, log::partition_metadata_name), io::OpenMode::create));
    const std::string text = log::print_partition_metadata(log->id().topic_id);
    const std::span<const std::byte> pieces[] = {as_bytes(text)};
    RETURN_IF_FAILED(disk.write(*identity, 0, pieces));
    move->unsynced.push_back(std::move(identity));
    return {};
  };
  const Status made = make();
  if (!made.ok()) {
    if (made.failure().kind == FailureKind::no_space) {
      (void)disk.remove_tree(move->folder);
    } else {
      to.fail(made.failure());
    }
    return made;
  }
  ++counts_.begun;
  moves_.emplace(move->id, move);
  trace(TraceLevel::info, "log={} move=begun to={}", move->source_folder, move->folder);
  tasks_.spawn(work(move));
  return {};
}

LogDirectory* Mover::destination(const TopicPartitionId& id) const {
  const auto found = moves_.find(id);
  return found == moves_.end() ? nullptr : &found->second->to;
}

std::vector<MoveInfo> Mover::moves() const {
  std::vector<MoveInfo> infos;
  for (const auto& [id, move] : moves_) {
    if (move->to.offline()) continue;
    infos.push_back({id, move->topic, host_.index_of(move->to), move->size_bytes, move->end});
  }
  return infos;
}

void Mover::drop(const TopicPartitionId& id) {
  const auto found = moves_.find(id);
  if (found == moves_.end()) return;
  const MoveRef move = found->second;
  if (move->swap != nullptr) {
    const auto log = move->log.lock();
    if (log && log->swap() == move->swap) log->settle_move();
    if (move->swap->arrived) return complete(*move);
  }
  ++counts_.dropped;
  trace(TraceLevel::info, "log={} move=dropped", move->source_folder);
  end(*move, false);
}

void Mover::stop() {
  tasks_.cancel();
  waiting_.clear();
  moves_.clear();
}

// --- the work

io::Task<void> Mover::work(MoveRef move) {
  co_await io::next_turn(core_.surface.executor);
  while (copying_ >= threads() && !move->ended) {
    io::OneShot<void> woken;
    waiting_.push_back(woken.completion());
    co_await woken;
  }
  if (move->ended) {
    give_turn();
    co_return;
  }
  move->turn = true;
  ++copying_;
  Status outcome = co_await copy(move);
  if (!outcome.ok() && !move->ended) failed(*move, outcome.failure());
}

/// Copies until the copy has taken the log's place.
io::Task<Status> Mover::copy(MoveRef move) {
  {
    const auto log = move->log.lock();
    if (log) log->set_being_moved(true);
  }
  // From here on whose copy it is survives a crash.
  std::function<Status(io::Disk&)> name_it = [raw = move.get()](io::Disk& disk) -> Status {
    RETURN_IF_FAILED(raw->sync(disk));
    RETURN_IF_FAILED(raw->to.sync_folder(raw->folder));
    return raw->to.sync_folder(raw->to.path());
  };
  Status named = co_await in_pool(move, std::move(name_it));
  if (!named.ok()) co_return named;
  while (true) {
    Status good = may_go_on(*move);
    if (!good.ok()) co_return good;
    const auto log = move->log.lock();
    if (!log->uncleaned()) {
      const Instant later = core_.surface.clock.now() + cleaning_pause;
      co_await io::sleep_until(core_.surface.timers, later);
      continue;
    }
    if (move->cuts != log->cuts()) {
      move->cuts = log->cuts();
      move->plan.begin_again();
      move->extras.clear();
      move->source.reset();
    }
    const std::vector<log::MoveSegment> segments = log->move_segments();
    move->plan.drop_gone(segments);
    const std::optional<log::MoveStep> next = move->plan.next(segments, slice_bytes());
    if (next && move->plan.lag(segments) >= nearly_bytes()) {
      const bool is_log = next->kind == log::FileKind::log;
      Piece piece{log::segment_file_name(next->base, next->kind), next->from, next->to, next->fresh,
                  is_log ? std::optional(next->base) : std::nullopt};
      Status copied = co_await slice(move, std::move(piece));
      if (move->ended) co_return copied;
      const auto at = std::find_if(segments.begin(), segments.end(),
                                   [&](const log::MoveSegment& segment) { return segment.base == next->base; });
      if (!copied.ok()) {
        const bool gone = move->cuts != log->cuts() || !log->has_files_of(*at);
        if (!move->source_failed || !gone) co_return copied;
        move->source_failed = false;
        continue;
      }
      move->plan.took(*next, at->index_version);
      move->size_bytes = move->plan.log_bytes();
      move->end = move->tracker.end();
      continue;
    }
    Status extras = co_await copy_extras(move);
    if (!extras.ok()) co_return extras;
    std::function<Status(io::Disk&)> sync = [raw = move.get()](io::Disk& disk) { return raw->sync(disk); };
    Status synced = co_await in_pool(move, std::move(sync));
    if (!synced.ok()) co_return synced;
    Status asked = co_await ask(move);
    if (!asked.ok()) co_return asked;
    const uint64_t missing = move->plan.lag(log->move_segments());
    if (missing > std::max(options_.swap_bytes_max, nearly_bytes()) || move->cuts != log->cuts()) continue;
    Status swapped = co_await swap(move);
    if (!swapped.ok() || move->ended) co_return swapped;
  }
}

/// Copies a piece in the pool, when the io bound allows.
io::Task<Status> Mover::slice(MoveRef move, Piece piece) {
  while (io_free_at_ > core_.surface.clock.now()) {
    const Instant until = std::min(io_free_at_, core_.surface.clock.now() + bounded_pause);
    co_await io::sleep_until(core_.surface.timers, until);
    Status good = may_go_on(*move);
    if (!good.ok()) co_return good;
  }
  const uint64_t bytes = piece.to - piece.from;
  std::function<Status(io::Disk&)> job = [raw = move.get(), piece = std::move(piece), sync_bytes = options_.sync_bytes](
                                             io::Disk& disk) { return raw->copy(disk, piece, sync_bytes); };
  const auto rate = static_cast<double>(std::max<int64_t>(options_.io_bytes_per_second_max, 1));
  const double pause = static_cast<double>(bytes) / rate;
  const Instant now = core_.surface.clock.now();
  if (pause > 1e-9) io_free_at_ = std::max(now, io_free_at_) + nanoseconds(static_cast<int64_t>(pause * 1e9));
  counts_.bytes += bytes;
  Status copied = co_await in_pool(move, std::move(job));
  co_return copied;
}

/// Transaction indexes, snapshots, what recovery kept aside: what comes meanwhile is left to the swap.
io::Task<Status> Mover::copy_extras(MoveRef move) {
  std::function<Status(io::Disk&)> list = [raw = move.get()](io::Disk& disk) -> Status {
    ASSIGN_OR_RETURN(raw->found, list_extra_files(disk, raw->source_folder));
    return {};
  };
  Status listed = co_await in_pool(move, std::move(list));
  if (!listed.ok()) {
    move->source_failed = true;
    co_return listed;
  }
  const ExtraFiles found = move->found;
  for (const auto& [name, size] : found) {
    const auto copied = move->extras.find(name);
    if (copied != move->extras.end() && copied->second == size) continue;
    uint64_t from = 0;
    bool there = true;
    do {
      Piece piece{name, from, std::min(size, from + slice_bytes()), from == 0, std::nullopt};
      from = piece.to;
      Status done = co_await slice(move, std::move(piece));
      there = done.ok();
      // One that is gone meanwhile, or shorter, is the swap's to look at.
      if (!there && (!std::exchange(move->source_failed, false) || move->ended)) co_return done;
    } while (there && from < size);
    if (there) move->extras[name] = size;
  }
  co_return Status();
}

io::Task<Status> Mover::ask(MoveRef move) {
  if (move->allowed || listener_ == nullptr) co_return may_go_on(*move);
  io::OneShot<Status> said;
  listener_->move_ready(move->id, host_.index_of(move->to), said.completion());
  Status go = co_await said;
  if (!go.ok()) co_return Failure{FailureKind::unavailable, "the move is not allowed: " + go.failure().message};
  move->allowed = true;
  co_return may_go_on(*move);
}

std::shared_ptr<MoveSwap> Mover::make_swap(Move& move, PartitionLog& log) {
  auto swap = std::make_shared<MoveSwap>(log.directory(), move.to);
  swap->folder = log.folder();
  swap->future_folder = move.folder;
  swap->final_folder = path_in(move.to.path(), log::partition_folder_name(log.topic(), log.partition()));
  swap->deleted_folder = path_in(log.directory().path(),
                                 log::deleted_folder_name(log.topic(), log.partition(), core_.surface.entropy.uuid()));
  swap->segments = log.move_segments();
  swap->plan = move.plan;
  swap->extras = move.extras;
  swap->unsynced = move.unsynced;
  swap->epochs = log::print_epoch_checkpoint(log.epochs().entries());
  return swap;
}

/// The log holds still while the copy takes its place. The move is over afterwards, unless the swap was called off.
io::Task<Status> Mover::swap(MoveRef move) {
  const auto log = move->log.lock();
  while (log->data_folder().journal_left && !log->offline() && !log->retired()) {
    const Instant later = core_.surface.clock.now() + journal_pause;
    co_await io::sleep_until(core_.surface.timers, later);
    Status good = may_go_on(*move);
    if (!good.ok()) co_return good;
  }
  if (DirectoryJournal* const journal = log->directory().journal()) {
    // What is left for close_in_journal() is then little.
    io::OneShot<Status> synced;
    journal->sync({log}, synced.completion());
    Status outcome = co_await synced;
    if (!outcome.ok()) {
      move->source_failed = true;
      co_return outcome;
    }
    Status good = may_go_on(*move);
    if (!good.ok() || move->cuts != log->cuts()) co_return good;
  }
  Status held = log->hold();
  if (!held.ok()) {
    move->source_failed = true;
    co_return held;
  }
  while (log->held() && !log->still() && !log->offline()) {
    const Instant later = core_.surface.clock.now() + short_pause;
    co_await io::sleep_until(core_.surface.timers, later);
  }
  if (!log->held()) co_return may_go_on(*move);  // it was cut
  Status good = may_go_on(*move);
  if (!good.ok()) {
    log->release();
    co_return good;
  }
  Status closed = log->close_in_journal(log::JournalKind::moved, log->appended_end());
  if (!closed.ok()) {
    move->source_failed = true;
    log->release();
    co_return closed;
  }
  const std::shared_ptr<MoveSwap> swap = make_swap(*move, *log);
  move->to.attach_arriving(log.get());
  swap->checkpoints = host_.checkpoints_now(move->to);
  log->set_swap(swap);
  move->swap = swap;
  io::OneShot<void> done;
  // Acknowledgements wait for it.
  core_.surface.executor.offload_sync(
      [swap, move, gate = core_.gate, &disk = core_.surface.disk] { gate->run([&] { swap->step.run(disk); }); },
      done.completion());
  co_await done;
  if (log->swap() == swap) log->end_swap();
  move->swap.reset();
  if (move->ended) co_return Status();
  counts_.bytes += swap->bytes;
  if (swap->arrived) {
    move->swap = swap;
    complete(*move);
    co_return Status();
  }
  move->source_failed = swap->source_failed;
  // Called off: what it was called off for is seen in the next round.
  if (swap->step.outcome().ok() || swap->step.outcome().failure().kind == FailureKind::closed) {
    co_return may_go_on(*move);
  }
  co_return swap->step.outcome();
}

io::Task<Status> Mover::in_pool(MoveRef move, std::function<Status(io::Disk&)> job) {
  auto outcome = std::make_shared<Status>(over("the store is closing"));
  io::OneShot<void> done;
  // The job keeps the move alive, whatever becomes of this coroutine.
  core_.surface.executor.offload([move, job = std::move(job), outcome, gate = core_.gate,
                                  &disk = core_.surface.disk] { gate->run([&] { *outcome = job(disk); }); },
                                 done.completion());
  co_await done;
  if (outcome->ok()) *outcome = may_go_on(*move);
  co_return std::move(*outcome);
}

Status Mover::may_go_on(const Move& move) const {
  if (move.ended) return over("the move was dropped");
  const auto log = move.log.lock();
  if (!log || log->retired()) return over("the log is gone");
  if (log->offline()) return over("the log directory is offline");
  if (move.to.offline()) return over("the destination is offline");
  return {};
}

uint64_t Mover::slice_bytes() const {
  return std::max<uint64_t>(
      std::min(options_.slice_bytes, static_cast<uint64_t>(std::max<int64_t>(options_.io_bytes_per_second_max, 1))), 1);
}

/// Less than this counts as caught up: the swap copies it.
uint64_t Mover::nearly_bytes() const {
  return std::min(nearly_bytes_max, slice_bytes());
}

/// Lets the next of those that wait look whether it is its turn.
void Mover::give_turn() {
  if (waiting_.empty()) return;
  io::Callback next = std::move(waiting_.front());
  waiting_.pop_front();
  next();
}

void Mover::failed(Move& move, const Failure& why) {
  const auto log = move.log.lock();
  if (log && log->held() && log->swap() == nullptr) log->release();
  ++counts_.failed;
  trace(TraceLevel::warn, "log={} move=failed to={} reason=\"{}\"", move.source_folder, move.folder, why.message);
  const bool harmless =
      why.kind == FailureKind::no_space || why.kind == FailureKind::closed || why.kind == FailureKind::unavailable;
  if (!harmless && !move.source_failed) move.to.fail(why);
  end(move, false);
}

void Mover::complete(Move& move) {
  ++counts_.finished;
  if (const auto log = move.log.lock()) {
    host_.moved_away(move.swap->from, *log, move.swap->deleted_folder, move.swap->departed);
  }
  end(move, true);
}

void Mover::end(Move& move, bool moved) {
  const MoveRef keep = moves_.at(move.id);
  ASSERT(keep.get() == &move && !move.ended);
  move.ended = true;
  moves_.erase(move.id);
  const auto log = move.log.lock();
  if (log) log->set_being_moved(false);
  // Where the log's own directory failed, the copy is left for the next start.
  const bool source_lost = log && log->offline() && !log->retired();
  if (!moved && !move.to.offline() && !source_lost) {
    const Status removed = host_.remove_folder(move.to, move.topic, move.id.partition, move.folder);
    if (!removed.ok()) {
      trace(TraceLevel::warn, "folder={} state=not_removed reason=\"{}\"", move.folder, removed.failure().message);
      if (removed.failure().kind != FailureKind::no_space) move.to.fail(removed.failure());
    }
  }
  if (move.turn) {
    --copying_;
    give_turn();
  }
  if (listener_ == nullptr) return;
  core_.surface.executor.defer([this, alive = std::weak_ptr(core_.alive), id = move.id, moved] {
    if (!alive.expired() && listener_ != nullptr) listener_->move_ended(id, moved);
  });
}

}  // namespace moldau::store
