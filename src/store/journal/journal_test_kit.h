// What the tests of the journal share: a small store of its own, whose logs are one file each, with one journal per
// shard in one log directory. Small, and yet a host as docs/design/journal.md wants one: it writes segments without
// syncing them, acknowledges by rounds or by its own syncs, settles files behind, closes entries before it cuts. Tests
// include io/sim/disk.h and io/sim/world.h before it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/trace.h"
#include "store/journal/journal_replay.h"
#include "store/journal/journal_writer.h"
#include "store/test_kit.h"
#include "wire/batch.h"

namespace moldau::store::testing {

inline constexpr Uuid journal_directory_id = Uuid::of(0xD1, 0xD2);

inline TopicPartitionId journal_id(PartitionIndex partition) {
  return {Uuid::of(0x70, 1), partition};
}

/// One partition: a file of batches.
class MiniLog final : public ReplayedLog {
 public:
  MiniLog(io::Disk& disk, PartitionIndex partition) : partition_(partition), disk_(disk) {}

  static std::string folder_of(PartitionIndex partition) { return fmt::format("/data/orders-{}", partition); }

  /// Makes the folder and the file, durably.
  Status create() {
    RETURN_IF_FAILED(disk_.make_dir(folder_));
    ASSIGN_OR_RETURN(file_, disk_.open(folder_ + "/log", io::OpenMode::create));
    RETURN_IF_FAILED(disk_.truncate(*file_, 0));
    RETURN_IF_FAILED(disk_.sync_now(*file_));
    RETURN_IF_FAILED(disk_.sync_dir(folder_));
    return disk_.sync_dir("/data");
  }
  /// Finds what batches there are, and cuts behind them.
  Status load(Offset recovery_point, Offset start) {
    recovery_point_ = recovery_point;
    ASSIGN_OR_RETURN(file_, disk_.open(folder_ + "/log", io::OpenMode::write));
    ASSIGN_OR_RETURN(const auto bytes, io::read_file(disk_, folder_ + "/log", 64 << 20));
    size_t at = 0;
    while (at < bytes.size()) {
      const auto batch = wire::BatchView::parse_checked(std::span(bytes).subspan(at));
      if (!batch || batch->base_offset() != end_) break;
      note(*batch, at);
      at += batch->size();
    }
    if (end_ < recovery_point) return Failure{FailureKind::corrupt, folder_ + " is damaged below its recovery point"};
    size_ = at;
    log_start_ = std::min(start, end_);
    wanted_start_ = start;
    if (at < bytes.size()) RETURN_IF_FAILED(disk_.truncate(*file_, at));
    // As recovery does: a sync that failed before may have left clean pages that are nowhere.
    const std::span<const std::byte> all = std::span(bytes).first(at);
    return disk_.write(*file_, 0, std::span(&all, 1));
  }
  Status sync() {
    RETURN_IF_FAILED(disk_.sync_now(*file_));
    synced_ = end_;
    return {};
  }
  Status write(const Bytes& batch) {
    const std::span<const std::byte> piece = batch.view();
    RETURN_IF_FAILED(disk_.write(*file_, size_, std::span(&piece, 1)));
    note(*wire::BatchView::parse(piece), size_);
    size_ += piece.size();
    return {};
  }
  /// REQUIRES: a batch begins at `offset`, or it is the end.
  Status cut(Offset offset) {
    const auto place = places_.find(offset);
    if (place == places_.end()) return {};
    size_ = place->second.first;
    end_ = offset;
    synced_ = std::min(synced_, offset);
    recovery_point_ = std::min(recovery_point_, offset);
    log_start_ = std::min(log_start_, offset);
    places_.erase(place, places_.end());
    RETURN_IF_FAILED(disk_.truncate(*file_, size_));
    return disk_.sync_now(*file_);
  }
  Result<std::string> content() {
    std::vector<std::byte> bytes(size_);
    ASSIGN_OR_RETURN(const size_t got, disk_.read(*file_, 0, bytes));
    return std::string(as_text(std::span(bytes).first(got)));
  }
  std::vector<Offset> batch_starts() const {
    std::vector<Offset> starts;
    for (const auto& [base, place] : places_) starts.push_back(base);
    return starts;
  }

