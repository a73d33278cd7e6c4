// What the tests of store/ share: a simulated node with a store on it, batches, a listener that remembers. Tests
// include io/sim/disk.h and io/sim/world.h before it: the layer itself knows no simulator.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sanitized.h"
#include "store/store.h"
#include "wire/batch.h"
#include "wire/batch_builder.h"

namespace moldau::store::testing {

inline constexpr Uuid test_topic_id = Uuid::of(0x1234, 0x5678);
inline constexpr WallMillis test_time = 1'767'225'600'000;

/// How many seeds of crash lives a test takes: MOLDAU_CRASH_SEEDS, or `usual`; under a sanitizer, where a life takes
/// 65 ms, a quarter of that.
inline uint64_t crash_seeds(uint64_t usual) {
  const char* wanted = std::getenv("MOLDAU_CRASH_SEEDS");
  if (wanted != nullptr) return std::strtoull(wanted, nullptr, 10);
#ifdef MOLDAU_SANITIZED
  return (usual + 3) / 4;
#else
  return usual;
#endif
}

struct BatchSpec {
  int records = 1;
  size_t value_bytes = 20;
  WallMillis timestamp = test_time;
  ProducerId producer_id = no_producer_id;
  int16_t producer_epoch = 0;
  int32_t sequence = 0;
  uint64_t tag = 0;  ///< goes into each value
  compress::Codec codec = compress::Codec::none;
  bool transactional = false;
};

inline BatchToAppend make_batch(const BatchSpec& spec) {
  wire::BatchOptions options;
  options.codec = spec.codec;
  options.transactional = spec.transactional;
  if (spec.producer_id != no_producer_id) {
    options.producer_id = spec.producer_id;
    options.producer_epoch = spec.producer_epoch;
    options.base_sequence = spec.sequence;
  }
  wire::BatchBuilder builder(options);
  for (int i = 0; i < spec.records; ++i) {
    std::string value = fmt::format("{}:{}:", spec.tag, i);
    value.resize(std::max(value.size(), spec.value_bytes), 'x');
    builder.add(spec.timestamp + i, "key", value);
  }
  const auto bytes = builder.finish();
  BatchToAppend batch;
  batch.bytes = Bytes::copy_of(*bytes);
  batch.record_count = spec.records;
  batch.max_timestamp = builder.max_timestamp();
  batch.offset_of_max_timestamp_delta = spec.records - 1;
  return batch;
}

/// Remembers what it hears.
class Watcher final : public LogListener {
 public:
  void on_appended(Offset end) override { appended = end; }
  void on_stable(Offset end) override {
    EXPECT_GT(end, stable);
    stable = end;
    if (when_stable) when_stable(end);
  }
  void on_refused(Offset first_lost, const Failure& why) override {
    refused.push_back(first_lost);
    refused_kind = why.kind;
    if (when_refused) when_refused(first_lost);
  }
  void on_offline(const Failure& why) override {
    ++offline;
    offline_reason = why.message;
  }
  void on_log_start(Offset start) override { log_start = start; }

  Offset appended = 0;
  Offset stable = 0;
  Offset log_start = 0;
  std::vector<Offset> refused;
  FailureKind refused_kind = FailureKind::io;
  int offline = 0;
  std::string offline_reason;
  std::function<void(Offset)> when_stable;
  std::function<void(Offset)> when_refused;
};

inline StoreOptions small_options() {
  StoreOptions options;
  options.log_directories = {"/data"};
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 4096;
    config.index_interval_bytes = 256;
    config.file_delete_delay_ms = 1000;
    return config;
  };
  options.tail_bytes_max = 2048;
  options.settle_found_after_ms = 4;
  return options;
}

/// A journal small enough for its files to be filled, settled and used again in a short life.
inline JournalSettings small_journal() {
  JournalSettings journal;
  journal.enable = true;
  journal.file_bytes = 8 * 4096;
  journal.files_max = 3;
  journal.seal_after_ms = 4;
  journal.after_commits = 0;
  return journal;
}

