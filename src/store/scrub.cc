#include "store/scrub.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/trace.h"
#include "log/damage_marks.h"
#include "log/doubt.h"
#include "store/batch_scan.h"

namespace moldau::store {
namespace {

constexpr std::string_view position_name = "scrub-position";
constexpr size_t position_bytes_max = 1'024;
/// A job is followed by a rest of this many times its length, at least.
constexpr int64_t rest_factor = 9;
constexpr Duration written_every = seconds(60);
/// A swap under way is over soon.
constexpr Duration move_pause = milliseconds(10);
/// The wall clock may be set: what is due is looked at again after so long.
constexpr int64_t look_again_ms = 600'000;
constexpr Duration recovering_pause = seconds(1);

std::string partition_text(const PartitionLog& log) {
  return fmt::format("{}-{}", log.topic(), log.partition());
}

}  // namespace

/// The check of one segment, slice by slice. Between the jobs it belongs to the loop, during one to the pool.
struct Scrub::Pass {
  Pass(const ScrubSource& source, bool verify_checksums)
      : log(source.log),
        size(source.size),
        verify(verify_checksums),
        segment(source.base, source.size, source.limit, INT32_MAX, 0) {}

  Status step(io::Disk& disk, uint64_t slice_bytes) {
    if (!scan) {
      scan.emplace(disk, *log, 0, size, verify);
      scan->pass_over_unreadable();
    }
    const uint64_t begin = scan->position();
    while (!over && scan->position() - begin < slice_bytes) {
      ASSIGN_OR_RETURN(const BatchScan::Step step, scan->next());
      if (step == BatchScan::Step::end) {
        segment.end();
        over = true;
      } else if (step == BatchScan::Step::fault) {
        RETURN_IF_FAILED(pass_over(scan->unreadable_blocks() > 0 ? "unreadable" : wire::name_of(scan->fault())));
      } else if (!segment.take(scanned(scan->batch(), scan->position()))) {
        RETURN_IF_FAILED(pass_over("offsets do not ascend"));
      }
    }
    moved = (over ? size : scan->position()) - begin;
    return {};
  }

  Status pass_over(std::string why) {
    ASSIGN_OR_RETURN(const auto resume,
                     scan->search([this](const log::ScannedBatch& b) { return segment.could_resume(b); }));
    segment.pass_over(scan->position(), resume, std::move(why));
    over = !resume;
    if (resume) scan->seek(resume->position);
    return {};
  }

  const io::FileRef log;
  const uint64_t size;
  const bool verify;
  log::DoubtfulScan segment;
  std::optional<BatchScan> scan;
  bool over = false;
  uint64_t moved = 0;  // by the last step
};

void Scrub::start(const ScrubOptions& options) {
  options_ = options;
  started_ = true;
  for (size_t i = 0; i < core_.directories.size(); ++i) {
    auto walker = std::make_unique<Walker>();
    walker->directory = core_.directories[i].get();
    const std::string suffix = core_.shard == 0 ? "" : fmt::format("-{}", core_.shard);
    walker->path = path_in(walker->directory->path(), std::string(position_name) + suffix);
    walkers_.push_back(std::move(walker));
    tasks_.spawn(work(i));
  }
}

void Scrub::configure(const ScrubOptions& options) {
  if (options == options_) return;
  options_ = options;
  for (const auto& walker : walkers_) {
    if (walker->wake) std::exchange(walker->wake, nullptr)();
  }
}

void Scrub::stop() {
  started_ = false;
  tasks_.cancel();
  walkers_.clear();
}

std::string Scrub::print(const Position& position) {
  const std::string_view topic = position.topic.empty() ? std::string_view("-") : position.topic;
  return fmt::format("0\n{} {} {} {} {}\n", position.round_wall_ms, position.walking ? 1 : 0, topic, position.partition,
                     position.base);
}

/// A position that cannot be read is none: the round begins anew.
Scrub::Position Scrub::parse(std::string_view text) {
  if (!text.starts_with("0\n") || !text.ends_with("\n")) return {};
  text.remove_prefix(2);
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = text.find_first_of(" \n");
    words.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  Position position;
  int walking = 0;
  const auto number = [](std::string_view word, auto& into) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
    return error == std::errc() && end == word.data() + word.size();
  };
  const bool sound = words.size() == 5 && number(words[0], position.round_wall_ms) && number(words[1], walking) &&
                     number(words[3], position.partition) && number(words[4], position.base);
  if (!sound) return {};
  position.walking = walking == 1;
  if (words[2] != "-") position.topic = std::string(words[2]);
  return position;
}

bool Scrub::may_walk(size_t index) const {
  return options_.bytes_per_second > 0 && !walkers_[index]->directory->offline();
}

/// A log that left this shard is nothing that may be looked at here.
bool Scrub::may_scrub(const PartitionLog& log) const {
  return log.here(core_) && !log.retired() && !log.offline();
}

