#include "sim/block_sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/trace.h"
#include "broker/broker.h"
#include "client/admin.h"
#include "client/admin_partitions.h"
#include "io/sim/disk.h"
#include "io/sim/tree.h"
#include "io/sim/world.h"
#include "metadata/broker_settings.h"
#include "sim/shadow.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"

namespace moldau::sim {
namespace {

constexpr uint64_t block_bytes = 4096;
constexpr uint16_t port = 9092;
constexpr int batches_per_partition = 30;
constexpr const char* recover_first = "data/.moldau-recover-first";
constexpr const char* log_starts = "data/log-start-offset-checkpoint";
constexpr Duration serve_max = seconds(60);
constexpr Duration read_max = seconds(120);

enum class Harm : uint8_t { zeros, flip, unreadable };
constexpr Harm harms[] = {Harm::zeros, Harm::flip, Harm::unreadable};
const char* name_of(Harm harm) {
  return harm == Harm::zeros ? "zeros" : harm == Harm::flip ? "flip" : "unreadable";
}

struct Batch {
  Offset base = 0;
  uint32_t count = 0;
  uint64_t first = 0;  // number of its first record
};
struct Line {
  std::string topic;
  PartitionIndex index = 0;
  Uuid topic_id;
  std::vector<Batch> batches;
  uint64_t made = 0;
  Offset start = 0;  // records below it were deleted
};
/// What a reader found of one partition: the number of the record at each offset; errors by offset.
struct Found {
  std::map<Offset, uint64_t> records;
  std::set<Offset> refused;  ///< answered with an error, or with a checksum that is wrong
  bool offline = false;
  std::string wrong;
};

/// Warnings and errors of the broker that this thread runs.
thread_local std::vector<std::string>* told = nullptr;
void listen(TraceLevel level, std::string_view line) {
  if (told != nullptr && level <= TraceLevel::warn) told->emplace_back(line);
}

/// A machine with a broker on it.
class Machine {
 public:
  Machine(uint64_t seed, store::Mutant planted, bool with_journal)
      : world_(seed), planted_(planted), with_journal_(with_journal) {}
  ~Machine() {
    tasks_.cancel();
    client_.reset();
    broker_.reset();
  }

  io::sim::World& world() { return world_; }
  io::sim::SimDisk& disk() { return node_.disk(); }
  client::Client& client() { return *client_; }
  io::TaskGroup& tasks() { return tasks_; }
  broker::Broker* broker() { return broker_.get(); }
  bool ended() const { return failed_; }

  /// The first failure; ok when it serves.
  Status start(bool scrubbing) {
    metadata::ConfigMap config{{"node.id", "1"},
                               {"log.dirs", "data"},
                               {"listeners", fmt::format("PLAINTEXT://broker:{}", port)},
                               {"log.index.interval.bytes", "512"},
                               {"log.flush.offset.checkpoint.interval.ms", "500"},
                               {"log.scrub.interval.ms", scrubbing ? "1" : "604800000"},
                               {"log.scrub.bytes.per.second", "1000000000"},
                               {"log.retention.ms", "-1"},
                               {"log.journal.enable", with_journal_ ? "true" : "false"},
                               {"log.journal.file.bytes", "65536"},
                               {"internal.log.journal.after.commits", "0"}};
    ASSIGN_OR_RETURN(metadata::BrokerSettings settings, metadata::resolve_broker(config));
    broker::BrokerOptions options{std::move(settings), std::move(config), planted_};
    ready_.reset();
    failed_ = false;
    broker_ = std::make_unique<broker::Broker>(node_.surface(), std::move(options));
    broker_->on_fatal([this](const Failure&) { failed_ = true; });
    RETURN_IF_FAILED(broker_->start([this](const Status& status) { ready_ = status; }));
    world_.run_until([this] { return ready_.has_value() || failed_; }, serve_max);
    if (!ready_) return Failure{FailureKind::unavailable, "it does not get ready"};
    RETURN_IF_FAILED(*ready_);
    client::ClientOptions reach;
    reach.bootstrap = {{"broker", port}};
    reach.client_id = "sweep";
    reach.request_timeout = seconds(5);
    reach.retry_timeout = seconds(20);
    client_ = std::make_unique<client::Client>(world_.node("client").surface(), reach);
    return {};
  }
  void stop() {
    bool stopped = false;
    broker_->stop([&stopped](const Status&) { stopped = true; });
    world_.run_until([&] { return stopped; }, serve_max);
    client_.reset();
    broker_.reset();
  }
  /// As start(). What ends a start, and was met while the node served already, the next start meets before it serves.
  Status start_again_if_told(bool scrubbing) {
    Status started = start(scrubbing);
    if (started.ok()) {
      world_.run_until([this] { return failed_ || broker_->store().recovering_logs().empty(); }, serve_max);
    }
    if (!disk().stat(recover_first).ok()) return started;
    crash(io::sim::CrashKind::process);
    return start(scrubbing);
  }
  void crash(io::sim::CrashKind kind) {
    node_.crash(kind);
    client_.reset();
    broker_.reset();
    node_.restart();
  }

