#include "sim/storage_life.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "io/sim/disk.h"
#include "log/journal.h"
#include "wire/batch_builder.h"

namespace moldau::sim {
namespace {

constexpr WallMillis batch_time = 1'767'225'600'000;
constexpr int steps = 40;
constexpr int steps_with_journal = 60;
constexpr PartitionIndex cached_partition = 2;  // the others are in sync mode
constexpr PartitionIndex later_partition = 3;   // comes and goes, in lives with a journal
constexpr uint64_t journal_file_blocks = 8;
constexpr uint64_t near_the_end = 6;  // offsets

TopicPartitionId id_of(PartitionIndex partition) {
  return {Uuid::of(5, static_cast<uint64_t>(partition) + 1), partition};
}

std::string topic_of(PartitionIndex partition) {
  if (partition == later_partition) return "later";
  return partition == cached_partition ? "cached" : "orders";
}

}  // namespace

uint64_t hash_of_batch(std::span<const std::byte> bytes) {
  return (uint64_t{crc32c(bytes)} << 32) ^ bytes.size();
}

/// Notes what the store reports of one log.
class StorageLife::Listener final : public store::LogListener {
 public:
  Listener(StorageLife& life, LogHistory& history, store::Log& log) : life_(life), history_(history), log_(log) {}
  void on_appended(Offset end) override { history_.appended = std::max(history_.appended, end); }
  void on_stable(Offset end) override {
    if (end > log_.appended_end()) life_.problem_ = fmt::format("stable {} lies beyond the appended end", end);
    history_.stable = std::max(history_.stable, end);
  }
  void on_refused(Offset first_lost, const Failure& why) override {
    life_.problem_ = fmt::format("refused from {} on: {}", first_lost, why.message);
  }
  void on_offline(const Failure& why) override { life_.problem_ = "offline: " + why.message; }
  void on_log_start(Offset start) override { history_.start_max = std::max(history_.start_max, start); }