  // ReplayedLog.
  const std::string& folder() const override { return folder_; }
  Offset log_start() const override { return log_start_; }
  Offset end() const override { return end_; }
  Offset recovery_point() const override { return recovery_point_; }
  Result<Held> holds(const wire::BatchView& batch) override {
    const auto place = places_.find(batch.base_offset());
    if (place == places_.end() || place->second.second != batch.size()) return Held::other;
    std::vector<std::byte> bytes(batch.size());
    ASSIGN_OR_RETURN(const size_t got, disk_.read(*file_, place->second.first, bytes));
    if (got != bytes.size()) return Held::other;
    if (as_text(bytes) == as_text(batch.bytes())) return Held::same;
    wire::set_leader_epoch(bytes, batch.leader_epoch());
    return as_text(bytes) == as_text(batch.bytes()) ? Held::other_epoch : Held::other;
  }
  Status write_over(const wire::BatchView& batch) override {
    const std::span<const std::byte> piece = batch.bytes();
    RETURN_IF_FAILED(disk_.write(*file_, places_.at(batch.base_offset()).first, std::span(&piece, 1)));
    return disk_.sync_now(*file_);
  }
  Status append(Bytes batches) override {
    for (size_t at = 0; at < batches.size();) {
      const auto batch = wire::BatchView::parse(batches.view().subspan(at));
      EXPECT_TRUE(batch && batch->base_offset() == end_);
      RETURN_IF_FAILED(write(batches.slice(at, batch->size())));
      at += batch->size();
    }
    log_start_ = std::max(log_start_, std::min(wanted_start_, end_));
    return {};
  }
  Status advance_log_start(Offset offset) override {
    log_start_ = std::max(log_start_, offset);
    return {};
  }

  Offset synced() const { return synced_; }
  Epoch epoch = 0;
  uint32_t shard = 0;
  /// Appended, and in no round yet.
  std::vector<Bytes> pending;
  Offset pending_from = 0;

 private:
  void note(const wire::BatchView& batch, size_t at) {
    places_[batch.base_offset()] = {at, batch.size()};
    end_ = batch.next_offset();
    epoch = std::max(epoch, batch.leader_epoch());
  }

  PartitionIndex partition_;
  io::Disk& disk_;
  std::string folder_ = folder_of(partition_);
  io::FileRef file_;
  size_t size_ = 0;
  Offset end_ = 0;
  Offset log_start_ = 0;
  Offset wanted_start_ = 0;
  Offset recovery_point_ = 0;
  Offset synced_ = 0;
  std::map<Offset, std::pair<size_t, size_t>> places_;
};

struct MiniOptions {
  uint32_t shards = 2;
  uint64_t file_bytes = 6 * log::journal_block_bytes;
  size_t files_max = 3;
  log::JournalMutant mutant = log::JournalMutant::none;
  bool settles = true;  ///< segments are synced behind files that are full
};

class MiniStore final : public ReplayTarget {
 public:
  MiniStore(io::Surface surface, MiniOptions options) : surface_(surface), options_(options) {
    for (uint32_t i = 0; i < options.shards; ++i) shards_.push_back(std::make_unique<Shard>(*this, i));
  }

  /// Loads, replays, settles, and begins to write a journal.
  Status open() {
    io::Disk& disk = surface_.disk;
    RETURN_IF_FAILED(disk.make_dir("/data"));
    RETURN_IF_FAILED(disk.sync_dir("/"));
    RETURN_IF_FAILED(load());
    ASSIGN_OR_RETURN(replayed, replay_journals(disk, "/data", journal_directory_id, *this, options_.mutant));
    RETURN_IF_FAILED(sync_all_logs());
    RETURN_IF_FAILED(write_points());
    RETURN_IF_FAILED(retire_journals(disk, "/data", options_.mutant));
    for (const auto& shard : shards_) RETURN_IF_FAILED(shard->writer.open());
    return {};
  }
  Status close() {
    for (const auto& shard : shards_) RETURN_IF_FAILED(shard->writer.close());
    RETURN_IF_FAILED(sync_all_logs());
    RETURN_IF_FAILED(write_points());
    return retire_journals(surface_.disk, "/data", options_.mutant);
  }

