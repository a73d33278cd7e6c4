// A scripted life of a store with journals, killed at its n-th changing operation, for every n and many seeds: after
// replay nothing that was reported stable is missing, nothing that was cut or deleted is back, and replaying twice is
// replaying once. The same runs find each planted bug (log::JournalMutant).
#include <gtest/gtest.h>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/journal/journal_test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

constexpr PartitionIndex partitions = 4;

/// What one partition should be, kept outside of the node that dies.
struct Model {
  std::map<Offset, std::set<std::string>> versions;  // each batch ever appended at an offset
  std::map<Offset, std::string> newest;
  Offset stable = 0;         // must survive
  Offset deleted_below = 0;  // acknowledged DeleteRecords
  Offset start_max = 0;      // the log start may have got this far
  bool exists = false;
  bool may_be_gone = false;  // it is being removed
  bool gone = false;
};

class Life {
 public:
  Life(uint64_t seed, log::JournalMutant mutant) : prng_(seed * 2 + 1), world_(seed), node_(world_.node("n")) {
    options_.mutant = mutant;
    options_.shards = static_cast<uint32_t>(1 + prng_.below(3));
  }
  ~Life() { store_.reset(); }

  const std::string& problem() const { return problem_; }
  uint64_t replayed() const { return replayed_; }
  io::sim::SimDisk& disk() { return node_.disk(); }
  void narrate() { loud_ = true; }
  void lying() { lies_ = true; }

  bool live(uint64_t crash_at) {
    if (crash_at > 0) disk().crash_after_operations(crash_at);
    if (lies_) disk().faults().lying_sync_ppm = 100'000;
    open("open");
    for (int step = 0; step < 60 && !node_.crashed() && problem_.empty(); ++step) {
      run([&] { act(); });
      settle(microseconds(static_cast<int64_t>(prng_.below(900))));
    }
    if (!node_.crashed() && problem_.empty()) {
      Status closed;
      run([&] { closed = store_->close(); });
      if (!node_.crashed() && !closed.ok()) fail("close: " + closed.failure().message);
      const auto left = has_journal(disk(), "/data");
      if (!node_.crashed() && problem_.empty() && (!left.ok() || *left)) fail("a clean stop leaves a journal");
    }
    const bool crashed = node_.crashed();
    disk().crash_after_operations(0);
    disk().faults().lying_sync_ppm = 0;
    revive(crashed);
    return crashed;
  }

  void check() {
    // As many shards as it may have next time.
    options_.shards = static_cast<uint32_t>(1 + prng_.below(3));
    if (!open("replay")) return;
    std::string first = verify();
    if (!problem_.empty()) return;
    disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    node_.crash(prng_.chance(1, 2) ? io::sim::CrashKind::power : io::sim::CrashKind::process);
    revive(true);
    if (!open("second replay")) return;
    const std::string second = verify();
    if (problem_.empty() && first != second) fail("replaying twice is not replaying once");
    if (!problem_.empty()) return;
    go_on();
  }

  /// A replay that is itself killed, at its n-th operation; false when it was not.
  bool replay_killed_at(uint64_t n) {
    disk().crash_after_operations(n);
    Status opened;
    run([&] { opened = try_open(); });
    const bool crashed = node_.crashed();
    if (!crashed && !opened.ok()) fail("nested replay: " + opened.failure().message);
    disk().crash_after_operations(0);
    if (!crashed) return false;
    revive(true);
    return true;
  }

 private:
  void run(const std::function<void()>& work) { run_turn(world_, node_, work); }
  void settle(Duration time) { world_.run_for(time); }
  void revive(bool crashed) {
    store_.reset();
    if (crashed) node_.restart();
  }
  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  Status try_open() {
    store_ = std::make_unique<MiniStore>(node_.surface(), options_);
    return store_->open();
  }
  bool open(const char* what) {
    Status opened;
    run([&] { opened = try_open(); });
    if (node_.crashed()) return false;
    if (opened.ok()) {
      replayed_ += store_->replayed.batches_appended;
    } else if (!lies_ || opened.failure().kind != FailureKind::corrupt) {
      fail(std::string(what) + ": " + opened.failure().message);
    } else {
      loud = true;
    }
    return opened.ok();
  }

