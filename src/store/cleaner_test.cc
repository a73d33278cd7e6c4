// Compaction of real segment files on the simulated disk: what stays, what readers see meanwhile, what a change, a cut
// or a deletion of the topic does to it; and random lives that crash at any operation, after which the log is compacted
// on and compared with a reference map.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/trace.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "log/checkpoint.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

struct Quiet {
  Quiet() { set_trace(nullptr, TraceLevel::error); }
};

struct Keyed {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const Keyed&) const = default;
};
/// What a log holds: offset, key, value.
using Content = std::map<Offset, Keyed>;

BatchToAppend keyed_batch(const std::vector<Keyed>& records, compress::Codec codec = compress::Codec::none,
                          ProducerId producer_id = no_producer_id, int32_t sequence = 0,
                          WallMillis timestamp = test_time) {
  wire::BatchOptions options;
  options.codec = codec;
  if (producer_id != no_producer_id) {
    options.producer_id = producer_id;
    options.producer_epoch = 0;
    options.base_sequence = sequence;
  }
  wire::BatchBuilder builder(options);
  for (const Keyed& record : records) {
    builder.add(timestamp, record.key, record.value ? std::optional<std::string_view>(*record.value) : std::nullopt);
  }
  BatchToAppend batch;
  batch.bytes = Bytes::copy_of(*builder.finish());
  batch.record_count = static_cast<int32_t>(records.size());
  batch.max_timestamp = timestamp;
  return batch;
}

Content content_of(std::string_view bytes) {
  Content content;
  wire::RecordIterator records;
  wire::for_each_batch(as_bytes(bytes), [&](const wire::BatchView& batch) {
    records.start(batch);
    wire::RecordView record;
    while (records.next(record)) {
      Keyed& keyed = content[record.offset];
      keyed.key = std::string(as_text(*record.key));
      if (record.value) keyed.value = std::string(as_text(*record.value));
    }
    EXPECT_EQ(records.fault(), wire::RecordFault::none);
    return true;
  });
  return content;
}

/// The newest value of each key; keys whose newest record is a tombstone are not there.
std::map<std::string, std::string> fold(const Content& content) {
  std::map<std::string, std::string> latest;
  for (const auto& [offset, keyed] : content) {
    if (keyed.value) {
      latest[keyed.key] = *keyed.value;
    } else {
      latest.erase(keyed.key);
    }
  }
  return latest;
}

StoreOptions compacting() {
  StoreOptions options = small_options();
  options.retention_check_interval_ms = 0;
  options.cleaner.backoff_ms = 5;
  options.cleaner.slice_bytes = 700;
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 2000;
    config.index_interval_bytes = 200;
    config.file_delete_delay_ms = 20;
    config.cleanup_delete = false;
    config.cleanup_compact = true;
    config.min_cleanable_dirty_ratio = 0.01;
    return config;
  };
  options.tail_bytes_max = 600;
  return options;
}

class CleanerCase : public ::testing::Test {
 protected:
  explicit CleanerCase(StoreOptions options = compacting()) : rig(5, std::move(options)) {}

  void SetUp() override {
    rig.run([&] {
      rig.open();
      log = rig.log();
    });
  }
  void begin() {
    rig.run([&] { rig.store->start_background(); });
  }
  void append(const std::vector<Keyed>& records, compress::Codec codec = compress::Codec::none) {
    rig.run([&] {
      std::vector<BatchToAppend> batches;
      batches.push_back(keyed_batch(records, codec));
      const auto appended = log->append(std::move(batches), 0);
      ASSERT_TRUE(appended.ok()) << appended.failure().message;
      for (size_t i = 0; i < records.size(); ++i)
        written[appended->front().base_offset + static_cast<Offset>(i)] = records[i];
    });
  }
  void load(int batches, int keys) {
    for (int i = 0; i < batches; ++i) {
      append({{fmt::format("k{}", i % keys), fmt::format("{}:{}", i, std::string(80, 'v'))},
              {fmt::format("k{}", (i * 7) % keys), fmt::format("b{}", i)}});
    }
  }
  void roll() {
    rig.run([&] { ASSERT_TRUE(log->roll().ok()); });
    rig.settle(milliseconds(5));
  }
  Content content() { return content_of(read_all(rig, *log, log->log_start(), log->appended_end())); }
  uint64_t rounds() const { return rig.store->cleaner_counts().rounds; }
  void expect_latest() {
    EXPECT_EQ(fold(content()), fold(written));
    for (const auto& [offset, keyed] : content()) EXPECT_EQ(written.at(offset), keyed) << offset;
  }
  /// From every offset the next record there is comes.
  void expect_reads() {
    const Content all = content();
    for (Offset from = log->log_start(); from < log->appended_end(); ++from) {
      const Content rest = content_of(read_all(rig, *log, from, log->appended_end(), 1));
      const auto expected = all.lower_bound(from);
      const auto got = rest.lower_bound(from);
      ASSERT_EQ(expected == all.end(), got == rest.end()) << from;
      if (got != rest.end()) {
        EXPECT_EQ(got->first, expected->first) << from;
      }
    }
  }

