#include "store/journal/journal_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "base/trace.h"
#include "store/journal/journal_files.h"

namespace moldau::store {
namespace {

class Replay final : public JournalReplay {
 public:
  Replay(io::Disk& disk, const Uuid& directory_id, log::JournalMutant mutant)
      : disk_(disk), directory_id_(directory_id), mutant_(mutant) {}

  Status make_plan(const std::vector<FoundJournal>& found) {
    ASSIGN_OR_RETURN(plan_, read_all(found));
    return {};
  }
  const std::vector<log::PartitionReplay>& plan() const override { return plan_; }
  const ReplayCounts& counts() const override { return counts_; }

  Status replay(const log::PartitionReplay& partition, ReplayedLog& log) override {
    for (const log::JournalRecord& record : partition.batches) RETURN_IF_FAILED(replay_batches(log, record));
    if (partition.log_start <= log.log_start()) return {};
    if (partition.log_start > log.end()) {
      return Failure{FailureKind::corrupt,
                     fmt::format("{}: the journal has the log begin at offset {}, and it ends at {}", log.folder(),
                                 partition.log_start, log.end())};
    }
    return log.advance_log_start(partition.log_start);
  }

  void miss(const log::PartitionReplay& partition, bool removed) override {
    if (partition.batches.empty() || removed) return;
    ++counts_.partitions_missing;
    trace(TraceLevel::error,
          "topic_id={} partition={} state=missing journal_from={} journal_to={} "
          "reason=\"the journal holds batches of a partition that has no folder\"",
          partition.id.topic_id.to_string(), partition.id.partition, partition.batches.front().entry.base,
          partition.batches.back().entry.end);
  }

  Result<std::vector<log::PartitionReplay>> read_heads(const std::vector<FoundJournal>& found) {
    heads_alone_ = true;
    ASSIGN_OR_RETURN(auto plan, read_all(found));
    // Of a last round nobody knows whether it was synced.
    for (const uint32_t file : last_files_) RETURN_IF_FAILED(disk_.sync_now(*files_[file]));
    return plan;
  }

 private:
  Status open_files(const std::vector<FoundJournal>& found) {
    for (const FoundJournal& journal : found) {
      ASSIGN_OR_RETURN(io::FileRef file, disk_.open(journal.path, io::OpenMode::read));
      files_.push_back(std::move(file));
    }
    return {};
  }

  Result<log::JournalRun> scan(const FoundJournal& journal, io::File& file) {
    const log::JournalRead read = [&](uint64_t position, std::span<std::byte> into) {
      return disk_.read(file, position, into);
    };
    const log::JournalFileId id{journal.path, directory_id_, journal.name};
    return heads_alone_ ? log::scan_journal_heads(read, journal.size, id)
                        : log::scan_journal(read, journal.size, id, mutant_);
  }

  Result<std::vector<log::PartitionReplay>> read_all(const std::vector<FoundJournal>& found) {
    RETURN_IF_FAILED(open_files(found));
    std::vector<log::JournalChain> chains;
    for (size_t first = 0; first < found.size();) {  // found is sorted by shard
      size_t last = first;
      bool has_rounds = false;
      std::vector<log::JournalRun> runs;
      std::vector<std::string> paths;
      for (; last < found.size() && found[last].name.shard == found[first].name.shard; ++last) {
        ASSIGN_OR_RETURN(log::JournalRun run, scan(found[last], *files_[last]));
        counts_.rounds += run.rounds;
        if (run.rounds > 0) {
          if (!has_rounds) last_files_.push_back(0);
          has_rounds = true;
          last_files_.back() = static_cast<uint32_t>(last);
        }
        runs.push_back(std::move(run));
        paths.push_back(found[last].path);
      }
      ASSIGN_OR_RETURN(log::JournalChain chain, log::chain_journal(runs, paths));
      for (log::JournalRecord& record : chain.records) record.file += static_cast<uint32_t>(first);
      chains.push_back(std::move(chain));
      first = last;
    }
    counts_.files = found.size();
    return log::plan_journal_replay(chains, mutant_);
  }

  Status replay_batches(ReplayedLog& log, const log::JournalRecord& record) {
    const log::JournalEntry& entry = record.entry;
    const Offset settled = std::max(log.recovery_point(), log.log_start());
    if (entry.end <= settled) return {};
    ASSIGN_OR_RETURN(const Bytes payload, read_payload(record));
    Offset expected = entry.base;
    for (size_t at = 0; at < payload.size();) {
      const auto batch = wire::BatchView::parse(payload.view().subspan(at));
      if (!batch || batch->base_offset() < expected || batch->last_offset_delta() < 0 ||
          batch->next_offset() > entry.end) {
        return Failure{FailureKind::corrupt,
                       fmt::format("{} at {}: no batch of offset {} or above, though the checksum is right",
                                   files_[record.file]->path(), record.position + at, expected)};
      }
      if (batch->base_offset() >= log.end()) return append_rest(log, record, payload, at, expected);
      if (batch->next_offset() > settled) RETURN_IF_FAILED(compare(log, record, *batch));
      expected = batch->next_offset();
      at += batch->size();
    }
    return expected == entry.end ? Status() : wrong_end(record, expected);
  }