  void act() {
    const auto partition = static_cast<PartitionIndex>(prng_.below(partitions));
    MiniLog* log = store_->log(partition);
    Model& model = models_[partition];
    Status done;
    if (log == nullptr) {
      auto made = store_->create(partition);
      if (!made.ok()) return unless_crashed("create", made.failure());
      model = Model{};
      model.exists = true;
      return;
    }
    const uint64_t choice = prng_.below(40);
    if (loud_) fmt::print("=== log {} choice {} start {} end {}\n", partition, choice, log->log_start(), log->end());
    if (choice < 2) {
      done = truncate(*log, partition, model);
    } else if (choice < 3) {
      model.may_be_gone = true;
      ++cuts_[partition];
      done = store_->remove(partition);
      if (done.ok()) model = Model{};
      if (done.ok()) model.gone = true;
    } else if (choice < 5) {
      if (model.stable > log->log_start()) {
        const Offset to = log->log_start() + 1 + static_cast<Offset>(
                              prng_.below(static_cast<uint64_t>(model.stable - log->log_start())));
        model.start_max = std::max(model.start_max, to);
        done = store_->delete_records(partition, to);
        if (done.ok()) model.deleted_below = std::max(model.deleted_below, to);
      }
    } else if (choice < 7) {
      done = store_->move(partition);
    } else if (choice < 8) {
      store_->writer_of(*log).seal();
    } else {
      done = append_some();
    }
    if (!done.ok()) unless_crashed("act", done.failure());
  }

  void unless_crashed(const char* what, const Failure& failure) {
    // The journal may have no room for a closing entry, when all that is reserved for them is used.
    if (!node_.crashed() && failure.kind != FailureKind::no_space) fail(std::string(what) + ": " + failure.message);
  }

  Status append_some() {
    for (uint64_t i = 1 + prng_.below(4); i > 0; --i) {
      const auto partition = static_cast<PartitionIndex>(prng_.below(partitions));
      MiniLog* log = store_->log(partition);
      if (log == nullptr) continue;
      BatchSpec spec;
      spec.records = static_cast<int>(1 + prng_.below(3));
      spec.value_bytes = 10 + prng_.below(prng_.chance(1, 6) ? 3000 : 80);
      spec.tag = ++tag_;
      const Offset base = log->end();
      const Status appended = store_->append(*log, spec);
      const std::string text(as_text(log->pending.back().view()));
      models_[partition].versions[base].insert(text);
      models_[partition].newest[base] = text;
      RETURN_IF_FAILED(appended);
    }
    if (prng_.chance(1, 4)) return {};
    const auto shard = static_cast<uint32_t>(prng_.below(options_.shards));
    // A round that was under way when a log was cut says nothing about what came after.
    return store_->commit(shard, !prng_.chance(1, 5), [this, cuts = cuts_](PartitionIndex partition, Offset end) {
      const auto before = cuts.find(partition);
      if ((before == cuts.end() ? 0 : before->second) != cuts_[partition]) return;
      models_[partition].stable = std::max(models_[partition].stable, end);
    });
  }

  Status truncate(MiniLog& log, PartitionIndex partition, Model& model) {
    std::vector<Offset> starts;
    for (const Offset start : log.batch_starts()) {
      if (start >= log.log_start()) starts.push_back(start);
    }
    if (starts.empty()) return {};
    const Offset to = starts[prng_.below(starts.size())];
    const Offset stable_before = model.stable;
    model.stable = std::min(model.stable, to);
    ++cuts_[partition];
    const Status done = store_->truncate(partition, to);
    if (!done.ok()) {
      if (done.failure().kind == FailureKind::no_space) model.stable = stable_before;
      return done;
    }
    model.newest.erase(model.newest.lower_bound(to), model.newest.end());
    ++log.epoch;
    return {};
  }