  Rig rig;
  Log* log = nullptr;
  Content written;
};

TEST_F(CleanerCase, KeepsTheLatestOfEachKeyWhereItWas) {
  load(120, 9);
  const Offset end = log->appended_end();
  const uint64_t before = log->size_bytes();
  begin();
  rig.settle(milliseconds(400));
  EXPECT_GE(rounds(), 1U);
  EXPECT_EQ(log->appended_end(), end);
  EXPECT_LT(log->size_bytes(), before / 3);
  expect_latest();
  expect_reads();
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  // What was replaced goes after file.delete.delay.ms, and nothing else is left.
  rig.settle(milliseconds(100));
  const auto listed = rig.disk().list(log->folder());
  for (const auto& entry : *listed) {
    EXPECT_EQ(entry.name.find(".deleted"), std::string::npos) << entry.name;
    EXPECT_EQ(entry.name.find(".cleaned"), std::string::npos) << entry.name;
    EXPECT_EQ(entry.name.find(".swap"), std::string::npos) << entry.name;
  }
  // The checkpoint is Kafka's, and says so after a restart.
  const auto text = io::read_file(rig.disk(), "/data/cleaner-offset-checkpoint", 1 << 20);
  ASSERT_TRUE(text.ok());
  const auto entries = log::parse_offset_checkpoint(as_text(*text));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().topic, "orders");
  EXPECT_GT(entries->front().offset, 0);
  const uint64_t done = rounds();
  rig.settle(milliseconds(100));
  EXPECT_EQ(rounds(), done) << "nothing is dirty any more";
}

TEST_F(CleanerCase, GoesOnAfterARestart) {
  load(100, 5);
  begin();
  rig.settle(milliseconds(400));
  const Content before = content();
  rig.run([&] { ASSERT_TRUE(rig.store->close(1).ok()); });
  rig.store.reset();
  rig.run([&] {
    rig.open();
    log = rig.log();
  });
  EXPECT_EQ(content(), before);
  begin();
  rig.settle(milliseconds(50));
  EXPECT_EQ(rounds(), 0U) << "it is clean already";
  load(100, 5);
  rig.settle(milliseconds(400));
  EXPECT_GE(rounds(), 1U);
  expect_latest();
  expect_reads();
}

TEST_F(CleanerCase, ReadersOfReplacedSegmentsReadOn) {
  load(60, 4);
  ReadError error = ReadError::none;
  ReadResult held = log->read(0, log->appended_end(), 1 << 20, true, error);
  while (held.cold) {
    bool done = false;
    rig.disk().prefetch(held.cold->file, held.cold->offset, held.cold->size, [&](Status) { done = true; });
    rig.world.run_until([&] { return done; }, seconds(1));
    held = log->read(0, log->appended_end(), 1 << 20, true, error);
  }
  ASSERT_EQ(held.pieces.size(), 1U);
  const auto slice = std::get<io::FileSlice>(held.pieces[0]);
  std::vector<std::byte> before(slice.size);
  ASSERT_TRUE(rig.disk().read(*slice.file, slice.offset, before).ok());
  begin();
  rig.settle(milliseconds(400));
  ASSERT_GE(rounds(), 1U);
  std::vector<std::byte> after(slice.size);
  const auto got = rig.disk().read(*slice.file, slice.offset, after);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, slice.size);
  EXPECT_EQ(before, after);
}

