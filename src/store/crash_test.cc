// A scripted life of a store, killed at its n-th changing operation, for every n and many seeds: after recovery nothing
// that was reported stable is missing, offsets are contiguous, indexes are right, and recovering twice is recovering
// once. Half of the lives have a journal; in some, logs lie over several shards and go from one to another, and each
// start has another number of shards. The same runs find each planted bug (store::Mutant).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

/// What one log should be, kept outside of the node that dies.
class Model final : public LogListener {
 public:
  void on_appended(Offset) override {}
  void on_stable(Offset end) override {
    if (end > log_->appended_end()) problem = fmt::format("stable {} is beyond the appended end", end);
    stable = std::max(stable, end);
  }
  void on_refused(Offset first_lost, const Failure&) override { refused_from = first_lost; }
  void on_offline(const Failure&) override {}
  void on_log_start(Offset start) override { start_max = std::max(start_max, start); }

  void attach(Log* log) {
    log_ = log;
    log->set_listener(this);
  }
  /// Each version of each batch ever appended at an offset.
  std::map<Offset, std::set<std::string>> versions;
  std::map<Offset, std::string> newest;
  Offset stable = 0;         ///< must survive
  Offset deleted_below = 0;  ///< acknowledged DeleteRecords
  Offset start_max = 0;      ///< the log start may have got this far
  Offset refused_from = -1;
  bool removing = false;  ///< it may be gone
  bool gone = false;
  std::string problem;

 private:
  Log* log_ = nullptr;
};

enum class Outcome { finished, crashed };

/// What lives a test looks at.
struct Kind {
  bool journal = false;
  size_t shards_max = 1;
  bool behind = false;  ///< logs are recovered while the store is used, and the node dies there too
};

/// The one that is removed and made again.
constexpr PartitionIndex later = 4;

class Script {
 public:
  Script(uint64_t seed, Mutant mutant, Kind kind)
      : prng_(seed * 2 + 1),
        rig_(seed, make_options(mutant, kind.journal), 1),
        journal_(kind.journal),
        shards_max_(kind.shards_max) {
    rig_.behind = kind.behind;
    rig_.place = [this](const Log&) { return rig_.shards == 1 ? 0 : prng_.below(rig_.shards); };
  }

  Rig& rig() { return rig_; }
  const JournalStats& journal_stats() const { return stats_; }
  const std::string& problem() const { return problem_; }
  void narrate() { loud_ = true; }
  uint64_t replayed() const { return replayed_; }
  uint64_t moved() const { return moved_; }
  uint64_t acted_behind() const { return acted_behind_; }

  /// Lives until the `crash_at`-th operation (0: to the end), then checks what recovery makes of it.
  Outcome live(uint64_t crash_at) {
    if (crash_at > 0) rig_.disk().crash_after_operations(crash_at);
    Status opened = open();
    if (!rig_.node.crashed()) {
      if (!opened.ok()) fail("open: " + opened.failure().message);
      rig_.run([&] { begin(); });
    }
    for (int step = 0; step < 40 && !rig_.node.crashed() && problem_.empty(); ++step) {
      step_once();
      rig_.settle(microseconds(static_cast<int64_t>(prng_.below(3000))));
    }
    if (!rig_.node.crashed() && problem_.empty()) {
      for (size_t i = 0; i < rig_.shards; ++i) stats_.add(rig_.store->shard(i).journal_stats());
      Status closed;
      rig_.run([&] { closed = rig_.store->close(7); });
      if (!rig_.node.crashed() && !closed.ok()) fail("close: " + closed.failure().message);
      if (!rig_.node.crashed() && rig_.disk().stat("/data/journal").ok()) fail("a clean stop leaves a journal");
    }
    const bool crashed = rig_.node.crashed();
    rig_.disk().crash_after_operations(0);
    if (crashed) {
      rig_.revive();
    } else {
      rig_.store.reset();
    }
    return crashed ? Outcome::crashed : Outcome::finished;
  }