 private:
  StorageLife& life_;
  LogHistory& history_;
  store::Log& log_;
};

StorageLife::StorageLife(uint64_t seed, store::Mutant mutant)
    : with_journal_(seed % 2 == 0),
      forgetful_(seed % 4 == 2),
      prng_(seed * 2 + 1),
      world_(seed),
      node_(world_.node("n")),
      options_(options(mutant, with_journal_, own_boot_id)) {
  options_.checkpoint_interval_ms = prng_.between(3, 20);
  if (with_journal_) {
    // Segments are synced late or soon behind the journal, log starts are written down before or after that.
    options_.journal.seal_after_ms = prng_.between(4, 40);
    options_.log_start_checkpoint_interval_ms = prng_.between(2, 11);
  }
  if (forgetful_) {
    // Log starts are written down at once and segments are synced late, so that much lies in the journal alone.
    options_.journal.seal_after_ms = prng_.between(10, 60);
    options_.log_start_checkpoint_interval_ms = 1;
    options_.config_of = [config_of = options_.config_of](const std::string& topic) {
      store::LogConfig config = config_of(topic);
      config.segment_bytes *= 4;
      return config;
    };
  }
}

StorageLife::~StorageLife() {
  store_.reset();
}

store::StoreOptions StorageLife::options(store::Mutant mutant, bool with_journal, const std::string& boot_id) {
  store::StoreOptions options;
  options.log_directories = {"/data"};
  options.mutant = mutant;
  options.boot_id = boot_id;
  options.journal.enable = with_journal;
  options.journal.file_bytes = journal_file_blocks * log::journal_block_bytes;
  options.journal.files_max = 3;
  options.journal.seal_after_ms = 4;
  options.journal.after_commits = 0;
  options.tail_bytes_max = 2048;
  options.checkpoint_interval_ms = 7;
  options.high_watermark_checkpoint_interval_ms = 5;
  options.log_start_checkpoint_interval_ms = 11;
  options.retention_check_interval_ms = 0;
  options.config_of = [](const std::string& topic) {
    store::LogConfig config;
    config.segment_bytes = 1500;
    config.index_interval_bytes = 200;
    config.file_delete_delay_ms = 5;
    config.write_caching = topic == "cached";
    config.flush_messages = 25;
    return config;
  };
  return options;
}

void StorageLife::run(const std::function<void()>& work) {
  bool ran = false;
  node_.surface().executor.defer([&] {
    work();
    ran = true;
  });
  world_.run_until([&] { return ran; }, seconds(10));
}

store::Log* StorageLife::ensure(PartitionIndex partition) {
  const TopicPartitionId id = id_of(partition);
  if (store::Log* log = store_->find(id)) return log;
  histories_[partition].gone = false;  // from here on it may be there
  auto created = store_->create(id, topic_of(partition), -1);
  if (!created.ok()) {
    problem_ = "create: " + created.failure().message;
    return nullptr;
  }
  LogHistory& history = histories_[partition];
  history.topic = topic_of(partition);
  history.id = id;
  history.write_caching = partition == cached_partition;
  history.removing = history.gone = false;
  listeners_[partition] = std::make_unique<Listener>(*this, history, **created);
  (*created)->set_listener(listeners_[partition].get());
  return *created;
}

void StorageLife::append(store::Log& log, LogHistory& history) {
  std::vector<store::BatchToAppend> batches;
  std::vector<Bytes> bytes;
  for (uint64_t i = prng_.below(3); i < 3; ++i) {
    wire::BatchOptions options;
    options.producer_id = 100 + log.id().partition;
    options.producer_epoch = 0;
    options.base_sequence = sequences_[log.id().partition];
    wire::BatchBuilder builder(options);
    const auto records = static_cast<int>(1 + prng_.below(4));
    const WallMillis time = batch_time + static_cast<WallMillis>(prng_.below(5000));
    for (int r = 0; r < records; ++r) {
      std::string value = fmt::format("{}:{}:", ++tag_, r);
      value.resize(value.size() + 10 + prng_.below(prng_.chance(1, 10) ? 1200 : 60), 'x');
      builder.add(time + r, "key", value);
    }
    sequences_[log.id().partition] += records;
    const auto built = builder.finish();
    store::BatchToAppend batch;
    batch.bytes = Bytes::copy_of(*built);
    batch.record_count = records;
    batch.max_timestamp = builder.max_timestamp();
    batch.offset_of_max_timestamp_delta = records - 1;
    bytes.push_back(batch.bytes);
    batches.push_back(std::move(batch));
  }
  const auto appended = log.append(std::move(batches), epoch_);
  if (!appended.ok()) {
    problem_ = "append: " + appended.failure().message;
    return;
  }
  for (size_t i = 0; i < appended->size(); ++i) {
    history.lineages.back().push_back(
        {(*appended)[i].base_offset, (*appended)[i].last_offset, hash_of_batch(bytes[i].view())});
  }
}

void StorageLife::delete_records(store::Log& log, LogHistory& history) {
  if (log.commit_end() <= log.log_start()) return;
  auto room = static_cast<uint64_t>(log.commit_end() - log.log_start());
  // Near the end: what only the journal has.
  if (forgetful_ || (with_journal_ && prng_.chance(1, 2))) room = std::min(room, near_the_end);
  const Offset to = log.commit_end() - static_cast<Offset>(prng_.below(room));
  history.start_max = std::max(history.start_max, to);
  log.delete_records(to, [&history, to, number = history.number](const Status& status) {
    if (status.ok() && number == history.number) history.deleted_below = std::max(history.deleted_below, to);
  });
}

/// At a batch's start, as followers do.
void StorageLife::cut(store::Log& log, LogHistory& history) {
  const std::vector<BatchMark>& now = history.lineages.back();
  std::vector<size_t> starts;
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].base >= log.log_start() && now[i].base <= log.appended_end()) starts.push_back(i);
  }
  if (starts.empty()) return;
  const size_t at = starts[prng_.below(starts.size())];
  const Offset to = now[at].base;
  std::vector<BatchMark> kept(now.begin(), now.begin() + static_cast<ptrdiff_t>(at));
  history.lineages.push_back(std::move(kept));
  history.stable = std::min(history.stable, to);
  history.appended = std::min(history.appended, to);
  sequences_[log.id().partition] += 1000;  // the producer goes on with a gap
  const Status done = log.truncate_to(to);
  if (!done.ok()) problem_ = "truncate: " + done.failure().message;
}