TEST_F(CleanerCase, AppendsGoOnMeanwhile) {
  begin();
  for (int round = 0; round < 30; ++round) {
    load(15, 6);
    rig.settle(microseconds(1500));
    EXPECT_EQ(fold(content()), fold(written));
  }
  rig.settle(milliseconds(300));
  EXPECT_GE(rounds(), 5U);
  expect_latest();
  expect_reads();
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST_F(CleanerCase, TombstonesGoAfterTheirHorizon) {
  LogConfig config = log->config();
  config.delete_retention_ms = 300;
  log->configure(config);
  append({{"gone", "1"}, {"stays", "1"}});
  append({{"gone", std::nullopt}});
  roll();
  append({{"other", "1"}});
  begin();
  rig.settle(milliseconds(100));
  ASSERT_GE(rounds(), 1U);
  EXPECT_EQ(content().count(2), 1U) << "the tombstone is there until its horizon";
  EXPECT_EQ(content().count(0), 0U);
  roll();
  append({{"other", "2"}});
  rig.settle(milliseconds(50));
  EXPECT_EQ(content().count(2), 1U);
  rig.settle(milliseconds(300));
  roll();
  append({{"other", "3"}});
  rig.settle(milliseconds(100));
  EXPECT_EQ(content().count(2), 0U);
  EXPECT_EQ(fold(content()), fold(written));
}

TEST_F(CleanerCase, CodecsAreKept) {
  for (const auto codec :
       {compress::Codec::gzip, compress::Codec::snappy, compress::Codec::lz4, compress::Codec::zstd}) {
    append({{"a", fmt::format("{}", static_cast<int>(codec))}, {fmt::format("c{}", static_cast<int>(codec)), "1"}},
           codec);
  }
  roll();
  append({{"b", "1"}});
  begin();
  rig.settle(milliseconds(100));
  ASSERT_GE(rounds(), 1U);
  expect_latest();
  std::set<int> codecs;
  wire::for_each_batch(as_bytes(read_all(rig, *log, 0, log->appended_end())), [&](const wire::BatchView& batch) {
    codecs.insert(batch.attributes() & 7);
    return true;
  });
  EXPECT_EQ(codecs.size(), 5U);
}

TEST_F(CleanerCase, ProducersAreRememberedByTheirLastBatch) {
  rig.run([&] {
    std::vector<BatchToAppend> batches;
    batches.push_back(keyed_batch({{"p", "1"}, {"p", "2"}}, compress::Codec::none, 77, 0));
    batches.push_back(keyed_batch({{"p", "3"}}, compress::Codec::none, 77, 2));
    ASSERT_TRUE(log->append(std::move(batches), 0).ok());
  });
  written = {{0, {"p", "1"}}, {1, {"p", "2"}}, {2, {"p", "3"}}};
  append({{"p", "other"}});
  roll();
  append({{"q", "1"}});
  begin();
  rig.settle(milliseconds(100));
  ASSERT_GE(rounds(), 1U);
  expect_latest();
  // Without its snapshots too, a start finds the producer in the empty batch.
  rig.run([&] { ASSERT_TRUE(rig.store->close(1).ok()); });
  rig.store.reset();
  const auto listed = rig.disk().list("/data/orders-0");
  for (const auto& entry : *listed) {
    if (!entry.name.ends_with(".snapshot")) continue;
    ASSERT_TRUE(rig.disk().remove("/data/orders-0/" + entry.name).ok());
  }
  ASSERT_TRUE(rig.disk().remove("/data/.kafka_cleanshutdown").ok());
  rig.run([&] {
    rig.open();
    log = rig.log();
  });
  const log::ProducerEntry* found = log->producers().find(77);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->newest()->last_sequence, 2);
  expect_latest();
}

TEST_F(CleanerCase, OnlyWhatIsStableAndBelowTheHighWatermarkIsCleaned) {
  Offset high_watermark = 10;
  rig.store->set_high_watermark_source([&](const Log&) { return high_watermark; });
  load(60, 3);
  begin();
  rig.settle(milliseconds(200));
  EXPECT_EQ(content().size(), written.size()) << "the high watermark lies in the first segment";
  high_watermark = log->appended_end();
  rig.settle(milliseconds(300));
  EXPECT_LT(content().size(), written.size() / 2);
  expect_latest();
}