  void check(bool clean) {
    for (const auto& [partition, model] : models_) {
      if (!model->problem.empty()) return fail(model->problem);
    }
    for (int life = 0; rig_.behind && !clean && life < 3; ++life) die_in_recovery();
    if (!problem_.empty()) return;
    Status opened = open();
    if (!opened.ok()) return fail("recovery: " + opened.failure().message);
    rig_.settle_found();
    if (clean && !rig_.store->folders()[0].clean_stop) return fail("the clean stop is not seen");
    replayed_ = rig_.store->journal_stats().replayed_batches;
    if (rig_.store->journal_stats().replay_missing > 0) return fail("the journal has batches of a missing log");
    std::map<PartitionIndex, std::string> first;
    verify(first);
    if (!problem_.empty()) return;
    // Whatever recovery made stable stays: also after a power cut that loses everything unsynced.
    rig_.disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    rig_.crash(prng_.chance(1, 2) ? io::sim::CrashKind::power : io::sim::CrashKind::process);
    opened = open();
    if (!opened.ok()) return fail("second recovery: " + opened.failure().message);
    rig_.settle_found();
    std::map<PartitionIndex, std::string> second;
    verify(second);
    if (problem_.empty() && first != second) return fail("recovering twice is not recovering once");
    if (problem_.empty()) go_on(second[0]);
  }

 private:
  static StoreOptions make_options(Mutant mutant, bool journal) {
    StoreOptions options = small_options();
    if (journal) options.journal = small_journal();
    options.mutant = mutant;
    options.checkpoint_interval_ms = 7;
    options.high_watermark_checkpoint_interval_ms = 5;
    options.log_start_checkpoint_interval_ms = 11;
    options.retention_check_interval_ms = 0;
    options.config_of = [](const std::string& topic) {
      LogConfig config;
      config.segment_bytes = 1500;
      config.index_interval_bytes = 200;
      config.file_delete_delay_ms = 5;
      config.write_caching = topic == "cached";
      config.flush_messages = 20;
      return config;
    };
    return options;
  }

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  /// Each start has a number of shards of its own.
  Status open() {
    if (shards_max_ > 1) rig_.shards = 1 + prng_.below(shards_max_);
    travelling_.clear();
    Status opened;
    rig_.run([&] { opened = rig_.try_open(); });
    return opened;
  }

  static std::string topic_of(PartitionIndex partition) {
    if (partition == later) return "later";
    return partition == 1 ? "cached" : "orders";
  }
  Log* log_of(PartitionIndex partition) {
    const TopicPartitionId id{Uuid::of(5, static_cast<uint64_t>(partition) + 1), partition};
    return rig_.find(id);
  }
  Log* ensure(PartitionIndex partition) {
    if (Log* log = log_of(partition)) return log;
    const TopicPartitionId id{Uuid::of(5, static_cast<uint64_t>(partition) + 1), partition};
    if (rig_.store->holds(id)) return nullptr;  // on its way
    auto created = rig_.store->create(id, topic_of(partition), -1);
    // With one shard, it may always be made again at once.
    if (!created.ok() && created.failure().kind == FailureKind::unavailable && shards_max_ > 1) return nullptr;
    if (!created.ok()) {
      if (!rig_.node.crashed()) fail("create: " + created.failure().message);
      return nullptr;
    }
    rig_.spread(**created);
    auto& model = models_[partition];
    if (model == nullptr) model = std::make_unique<Model>();
    model->attach(*created);
    return *created;
  }
  void begin() {
    rig_.store->start_background();
    for (PartitionIndex i = 0; i < (journal_ ? later : 2) && !rig_.node.crashed(); ++i) (void)ensure(i);
  }

  void append(Log& log, Model& model) {
    const size_t count = 1 + prng_.below(3);
    std::vector<BatchToAppend> batches;
    for (size_t i = 0; i < count; ++i) {
      BatchSpec spec;
      spec.records = static_cast<int>(1 + prng_.below(4));
      spec.value_bytes = 10 + prng_.below(prng_.chance(1, 10) ? 1200 : 60);
      spec.tag = ++tag_;
      spec.timestamp = test_time + static_cast<WallMillis>(prng_.below(5000));
      spec.producer_id = 100 + log.id().partition;
      spec.sequence = sequences_[log.id().partition];
      sequences_[log.id().partition] += spec.records;
      batches.push_back(make_batch(spec));
    }
    std::vector<Bytes> bytes;
    for (const auto& batch : batches) bytes.push_back(batch.bytes);
    const auto appended = log.append(std::move(batches), epoch_);
    if (!appended.ok()) return;
    for (size_t i = 0; i < appended->size(); ++i) {
      const std::string text(as_text(bytes[i].view()));
      model.versions[(*appended)[i].base_offset].insert(text);
      model.newest[(*appended)[i].base_offset] = text;
    }
  }