  std::string verify() {
    std::string all;
    for (auto& [partition, model] : models_) {
      MiniLog* log = store_->log(partition);
      if (log == nullptr) {
        if (model.stable > 0 && !model.may_be_gone && !lies_) {
          fail(fmt::format("partition {} is gone, {} was stable", partition, model.stable));
        }
        continue;
      }
      if (model.gone && log->end() > 0 && !lies_) fail(fmt::format("partition {} is back", partition));
      if (!problem_.empty()) return all;
      all += verify_log(*log, partition, model);
      if (!problem_.empty()) return all;
    }
    return all;
  }

  std::string verify_log(MiniLog& log, PartitionIndex partition, const Model& model) {
    const auto content = log.content();
    if (!content.ok()) {
      fail(content.failure().message);
      return {};
    }
    Offset at = 0;
    wire::for_each_batch(as_bytes(*content), [&](const wire::BatchView& batch) {
      const std::string text(as_text(batch.bytes()));
      const Offset base = batch.base_offset();
      const auto versions = model.versions.find(base);
      if (base != at) fail(fmt::format("partition {} has {} where {} is wanted", partition, base, at));
      if (!lies_ && (versions == model.versions.end() || !versions->second.contains(text))) {
        fail(fmt::format("partition {}: the batch at {} was never appended", partition, base));
      } else if (!lies_ && batch.next_offset() <= model.stable && model.newest.at(base) != text) {
        fail(fmt::format("partition {}: the stable batch at {} is an old version", partition, base));
      }
      at = batch.next_offset();
      return problem_.empty();
    });
    if (lies_) return *content;
    if (at < model.stable) fail(fmt::format("partition {} ends at {}, {} was stable", partition, at, model.stable));
    if (log.log_start() < model.deleted_below) {
      fail(fmt::format("partition {} begins at {}, below {} is deleted", partition, log.log_start(),
                       model.deleted_below));
    }
    if (log.log_start() > std::max(model.start_max, model.deleted_below)) {
      fail(fmt::format("partition {} begins at {}: too high", partition, log.log_start()));
    }
    return fmt::format("{} {} ", partition, log.log_start()) + *content;
  }

  /// A recovered store takes rounds, and keeps them.
  void go_on() {
    for (auto& [partition, model] : models_) {
      MiniLog* log = store_->log(partition);
      if (log == nullptr) {
        model = Model{};
        continue;
      }
      model.stable = log->end();
      model.may_be_gone = model.gone = false;
      model.start_max = model.deleted_below = log->log_start();
      const auto content = log->content();
      model.newest.clear();
      wire::for_each_batch(as_bytes(*content), [&](const wire::BatchView& batch) {
        model.newest[batch.base_offset()] = as_text(batch.bytes());
        return true;
      });
    }
    for (int i = 0; i < 12 && problem_.empty(); ++i) {
      run([&] {
        const Status done = append_some();
        if (!done.ok()) fail("going on: " + done.failure().message);
      });
      settle(milliseconds(2));
    }
    node_.crash(io::sim::CrashKind::power);
    revive(true);
    if (open("third replay")) verify();
  }

  Prng prng_;
  io::sim::World world_;
  io::sim::Node& node_;
  MiniOptions options_;
  std::unique_ptr<MiniStore> store_;
  std::map<PartitionIndex, Model> models_;
  std::map<PartitionIndex, uint64_t> cuts_;
  uint64_t tag_ = 0;
  uint64_t replayed_ = 0;
  std::string problem_;
  bool loud_ = false;
  bool lies_ = false;

 public:
  bool loud = false;
};

