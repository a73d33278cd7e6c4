// moldau-sim: runs seeds of the simulator, in as many threads as there are cores, and prints what they found.
//
//   moldau-sim [--scenario walking|groups] [--seconds N | --seeds N] [--seed S] [--from S] [--mutant NAME] [--trace]
//              [--threads N] [--shards N]
//   moldau-sim --crash-images N [--seed S [--point P]] [--mutant NAME]    what power cuts may leave of a store
//   moldau-sim --sweep N [--seed S] [--one-in K] [--mutant NAME]          damaged blocks of N data folders
//   moldau-sim --mutants                                                  all planted bugs, until each is found
//
// The last line is "N seeds, N failed". A failing seed prints one command that replays it. With --mutant, the run
// passes if some seed finds the planted bug.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/trace.h"
#include "sim/block_sweep.h"
#include "sim/crash_image_run.h"
#include "sim/mutants.h"
#include "sim/run.h"

namespace moldau::sim {
namespace {

struct Arguments {
  uint64_t seeds = 0;
  uint64_t seconds = 0;
  uint64_t from = 1;
  uint64_t threads = 0;
  uint64_t crash_images = 0;
  uint64_t point = UINT64_MAX;
  uint64_t sweeps = 0;
  uint64_t one_in = 1;
  uint64_t shards = 1;
  bool one = false;
  bool trace = false;
  bool all_mutants = false;
  bool whole = false;
  std::string mutant;
  Scenario scenario = Scenario::walking;
};

/// What must have happened at least once in a run of 1,000 seeds or more: a zero means that a part of the simulator, or
/// of the broker, is not exercised.
constexpr const char* required[] = {"power cuts",
                                    "kills",
                                    "crashes in an operation",
                                    "crashes in recovery",
                                    "clean stops",
                                    "recoveries",
                                    "disk filled",
                                    "torn tails",
                                    "index files damaged",
                                    "network partitions",
                                    "stalls of the broker",
                                    "syncs set to fail",
                                    "writes set to fail",
                                    "garbage connections",
                                    "partitions audited",
                                    "error.CORRUPT_MESSAGE",
                                    "error.INVALID_RECORD",
                                    "error.INVALID_TIMESTAMP",
                                    "error.UNKNOWN_TOPIC_OR_PARTITION",
                                    "error.UNKNOWN_TOPIC_ID",
                                    "error.INVALID_REQUIRED_ACKS",
                                    "error.OUT_OF_ORDER_SEQUENCE_NUMBER",
                                    "error.INVALID_PRODUCER_EPOCH",
                                    "error.OFFSET_OUT_OF_RANGE",
                                    "error.UNKNOWN_LEADER_EPOCH",
                                    "error.FETCH_SESSION_ID_NOT_FOUND",
                                    "error.TOPIC_ALREADY_EXISTS",
                                    "error.INVALID_TOPIC_EXCEPTION",
                                    "error.INVALID_PARTITIONS",
                                    "error.INVALID_REPLICATION_FACTOR",
                                    "error.INVALID_CONFIG",
                                    "error.KAFKA_STORAGE_ERROR",
                                    "refused: a duplicate",
                                    "refused: an old duplicate",
                                    "refused: a first sequence above 0"};

/// The same for runs of the scenario `groups`.
constexpr const char* required_of_groups[] = {"rebalances",
                                              "acknowledged offset commits",
                                              "commits of fenced members refused",
                                              "members told that they are none",
                                              "sessions that ended with partitions",
                                              "offsets seen expired",
                                              "offset deletions",
                                              "group deletions",
                                              "members that crashed",
                                              "members that left",
                                              "members that slept",
                                              "cooperative revocations",
                                              "consumer revocations",
                                              "folds of the log that are what is fetched",
                                              "power cuts",
                                              "kills",
                                              "crashes in an operation",
                                              "crashes in recovery",
                                              "clean stops",
                                              "recoveries",
                                              "disk filled",
                                              "network partitions",
                                              "stalls of the broker",
                                              "error.ILLEGAL_GENERATION",
                                              "error.UNKNOWN_MEMBER_ID",
                                              "error.REBALANCE_IN_PROGRESS",
                                              "error.MEMBER_ID_REQUIRED",
                                              "error.STALE_MEMBER_EPOCH",
                                              "error.UNRELEASED_INSTANCE_ID",
                                              "error.COORDINATOR_LOAD_IN_PROGRESS",
                                              "error.NOT_COORDINATOR",
                                              "error.GROUP_ID_NOT_FOUND"};

class Runner {
 public:
  explicit Runner(const Arguments& arguments) : arguments_(arguments) {}
  int run();