  /// What is done with a log is done in a turn of its shard.
  void step_once() {
    if (shards_max_ > 1 && prng_.chance(1, 6)) return send(static_cast<PartitionIndex>(prng_.below(later + 1)));
    if (journal_ && prng_.chance(1, 2)) {
      for (size_t i = 0; i < rig_.shards && !rig_.node.crashed(); ++i) {
        rig_.run_on(i, [&] { act_together(rig_.store->shard(i)); });
      }
      return;
    }
    PartitionIndex partition = prng_.chance(1, 3) ? 1 : 0;
    if (journal_ && prng_.chance(1, 2)) partition = static_cast<PartitionIndex>(2 + prng_.below(2));
    if (log_of(partition) == nullptr) rig_.run([&] { (void)ensure(partition); });
    if (rig_.node.crashed()) return;
    const uint64_t choice = prng_.below(16);
    if (choice == 6) {
      if (prng_.chance(1, journal_ ? 2 : 4)) rig_.run([&] { remove_or_make(); });
      return;
    }
    Log* const log = log_of(partition);
    if (log == nullptr || travelling_.contains(partition)) return;
    rig_.run_on(rig_.shard_of(log->id()), [&] { act(partition, choice); });
  }

  /// A log leaves its shard; wherever it arrives it is heard again.
  void send(PartitionIndex partition) {
    Log* const log = log_of(partition);
    if (log == nullptr || travelling_.contains(partition)) return;
    const size_t from = rig_.shard_of(log->id());
    const size_t to = prng_.below(rig_.shards);
    travelling_.insert(partition);
    rig_.run_on(from, [&] {
      rig_.store->shard(from).leave(*log, [this, partition, from, to](Result<LogRef> left) {
        if (!left.ok()) {
          travelling_.erase(partition);
          return;
        }
        ++moved_;
        auto arrive = [this, partition, to, log = std::move(left).value()]() mutable {
          Log* const here = log.get();
          rig_.store->shard(to).join(std::move(log));
          models_[partition]->attach(here);
          if (here->stable_end() > models_[partition]->stable) models_[partition]->on_stable(here->stable_end());
          travelling_.erase(partition);
          // What the old shard's journal has of it must not count any more.
          if (prng_.chance(1, 2)) cut(*here, *models_[partition]);
          if (!rig_.node.crashed()) append(*here, *models_[partition]);
        };
        if (to == from) return arrive();
        rig_.node.shard(to).surface().executor.mailbox().post(std::move(arrive));
      });
    });
  }

  void act(PartitionIndex partition, uint64_t choice) {
    Log* const log = log_of(partition);
    Model& model = *models_[partition];
    if (loud_)
      fmt::print("=== log {} choice {} ends {} {} {}\n", partition, choice, log->stable_end(), log->appended_end(),
                 log->next_offset());
    switch (choice) {
      case 0:
        (void)log->roll();
        break;
      case 1:
        ++epoch_;
        (void)log->begin_epoch(epoch_);
        break;
      case 2:
        if (log->commit_end() > log->log_start()) {
          const Offset to =
              log->log_start() + 1 +
              static_cast<Offset>(prng_.below(static_cast<uint64_t>(log->commit_end() - log->log_start())));
          model.start_max = std::max(model.start_max, to);
          log->delete_records(to, [&model, to](Status status) {
            if (status.ok()) model.deleted_below = std::max(model.deleted_below, to);
          });
        }
        break;
      case 3:
        (void)log->apply_retention(test_time, log->commit_end());
        break;
      case 4:
        log->flush();
        break;
      case 5:
        if (prng_.chance(1, journal_ ? 2 : 3)) cut(*log, model);
        break;
      default:
        append(*log, model);
        break;
    }
  }