io::Task<Status> Scrub::in_pool(std::shared_ptr<Pass> pass, std::function<Status(io::Disk&)> job) {
  auto outcome = std::make_shared<Status>(Failure{FailureKind::closed, "the store is closing"});
  io::OneShot<void> done;
  // The job keeps the pass alive, whatever becomes of this coroutine.
  core_.surface.executor.offload([pass, job = std::move(job), outcome, gate = core_.gate,
                                  &disk = core_.surface.disk] { gate->run([&] { *outcome = job(disk); }); },
                                 done.completion());
  co_await done;
  co_return std::move(*outcome);
}

/// Waits, or until the settings change.
io::Task<void> Scrub::rest(size_t index, Duration duration) {
  io::OneShot<void> woken;
  walkers_[index]->wake = woken.completion();
  io::TimerId timer = 0;
  if (duration != Duration::max()) {
    timer = core_.surface.timers.start(core_.surface.clock.now() + duration, woken.completion());
  }
  co_await woken;
  walkers_[index]->wake = nullptr;
  if (timer != 0) core_.surface.timers.cancel(timer);
}

io::Task<void> Scrub::write_position(size_t index) {
  Walker& walker = *walkers_[index];
  walker.written = core_.surface.clock.now();
  std::function<Status(io::Disk&)> job = [path = walker.path, text = print(walker.position)](io::Disk& disk) {
    return io::replace_file(disk, path, as_bytes(text));
  };
  const Status written = co_await in_pool(nullptr, std::move(job));
  // Without room it is written the next time.
  if (!written.ok() && written.failure().kind != FailureKind::no_space &&
      written.failure().kind != FailureKind::closed) {
    walker.directory->fail(written.failure());
  }
}

io::Task<void> Scrub::work(size_t index) {
  Walker& walker = *walkers_[index];
  auto text = std::make_shared<std::string>();
  std::function<Status(io::Disk&)> read = [text, path = walker.path](io::Disk& disk) -> Status {
    ASSIGN_OR_RETURN(const auto bytes, io::read_file(disk, path, position_bytes_max));
    text->assign(as_text(bytes));
    return {};
  };
  const Status known = co_await in_pool(nullptr, std::move(read));
  if (known.ok()) walker.position = parse(*text);
  const Instant begin = core_.surface.clock.now() + milliseconds(options_.first_after_ms);
  while (core_.surface.clock.now() < begin) {
    const Duration left = begin - core_.surface.clock.now();
    co_await rest(index, left);
  }
  while (true) {
    if (!may_walk(index)) {
      co_await rest(index, Duration::max());
      continue;
    }
    if (walker.directory->folder().recovering) {  // a round would pass by what is not there yet
      co_await rest(index, recovering_pause);
      continue;
    }
    const int64_t now = core_.surface.clock.wall();
    const int64_t since = now - walker.position.round_wall_ms;
    const bool first = walker.position.round_wall_ms == 0;
    if (!walker.position.walking && !first && since >= 0 && since < options_.interval_ms) {
      const Duration wait = milliseconds(std::min(options_.interval_ms - since, look_again_ms));
      co_await rest(index, wait);
      continue;
    }
    if (!walker.position.walking) {
      walker.position = {};
      walker.position.round_wall_ms = now;
      walker.position.walking = true;
    }
    co_await walk(index);
  }
}

/// Goes on with the round: ends it, or is cut short.
io::Task<void> Scrub::walk(size_t index) {
  Walker& walker = *walkers_[index];
  std::vector<std::weak_ptr<PartitionLog>> rest_of_round;
  {
    const auto key = [](const PartitionLog& log) { return std::pair(std::string_view(log.topic()), log.partition()); };
    const std::pair<std::string_view, PartitionIndex> from(walker.position.topic, walker.position.partition);
    std::vector<PartitionLog*> logs = walker.directory->logs();
    std::erase_if(logs, [&](const PartitionLog* log) { return key(*log) < from; });
    std::sort(logs.begin(), logs.end(),
              [&](const PartitionLog* a, const PartitionLog* b) { return key(*a) < key(*b); });
    for (PartitionLog* log : logs) rest_of_round.push_back(log->weak_from_this());
  }
  walker.written = core_.surface.clock.now();
  for (const std::weak_ptr<PartitionLog>& next : rest_of_round) {
    std::shared_ptr<PartitionLog> log = next.lock();
    if (log == nullptr || !may_scrub(*log)) continue;
    if (log->topic() != walker.position.topic || log->partition() != walker.position.partition) {
      walker.position.topic = log->topic();
      walker.position.partition = log->partition();
      walker.position.base = 0;
    }
    co_await scrub_log(index, std::move(log));
    if (!may_walk(index)) co_return;
  }
  walker.position = {walker.position.round_wall_ms, false, {}, 0, 0};
  ++counts_.rounds;
  counts_.last_round_wall_ms = core_.surface.clock.wall();
  trace(TraceLevel::info, "event=scrubbed directory={} segments={} bytes={} damaged_ranges={}",
        walker.directory->path(), counts_.segments, counts_.bytes, counts_.damaged_ranges);
  co_await write_position(index);
}