  ReplayedLog* find(const TopicPartitionId& id) override { return log(id.partition); }
  MiniLog* log(PartitionIndex partition) {
    const auto at = logs.find(partition);
    return at == logs.end() || at->second == nullptr ? nullptr : at->second.get();
  }
  JournalWriter& writer_of(const MiniLog& log) { return shards_[log.shard]->writer; }
  JournalWriter& writer(uint32_t shard) { return shards_[shard]->writer; }

  Result<MiniLog*> create(PartitionIndex partition) {
    RETURN_IF_FAILED(write_points());  // what they say of an earlier one of that name goes first
    auto made = std::make_unique<MiniLog>(surface_.disk, partition);
    made->shard = static_cast<uint32_t>(partition) % options_.shards;
    RETURN_IF_FAILED(made->create());
    MiniLog* raw = made.get();
    logs[partition] = std::move(made);
    return raw;
  }
  Status append(MiniLog& log, const BatchSpec& spec) {
    BatchToAppend batch = make_batch(spec);
    wire::set_base_offset(batch.bytes.span(), log.end());
    wire::set_leader_epoch(batch.bytes.span(), log.epoch);
    if (log.pending.empty()) log.pending_from = log.end();
    log.pending.push_back(batch.bytes);
    return log.write(batch.bytes);
  }
  /// What is pending in a shard becomes stable: by a round if there is room for it, or else log by log. `stable` hears
  /// of each partition, the round's in a later turn.
  Status commit(uint32_t shard, bool may_use_journal, std::function<void(PartitionIndex, Offset)> stable) {
    JournalRound round;
    std::vector<std::pair<PartitionIndex, Offset>> ends;
    std::vector<MiniLog*> members;
    for (auto& [partition, log] : logs) {
      if (log == nullptr || log->shard != shard || log->pending.empty()) continue;
      round.add_batches(journal_id(partition), log->epoch, log->pending_from, log->end(), log->pending);
      ends.emplace_back(partition, log->end());
      members.push_back(log.get());
    }
    if (round.empty()) return {};
    JournalWriter& writer = shards_[shard]->writer;
    if (may_use_journal && writer.ready_for(round.entries().size(), round.payload_bytes())) {
      for (MiniLog* log : members) log->pending.clear();
      writer.append(std::move(round), [ends, stable](const Status& outcome) {
        if (!outcome.ok()) return;
        for (const auto& [partition, end] : ends) stable(partition, end);
      });
      return {};
    }
    if (may_use_journal && !writer.idle()) return {};  // joins the next one
    for (size_t i = 0; i < members.size(); ++i) {
      RETURN_IF_FAILED(members[i]->sync());
      members[i]->pending.clear();
      stable(ends[i].first, ends[i].second);
    }
    return {};
  }
  /// Before anything but an append happens to a log: it tells everything itself, and then the journal nothing any more.
  Status settle_and_close(MiniLog& log, log::JournalKind kind, PartitionIndex partition, Offset at) {
    RETURN_IF_FAILED(log.sync());
    log.pending.clear();
    RETURN_IF_FAILED(write_points());
    if (!writer_of(log).holds(journal_id(partition))) return {};
    JournalRound round;
    round.add(kind, journal_id(partition), at);
    return writer_of(log).append_now(std::move(round));
  }
  Status truncate(PartitionIndex partition, Offset to) {
    MiniLog& target = *log(partition);
    RETURN_IF_FAILED(settle_and_close(target, log::JournalKind::truncated, partition, to));
    points_[partition].first = std::min(points_[partition].first, to);
    points_[partition].second = std::min(points_[partition].second, to);
    RETURN_IF_FAILED(print_points());
    return target.cut(to);
  }
  Status delete_records(PartitionIndex partition, Offset to) {
    MiniLog& target = *log(partition);
    RETURN_IF_FAILED(target.advance_log_start(to));
    JournalRound round;
    round.add(log::JournalKind::log_start, journal_id(partition), to);
    const Status written = writer_of(target).append_now(std::move(round));
    if (written.ok() || written.failure().kind != FailureKind::no_space) return written;
    return write_points();
  }
  Status remove(PartitionIndex partition) {
    MiniLog& target = *log(partition);
    RETURN_IF_FAILED(settle_and_close(target, log::JournalKind::deleted, partition, 0));
    const std::string gone = fmt::format("/data/orders-{}-delete", partition);
    RETURN_IF_FAILED(surface_.disk.remove_tree(gone));
    RETURN_IF_FAILED(surface_.disk.rename(target.folder(), gone));
    RETURN_IF_FAILED(surface_.disk.sync_dir("/data"));
    logs.erase(partition);
    points_.erase(partition);
    return {};
  }
  Status move(PartitionIndex partition) {
    MiniLog& target = *log(partition);
    RETURN_IF_FAILED(settle_and_close(target, log::JournalKind::moved, partition, target.end()));
    target.shard = (target.shard + 1) % options_.shards;
    return {};
  }