  /// Several logs become dirty in one turn: what rounds of the journal are for.
  void act_together(StoreShard& shard) {
    for (PartitionIndex i = 0; i <= later && !rig_.node.crashed(); ++i) {
      Log* log = log_of(i);
      if (log == nullptr || !models_.contains(i) || travelling_.contains(i)) continue;
      if (rig_.shard_of(log->id()) == shard.index() && prng_.chance(2, 3)) append(*log, *models_[i]);
    }
  }

  /// A partition goes, and comes back under the same id.
  void remove_or_make() {
    if (travelling_.contains(later)) return;
    Log* log = log_of(later);
    if (log == nullptr) {
      models_.erase(later);
      (void)ensure(later);
      return;
    }
    models_[later]->removing = true;
    log->set_listener(nullptr);
    const Status removed = rig_.remove(log->id());
    if (!removed.ok() && !rig_.node.crashed()) fail("remove: " + removed.failure().message);
    models_[later]->gone = removed.ok();
    if (removed.ok() && prng_.chance(1, 2)) {
      models_.erase(later);
      (void)ensure(later);
    }
  }

  void cut(Log& log, Model& model) {
    // At a batch's start, as followers do.
    std::vector<Offset> starts;
    for (const auto& [base, bytes] : model.newest) {
      if (base >= log.log_start() && base <= log.appended_end()) starts.push_back(base);
    }
    if (starts.empty()) return;
    const Offset to = starts[prng_.below(starts.size())];
    model.stable = std::min(model.stable, to);
    sequences_[log.id().partition] += 1000;  // the producer goes on with a new epoch in real life; here: with a gap
    model.newest.erase(model.newest.lower_bound(to), model.newest.end());
    const Status cut = log.truncate_to(to);
    if (!cut.ok() && !rig_.node.crashed()) fail("truncate: " + cut.failure().message);
  }

  void verify(std::map<PartitionIndex, std::string>& contents) {
    const std::string audit = audit_directory(rig_.disk(), "/data");
    if (!audit.empty()) return fail("audit: " + audit);
    for (auto& [partition, model] : models_) {
      Log* log = log_of(partition);
      if (log == nullptr) {
        if (model->stable > 0 && !model->removing) {
          fail(fmt::format("log {} is gone, {} was stable", partition, model->stable));
        }
        continue;
      }
      if (model->gone) return fail(fmt::format("log {} was removed and is back", partition));
      verify_log(*log, *model, contents[partition]);
      if (!problem_.empty()) return;
    }
  }

  /// `arrived`: it came behind a start, perhaps as it was found, with an end that is committed later.
  void verify_log(Log& log, Model& model, std::string& content, bool arrived = false) {
    const Offset start = log.log_start();
    const Offset end = arrived ? log.appended_end() : log.stable_end();
    if (!log.damaged().empty() && log.damaged()[0].kept_in.empty()) {
      return fail(fmt::format("damage at {} though nothing was damaged", log.damaged()[0].first));
    }
    if (end < model.stable) return fail(fmt::format("the end is {}, {} was stable", end, model.stable));
    if (start < model.deleted_below)
      return fail(fmt::format("the start is {}, below {} is deleted", start, model.deleted_below));
    if (start > std::max(model.start_max, model.deleted_below))
      return fail(fmt::format("the start {} is too high", start));
    if (end != log.next_offset() || end != log.appended_end()) return fail("a recovered log has more than one end");
    Offset at = start;
    int32_t last_sequence = -1;
    while (at < end) {
      ReadError error = ReadError::none;
      const uint64_t bytes_max = 1 + prng_.below(3000);
      const ReadResult got = log.read(at, end, bytes_max, true, error);
      if (error != ReadError::none || got.cold || got.size == 0) {
        return fail(fmt::format("log {}: read at {} of {}: error {} size {}", log.id().partition, at, end,
                                static_cast<int>(error), got.size));
      }
      std::string bytes;
      for (const Piece& piece : got.pieces) {
        if (const auto* held = std::get_if<Bytes>(&piece)) {  // what replay appended
          bytes += as_text(held->view());
          continue;
        }
        const auto& slice = std::get<io::FileSlice>(piece);
        std::vector<std::byte> buffer(slice.size);
        (void)rig_.disk().read(*slice.file, slice.offset, buffer);
        bytes += as_text(buffer);
      }
      bool first = true;
      wire::for_each_batch(as_bytes(bytes), [&](const wire::BatchView& batch) {
        const Offset base = batch.base_offset();
        const bool holds = first ? base <= at && batch.last_offset() >= at : base == at;
        if (!holds) {
          fail(fmt::format("wanted {}, got {}-{}", at, base, batch.last_offset()));
          return false;
        }
        first = false;
        const std::string text(as_text(batch.bytes()));
        if (!model.versions[base].contains(text)) {
          fail(fmt::format("the batch at {} was never appended", base));
          return false;
        }
        if (batch.next_offset() <= model.stable && model.newest[base] != text) {
          fail(fmt::format("the stable batch at {} is an old version", base));
          return false;
        }
        content += text;
        last_sequence = batch.last_sequence();
        at = batch.next_offset();
        return true;
      });
      if (!problem_.empty()) return;
      if (first) return fail(fmt::format("no whole batch at {}", at));
    }
    const log::ProducerEntry* producer = log.producers().find(100 + log.id().partition);
    if (last_sequence >= 0 &&
        (producer == nullptr || producer->newest() == nullptr || producer->newest()->last_sequence != last_sequence)) {
      fail(fmt::format("the producer's last sequence is {}, not {}",
                       producer == nullptr || producer->newest() == nullptr ? -2 : producer->newest()->last_sequence,
                       last_sequence));
    }
  }