io::Task<void> Scrub::scrub_log(size_t index, std::shared_ptr<PartitionLog> log) {
  Walker& walker = *walkers_[index];
  while (may_walk(index) && may_scrub(*log)) {
    const auto source = log->open_for_scrub(walker.position.base);
    if (!source.has_value()) break;
    const bool whole = co_await scrub_segment(index, log, *source);
    if (!whole) break;
    walker.position.base = source->limit;
    if (core_.surface.clock.now() - walker.written >= written_every) {
      co_await write_position(index);
    }
  }
}

/// True when the segment was looked at from end to end, or cannot be.
io::Task<bool> Scrub::scrub_segment(size_t index, std::shared_ptr<PartitionLog> log, ScrubSource source) {
  const auto pass = std::make_shared<Pass>(source, !core_.mutant(Mutant::scrub_blind));
  while (!pass->over) {
    if (!may_walk(index) || !may_scrub(*log)) co_return false;
    const Instant begun = core_.surface.clock.now();
    std::function<Status(io::Disk&)> job = [raw = pass.get(), slice = options_.slice_bytes](io::Disk& disk) {
      return raw->step(disk, slice);
    };
    const Status stepped = co_await in_pool(pass, std::move(job));
    if (!stepped.ok()) {
      // Blocks that cannot be read are damage; this is the file that is not there any more, or the end of the store.
      trace(TraceLevel::warn, "event=scrub_skipped partition={} segment={} why=\"{}\"", partition_text(*log),
            source.base, stepped.failure().message);
      co_return stepped.failure().kind != FailureKind::closed;
    }
    counts_.bytes += pass->moved;
    const Duration took = core_.surface.clock.now() - begun;
    const auto rate = static_cast<double>(std::max<int64_t>(options_.bytes_per_second, 1));
    const double seconds = static_cast<double>(pass->moved) / rate;
    const Duration by_rate = nanoseconds(static_cast<int64_t>(std::min(seconds, 1e9) * 1e9));
    const Duration pause = std::max(by_rate, took * rest_factor);
    co_await rest(index, pause);
  }
  ++counts_.segments;
  counts_.unreadable_blocks += pass->scan ? pass->scan->unreadable_blocks() : 0;
  if (!pass->segment.rules().damaged().empty()) {
    co_await take(index, std::move(log), std::move(source), pass);
  }
  co_return true;
}

/// Marks what was found, in the log at once, then in the file beside the segment.
io::Task<void> Scrub::take(size_t index, std::shared_ptr<PartitionLog> log, ScrubSource source,
                           std::shared_ptr<Pass> pass) {
  log::DamageMarks marks{source.size, pass->segment.rules().damaged()};
  for (log::DamagedBytes& range : marks.ranges) range.last = std::min(range.last, source.limit - 1);
  if (marks.ranges.size() > log::damage_ranges_max) {
    log::DamagedBytes& last = marks.ranges[log::damage_ranges_max - 1];
    last.to = marks.ranges.back().to;
    last.last = marks.ranges.back().last;
    marks.ranges.resize(log::damage_ranges_max);
  }
  if (!may_scrub(*log)) co_return;
  const std::optional<size_t> fresh = log->take_scrubbed(source, marks.ranges);
  if (!fresh.has_value()) co_return;  // it was cut or replaced meanwhile
  counts_.damaged_ranges += *fresh;
  for (const log::DamagedBytes& range : marks.ranges) {
    if (*fresh == 0) break;  // all was known
    trace(TraceLevel::error,
          "event=log_damaged partition={} first={} last={} found_by=scrub segment={} bytes={}-{} why=\"{}\"",
          partition_text(*log), range.first, range.last, source.base, range.from, range.to, range.reason);
  }
  std::string path;
  bool anew = *fresh > 0;
  // A move that runs meanwhile may have looked at the folder before, and gives the log another one.
  while (may_scrub(*log) && path != log->damage_marks_path(source.base)) {
    path = log->damage_marks_path(source.base);
    std::function<Status(io::Disk&)> job = [path, anew, text = log::print_damage_marks(marks)](io::Disk& disk) {
      return !anew && disk.stat(path).ok() ? Status() : io::replace_file(disk, path, as_bytes(text));
    };
    const Status written = co_await in_pool(pass, std::move(job));
    if (!written.ok()) {
      // They hold in this process all the same, and the next round writes them.
      trace(TraceLevel::warn, "event=damage_marks_not_written partition={} segment={} why=\"{}\"", partition_text(*log),
            source.base, written.failure().message);
    }
    anew = true;
    while (may_scrub(*log) && log->held()) {
      co_await rest(index, move_pause);
    }
  }
}

}  // namespace moldau::store