  std::map<PartitionIndex, std::unique_ptr<MiniLog>> logs;
  ReplayCounts replayed;
  int failures = 0;

 private:
  struct Shard final : JournalHost {
    Shard(MiniStore& of, uint32_t number)
        : store(of),
          index(number),
          writer(of.surface_,
                 {"/data", journal_directory_id, number, of.options_.file_bytes, of.options_.files_max,
                  of.options_.mutant},
                 *this) {}
    /// Takes its time, so that rounds go on meanwhile.
    void checkpoint(uint64_t generation, std::vector<TopicPartitionId> members) override {
      if (!store.options_.settles) return;
      const Instant later = store.surface_.clock.now() + microseconds(700);
      store.surface_.timers.start(later, [this, generation, members, alive = std::weak_ptr(store.alive_)] {
        if (!alive.expired() && store.settle(members).ok()) writer.settled(generation);
      });
    }
    void file_begun() override {}
    void journal_failed(const Failure&) override { ++store.failures; }

    MiniStore& store;
    uint32_t index;
    JournalWriter writer;
  };

  Status settle(const std::vector<TopicPartitionId>& members) {
    for (const TopicPartitionId& id : members) {
      if (MiniLog* member = log(id.partition)) RETURN_IF_FAILED(member->sync());
    }
    return write_points();
  }
  Status sync_all_logs() {
    for (auto& [partition, log] : logs) RETURN_IF_FAILED(log->sync());
    return {};
  }
  Status load() {
    const auto text = io::read_file(surface_.disk, "/data/points", 1 << 20);
    if (!text.ok() && text.failure().kind != FailureKind::not_found) return text.failure();
    if (text.ok()) {
      for (size_t i = 0; i + 24 <= text->size(); i += 24) {
        const std::byte* at = text->data() + i;
        points_[static_cast<PartitionIndex>(load_big_endian<int64_t>(at))] = {load_big_endian<int64_t>(at + 8),
                                                                              load_big_endian<int64_t>(at + 16)};
      }
    }
    ASSIGN_OR_RETURN(const auto entries, surface_.disk.list("/data"));
    for (const io::DirectoryEntry& entry : entries) {
      if (!entry.is_directory || !entry.name.starts_with("orders-") || entry.name.ends_with("-delete")) continue;
      const PartitionIndex partition = entry.name.back() - '0';
      if (!surface_.disk.stat("/data/" + entry.name + "/log").ok()) continue;  // its making was cut short
      auto found = std::make_unique<MiniLog>(surface_.disk, partition);
      found->shard = static_cast<uint32_t>(partition) % options_.shards;
      RETURN_IF_FAILED(found->load(points_[partition].first, points_[partition].second));
      logs[partition] = std::move(found);
    }
    return {};
  }
  Status write_points() {
    points_.clear();
    for (auto& [partition, log] : logs) points_[partition] = {log->synced(), log->log_start()};
    return print_points();
  }
  Status print_points() {
    std::vector<std::byte> bytes(points_.size() * 24);
    std::byte* at = bytes.data();
    for (const auto& [partition, point] : points_) {
      store_big_endian<int64_t>(at, partition);
      store_big_endian<int64_t>(at + 8, point.first);
      store_big_endian<int64_t>(at + 16, point.second);
      at += 24;
    }
    return io::replace_file(surface_.disk, "/data/points", bytes);
  }