  /// A log is there as soon as it came: it is whole, takes appends, and keeps what it acknowledges, while others are
  /// recovered yet. The node is killed somewhere, or stopped.
  void die_in_recovery() {
    rig_.on_arrival = [this](Log& log) {
      const auto found = models_.find(log.id().partition);
      if (found == models_.end() || !problem_.empty()) return;
      Model& model = *found->second;
      std::string content;
      verify_log(log, model, content, true);
      model.attach(&log);
      take_content(model, content);
      model.newest.erase(model.newest.lower_bound(log.next_offset()), model.newest.end());
      sequences_[log.id().partition] += 1000;
    };
    rig_.disk().crash_after_operations(1 + prng_.below(120));
    const Status opened = open();
    if (!opened.ok() && !rig_.node.crashed()) fail("recovery that is cut short: " + opened.failure().message);
    for (int step = 0; step < 20 && !rig_.node.crashed() && problem_.empty() && !rig_.store->settled(); ++step) {
      for (size_t i = 0; i < rig_.shards && !rig_.node.crashed(); ++i) {
        rig_.run_on(i, [&] { act_together(rig_.store->shard(i)); });
      }
      rig_.settle(microseconds(static_cast<int64_t>(prng_.below(300))));
      ++acted_behind_;
    }
    rig_.on_arrival = nullptr;
    if (!rig_.node.crashed() && problem_.empty() && prng_.chance(1, 3)) {
      Status closed;
      rig_.run([&] { closed = rig_.store->close(7); });
      if (!closed.ok() && !rig_.node.crashed()) fail("close in recovery: " + closed.failure().message);
    }
    rig_.disk().crash_after_operations(0);
    if (rig_.node.crashed()) {
      rig_.revive();
    } else {
      rig_.crash(prng_.chance(2, 3) ? io::sim::CrashKind::power : io::sim::CrashKind::process);
    }
  }

  /// What a truncation that the crash interrupted left behind is the log's content now.
  static void take_content(Model& model, const std::string& content) {
    wire::for_each_batch(as_bytes(content), [&](const wire::BatchView& batch) {
      model.newest[batch.base_offset()] = as_text(batch.bytes());
      return true;
    });
  }

  /// A recovered store takes appends, and keeps them.
  void go_on(const std::string& content) {
    Log* log = nullptr;
    rig_.run([&] { log = ensure(0); });
    if (log == nullptr) return fail("the log cannot be created again");
    if (models_[0] == nullptr) models_[0] = std::make_unique<Model>();
    Model& model = *models_[0];
    model.attach(log);
    model.stable = std::min(model.stable, log->stable_end());
    const Offset before = log->next_offset();
    for (const auto& [base, texts] : std::map(model.versions)) {
      if (base >= before) model.versions.erase(base);
    }
    take_content(model, content);
    sequences_[0] += 1000;
    rig_.run_on(rig_.shard_of(log->id()), [&] { append(*log, model); });
    rig_.settle();
    if (log->stable_end() <= before) return fail("an append after recovery does not become stable");
    rig_.crash(io::sim::CrashKind::power);
    const Status opened = open();
    if (!opened.ok()) return fail("third recovery: " + opened.failure().message);
    rig_.settle_found();
    std::map<PartitionIndex, std::string> contents;
    verify(contents);
  }

