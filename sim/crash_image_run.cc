#include "sim/crash_image_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "io/sim/crash_images.h"
#include "io/sim/disk.h"
#include "sim/storage_life.h"
#include "store/audit.h"
#include "wire/batch.h"

namespace moldau::sim {
namespace {

constexpr size_t images_per_point = 90;
constexpr size_t mixed_per_point = 20;
/// In the hunt for a planted bug: what is rare is the life, not the image. No power fails in a recovery there.
constexpr size_t hunted_images_per_point = 8;
constexpr size_t hunted_mixed_per_point = 2;
/// Of the images, one in so many is recovered twice; one in so many with power cuts in the midst of its recovery.
constexpr uint64_t twice_every = 8;
constexpr uint64_t nested_every = 400;
constexpr size_t nested_images = 6;

using Histories = std::map<PartitionIndex, LogHistory>;
using Contents = std::map<PartitionIndex, std::vector<BatchMark>>;

/// Where the two begin to differ, for people.
std::string difference(const Contents& first, const Contents& second) {
  for (const auto& [partition, batches] : first) {
    const std::vector<BatchMark>& others = second.at(partition);
    const auto [one, other] = std::ranges::mismatch(batches, others);
    if (one == batches.end() && other == others.end()) continue;
    const auto text = [](const std::vector<BatchMark>& of, auto at) {
      return at == of.end() ? std::string("the end") : fmt::format("{}-{}", at->base, at->last);
    };
    return fmt::format(": partition {} has {}, then {}", partition, text(batches, one), text(others, other));
  }
  return {};
}

/// One recovered image: a machine with that disk, and the store on it.
class Recovered {
 public:
  /// The machine's run has the life's own name when the image is what a killed process leaves; another one after a
  /// power cut.
  Recovered(std::unique_ptr<io::sim::Tree> image, const StorageLife& life, store::Mutant planted,
            const char* boot_id = "up again")
      : histories_(life.histories()),
        options_(StorageLife::options(planted, life.with_journal(), boot_id)),
        killed_(options_.boot_id == StorageLife::own_boot_id) {
    node_.disk().put_tree(std::move(image));
  }
  ~Recovered() { store_.reset(); }

  io::sim::SimDisk& disk() { return node_.disk(); }

  /// Recovers and judges; the first problem, or empty.
  std::string check(Contents& contents) {
    auto opened = store::Store::open(node_.surface(), options_, "image-cluster", 1);
    if (!opened.ok()) return "open: " + opened.failure().message;
    store_ = std::move(opened).value();
    const Status loaded = store_->load_logs();
    if (!loaded.ok()) return "recovery: " + loaded.failure().message;
    // What a killed process left is taken as it is, and synced behind.
    const bool settled = store_->settled() || world_.run_until([this] { return store_->settled(); }, seconds(60));
    if (!settled) return "what was found is never synced";
    std::string problem = store::testing::audit_directory(node_.disk(), "/data");
    if (!problem.empty()) return "St2: " + problem;
    for (const auto& [partition, history] : histories_) {
      problem = check_log(history, contents[partition]);
      if (!problem.empty()) return fmt::format("{}-{}: {}", history.topic, partition, problem);
    }
    return {};
  }

  /// The machine loses power and comes up again; or only the process dies.
  void crash(io::sim::CrashKind kind) {
    store_.reset();
    node_.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    node_.crash(kind);
    node_.restart();
    if (kind == io::sim::CrashKind::power) options_.boot_id += " and again";
    killed_ = false;
  }

 private:
  std::string check_log(const LogHistory& history, std::vector<BatchMark>& content);
  std::string read_all(store::Log& log, std::vector<BatchMark>& content, int32_t& last_sequence, Epoch& last_epoch);
  std::string judge(const LogHistory& history, Offset start, const std::vector<BatchMark>& content) const;