class Quiet {
 public:
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

struct Tally {
  uint64_t crashes = 0;
  uint64_t replayed = 0;
  std::string first_problem;
};

Tally crash_everywhere(uint64_t seed, log::JournalMutant mutant, uint64_t stride) {
  Tally tally;
  for (uint64_t at = 1 + seed % stride;; at += stride) {
    Life life(seed, mutant);
    const bool crashed = life.live(at);
    if (life.problem().empty()) life.check();
    tally.crashes += crashed ? 1 : 0;
    tally.replayed += life.replayed();
    if (!life.problem().empty()) {
      tally.first_problem = fmt::format("seed {} crash at operation {}: {}", seed, at, life.problem());
      return tally;
    }
    if (!crashed) return tally;
  }
}

TEST(journal_crash, at_every_operation_of_many_lives) {
  const Quiet quiet;
  const uint64_t seeds = crash_seeds(5);
  uint64_t crashes = 0;
  uint64_t replayed = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Tally tally = crash_everywhere(seed, log::JournalMutant::none, 1);
    crashes += tally.crashes;
    replayed += tally.replayed;
    ASSERT_EQ(tally.first_problem, "");
  }
  fmt::print("{} crashes, {} batches replayed, 0 problems\n", crashes, replayed);
  EXPECT_GT(crashes, seeds * 50);
  EXPECT_GT(replayed, seeds * 20);
}

TEST(journal_crash, in_the_midst_of_replay) {
  const Quiet quiet;
  uint64_t nested = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    for (uint64_t n = 1; n <= 40; ++n) {
      Life life(seed, log::JournalMutant::none);
      life.live(60 + seed * 9);
      for (uint64_t again = 0; again < 4 && life.replay_killed_at(n + again); ++again) ++nested;
      if (life.problem().empty()) life.check();
      ASSERT_EQ(life.problem(), "") << "seed " << seed << " at " << n;
    }
  }
  EXPECT_GT(nested, 250u);
}

/// A disk that lies loses what was acknowledged; what is there afterwards is whole, or the start says what is wrong.
TEST(journal_crash, a_lying_disk_makes_no_batch_that_never_was) {
  const Quiet quiet;
  uint64_t loud = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Life life(seed, log::JournalMutant::none);
    life.lying();
    life.live(40 + seed);
    life.check();
    EXPECT_EQ(life.problem(), "") << seed;
    loud += life.loud ? 1 : 0;
  }
  fmt::print("150 lives, {} refused\n", loud);
  EXPECT_LT(loud, 150u);
}

/// Replays one life: MOLDAU_CRASH_ONE="seed operation" with diagnostics.
TEST(journal_crash, one_life) {
  const char* wanted = std::getenv("MOLDAU_CRASH_ONE");
  if (wanted == nullptr) GTEST_SKIP() << "set MOLDAU_CRASH_ONE=\"seed operation\"";
  char* rest = nullptr;
  const uint64_t seed = std::strtoull(wanted, &rest, 10);
  Life life(seed, log::JournalMutant::none);
  life.narrate();
  const bool crashed = life.live(std::strtoull(rest, nullptr, 10));
  fmt::print("--- {}\n", crashed ? "crashed" : "finished");
  if (life.problem().empty()) life.check();
  EXPECT_EQ(life.problem(), "");
}

class PlantedInJournal : public ::testing::TestWithParam<log::JournalMutant> {};

TEST_P(PlantedInJournal, is_found) {
  const Quiet quiet;
  std::string found;
  for (uint64_t seed = 1; seed <= 200 && found.empty(); ++seed) {
    found = crash_everywhere(seed, GetParam(), 5).first_problem;
  }
  fmt::print("{}\n", found);
  EXPECT_NE(found, "");
}

INSTANTIATE_TEST_SUITE_P(all, PlantedInJournal,
                         ::testing::Values(log::JournalMutant::acknowledged_before_sync,
                                           log::JournalMutant::stale_generation_accepted,
                                           log::JournalMutant::torn_round_accepted,
                                           log::JournalMutant::recycled_before_settled,
                                           log::JournalMutant::no_folder_sync,
                                           log::JournalMutant::closing_ignored,
                                           log::JournalMutant::written_past_prepared));

}  // namespace
}  // namespace moldau::store