  Prng prng_;
  Rig rig_;
  std::map<PartitionIndex, std::unique_ptr<Model>> models_;
  std::map<PartitionIndex, int32_t> sequences_;
  uint64_t tag_ = 0;
  Epoch epoch_ = 0;
  std::string problem_;
  bool loud_ = false;
  bool journal_;
  size_t shards_max_;
  std::set<PartitionIndex> travelling_;  // those that leave, or are nobody's
  uint64_t moved_ = 0;
  uint64_t acted_behind_ = 0;
  JournalStats stats_;
  uint64_t replayed_ = 0;
};

class Quiet {
 public:
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

struct Tally {
  uint64_t runs = 0;
  uint64_t crashes = 0;
  uint64_t replays = 0;  ///< starts that appended what the journal had
  uint64_t moved = 0;    ///< logs, to another shard or back to the same
  uint64_t behind = 0;   ///< turns in which logs were used while others were recovered
  JournalStats journal;  ///< of the life that was not cut short
  std::string first_problem;
};

/// Crashes a seed's life at every `stride`-th operation.
Tally crash_everywhere(uint64_t seed, Mutant mutant, uint64_t stride, bool stop_at_first, Kind kind) {
  Tally tally;
  for (uint64_t at = 1 + seed % stride;; at += stride) {
    Script script(seed, mutant, kind);
    const Outcome outcome = script.live(at);
    if (script.problem().empty()) script.check(outcome == Outcome::finished);
    ++tally.runs;
    if (outcome == Outcome::crashed) ++tally.crashes;
    if (script.replayed() > 0) ++tally.replays;
    tally.moved += script.moved();
    tally.behind += script.acted_behind();
    tally.journal = script.journal_stats();
    if (!script.problem().empty() && tally.first_problem.empty()) {
      tally.first_problem =
          fmt::format("seed {}{}{}{} crash at operation {}: {}", seed, kind.behind ? " behind" : "",
                      kind.shards_max > 1 ? " shards" : "", kind.journal ? " journal" : "", at, script.problem());
      if (stop_at_first) return tally;
    }
    if (outcome == Outcome::finished) return tally;
  }
}

TEST(store_crash, at_every_operation_of_many_lives) {
  const Quiet quiet;
  uint64_t runs = 0;
  uint64_t crashes = 0;
  const uint64_t seeds = crash_seeds(12);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Tally tally = crash_everywhere(seed, Mutant::none, 1, true, {});
    runs += tally.runs;
    crashes += tally.crashes;
    ASSERT_EQ(tally.first_problem, "");
  }
  fmt::print("{} lives, {} crashes, 0 problems\n", runs, crashes);
  EXPECT_GT(crashes, seeds * 50);
}

TEST(store_crash, at_every_operation_of_many_lives_with_a_journal) {
  const Quiet quiet;
  Tally all;
  const uint64_t seeds = crash_seeds(4);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Tally tally = crash_everywhere(seed, Mutant::none, 1, true, {.journal = true});
    all.runs += tally.runs;
    all.crashes += tally.crashes;
    all.replays += tally.replays;
    all.journal.rounds += tally.journal.rounds;
    all.journal.settled_files += tally.journal.settled_files;
    ASSERT_EQ(tally.first_problem, "");
  }
  fmt::print("{} lives, {} crashes, {} replays; {} rounds and {} settled files in the {} that ended; 0 problems\n",
             all.runs, all.crashes, all.replays, all.journal.rounds, all.journal.settled_files, seeds);
  EXPECT_GT(all.replays, seeds * 10);
  EXPECT_GT(all.journal.rounds, seeds * 5);
  EXPECT_GT(all.journal.settled_files, seeds);
}