/// A partition goes, and comes back under the same id.
void StorageLife::remove_or_make() {
  const TopicPartitionId id = with_journal_ ? id_of(later_partition) : TopicPartitionId{Uuid::of(9, 9), 0};
  store::Log* const log = store_->find(id);
  if (!with_journal_) {
    if (log != nullptr) {
      (void)store_->remove(id);
    } else {
      (void)store_->create(id, "later", -1);
    }
    return;
  }
  if (log == nullptr) {
    (void)ensure(later_partition);
    return;
  }
  LogHistory& history = histories_[later_partition];
  log->set_listener(nullptr);
  history.removing = true;
  const Status removed = store_->remove(id);
  if (!removed.ok()) {
    problem_ = "remove: " + removed.failure().message;
    return;
  }
  const uint64_t number = history.number + 1;
  history = LogHistory();
  history.topic = topic_of(later_partition);
  history.id = id;
  history.gone = true;
  history.number = number;
  if (prng_.chance(1, 2)) (void)ensure(later_partition);
}

/// Several logs become dirty in one turn: what rounds of the journal are for.
void StorageLife::append_to_many() {
  for (auto& [partition, history] : histories_) {
    store::Log* const log = store_->find(history.id);
    if (log != nullptr && prng_.chance(2, 3)) append(*log, history);
  }
}

/// What is deleted or removed while the journal alone has it.
void StorageLife::forget() {
  if (prng_.chance(1, 3)) return remove_or_make();
  for (auto& [partition, history] : histories_) {
    store::Log* const log = store_->find(history.id);
    if (log != nullptr && prng_.chance(1, 2)) delete_records(*log, history);
  }
}

void StorageLife::act() {
  if (forgetful_ && prng_.chance(2, 5)) return forget();
  if (with_journal_ && prng_.chance(1, 2)) return append_to_many();
  const auto partition = static_cast<PartitionIndex>(prng_.below(with_journal_ ? 4 : 3));
  store::Log* log = ensure(partition);
  if (log == nullptr) return;
  LogHistory& history = histories_[partition];
  switch (prng_.below(with_journal_ ? 10 : 16)) {
    case 0:
      (void)log->roll();
      break;
    case 1:
      (void)log->begin_epoch(++epoch_);
      break;
    case 2:
      delete_records(*log, history);
      break;
    case 3:
      log->flush();
      break;
    case 4:
      if (with_journal_ || prng_.chance(1, 2)) cut(*log, history);
      break;
    case 5:
      remove_or_make();
      break;
    default:
      append(*log, history);
      break;
  }
}

void StorageLife::live(std::function<bool(uint64_t point)> at_point) {
  uint64_t point = 0;
  disk().before_operation([&] {
    if (!over_) over_ = at_point(point++);
  });
  run([&] {
    auto opened = store::Store::open(node_.surface(), options_, "image-cluster", 1);
    if (!opened.ok()) {
      problem_ = "open: " + opened.failure().message;
      return;
    }
    store_ = std::move(opened).value();
    const Status loaded = store_->load_logs();
    if (!loaded.ok()) problem_ = "load: " + loaded.failure().message;
    if (loaded.ok()) store_->start_background();
  });
  for (int step = 0; step < (with_journal_ ? steps_with_journal : steps) && !over_ && problem_.empty(); ++step) {
    run([&] { act(); });
    settle(microseconds(static_cast<int64_t>(prng_.below(3000))));
  }
  if (!over_ && problem_.empty()) {
    run([&] {
      const Status closed = store_->close(7);
      if (!closed.ok()) problem_ = "close: " + closed.failure().message;
    });
    store_.reset();
    if (!over_) (void)at_point(point);
  }
  disk().before_operation(nullptr);
}

}  // namespace moldau::sim