TEST_F(CleanerCase, ATopicThatIsNotCompactedAnyMoreIsLeftAlone) {
  rig.run([&] {
    CleanerOptions slow = rig.options.cleaner;
    slow.io_bytes_per_second_max = 20'000;
    rig.store->configure_cleaner(slow);
  });
  load(100, 4);
  begin();
  rig.settle(milliseconds(100));
  EXPECT_EQ(rounds(), 0U) << "20 kB/s take longer";
  LogConfig config = log->config();
  config.cleanup_compact = false;
  config.cleanup_delete = true;
  rig.run([&] { log->configure(config); });
  rig.settle(milliseconds(500));
  EXPECT_EQ(rounds(), 0U);
  EXPECT_EQ(rig.store->cleaner_counts().rounds_ended, 1U);
  EXPECT_EQ(content(), written);
  const auto listed = rig.disk().list(log->folder());
  for (const auto& entry : *listed) {
    EXPECT_EQ(entry.name.find(".cleaned"), std::string::npos) << entry.name;
  }
  // And back: it is taken up again, at full speed.
  config.cleanup_compact = true;
  rig.run([&] {
    log->configure(config);
    rig.store->configure_cleaner(rig.options.cleaner);
  });
  rig.settle(milliseconds(500));
  EXPECT_GE(rounds(), 1U);
  expect_latest();
}

TEST_F(CleanerCase, TheIoBoundHolds) {
  load(100, 4);
  const auto bytes = static_cast<double>(log->size_bytes());
  rig.options.cleaner.io_bytes_per_second_max = bytes;  // read once, and little of it again: about a second
  rig.run([&] {
    rig.store->start_background();
    rig.store->configure_cleaner(rig.options.cleaner);
  });
  rig.settle(milliseconds(700));
  EXPECT_EQ(rounds(), 0U);
  rig.settle(milliseconds(1500));
  EXPECT_GE(rounds(), 1U);
  expect_latest();
}

TEST_F(CleanerCase, ATinyMapTakesSeveralRounds) {
  rig.options.cleaner.dedupe_buffer_bytes = 24 * 12;
  rig.run([&] { rig.store->configure_cleaner(rig.options.cleaner); });
  load(150, 40);
  rig.options.cleaner.backoff_ms = 1;
  rig.run([&] {
    rig.store->start_background();
    rig.store->configure_cleaner(rig.options.cleaner);
  });
  for (int i = 0; i < 100; ++i) {
    rig.settle(milliseconds(30));
    EXPECT_EQ(fold(content()), fold(written));
  }
  EXPECT_GE(rounds(), 8U);
  expect_latest();
  expect_reads();
}

TEST_F(CleanerCase, CutWhileItIsCleaned) {
  for (int round = 0; round < 12; ++round) {
    load(60, 5);
    if (round == 0) begin();
    rig.settle(microseconds(300 + round * 700));
    const Offset to = (log->appended_end() - 20 - round * 9) / 2 * 2;  // where a batch begins
    rig.run([&] { ASSERT_TRUE(log->truncate_to(to).ok()); });
    written.erase(written.lower_bound(log->appended_end()), written.end());
    EXPECT_EQ(fold(content()), fold(written));
  }
  rig.settle(milliseconds(300));
  EXPECT_GE(rounds(), 1U);
  expect_latest();
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  rig.run([&] { ASSERT_TRUE(log->restart_at(5000).ok()); });
  written.clear();
  rig.settle(milliseconds(50));
  load(60, 5);
  rig.settle(milliseconds(300));
  expect_latest();
}

TEST_F(CleanerCase, RemovedWhileItIsCleanedAndMadeAgain) {
  for (int round = 0; round < 12; ++round) {
    load(80, 5);
    if (round == 0) begin();
    rig.settle(microseconds(300 + round * 900));
    rig.run([&] {
      ASSERT_TRUE(rig.remove({test_topic_id, 0}).ok());
      log = rig.log();
    });
    written.clear();
    append({{"x", fmt::format("{}", round)}});
    rig.settle(milliseconds(20));
    EXPECT_EQ(content(), written) << "nothing of the old log, and nothing lost of the new one";
  }
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
}