  const Histories& histories_;
  store::StoreOptions options_;
  bool killed_;
  io::sim::World world_{1};
  io::sim::Node& node_ = world_.node("n");
  std::unique_ptr<store::Store> store_;
};

std::string Recovered::read_all(store::Log& log, std::vector<BatchMark>& content, int32_t& last_sequence,
                                Epoch& last_epoch) {
  Offset at = log.log_start();
  const Offset end = log.stable_end();
  std::vector<std::byte> buffer;
  while (at < end) {
    store::ReadError error = store::ReadError::none;
    const store::ReadResult got = log.read(at, end, 1 << 20, true, error);
    if (error != store::ReadError::none || got.cold || got.size == 0) {
      return fmt::format("read at {} of {}: error {} size {}", at, end, static_cast<int>(error), got.size);
    }
    buffer.clear();
    for (const store::Piece& piece : got.pieces) {
      if (const auto* held = std::get_if<Bytes>(&piece)) {  // what replay appended
        buffer.insert(buffer.end(), held->view().begin(), held->view().end());
        continue;
      }
      const auto& slice = std::get<io::FileSlice>(piece);
      const size_t before = buffer.size();
      buffer.resize(before + slice.size);
      (void)node_.disk().read(*slice.file, slice.offset, std::span(buffer).subspan(before));
    }
    const Offset from = at;
    std::string problem;
    wire::for_each_batch(buffer, [&](const wire::BatchView& batch) {
      const bool first = at == from;
      if (first ? batch.base_offset() > at || batch.last_offset() < at : batch.base_offset() != at) {
        problem = fmt::format("wanted offset {}, got {}-{}", at, batch.base_offset(), batch.last_offset());
        return false;
      }
      content.push_back({batch.base_offset(), batch.last_offset(), hash_of_batch(batch.bytes())});
      last_sequence = batch.last_sequence();
      last_epoch = batch.leader_epoch();
      at = batch.next_offset();
      return true;
    });
    if (!problem.empty()) return problem;
    if (at == from) return fmt::format("no whole batch at {}", at);
  }
  return {};
}

/// St1: a prefix of what was appended, and all that had to survive.
std::string Recovered::judge(const LogHistory& history, Offset start, const std::vector<BatchMark>& content) const {
  const auto continues = [&](const std::vector<BatchMark>& lineage) {
    const auto begin =
        std::find_if(lineage.begin(), lineage.end(), [&](const BatchMark& mark) { return mark.last >= start; });
    if (static_cast<size_t>(lineage.end() - begin) < content.size()) return false;
    return std::equal(content.begin(), content.end(), begin);
  };
  if (std::none_of(history.lineages.begin(), history.lineages.end(), continues)) {
    return "St1: what is left is no prefix of what was appended";
  }
  const Offset end = content.empty() ? start : content.back().last + 1;
  if (end < history.stable) return fmt::format("St1: the end is {}, {} was stable", end, history.stable);
  if (killed_ && end < history.appended) {
    return fmt::format("St1: the end is {}, {} was written, and nothing but a process died", end, history.appended);
  }
  size_t at = 0;
  for (const BatchMark& mark : history.lineages.back()) {
    if (mark.last < start || mark.last >= history.stable) continue;
    if (at >= content.size() || content[at] != mark) {
      return fmt::format("St1: the stable batch at {} is not what was acknowledged", mark.base);
    }
    ++at;
  }
  return {};
}

std::string Recovered::check_log(const LogHistory& history, std::vector<BatchMark>& content) {
  store::Log* log = store_->find(history.id);
  if (log == nullptr) {
    const bool missed = history.stable > 0 && !history.removing;
    return missed ? fmt::format("St1: the log is gone, {} was stable", history.stable) : std::string();
  }
  if (history.gone) return "St1: the log was removed, and is back";
  for (const store::DamagedRange& range : log->damaged()) {
    if (range.kept_in.empty()) return fmt::format("damage at {} is told, and nothing was damaged", range.first);
  }
  const Offset start = log->log_start();
  if (start < history.deleted_below) {
    return fmt::format("the log starts at {}, and {} was deleted for good", start, history.deleted_below);
  }
  if (start > std::max(history.start_max, history.deleted_below)) {
    return fmt::format("the log start {} is too high", start);
  }
  if (log->stable_end() != log->next_offset() || log->stable_end() != log->appended_end()) {
    return "a recovered log has more than one end";
  }
  int32_t last_sequence = -1;
  Epoch last_epoch = no_epoch;
  std::string problem = read_all(*log, content, last_sequence, last_epoch);
  if (problem.empty()) problem = judge(history, start, content);
  if (!problem.empty() || content.empty()) return problem;
  const log::ProducerEntry* producer = log->producers().find(100 + history.id.partition);
  const log::ProducerBatch* newest = producer == nullptr ? nullptr : producer->newest();
  if (newest == nullptr || newest->last_sequence != last_sequence) {
    return fmt::format("P1: the producer's last sequence is {}, the log's is {}",
                       newest == nullptr ? -1 : newest->last_sequence, last_sequence);
  }
  if (log->epoch_of(content.back().last) != last_epoch) {
    return fmt::format("the epoch of offset {} is {}, the batch says {}", content.back().last,
                       log->epoch_of(content.back().last), last_epoch);
  }
  return {};
}

/// All images of one life.
class LifeOfImages {
 public:
  LifeOfImages(uint64_t seed, store::Mutant planted, uint64_t only_point, bool hunt)
      : seed_(seed), planted_(planted), only_point_(only_point), hunt_(hunt), life_(seed, planted) {}