 private:
  io::sim::World world_;
  io::sim::Node& node_ = world_.node("broker");
  store::Mutant planted_;
  bool with_journal_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<client::Client> client_;
  io::TaskGroup tasks_;
  std::optional<Status> ready_;
  bool failed_ = false;
};

/// Sends one batch to each line in one request, so that their logs become dirty together, and notes where they lie.
/// False when one was refused. `counts`: their records.
io::Task<bool> produce_round(client::Client& client, std::vector<Line>& lines, std::vector<uint32_t> counts) {
  std::vector<Bytes> batches;
  wire::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 5'000;
  for (uint32_t l = 0; l < lines.size(); ++l) {
    wire::BatchBuilder builder;
    for (uint32_t i = 0; i < counts[l]; ++i) {
      const std::vector<std::byte> value = value_of({0, l, lines[l].made + i});
      builder.add(wire::NewRecord{.timestamp = 1'767'225'600'000, .key = std::nullopt, .value = std::span(value)});
    }
    const Result<std::span<std::byte>> built = builder.finish();
    batches.push_back(Bytes::copy_of(*built));
    request.topic_data.push_back(
        {.name = lines[l].topic, .partition_data = {{lines[l].index, wire::Records{batches.back().view()}}}});
  }
  const client::SendOptions options{.version_max = 12};
  Result<client::Reply<wire::ProduceResponse>> reply =
      co_await client.send<wire::ProduceRequest, wire::ProduceResponse>(client::any_node, request, options);
  if (!reply.ok()) co_return false;
  size_t taken = 0;
  for (const auto& topic : reply->message.responses) {
    for (const auto& part : topic.partition_responses) {
      const auto line = std::find_if(lines.begin(), lines.end(), [&](const Line& one) {
        return one.topic == topic.name && one.index == part.index;
      });
      if (part.error_code != 0 || line == lines.end()) co_return false;
      const uint32_t count = counts[static_cast<size_t>(line - lines.begin())];
      line->batches.push_back({part.base_offset, count, line->made});
      line->made += count;
      ++taken;
    }
  }
  co_return taken == lines.size();
}

/// Takes what one fetch gave; where to go on.
Offset take_records(uint32_t partition, Offset next, std::span<const std::byte> bytes, Found& found) {
  wire::RecordIterator iterator;
  wire::for_each_batch(bytes, [&](const wire::BatchView& batch) {
    if (batch.base_offset() > next) {
      next = batch.base_offset();  // what is missing between is judged later
    }
    if (!batch.crc_valid() || iterator.start(batch) != wire::RecordFault::none) {
      // The client tells by itself. It can not go on by the header's word, but one offset at a time.
      found.refused.insert(next++);
      return false;
    }
    wire::RecordView record;
    while (iterator.next(record)) {
      const auto name = record.value ? name_of_value(*record.value) : std::nullopt;
      if (!name || name->partition != partition) {
        found.wrong = fmt::format("offset {}: a value that nobody made", record.offset);
        return false;
      }
      if (record.offset < next) continue;
      found.records[record.offset] = name->number;
      next = record.offset + 1;
    }
    return true;
  });
  return next;
}

io::Task<void> read_partition(Machine& machine, const Line& line, uint32_t partition, Found& found) {
  Offset next = 0;
  Offset end = 1;
  int failures = 0;
  while (next < end && failures < 5 && found.wrong.empty()) {
    wire::FetchRequest request;
    request.max_wait_ms = 0;
    request.max_bytes = 1 << 20;
    wire::FetchRequest::FetchPartition part;
    part.partition = line.index;
    part.fetch_offset = next;
    part.partition_max_bytes = 1 << 20;
    request.topics.push_back({.topic = line.topic, .partitions = {part}});
    const client::SendOptions options{.version_max = 12};
    Result<client::Reply<wire::FetchResponse>> reply =
        co_await machine.client().send<wire::FetchRequest, wire::FetchResponse>(client::any_node, request, options);
    if (!reply.ok() || reply->message.responses.empty()) {
      ++failures;
      continue;
    }
    const auto& row = reply->message.responses[0].partitions.at(0);
    const auto error = static_cast<wire::ErrorCode>(row.error_code);
    if (row.high_watermark >= 0) end = row.high_watermark;
    if (error == wire::ErrorCode::corrupt_message) {
      end = std::max(end, line.batches.empty() ? 0 : line.batches.back().base + line.batches.back().count);
      found.refused.insert(next++);
      continue;
    }
    if (error == wire::ErrorCode::offset_out_of_range) {
      if (next >= line.start) break;
      next = line.start;
      end = std::max(end, next + 1);
      continue;
    }
    if (error != wire::ErrorCode::none) {
      ++failures;
      const Instant until = machine.world().now() + milliseconds(200);
      co_await io::sleep_until(machine.world().node("client").surface().timers, until);
      continue;
    }
    const Offset before = next;
    if (row.records) next = take_records(partition, next, row.records->view, found);
    if (next == before && next < end) found.refused.insert(next++);  // cut off: less than a batch is left of it
  }
  found.offline = failures >= 5;
}

/// One folder, and what becomes of it.
class Sweep {
 public:
  Sweep(uint64_t seed, store::Mutant planted)
      : seed_(seed), planted_(planted), clean_(seed % 2 == 1), with_journal_(seed / 2 % 2 == 1) {}