/// How many shards stores of tests have: MOLDAU_SHARDS of the environment. The program runs with several.
inline size_t test_shards() {
  const char* const text = std::getenv("MOLDAU_SHARDS");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

/// One simulated node and the store that lives on it. With several shards, logs lie over all of them.
class Rig : private RecoveryListener {
 public:
  explicit Rig(uint64_t seed, StoreOptions given = small_options(), size_t shard_count = test_shards())
      : world(seed), options(std::move(given)), shards(shard_count) {}
  virtual ~Rig() { store.reset(); }

  io::sim::SimDisk& disk() { return node.disk(); }

  /// Runs `work` in a turn of the node, and the turns it needs until `settled` (or nothing is to be done for `limit`).
  void run(std::function<void()> work) { run_on(0, std::move(work)); }
  /// The same on a shard of it.
  void run_on(size_t shard, std::function<void()> work) {
    bool ran = false;
    node.shard(shard).surface().executor.defer([&] {
      work();
      ran = true;
    });
    world.run_until([&] { return ran || node.crashed(); }, seconds(10));
  }
  void settle(Duration time = milliseconds(50)) { world.run_for(time); }

  Status try_open() {
    std::vector<io::Surface> surfaces;
    for (size_t i = 0; i < shards; ++i) surfaces.push_back(node.shard(i).surface());
    options.boot_id = node.boot_id();
    auto opened = Store::open(surfaces, options, "test-cluster", 1);
    if (!opened.ok()) return std::move(opened).failure();
    store = std::move(opened).value();
    arrivals.clear();
    endings = 0;
    RETURN_IF_FAILED(store->load_logs(behind ? this : nullptr));
    for (Log* log : store->logs()) spread(*log);
    return {};
  }
  /// Gives a log that is home's, and that nothing is under way for, to its shard.
  void spread(Log& log) {
    const auto partition = static_cast<size_t>(log.id().partition);
    const size_t to = place ? place(log) : (partition + 1) % shards;
    if (to == 0) return;
    auto left = store->shard(0).leave_at_once(log);
    if (left.ok()) store->shard(to).join(std::move(left).value());
  }
  /// Sends a log to another shard, and waits until it is there. It hears no listener then.
  void send(Log& log, size_t to) {
    const size_t from = shard_of(log.id());
    if (from == to) return;
    std::optional<Result<LogRef>> left;
    run_on(from, [&] { store->shard(from).leave(log, [&](Result<LogRef> given) { left = std::move(given); }); });
    world.run_until([&] { return left.has_value() || node.crashed(); }, seconds(10));
    ASSERT_TRUE(left.has_value());
    ASSERT_TRUE(left->ok()) << left->failure().message;
    run_on(to, [&] { store->shard(to).join(std::move(*left).value()); });
  }
  /// A log, whichever shard has it.
  Log* find(const TopicPartitionId& id) {
    for (size_t i = 0; i < store->shards(); ++i) {
      for (Log* log : store->shard(i).logs()) {
        if (log->id() == id) return log;
      }
    }
    return nullptr;
  }
  size_t shard_of(const TopicPartitionId& id) {
    for (size_t i = 0; i < store->shards(); ++i) {
      for (const Log* log : store->shard(i).logs()) {
        if (log->id() == id) return i;
      }
    }
    return 0;
  }
  /// All logs, by topic and partition.
  std::vector<Log*> logs() {
    std::vector<Log*> all;
    for (size_t i = 0; i < store->shards(); ++i) {
      for (Log* log : store->shard(i).logs()) all.push_back(log);
    }
    return all;
  }
  /// Removes a log, whichever shard has it. In a turn.
  Status remove(const TopicPartitionId& id) {
    const size_t shard = shard_of(id);
    if (shard != 0) store->shard(shard).retire(*find(id));
    return store->remove(id);
  }
  void open() {
    const Status opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
    settle_found();
  }
  /// What was found as a process left it is synced.
  void settle_found() {
    if (!store->settled()) world.run_until([&] { return node.crashed() || store->settled(); }, seconds(10));
  }
  Log* log(PartitionIndex partition = 0) {
    const TopicPartitionId id{test_topic_id, partition};
    Log* found = find(id);
    if (found == nullptr) {
      auto created = store->create(id, "orders", -1);
      EXPECT_TRUE(created.ok()) << created.failure().message;
      if (!created.ok()) return nullptr;
      found = *created;
      spread(*found);
    }
    return found;
  }
  /// Appends one batch in a turn of its own.
  Result<std::vector<Appended>> append(Log& to, const BatchSpec& spec, Epoch epoch = 0) {
    Result<std::vector<Appended>> outcome = Failure{FailureKind::closed, "the node died"};
    run_on(shard_of(to.id()), [&] {
      std::vector<BatchToAppend> batches;
      batches.push_back(make_batch(spec));
      outcome = to.append(std::move(batches), epoch);
    });
    return outcome;
  }
  void crash(io::sim::CrashKind kind) {
    node.crash(kind);
    revive();
  }
  void revive() {
    store.reset();
    node.restart();
  }

  io::sim::World world;
  io::sim::Node& node = world.node("n");
  StoreOptions options;
  size_t shards;
  /// Starts leave logs that have to be scanned for later.
  bool behind = false;
  std::vector<TopicPartitionId> arrivals;    ///< those that came since the start, in their order
  std::function<void(Log& log)> on_arrival;  ///< it is home's then
  int endings = 0;                           ///< of directories
  /// Where a log is to be; without, they are spread evenly.
  std::function<size_t(const Log&)> place;
  std::unique_ptr<Store> store;

 private:
  void log_recovered(Log& log) override {
    arrivals.push_back(log.id());
    if (on_arrival) on_arrival(log);
    spread(log);
  }
  void recovery_ended() override { ++endings; }
};

/// All bytes from `from` to `up_to`, read in steps of `step` bytes; fails the test on an error.
inline std::string read_all(Rig& rig, Log& log, Offset from, Offset up_to, uint64_t step = 1 << 20) {
  std::string all;
  int rounds = 0;
  while (from < up_to && ++rounds < 100'000) {
    ReadError error = ReadError::none;
    const ReadResult result = log.read(from, up_to, step, true, error);
    EXPECT_EQ(error, ReadError::none) << "at " << from;
    if (error != ReadError::none) return all;
    if (result.cold) {
      bool done = false;
      rig.disk().prefetch(result.cold->file, result.cold->offset, result.cold->size, [&](Status) { done = true; });
      rig.world.run_until([&] { return done; }, seconds(1));
      continue;
    }
    std::string got;
    for (const Piece& piece : result.pieces) {
      if (const auto* bytes = std::get_if<Bytes>(&piece)) {
        got += as_text(bytes->view());
      } else {
        const auto& slice = std::get<io::FileSlice>(piece);
        std::vector<std::byte> buffer(slice.size);
        const auto read = rig.disk().read(*slice.file, slice.offset, buffer);
        EXPECT_TRUE(read.ok() && *read == slice.size);
        got += as_text(buffer);
      }
    }
    EXPECT_EQ(got.size(), result.size);
    Offset next = from;
    size_t whole = 0;
    wire::for_each_batch(as_bytes(got), [&](const wire::BatchView& batch) {
      EXPECT_TRUE(batch.crc_valid()) << "at " << batch.base_offset();
      if (batch.base_offset() <= from) {
        EXPECT_GE(batch.last_offset(), from);
      }
      next = batch.next_offset();
      whole += batch.size();
      return true;
    });
    EXPECT_GT(next, from) << "nothing at " << from << " below " << up_to;
    if (next <= from) return all;
    all += got.substr(0, whole);
    from = next;
  }
  return all;
}

/// Where each batch of `bytes` begins and ends.
inline std::vector<std::pair<Offset, Offset>> batches_of(std::string_view bytes) {
  std::vector<std::pair<Offset, Offset>> found;
  wire::for_each_batch(as_bytes(bytes), [&](const wire::BatchView& batch) {
    found.emplace_back(batch.base_offset(), batch.last_offset());
    return true;
  });
  return found;
}

}  // namespace moldau::store::testing