TEST(store_crash, at_operations_of_lives_over_several_shards) {
  const Quiet quiet;
  for (const bool journal : {false, true}) {
    Tally all;
    const uint64_t seeds = crash_seeds(6);
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      const Tally tally = crash_everywhere(seed, Mutant::none, 5, true, {.journal = journal, .shards_max = 3});
      all.crashes += tally.crashes;
      all.replays += tally.replays;
      all.moved += tally.moved;
      ASSERT_EQ(tally.first_problem, "");
    }
    fmt::print("{} crashes, {} replays, {} moves; 0 problems\n", all.crashes, all.replays, all.moved);
    EXPECT_GT(all.moved, all.crashes / 2);
    if (journal) {
      EXPECT_GT(all.replays, seeds * 4);
    }
  }
}

TEST(store_crash, again_while_logs_are_recovered_behind_a_start) {
  const Quiet quiet;
  for (const size_t shards : {size_t{1}, size_t{3}}) {
    for (const bool journal : {false, true}) {
      Tally all;
      const uint64_t seeds = crash_seeds(2);
      for (uint64_t seed = 1; seed <= seeds; ++seed) {
        const Tally tally =
            crash_everywhere(seed, Mutant::none, 3, true, {.journal = journal, .shards_max = shards, .behind = true});
        all.crashes += tally.crashes;
        all.replays += tally.replays;
        all.behind += tally.behind;
        ASSERT_EQ(tally.first_problem, "");
      }
      fmt::print("{} crashes, {} turns in recovery, {} replays; 0 problems\n", all.crashes, all.behind, all.replays);
      EXPECT_GT(all.behind, all.crashes / 2);
    }
  }
}

/// Replays one life: MOLDAU_CRASH_ONE="seed operation [behind] [shards] [journal]" with diagnostics.
TEST(store_crash, one_life) {
  const char* wanted = std::getenv("MOLDAU_CRASH_ONE");
  if (wanted == nullptr) GTEST_SKIP() << "set MOLDAU_CRASH_ONE=\"seed operation [behind] [shards] [journal]\"";
  char* rest = nullptr;
  const uint64_t seed = std::strtoull(wanted, &rest, 10);
  const bool journal = std::string_view(wanted).ends_with("journal");
  const bool shards = std::string_view(wanted).find("shards") != std::string_view::npos;
  const bool behind = std::string_view(wanted).find("behind") != std::string_view::npos;
  Script script(seed, Mutant::none,
                {.journal = journal, .shards_max = shards ? size_t{3} : size_t{1}, .behind = behind});
  script.rig().world.print_trace([](std::string_view line) { fmt::print("{}\n", line); });
  script.narrate();
  const Outcome outcome = script.live(std::strtoull(rest, nullptr, 10));
  fmt::print("--- {}\n", outcome == Outcome::crashed ? "crashed" : "finished");
  if (script.problem().empty()) script.check(outcome == Outcome::finished);
  EXPECT_EQ(script.problem(), "");
}

class StoreMutant : public ::testing::TestWithParam<Mutant> {};

TEST_P(StoreMutant, is_found) {
#ifdef MOLDAU_SANITIZED
  if (GetParam() == Mutant::journal_start_ahead) GTEST_SKIP() << "takes minutes under a sanitizer";
#endif
  const Quiet quiet;
  std::string found;
  for (uint64_t seed = 1; seed <= 60 && found.empty(); ++seed) {
    const bool shards = GetParam() == Mutant::journal_leave_not_closed;
    const Kind kind{.journal = GetParam() >= Mutant::journal_ack_before_sync,
                    .shards_max = shards ? size_t{3} : size_t{1}};
    found = crash_everywhere(seed, GetParam(), 7, true, kind).first_problem;
  }
  fmt::print("{}\n", found);
  EXPECT_NE(found, "");
}

INSTANTIATE_TEST_SUITE_P(all, StoreMutant,
                         ::testing::Values(Mutant::ack_before_sync, Mutant::index_trusted_after_crash,
                                           Mutant::torn_tail_accepted, Mutant::no_directory_sync,
                                           Mutant::checkpoint_before_data, Mutant::journal_ack_before_sync,
                                           Mutant::journal_settled_before_sync, Mutant::journal_cut_not_closed,
                                           Mutant::journal_removal_not_closed, Mutant::journal_retired_before_sync,
                                           Mutant::journal_start_ahead, Mutant::journal_leave_not_closed));

}  // namespace
}  // namespace moldau::store