TEST_F(CleanerCase, ADamagedSegmentMakesTheLogUncleanable) {
  load(60, 4);
  rig.run([&] {
    const auto file = rig.disk().open(log->folder() + "/00000000000000000000.log", io::OpenMode::write);
    ASSERT_TRUE(file.ok());
    const std::byte wrong[] = {std::byte{0xAA}, std::byte{0x55}};
    const std::span<const std::byte> piece = wrong;
    ASSERT_TRUE(rig.disk().write(**file, 700, std::span(&piece, 1)).ok());
  });
  const uint64_t size = log->size_bytes();
  begin();
  rig.settle(milliseconds(200));
  const CleanerCounts counts = rig.store->cleaner_counts();
  EXPECT_EQ(counts.rounds, 0U);
  EXPECT_EQ(counts.uncleanable.at("/data").partitions, 1U);
  EXPECT_GT(counts.uncleanable.at("/data").bytes, 0U);
  EXPECT_EQ(log->size_bytes(), size) << "nothing was touched";
  EXPECT_FALSE(log->offline());
}

TEST_F(CleanerCase, AFullDiskIsWaitedFor) {
  load(80, 150);  // little goes, so what stays needs room
  rig.run([&] { rig.disk().faults().capacity_bytes = rig.disk().used_bytes() + 300; });
  begin();
  rig.settle(milliseconds(200));
  EXPECT_EQ(rounds(), 0U);
  EXPECT_GE(rig.store->cleaner_counts().rounds_ended, 1U);
  EXPECT_FALSE(log->offline());
  EXPECT_EQ(content(), written);
  rig.run([&] { rig.disk().faults().capacity_bytes = uint64_t{1} << 40; });
  rig.settle(milliseconds(300));
  EXPECT_GE(rounds(), 1U);
  expect_latest();
}

// --- random lives

/// Remembers what was reported stable, over restarts.
class Stable final : public LogListener {
 public:
  void on_appended(Offset) override {}
  void on_stable(Offset reached) override { end = std::max(end, reached); }
  void on_refused(Offset, const Failure&) override {}
  void on_offline(const Failure&) override {}
  void on_log_start(Offset) override {}
  Offset end = 0;
};

/// One random life of a compacted log, killed at an operation; then recovery, and compaction to the end.
class CompactedLife {
 public:
  CompactedLife(uint64_t seed, Mutant mutant) : prng_(seed * 2 + 1), rig_(seed, options_of(seed, mutant)) {}

  bool live(uint64_t crash_at) {
    if (crash_at > 0) rig_.disk().crash_after_operations(crash_at);
    start();
    for (int step = 0; step < 60 && alive(); ++step) {
      rig_.run([&] { act(); });
      rig_.settle(microseconds(static_cast<int64_t>(prng_.below(4000))));
      if (alive()) compare("alive");
    }
    if (alive()) {
      rig_.run([&] { (void)rig_.store->close(7); });
    }
    const bool crashed = rig_.node.crashed();
    rig_.disk().crash_after_operations(0);
    if (crashed) {
      rig_.revive();
    } else {
      rig_.store.reset();
    }
    if (loud) list();
    if (problem_.empty()) check();
    return crashed;
  }
  const std::string& problem() const { return problem_; }
  uint64_t rounds() const { return rounds_; }
  bool loud = false;

  /// What the disk holds, for whoever replays a life.
  void list() {
    fmt::print("--- stable {}\n", stable_.end);
    const auto entries = rig_.disk().list("/data/orders-0");
    if (!entries.ok()) return;
    for (const auto& entry : *entries) {
      fmt::print("{} {}", entry.name, entry.size);
      if (entry.name.find(".log") != std::string::npos) {
        const auto bytes = io::read_file(rig_.disk(), "/data/orders-0/" + entry.name, 1 << 20);
        if (bytes.ok()) {
          wire::for_each_batch(*bytes, [](const wire::BatchView& batch) {
            fmt::print(" [{}-{}:{}{}]", batch.base_offset(), batch.last_offset(), batch.record_count(),
                       batch.crc_valid() ? "" : "!");
            return true;
          });
        }
      }
      fmt::print("\n");
    }
  }