  /// `enough` is asked before each moment.
  void run(const std::function<bool()>& enough) {
    life_.live([&](uint64_t point) {
      if (enough()) return true;
      if (only_point_ == UINT64_MAX || only_point_ == point) at_point(point);
      return !problem_.empty() || (only_point_ != UINT64_MAX && point > only_point_);
    });
    if (problem_.empty() && !life_.problem().empty()) problem_ = "while it lived: " + life_.problem();
  }

  const std::string& problem() const { return problem_; }
  uint64_t images() const { return images_; }
  uint64_t points() const { return points_; }
  uint64_t twice() const { return twice_; }
  uint64_t nested() const { return nested_; }

 private:
  void at_point(uint64_t point) {
    ++points_;
    io::sim::CrashImages images(life_.disk().tree(), seed_ * 1'000'003 + point,
                                hunt_ ? hunted_images_per_point : images_per_point,
                                hunt_ ? hunted_mixed_per_point : mixed_per_point);
    while (auto image = images.next()) {
      ++images_;
      std::string problem = check(std::move(image), images.hash());
      if (problem.empty()) continue;
      problem_ = fmt::format("seed {} point {}: {} [{}]", seed_, point, problem, images.what());
      return;
    }
    ++images_;
    const std::string problem = check_killed();
    if (!problem.empty()) problem_ = fmt::format("seed {} point {}: {} [a killed process]", seed_, point, problem);
  }

  /// The process dies, and the page cache has all that was written; then, behind the start, the power fails: what was
  /// served must still be there.
  std::string check_killed() {
    Recovered machine(life_.disk().copy_tree(), life_, planted_, StorageLife::own_boot_id);
    return check_twice(machine, io::sim::CrashKind::power);
  }

  static std::string check_twice(Recovered& machine, io::sim::CrashKind between) {
    Contents first;
    std::string problem = machine.check(first);
    if (!problem.empty()) return problem;
    machine.crash(between);
    Contents second;
    problem = machine.check(second);
    if (!problem.empty()) return "the second recovery: " + problem;
    return first != second ? "St1: recovering twice is not recovering once" + difference(first, second) : std::string();
  }

  std::string check(std::unique_ptr<io::sim::Tree> image, uint64_t draw) {
    const bool twice = draw % twice_every == 0;
    std::unique_ptr<io::sim::Tree> kept = !hunt_ && draw % nested_every == 1 ? image->copy() : nullptr;
    Recovered machine(std::move(image), life_, planted_);
    std::string problem;
    if (twice) {
      ++twice_;
      const bool power = draw % (2 * twice_every) == 0;
      problem = check_twice(machine, power ? io::sim::CrashKind::power : io::sim::CrashKind::process);
    } else {
      Contents contents;
      problem = machine.check(contents);
    }
    return problem.empty() && kept != nullptr ? check_nested(*kept, draw) : problem;
  }