  Failure wrong_end(const log::JournalRecord& record, Offset end) const {
    return {FailureKind::corrupt, fmt::format("{} at {}: its batches end at offset {}, not at {}",
                                              files_[record.file]->path(), record.position, end, record.entry.end)};
  }

  Status compare(ReplayedLog& log, const log::JournalRecord& record, const wire::BatchView& batch) {
    ASSIGN_OR_RETURN(const Held held, log.holds(batch));
    if (held == Held::same || mutant_ == log::JournalMutant::difference_ignored) {
      ++counts_.batches_found;
      return {};
    }
    if (held == Held::other_epoch) {
      ++counts_.batches_found;
      ++counts_.batches_mended;
      return log.write_over(batch);
    }
    return Failure{
        FailureKind::corrupt,
        fmt::format("{}: at offset {} it holds other bytes than round {} of the journal ({} at {}): "
                    "something else wrote there",
                    log.folder(), batch.base_offset(), record.sequence, files_[record.file]->path(), record.position)};
  }

  /// From the batch at `at` on the log does not have them.
  Status append_rest(ReplayedLog& log, const log::JournalRecord& record, const Bytes& payload, size_t at,
                     Offset expected) {
    if (log.end() != expected) {
      return Failure{
          FailureKind::corrupt,
          fmt::format("{}: it ends at offset {}, and round {} of the journal ({} at {}) goes on at {}", log.folder(),
                      log.end(), record.sequence, files_[record.file]->path(), record.position, expected)};
    }
    const Bytes rest = payload.slice(at, payload.size() - at);
    Offset end = expected;
    const wire::BatchWalk walk = wire::for_each_batch(rest.view(), [&](const wire::BatchView& batch) {
      if (batch.base_offset() < end || batch.last_offset_delta() < 0) return false;
      end = batch.next_offset();
      ++counts_.batches_appended;
      return true;
    });
    if (walk.consumed != rest.size() || end != record.entry.end) return wrong_end(record, end);
    counts_.bytes_appended += rest.size();
    return log.append(rest);
  }

  /// Reads the payload once more, and checks it once more: what is appended is what was checked.
  Result<Bytes> read_payload(const log::JournalRecord& record) {
    const auto size = static_cast<size_t>(record.entry.bytes);
    BlockRef block = BlockRef::adopt(Block::allocate(size));
    const std::span<std::byte> into(block->data(), size);
    ASSIGN_OR_RETURN(const size_t got, disk_.read(*files_[record.file], record.position, into));
    const bool sound =
        got == size && (crc32c(into) == record.entry.checksum || mutant_ == log::JournalMutant::torn_round_accepted);
    if (!sound) {
      return Failure{FailureKind::corrupt,
                     fmt::format("{} at {}: reads give different bytes", files_[record.file]->path(), record.position)};
    }
    return Bytes(std::move(block), into);
  }

  io::Disk& disk_;
  const Uuid directory_id_;
  const log::JournalMutant mutant_;
  bool heads_alone_ = false;
  std::vector<io::FileRef> files_;
  std::vector<uint32_t> last_files_;  // of each shard, the last one with rounds
  std::vector<log::PartitionReplay> plan_;
  ReplayCounts counts_;
};

}  // namespace

Result<std::unique_ptr<JournalReplay>> JournalReplay::read(io::Disk& disk, const std::string& directory,
                                                           const Uuid& directory_id, log::JournalMutant mutant) {
  ASSIGN_OR_RETURN(const auto found, find_journals(disk, directory));
  auto replay = std::make_unique<Replay>(disk, directory_id, mutant);
  RETURN_IF_FAILED(replay->make_plan(found));
  return std::unique_ptr<JournalReplay>(std::move(replay));
}

Result<ReplayCounts> replay_journals(io::Disk& disk, const std::string& directory, const Uuid& directory_id,
                                     ReplayTarget& target, log::JournalMutant mutant) {
  ASSIGN_OR_RETURN(const auto replay, JournalReplay::read(disk, directory, directory_id, mutant));
  for (const log::PartitionReplay& partition : replay->plan()) {
    if (ReplayedLog* const log = target.find(partition.id)) {
      RETURN_IF_FAILED(replay->replay(partition, *log));
    } else {
      replay->miss(partition, target.removed(partition.id));
    }
  }
  return replay->counts();
}

Result<std::vector<log::PartitionReplay>> read_journal_heads(io::Disk& disk, const std::string& directory,
                                                             const Uuid& directory_id) {
  ASSIGN_OR_RETURN(const auto found, find_journals(disk, directory));
  return Replay(disk, directory_id, log::JournalMutant::none).read_heads(found);
}

}  // namespace moldau::store