 private:
  static StoreOptions options_of(uint64_t seed, Mutant mutant) {
    StoreOptions options = compacting();
    options.mutant = mutant;
    if (seed % 2 == 0) options.journal = small_journal();
    options.checkpoint_interval_ms = 13;
    options.retention_check_interval_ms = seed % 3 == 0 ? 9 : 0;
    options.cleaner.backoff_ms = 2;
    options.cleaner.slice_bytes = 300 + seed % 5 * 500;
    options.cleaner.threads = 1 + static_cast<int>(seed % 2);
    options.cleaner.dedupe_buffer_bytes = seed % 4 == 0 ? 24 * 40 : 1 << 16;
    const auto base = options.config_of;
    options.config_of = [base](const std::string& topic) {
      LogConfig config = base(topic);
      config.segment_bytes = 900;
      config.delete_retention_ms = 15;
      config.file_delete_delay_ms = 3;
      return config;
    };
    return options;
  }
  bool alive() const { return !rig_.node.crashed() && problem_.empty(); }
  void fail(const std::string& why) {
    if (problem_.empty()) problem_ = why;
  }

  void start() {
    Status opened;
    rig_.run([&] {
      opened = rig_.try_open();
      if (opened.ok() && !rig_.node.crashed()) rig_.store->start_background();
    });
    if (!opened.ok() && !rig_.node.crashed()) fail("open: " + opened.failure().message);
    if (!alive()) return;
    rig_.run([&] {
      const TopicPartitionId id{test_topic_id, 0};
      log_ = rig_.store->find(id);
      if (log_ == nullptr) {
        auto created = rig_.store->create(id, "orders", -1);
        if (created.ok()) log_ = *created;
      }
    });
    if (log_ == nullptr && !rig_.node.crashed()) fail("no log");
    if (log_ != nullptr) log_->set_listener(&stable_);
  }

  void act() {
    const uint64_t choice = prng_.below(20);
    if (choice == 0) {
      (void)log_->roll();
    } else if (choice == 1) {
      LogConfig config = log_->config();
      config.cleanup_compact = !config.cleanup_compact;
      log_->configure(config);
    } else if (choice == 2 && prng_.chance(1, 3) && log_->stable_end() > log_->log_start()) {
      const Offset to =
          log_->log_start() +
          static_cast<Offset>(prng_.below(static_cast<uint64_t>(log_->stable_end() - log_->log_start()) / 2 + 1));
      log_->delete_records(to, [](Status) {});
    } else {
      append();
    }
  }