  /// The power fails again, at each operation of the recovery.
  std::string check_nested(const io::sim::Tree& image, uint64_t draw) {
    Recovered machine(image.copy(), life_, planted_);
    std::string problem;
    uint64_t operation = 0;
    machine.disk().before_operation([&] {
      if (!problem.empty()) return;
      io::sim::CrashImages images(machine.disk().tree(), draw + ++operation, nested_images, 1);
      while (auto again = images.next()) {
        ++images_;
        ++nested_;
        Recovered second(std::move(again), life_, planted_, "up once more");
        Contents contents;
        problem = second.check(contents);
        if (problem.empty()) continue;
        problem =
            fmt::format("power fails at operation {} of the recovery: {} [{}]", operation, problem, images.what());
        return;
      }
    });
    Contents contents;
    const std::string whole = machine.check(contents);
    machine.disk().before_operation(nullptr);
    return problem.empty() ? whole : problem;
  }

  uint64_t seed_;
  store::Mutant planted_;
  uint64_t only_point_;
  bool hunt_;
  StorageLife life_;
  std::string problem_;
  uint64_t images_ = 0;
  uint64_t points_ = 0;
  uint64_t twice_ = 0;
  uint64_t nested_ = 0;
};

struct Totals {
  std::mutex mutex;
  std::atomic<uint64_t> next{0};
  std::atomic<uint64_t> images{0};
  uint64_t lives = 0;
  uint64_t points = 0;
  uint64_t twice = 0;
  uint64_t nested = 0;
  std::atomic<uint64_t> failed{0};
};

void live_some(const CrashImageOptions& options, Totals& totals) {
  while (totals.images < options.images && totals.failed == 0) {
    const uint64_t index = totals.next++;
    if (options.one && index > 0) return;
    LifeOfImages life(options.from + index, options.planted, options.point, options.planted != store::Mutant::none);
    uint64_t counted = 0;
    life.run([&] {
      totals.images += life.images() - std::exchange(counted, life.images());
      return !options.one && totals.images >= options.images;
    });
    totals.images += life.images() - counted;
    const std::lock_guard lock(totals.mutex);
    ++totals.lives;
    totals.points += life.points();
    totals.twice += life.twice();
    totals.nested += life.nested();
    if (life.problem().empty()) continue;
    ++totals.failed;
    fmt::print("{}\n", life.problem());
    const std::string_view point = std::string_view(life.problem());
    const size_t at = point.find(" point ");
    fmt::print("  replay: ./x sim --crash-images 1 --seed {}{}{}\n", options.from + index,
               at == std::string_view::npos
                   ? std::string()
                   : fmt::format(" --point {}", point.substr(at + 7, point.find(':') - at - 7)),
               options.mutant.empty() ? "" : " --mutant " + options.mutant);
  }
}

}  // namespace

int run_crash_images(const CrashImageOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < (options.one ? 1 : options.threads); ++i) {
    pool.emplace_back([&] { live_some(options, totals); });
  }
  live_some(options, totals);
  for (std::thread& thread : pool) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print(
      "{} crash images of {} moments of {} lives; {} recovered twice, {} after a power cut in a recovery; "
      "{:.0f} images a second\n",
      totals.images.load(), totals.points, totals.lives, totals.twice, totals.nested,
      static_cast<double>(totals.images) / seconds);
  if (!options.mutant.empty()) {
    fmt::print("mutant {}: {}\n", options.mutant, totals.failed > 0 ? "found" : "NOT FOUND");
    return totals.failed > 0 ? 0 : 1;
  }
  fmt::print("{} crash images, {} failed\n", totals.images.load(), totals.failed.load());
  return totals.failed > 0 || totals.images == 0 ? 1 : 0;
}

std::string find_in_crash_images(uint64_t seed, store::Mutant planted) {
  LifeOfImages life(seed, planted, UINT64_MAX, true);
  life.run([] { return false; });
  return life.problem();
}

}  // namespace moldau::sim