  /// Makes the folder; the problem, or empty.
  std::string prepare();
  /// All images whose number leaves 0 when divided by `one_in`.
  std::string run(uint64_t one_in);

  uint64_t images() const { return images_; }
  const std::map<std::string, uint64_t>& outcomes() const { return outcomes_; }

 private:
  struct File {
    std::string path;
    uint64_t bytes = 0;
  };
  void list(io::Disk& disk, const std::string& folder);
  io::Task<void> fill(Machine& machine, bool& done);
  std::string judge(const File& file, uint64_t block, Harm harm);
  std::string judge_partition(const Line& line, const Found& found, const File& file, uint64_t block, Harm harm,
                              size_t& missing);
  bool overlaps(const Line& line, const Batch& batch, const File& file, uint64_t block) const;
  bool may_end_it(const File& file, Harm harm) const;
  bool journal_refuses(const File& file, const std::string& why) const;
  bool in_active_head(const Line& line, const Batch& batch, const File& file) const;
  bool was_told(const Line& line, const File& file) const;
  io::Task<void> read_all(Machine& machine, std::vector<Found>& found, bool& done);

  uint64_t seed_;
  store::Mutant planted_;
  bool clean_;
  bool with_journal_;
  std::vector<Line> lines_;
  std::unique_ptr<io::sim::Tree> folder_;
  std::vector<File> files_;
  std::map<std::string, std::map<Offset, std::pair<uint64_t, uint64_t>>> places_;  // by segment: base -> bytes
  std::vector<std::string> told_;
  uint64_t flipped_ = 0;  // the byte in the file, of Harm::flip
  uint64_t images_ = 0;
  std::map<std::string, uint64_t> outcomes_;
};

io::Task<void> Sweep::fill(Machine& machine, bool& done) {
  std::vector<client::NewTopic> topics{
      {.name = "small", .partitions = 2, .replicas = 1, .configs = {{"internal.segment.bytes", "6000"}}},
      {.name = "large", .partitions = 1, .replicas = 1}};
  const Duration timeout = seconds(10);
  Result<std::vector<client::TopicOutcome>> made =
      co_await client::create_topics(machine.client(), topics, false, timeout);
  if (!made.ok()) co_return;
  for (const client::TopicOutcome& topic : *made) {
    const int32_t partitions = topic.name == "small" ? 2 : 1;
    for (int32_t p = 0; p < partitions; ++p) lines_.push_back({topic.name, p, topic.id, {}, 0, 0});
  }
  Prng prng(seed_);
  for (int round = 0; round < batches_per_partition; ++round) {
    std::vector<uint32_t> counts;
    for (size_t l = 0; l < lines_.size(); ++l) counts.push_back(static_cast<uint32_t>(prng.between(1, 8)));
    const bool taken = co_await produce_round(machine.client(), lines_, std::move(counts));
    if (!taken) co_return;
    if (round == batches_per_partition / 2) {
      const Instant until = machine.world().now() + seconds(2);  // checkpoints come in between
      co_await io::sleep_until(machine.world().node("client").surface().timers, until);
    }
  }
  // The front of the active segment: what is gone there only a checkpoint says.
  Line& large = lines_.back();
  std::vector<client::RecordsToDelete> front{{large.topic, large.index, large.batches[batches_per_partition / 3].base}};
  Result<std::vector<client::DeletedRecords>> deleted =
      co_await client::delete_records(machine.client(), std::move(front), timeout);
  if (!deleted.ok() || deleted->at(0).error != wire::ErrorCode::none) co_return;
  large.start = deleted->at(0).low_watermark;
  done = true;
}

void Sweep::list(io::Disk& disk, const std::string& folder) {
  const auto entries = disk.list(folder);
  if (!entries.ok()) return;
  for (const io::DirectoryEntry& entry : *entries) {
    const std::string path = folder + "/" + entry.name;
    if (entry.is_directory) {
      list(disk, path);
      continue;
    }
    if (entry.size > 0) files_.push_back({path, entry.size});
    if (!entry.name.ends_with(".log")) continue;
    const auto bytes = io::read_file(disk, path, 1 << 26);
    uint64_t at = 0;
    wire::for_each_batch(*bytes, [&](const wire::BatchView& batch) {
      places_[path][batch.base_offset()] = {at, at + batch.size()};
      at += batch.size();
      return true;
    });
  }
}

std::string Sweep::prepare() {
  Machine machine(seed_, store::Mutant::none, with_journal_);
  const Status started = machine.start(false);
  if (!started.ok()) return "it does not start: " + started.failure().message;
  bool done = false;
  machine.tasks().spawn(fill(machine, done));
  if (!machine.world().run_until([&] { return done; }, read_max)) return "the folder could not be filled";
  if (clean_) {
    machine.stop();
  } else {
    machine.crash(io::sim::CrashKind::power);
  }
  list(machine.disk(), "data");
  folder_ = machine.disk().copy_tree();
  return {};
}

bool Sweep::overlaps(const Line& line, const Batch& batch, const File& file, uint64_t block) const {
  if (!file.path.starts_with(fmt::format("data/{}-{}/", line.topic, line.index))) return false;
  const auto segment = places_.find(file.path);
  if (segment == places_.end()) return false;
  const auto place = segment->second.find(batch.base);
  return place != segment->second.end() && place->second.first < (block + 1) * block_bytes &&
         place->second.second > block * block_bytes;
}

/// After a power cut, damage above the recovery point cannot be told from a torn end; what is lost then is named, by
/// its folder or its partition.
bool Sweep::was_told(const Line& line, const File& file) const {
  const std::string partition = fmt::format("{}-{}", line.topic, line.index);
  const std::string folder = io::parent_of(file.path);
  const bool its_own = folder == "data/" + partition;
  return std::any_of(told_.begin(), told_.end(), [&](const std::string& text) {
    return text.find(partition) != std::string::npos && (its_own || text.find("event=log_lost") != std::string::npos);
  });
}

/// The node's identity and the metadata log: without them nothing else can be served. Where records begin that were
/// deleted in part: nothing else says it. And what cannot be read above the
/// recovery point, after a power cut: the directory's state is unknown.
bool Sweep::may_end_it(const File& file, Harm harm) const {
  const bool vital = file.path == "data/meta.properties" || file.path == "data/bootstrap.checkpoint" ||
                     file.path == log_starts || file.path.starts_with("data/__cluster_metadata-0/");
  return vital || (!clean_ && harm == Harm::unreadable);
}

/// A start is refused when rounds of the journal that were acknowledged are damaged, and when what lies between a
/// segment and them is: there the segment was cut, and the journal goes on behind.
bool Sweep::journal_refuses(const File& file, const std::string& why) const {
  const bool held = file.path.starts_with("data/journal/") || file.path.ends_with(".log");
  return with_journal_ && !clean_ && held && why.find("journal") != std::string::npos;
}

/// The flipped byte is one that no checksum covers (base offset, length, leader epoch), in a batch of the segment that
/// the scrubber does not look at yet.
bool Sweep::in_active_head(const Line& line, const Batch& batch, const File& file) const {
  const auto segment = places_.find(file.path);
  if (segment == places_.end() || !segment->second.contains(line.batches.back().base)) return false;
  const uint64_t begin = segment->second.at(batch.base).first;
  return flipped_ >= begin && flipped_ < begin + 16;
}

std::string Sweep::judge_partition(const Line& line, const Found& found, const File& file, uint64_t block, Harm harm,
                                   size_t& missing) {
  if (!found.wrong.empty()) return found.wrong;
  if (found.offline) {
    // An identity that became another's: its folder is left alone.
    const bool its_own = file.path.starts_with(fmt::format("data/{}-{}/", line.topic, line.index));
    const bool foreign = file.path.ends_with("partition.metadata") && was_told(line, file);
    return its_own && (!clean_ || foreign) ? "" : "it is not served any more";
  }
  // Another number is believed: no checksum covers it, in Kafka's format.
  if (file.path == log_starts && harm == Harm::flip && line.start > 0) return {};
  // The last round of the journal, which has the DeleteRecords: damaged, it looks like one that was never acknowledged.
  const bool last_round = !clean_ && file.path.starts_with("data/journal/");
  if (!last_round && !found.records.empty() && found.records.begin()->first < line.start) {
    return fmt::format("offset {} was deleted, and is back", found.records.begin()->first);
  }
  bool lost_behind_a_cut = false;
  bool misled = false;
  for (const Batch& batch : line.batches) {
    for (uint32_t i = 0; i < batch.count; ++i) {
      const Offset offset = batch.base + i;
      if (offset < line.start) continue;
      const auto record = found.records.find(offset);
      if (record != found.records.end()) {
        if (record->second != batch.first + i) return fmt::format("offset {} holds another record", offset);
        continue;
      }
      ++missing;
      const bool held = overlaps(line, batch, file, block);
      if (held && (found.refused.contains(offset) || !clean_)) continue;
      if (held && lost_behind_a_cut) continue;
      misled |= held && harm == Harm::flip && in_active_head(line, batch, file);
      if (misled) continue;  // it went on behind the offset that the batch tells
      if (was_told(line, file) && (!clean_ || file.path.ends_with("partition.metadata"))) {
        lost_behind_a_cut = true;
        continue;
      }
      return fmt::format("offset {} is missing{}", offset, held ? ", and no error told of it" : "");
    }
  }
  return {};
}

io::Task<void> Sweep::read_all(Machine& machine, std::vector<Found>& found, bool& done) {
  found.resize(lines_.size());
  for (uint32_t l = 0; l < lines_.size(); ++l) {
    co_await read_partition(machine, lines_[l], l, found[l]);
  }
  done = true;
}

std::string Sweep::judge(const File& file, uint64_t block, Harm harm) {
  Machine machine(1, planted_, with_journal_);
  machine.disk().put_tree(folder_->copy());
  const uint64_t from = block * block_bytes;
  const uint64_t size = std::min(block_bytes, file.bytes - from);
  if (harm == Harm::zeros) {
    const std::vector<std::byte> zeros(size);
    if (!machine.disk().overwrite_at_rest(file.path, from, zeros).ok()) return "the harness lost " + file.path;
  } else if (harm == Harm::flip) {
    flipped_ = from + Prng(seed_ ^ (from * 31) ^ file.bytes).below(size);
    if (!machine.disk().damage(file.path, flipped_, 1).ok()) return "the harness lost " + file.path;
  } else {
    machine.disk().make_unreadable(file.path, from, size);
  }
  told_.clear();
  told = &told_;
  const Status started = machine.start_again_if_told(true);
  if (!started.ok() && journal_refuses(file, started.failure().message)) {
    ++outcomes_["loud: the journal refused the start"];
    return {};
  }
  if (!started.ok()) {
    ++outcomes_["loud: the start was refused"];
    if (started.failure().message.empty()) return "refused without a word";
    return may_end_it(file, harm) ? std::string() : "the start is refused: " + started.failure().message;
  }
  // A round of the scrubber, if it gets to the end of one.
  machine.world().run_until([&] { return machine.ended() || machine.broker()->store().scrub_counts().rounds > 0; },
                            seconds(30));
  std::vector<Found> found;
  bool done = false;
  machine.tasks().spawn(read_all(machine, found, done));
  machine.world().run_until([&] { return done || machine.ended(); }, read_max);
  if (machine.ended()) {
    ++outcomes_["loud: the node ended"];
    return may_end_it(file, harm) ? "" : "the node ended";
  }
  if (!done) return "the reader does not get to an end";
  size_t missing = 0;
  for (size_t l = 0; l < lines_.size(); ++l) {
    std::string problem = judge_partition(lines_[l], found[l], file, block, harm, missing);
    if (!problem.empty()) return fmt::format("{}-{}: {}", lines_[l].topic, lines_[l].index, problem);
  }
  ++outcomes_[missing == 0 ? "whole" : "confined"];
  return {};
}

std::string Sweep::run(uint64_t one_in) {
  uint64_t number = seed_;
  for (const File& file : files_) {
    for (uint64_t block = 0; block * block_bytes < file.bytes; ++block) {
      for (const Harm harm : harms) {
        if (number++ % one_in != 0) continue;
        ++images_;
        const std::string problem = judge(file, block, harm);
        told = nullptr;
        if (problem.empty()) continue;
        std::string text =
            fmt::format("seed {}: {} block {} {}: {}", seed_, file.path, block, sim::name_of(harm), problem);
        for (const std::string& line : told_) text += "\n    told: " + line;
        return text;
      }
    }
  }
  return {};
}

}  // namespace

int run_block_sweep(const BlockSweepOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  set_trace(listen, TraceLevel::warn);
  std::mutex mutex;
  std::atomic<uint64_t> next{0};
  std::map<std::string, uint64_t> outcomes;
  uint64_t images = 0;
  uint64_t failed = 0;
  const auto work = [&] {
    for (uint64_t index = next++; index < options.sweeps; index = next++) {
      const uint64_t seed = options.from + index;
      Sweep sweep(seed, options.planted);
      std::string problem = sweep.prepare();
      if (problem.empty()) problem = sweep.run(options.one_in);
      const std::lock_guard lock(mutex);
      images += sweep.images();
      for (const auto& [name, times] : sweep.outcomes()) outcomes[name] += times;
      if (problem.empty()) continue;
      ++failed;
      fmt::print("{}\n  replay: ./x sim --sweep 1 --seed {}{}\n", problem, seed,
                 options.mutant.empty() ? "" : " --mutant " + options.mutant);
      std::fflush(stdout);
    }
  };
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < std::min(options.threads, options.sweeps); ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  set_trace(nullptr, TraceLevel::error);
  for (const auto& [name, times] : outcomes) fmt::print("{:>12}  {}\n", times, name);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} damaged blocks of {} folders, {:.0f} a second\n", images, options.sweeps,
             static_cast<double>(images) / seconds);
  if (!options.mutant.empty()) {
    fmt::print("mutant {}: {}\n", options.mutant, failed > 0 ? "found" : "NOT FOUND");
    return failed > 0 ? 0 : 1;
  }
  fmt::print("{} damaged blocks, {} failed\n", images, failed);
  return failed > 0 || images == 0 ? 1 : 0;
}

std::string find_in_block_sweep(uint64_t seed, store::Mutant planted) {
  set_trace(listen, TraceLevel::warn);
  Sweep sweep(seed, planted);
  const std::string problem = sweep.prepare();
  return problem.empty() ? sweep.run(1) : problem;
}

}  // namespace moldau::sim