  void append() {
    std::vector<BatchToAppend> batches;
    std::vector<std::vector<Keyed>> all;
    for (uint64_t i = 0; i <= prng_.below(4); ++i) {
      std::vector<Keyed> records;
      for (uint64_t j = 0; j <= prng_.below(4); ++j) {
        Keyed keyed{fmt::format("k{}", prng_.below(prng_.chance(1, 3) ? 60 : 6)), std::nullopt};
        if (!prng_.chance(1, 6)) keyed.value = fmt::format("{}{}", ++tag_, std::string(prng_.below(70), 'v'));
        records.push_back(keyed);
      }
      const auto codec = prng_.chance(1, 3) ? compress::Codec::lz4 : compress::Codec::none;
      const ProducerId producer = prng_.chance(1, 3) ? 9 : no_producer_id;
      batches.push_back(keyed_batch(records, codec, producer, sequence_, rig_.node.surface().clock.wall()));
      if (producer != no_producer_id) sequence_ += static_cast<int32_t>(records.size());
      all.push_back(std::move(records));
    }
    const auto appended = log_->append(std::move(batches), 0);
    if (!appended.ok()) return;
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = 0; j < all[i].size(); ++j)
        written_[(*appended)[i].base_offset + static_cast<Offset>(j)] = all[i][j];
    }
  }

  /// What must be readable now, as far as it is known to be in the log.
  void compare(const char* when) {
    const Offset end = log_->appended_end();
    const std::string bytes = read_all(rig_, *log_, log_->log_start(), end);
    const Content found = content_of(bytes);
    for (const auto& [offset, keyed] : found) {
      const auto expected = written_.find(offset);
      if (expected == written_.end() || !(expected->second == keyed)) {
        return fail(fmt::format("{}: another record at offset {}", when, offset));
      }
    }
    Content reference;
    for (const auto& [offset, keyed] : written_) {
      if (offset < end && offset >= log_->log_start()) reference[offset] = keyed;
    }
    const auto want = fold(reference);
    const auto got = fold(found);
    if (want == got) return;
    for (const auto& [key, value] : want) {
      const auto at = got.find(key);
      if (at == got.end()) return fail(fmt::format("{}: key {} is lost", when, key));
      if (at->second != value) return fail(fmt::format("{}: key {} has an old value", when, key));
    }
    for (const auto& [key, value] : got) {
      if (!want.contains(key)) return fail(fmt::format("{}: deleted key {} is back", when, key));
    }
  }

  void check() {
    const Offset stable = stable_.end;
    start();
    if (!alive()) return fail("it does not come up again");
    const std::string audit = audit_directory(rig_.disk(), "/data");
    if (!audit.empty()) return fail("audit: " + audit);
    if (log_->appended_end() < stable) return fail("stable records are gone");
    written_.erase(written_.lower_bound(log_->appended_end()), written_.end());
    compare("recovered");
    if (!problem_.empty()) return;
    // On to the end, with more load and compaction.
    rig_.run([&] {
      LogConfig config = log_->config();
      config.cleanup_compact = true;
      log_->configure(config);
    });
    sequence_ += 10'000;
    for (int i = 0; i < 10 && alive(); ++i) {
      rig_.run([&] { append(); });
      rig_.settle(milliseconds(5));
    }
    rig_.settle(milliseconds(100));
    compare("at the end");
    rounds_ = rig_.store->cleaner_counts().rounds;
    if (problem_.empty() && rounds_ == 0) fail("nothing was compacted");
    const std::string again = audit_directory(rig_.disk(), "/data", true);
    if (!again.empty()) fail("audit at the end: " + again);
  }
  Prng prng_;
  Stable stable_;
  Rig rig_;
  Log* log_ = nullptr;
  Content written_;
  int32_t sequence_ = 0;
  uint64_t tag_ = 0;
  uint64_t rounds_ = 0;
  std::string problem_;
};

std::string crash_lives(uint64_t seed, Mutant mutant, uint64_t stride, uint64_t& lives, uint64_t& crashes) {
  for (uint64_t at = 1 + seed % stride;; at += stride) {
    CompactedLife life(seed, mutant);
    const bool crashed = life.live(at);
    ++lives;
    if (crashed) ++crashes;
    if (!life.problem().empty()) return fmt::format("seed {} crash at operation {}: {}", seed, at, life.problem());
    if (!crashed) return {};
  }
}

TEST(store_compaction, random_lives_that_crash_at_any_operation) {
  const Quiet quiet;
  const char* wanted = std::getenv("MOLDAU_CRASH_SEEDS");
  const uint64_t seeds = crash_seeds(4);
  const uint64_t stride = wanted != nullptr ? 3 : 12;  // every test run takes fewer
  uint64_t lives = 0;
  uint64_t crashes = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    ASSERT_EQ(crash_lives(seed, Mutant::none, stride, lives, crashes), "");
  }
  fmt::print("{} lives, {} crashes, 0 problems\n", lives, crashes);
  EXPECT_GT(crashes, seeds * 50);
}

/// Replays one life: MOLDAU_COMPACTION_ONE="seed operation" with diagnostics.
TEST(store_compaction, one_life) {
  const char* wanted = std::getenv("MOLDAU_COMPACTION_ONE");
  if (wanted == nullptr) GTEST_SKIP() << "set MOLDAU_COMPACTION_ONE=\"seed operation\"";
  char* rest = nullptr;
  const uint64_t seed = std::strtoull(wanted, &rest, 10);
  CompactedLife life(seed, Mutant::none);
  life.loud = true;
  (void)life.live(std::strtoull(rest, nullptr, 10));
  EXPECT_EQ(life.problem(), "");
}

}  // namespace
}  // namespace moldau::store