  io::Surface surface_;
  MiniOptions options_;
  std::map<PartitionIndex, std::pair<Offset, Offset>> points_;  // recovery point, log start
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::vector<std::unique_ptr<Shard>> shards_;
};

/// A turn of `node` with `work` in it: until it ran, or the node is dead.
inline void run_turn(io::sim::World& world, io::sim::Node& node, const std::function<void()>& work) {
  bool ran = false;
  node.surface().executor.defer([&] {
    work();
    ran = true;
  });
  world.run_until([&] { return ran || node.crashed(); }, seconds(10));
}

/// One node, and the small store that lives on it.
class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { set_trace(nullptr, TraceLevel::error); }
  ~JournalTest() override { store_.reset(); }

  io::sim::SimDisk& disk() { return node_.disk(); }
  void run(const std::function<void()>& work) {
    run_turn(world_, node_, work);
    world_.run_for(milliseconds(3));
  }
  Status try_open() {
    Status opened;
    store_.reset();
    run([&] {
      store_ = std::make_unique<MiniStore>(node_.surface(), options_);
      opened = store_->open();
    });
    return opened;
  }
  void open() {
    const Status opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
  }
  void reopen(io::sim::CrashKind kind) {
    disk().faults().crash_style = io::sim::CrashStyle::lose_all;
    node_.crash(kind);
    store_.reset();
    node_.restart();
    open();
  }
  MiniLog& make(PartitionIndex partition) {
    run([&] { EXPECT_TRUE(store_->create(partition).ok()); });
    return *store_->log(partition);
  }
  /// Appends a batch to each of the partitions and commits them in one round.
  void round(const std::vector<PartitionIndex>& partitions, size_t bytes = 100) {
    run([&] {
      for (const PartitionIndex partition : partitions) {
        BatchSpec spec;
        spec.value_bytes = bytes;
        spec.tag = ++tag_;
        EXPECT_TRUE(store_->append(*store_->log(partition), spec).ok());
      }
      for (uint32_t shard = 0; shard < options_.shards; ++shard) {
        EXPECT_TRUE(store_->commit(shard, true, [this](PartitionIndex p, Offset end) { stable_[p] = end; }).ok());
      }
    });
  }
  std::vector<std::string> names(const std::string& folder) {
    std::vector<std::string> all;
    const auto entries = disk().list(folder);
    if (!entries.ok()) return all;
    for (const io::DirectoryEntry& entry : *entries) all.push_back(entry.name);
    return all;
  }
  bool has(const std::string& folder, const std::string& name) {
    const auto all = names(folder);
    return std::find(all.begin(), all.end(), name) != all.end();
  }
  const JournalCounts& counts() { return store_->writer(0).counts(); }

  io::sim::World world_{7};
  io::sim::Node& node_ = world_.node("n");
  MiniOptions options_{.shards = 1, .file_bytes = 8 * log::journal_block_bytes};
  std::unique_ptr<MiniStore> store_;
  std::map<PartitionIndex, Offset> stable_;
  uint64_t tag_ = 0;
};

}  // namespace moldau::store::testing