 private:
  void work();
  void take(const Verdict& verdict, bool twice_unequal);
  bool more(uint64_t index) const;
  int report();

  const Arguments& arguments_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<std::string, uint64_t> counters_;
  uint64_t done_ = 0;
  uint64_t failed_ = 0;
  uint64_t counting_ = 0;
  uint64_t twice_ = 0;
};

bool Runner::more(uint64_t index) const {
  if (stop_) return false;
  if (arguments_.one) return index == 0;
  if (arguments_.seconds > 0)
    return std::chrono::steady_clock::now() - start_ < std::chrono::seconds(arguments_.seconds);
  return index < arguments_.seeds;
}

void Runner::take(const Verdict& verdict, bool twice_unequal) {
  const std::lock_guard lock(mutex_);
  ++done_;
  counting_ += verdict.counts;
  for (const auto& [name, times] : verdict.counters) counters_[name] += times;
  if (verdict.violation.empty() && !twice_unequal) return;
  ++failed_;
  fmt::print("seed {} failed: {}\n  replay: ./x sim {}--seed {}{}{}\n", verdict.seed,
             twice_unequal ? "two runs of it differ" : verdict.violation,
             arguments_.scenario == Scenario::groups ? "--scenario groups " : "", verdict.seed,
             arguments_.shards == 1 ? "" : fmt::format(" --shards {}", arguments_.shards),
             arguments_.mutant.empty() ? "" : " --mutant " + arguments_.mutant);
  std::fflush(stdout);
  if (!arguments_.mutant.empty()) stop_ = true;
}

void Runner::work() {
  for (uint64_t index = next_++; more(index); index = next_++) {
    const uint64_t seed = arguments_.from + index;
    const RunOptions options{.mutant = arguments_.mutant,
                             .scenario = arguments_.scenario,
                             .shards = arguments_.shards,
                             .trace = arguments_.trace};
    const Verdict verdict = run_seed(seed, options);
    bool unequal = false;
    if (index % 100 == 17) {  // 1 % run twice
      const Verdict again = run_seed(seed, options);
      unequal = again.trace_hash != verdict.trace_hash;
      const std::lock_guard lock(mutex_);
      ++twice_;
    }
    take(verdict, unequal);
  }
}

int Runner::report() {
  for (const auto& [name, times] : counters_) fmt::print("{:>12}  {}\n", times, name);
  bool missing = false;
  if (counting_ >= 1'000 && arguments_.mutant.empty()) {
    const std::span<const char* const> names = arguments_.scenario == Scenario::groups
                                                   ? std::span<const char* const>(required_of_groups)
                                                   : std::span<const char* const>(required);
    for (const char* name : names) {
      if (counters_.contains(name)) continue;
      fmt::print("never happened: {}\n", name);
      missing = true;
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  fmt::print("{} seeds of {} count, {} run twice, {:.1f} seeds a minute\n", counting_, done_, twice_,
             static_cast<double>(done_) * 60 / seconds);
  if (!arguments_.mutant.empty()) {
    fmt::print("mutant {}: {}\n", arguments_.mutant, failed_ > 0 ? "found" : "NOT FOUND");
    fmt::print("{} seeds, {} failed\n", done_, failed_);
    return failed_ > 0 ? 0 : 1;
  }
  fmt::print("{} seeds, {} failed\n", done_, failed_);
  return failed_ > 0 || missing || done_ == 0 ? 1 : 0;
}

int Runner::run() {
  const uint64_t threads = arguments_.one ? 1 : arguments_.threads;
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < threads; ++i) pool.emplace_back([this] { work(); });
  work();
  for (std::thread& thread : pool) thread.join();
  return report();
}

/// Options with a number, and where it goes.
bool take_number(const std::string& name, uint64_t value, Arguments& arguments) {
  const std::pair<const char*, uint64_t*> numbers[] = {
      {"--seed", &arguments.from},   {"--seeds", &arguments.seeds},     {"--seconds", &arguments.seconds},
      {"--from", &arguments.from},   {"--threads", &arguments.threads}, {"--crash-images", &arguments.crash_images},
      {"--point", &arguments.point}, {"--sweep", &arguments.sweeps},    {"--one-in", &arguments.one_in},
      {"--shards", &arguments.shards}};
  for (const auto& [known, into] : numbers) {
    if (name != known) continue;
    *into = value;
    if (name == "--seed") arguments.one = true;
    return true;
  }
  return false;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--long") {
      arguments.seeds = 10'000;
      arguments.whole = true;
    } else if (name == "--mutants") {
      arguments.all_mutants = true;
    } else if (name == "--scenario" && (value == "groups" || value == "walking")) {
      arguments.scenario = value == "groups" ? Scenario::groups : Scenario::walking;
      ++i;
    } else if (name == "--mutant" && mutant_named(value).has_value() && !value.empty()) {
      arguments.mutant = value;
      ++i;
    } else if (!value.empty() && take_number(name, std::strtoull(value.c_str(), nullptr, 10), arguments)) {
      ++i;
    } else {
      fmt::print(
          stderr,
          "moldau-sim: no option '{} {}': --scenario walking|groups, --seconds N, --seeds N, --seed S, --from S, "
          "--mutant NAME, --shards N, --trace, --crash-images N, --point P, --sweep N, --one-in K, --mutants\n",
          name, value);
      return false;
    }
  }
  if (arguments.seeds == 0 && arguments.seconds == 0) arguments.seeds = 100;
  if (arguments.threads == 0) arguments.threads = std::max(1U, std::thread::hardware_concurrency());
  arguments.one_in = std::max<uint64_t>(arguments.one_in, 1);
  arguments.shards = std::clamp<uint64_t>(arguments.shards, 1, 64);
  return true;
}

int run(const Arguments& arguments) {
  const store::Mutant planted = mutant_named(arguments.mutant).value_or(store::Mutant::none);
  if (arguments.all_mutants) return run_mutants(arguments.threads);
  if (arguments.crash_images > 0) {
    return run_crash_images({.images = arguments.crash_images,
                             .from = arguments.from,
                             .threads = arguments.threads,
                             .one = arguments.one,
                             .point = arguments.point,
                             .mutant = arguments.mutant,
                             .planted = planted});
  }
  if (arguments.sweeps > 0) {
    return run_block_sweep({.sweeps = arguments.sweeps,
                            .from = arguments.from,
                            .one_in = arguments.one_in,
                            .threads = arguments.threads,
                            .mutant = arguments.mutant,
                            .planted = planted});
  }
  int failed = 0;
  if (arguments.whole) {
    failed |= run_crash_images({.images = 100'000, .from = arguments.from, .threads = arguments.threads});
    failed |= run_block_sweep({.sweeps = 6, .from = arguments.from, .threads = arguments.threads});
  }
  return Runner(arguments).run() | failed;
}

}  // namespace
}  // namespace moldau::sim

int main(int argc, char** argv) {
  moldau::sim::Arguments arguments;
  if (!moldau::sim::parse(argc, argv, arguments)) return 1;
  moldau::set_trace(arguments.trace
                        ? [](moldau::TraceLevel, std::string_view line) { fmt::print(stderr, "{}\n", line); }
                        : static_cast<moldau::TraceSink>(nullptr),
                    moldau::TraceLevel::debug);
  return moldau::sim::run(arguments);
}
