// What a start after a killed process believes of a journal by its heads alone, beside the full scan, on files as
// writers leave them (used again, the last round torn), with random damage: exactly the whole rounds before it, or a
// loud stop where the full scan stops too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/prng.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/journal/journal_test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

using FileBytes = std::vector<std::byte>;

constexpr size_t sector = 512;
constexpr int steps = 45;
constexpr int damages = 60;

log::JournalRead reader_of(const FileBytes& bytes) {
  return [&bytes](uint64_t position, std::span<std::byte> into) -> Result<size_t> {
    const size_t count = std::min<size_t>(into.size(), bytes.size() - std::min<size_t>(position, bytes.size()));
    if (count > 0) std::memcpy(into.data(), bytes.data() + position, count);
    return count;
  };
}

std::string text_of(const log::JournalRecord& record) {
  const log::JournalEntry& entry = record.entry;
  return fmt::format("{}:{} kind {} [{},{}) epoch {} bytes {} crc {} at {}; ", record.sequence, entry.id.partition,
                     static_cast<int>(entry.kind), entry.base, entry.end, entry.leader_epoch, entry.bytes,
                     entry.checksum, record.position);
}

std::string text_of(const log::JournalRun& run) {
  std::string text = fmt::format("{} rounds to {}; ", run.rounds, run.end);
  if (run.rounds > 0) text += fmt::format("[{},{}) from {}; ", run.first_sequence, run.next_sequence, run.needed_from);
  for (const log::JournalRecord& record : run.records) text += text_of(record);
  return text;
}

std::string text_of(const std::vector<log::PartitionReplay>& plan) {
  std::string text;
  for (const log::PartitionReplay& replay : plan) {
    text += fmt::format("{} starts at {}: ", replay.id.partition, replay.log_start);
    for (const log::JournalRecord& record : replay.batches)
      text += fmt::format("file {} ", record.file) + text_of(record);
  }
  return text;
}

/// Judged by the bytes alone: the rounds of the sound file up to the first whose head is touched; the last of them only
/// with its payload.
log::JournalRun whole_rounds(const FileBytes& sound, const FileBytes& damaged, const log::JournalFileName& name) {
  const auto untouched = [&](uint64_t from, uint64_t to) {
    return to <= damaged.size() &&
           std::equal(sound.begin() + static_cast<ptrdiff_t>(from), sound.begin() + static_cast<ptrdiff_t>(to),
                      damaged.begin() + static_cast<ptrdiff_t>(from));
  };
  std::vector<std::pair<uint64_t, log::JournalHeader>> rounds;
  for (uint64_t at = 0; at < sound.size();) {
    const auto header = log::parse_journal_header(std::span(sound).subspan(at));
    if (!header || header->generation != name.generation) break;
    if (at + header->round_bytes() > damaged.size()) break;
    constexpr uint64_t covered = 68;  // of the header; then 4 bytes of zeros, and the table
    if (!untouched(at, at + covered) || !untouched(at + log::journal_header_bytes, at + header->head_bytes())) break;
    rounds.emplace_back(at, *header);
    at += header->round_bytes();
  }
  if (!rounds.empty()) {
    const auto& [at, header] = rounds.back();
    const uint64_t payload = at + header.head_bytes();
    if (!untouched(payload, payload + header.payload_bytes)) rounds.pop_back();
  }
  log::JournalRun run;
  run.name = name;
  for (const auto& [at, header] : rounds) {
    if (run.rounds++ == 0) run.first_sequence = header.sequence;
    run.next_sequence = header.sequence + 1;
    run.needed_from = header.needed_from;
    run.end = at + header.round_bytes();
    uint64_t position = at + header.head_bytes();
    const auto head = std::span(sound).subspan(at, static_cast<size_t>(header.head_bytes()));
    for (const log::JournalEntry& entry : *log::parse_journal_entries(header, head)) {
      run.records.push_back({entry, header.sequence, position, 0});
      position += entry.bytes;
    }
  }
  return run;
}

/// Files as they lie in the journal's folder.
struct LeftFile {
  FoundJournal found;
  FileBytes before;  ///< the last step of the life
  FileBytes bytes;
};

class JournalHeads : public JournalTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  JournalHeads() { options_.shards = 1 + GetParam() % 2; }

  FileBytes read(const std::string& path) { return io::read_file(disk(), path, 1 << 20).value(); }

  /// Rounds of several partitions, cuts and log starts, in files that fill and are used again; then the process dies.
  void live() {
    open();
    for (PartitionIndex p = 0; p < 4; ++p) make(p);
    for (int step = 0; step < steps; ++step) {
      remember();
      step_once();
    }
    node_.crash(io::sim::CrashKind::process);
    store_.reset();
    node_.restart();
    const auto found = find_journals(disk(), "/data");
    ASSERT_TRUE(found.ok());
    for (const FoundJournal& journal : *found) {
      LeftFile file{journal, {}, read(journal.path)};
      const auto before = before_.find(journal.path);
      file.before = before == before_.end() ? file.bytes : before->second;
      files_.push_back(std::move(file));
    }
    ASSERT_FALSE(files_.empty());
  }
  void step_once() {
    const auto partition = static_cast<PartitionIndex>(prng_.below(4));
    MiniLog& log = *store_->log(partition);
    const std::vector<Offset> starts = log.batch_starts();
    const uint64_t what = prng_.below(12);
    if (what == 0 && !starts.empty()) {
      run([&] { EXPECT_TRUE(store_->truncate(partition, starts[prng_.below(starts.size())]).ok()); });
    } else if (what == 1) {
      const Offset to =
          log.log_start() + static_cast<Offset>(prng_.below(static_cast<uint64_t>(log.end() - log.log_start() + 1)));
      run([&] { EXPECT_TRUE(store_->delete_records(partition, to).ok()); });
    } else {
      std::vector<PartitionIndex> some;
      for (PartitionIndex p = 0; p < 4; ++p) {
        if (prng_.chance(1, 2)) some.push_back(p);
      }
      round(some, 20 + prng_.below(prng_.chance(1, 4) ? 5000 : 300));
    }
  }
  void remember() {
    before_.clear();
    const auto found = find_journals(disk(), "/data");
    if (!found.ok()) return;
    for (const FoundJournal& journal : *found) before_[journal.path] = read(journal.path);
  }

  /// One way in which a file may be found.
  FileBytes damaged(const LeftFile& file) {
    FileBytes bytes = file.bytes;
    const auto place = [&] { return static_cast<size_t>(prng_.below(bytes.size())); };
    // Most bytes of a file are nothing.
    const auto head = [&] { return place() / log::journal_block_bytes * log::journal_block_bytes + prng_.below(200); };
    switch (prng_.below(6)) {
      case 0:  // the last round is torn: any of its sectors may be as before
        for (size_t at = 0; at < bytes.size() && file.before.size() == bytes.size(); at += sector) {
          if (prng_.chance(1, 2))
            std::copy_n(file.before.begin() + static_cast<ptrdiff_t>(at), sector,
                        bytes.begin() + static_cast<ptrdiff_t>(at));
        }
        break;
      case 1:
        bytes.resize(prng_.chance(1, 2) ? place() : place() / sector * sector);
        break;
      case 2:
        for (uint64_t i = prng_.below(3); i < 3; ++i) bytes[head()] ^= std::byte{1} << prng_.below(8);
        break;
      case 3:
        for (uint64_t i = prng_.below(3); i < 3; ++i) bytes[place()] ^= std::byte{1} << prng_.below(8);
        break;
      case 4:
        std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(place() / sector * sector), sector, std::byte{});
        break;
      default: {  // a block lies where another belongs (which round a file begins with, its chain tells)
        const auto block = [&] {
          return static_cast<ptrdiff_t>(place() / log::journal_block_bytes * log::journal_block_bytes);
        };
        const ptrdiff_t from = block();
        const ptrdiff_t to = std::max(block(), static_cast<ptrdiff_t>(log::journal_block_bytes));
        std::copy_n(file.bytes.begin() + from, log::journal_block_bytes, bytes.begin() + to);
        break;
      }
    }
    return bytes;
  }

  Prng prng_{GetParam() * 77 + 1};
  std::map<std::string, FileBytes> before_;
  std::vector<LeftFile> files_;
};

TEST_P(JournalHeads, AreTheWholeRoundsOrALoudStop) {
  live();
  size_t equal = 0;
  size_t loud = 0;
  size_t shorter = 0;
  for (const LeftFile& file : files_) {
    const log::JournalFileId id{file.found.path, journal_directory_id, file.found.name};
    for (int i = 0; i < damages; ++i) {
      const FileBytes bytes = i == 0 ? file.bytes : damaged(file);
      const auto full = log::scan_journal(reader_of(bytes), bytes.size(), id);
      const auto heads = log::scan_journal_heads(reader_of(bytes), bytes.size(), id);
      const log::JournalRun whole = whole_rounds(file.bytes, bytes, file.found.name);
      if (full.ok()) {
        ASSERT_TRUE(heads.ok()) << heads.failure().message;
        ASSERT_EQ(text_of(*heads), text_of(*full)) << i;
        ASSERT_EQ(text_of(*heads), text_of(whole)) << i;
        ++equal;
        if (whole.rounds < whole_rounds(file.bytes, file.bytes, file.found.name).rounds) ++shorter;
        continue;
      }
      if (heads.ok()) {
        ASSERT_EQ(text_of(*heads), text_of(whole)) << full.failure().message;
      } else {
        ASSERT_EQ(heads.failure().kind, full.failure().kind);
        ++loud;
      }
    }
  }
  EXPECT_GT(equal, 0u);
  EXPECT_GT(shorter, 0u);
  EXPECT_GT(loud, 0u);
}

/// The same of a whole folder: what its heads amount to is what the full scan makes of it.
TEST_P(JournalHeads, OfAFolderAmountToWhatTheFullScanFinds) {
  live();
  size_t equal = 0;
  size_t loud = 0;
  for (int i = 0; i < damages; ++i) {
    const size_t hit = prng_.below(files_.size());
    std::vector<std::string> full_failed;
    std::vector<log::JournalChain> full;
    std::vector<log::JournalChain> whole;
    std::optional<Failure> whole_failed;
    for (size_t first = 0; first < files_.size();) {
      size_t last = first;
      std::vector<log::JournalRun> full_runs;
      std::vector<log::JournalRun> whole_runs;
      std::vector<std::string> paths;
      for (; last < files_.size() && files_[last].found.name.shard == files_[first].found.name.shard; ++last) {
        const LeftFile& file = files_[last];
        const FileBytes bytes = last == hit && i > 0 ? damaged(file) : file.bytes;
        run([&] { ASSERT_TRUE(io::replace_file(disk(), file.found.path, bytes).ok()); });
        auto scanned =
            log::scan_journal(reader_of(bytes), bytes.size(), {file.found.path, journal_directory_id, file.found.name});
        if (!scanned.ok()) full_failed.push_back(scanned.failure().message);
        full_runs.push_back(scanned.ok() ? *scanned : log::JournalRun{});
        whole_runs.push_back(whole_rounds(file.bytes, bytes, file.found.name));
        paths.push_back(file.found.path);
      }
      const auto chain = [&](const std::vector<log::JournalRun>& runs) {
        auto made = log::chain_journal(runs, paths);
        if (!made.ok()) return made;
        for (log::JournalRecord& record : made->records) record.file += static_cast<uint32_t>(first);
        return made;
      };
      auto full_chain = chain(full_runs);
      if (!full_chain.ok()) full_failed.push_back(full_chain.failure().message);
      if (full_chain.ok()) full.push_back(std::move(full_chain).value());
      auto whole_chain = chain(whole_runs);
      if (!whole_chain.ok()) whole_failed = whole_chain.failure();
      if (whole_chain.ok()) whole.push_back(std::move(whole_chain).value());
      first = last;
    }
    std::optional<Result<std::vector<log::PartitionReplay>>> heads;
    run([&] { heads = read_journal_heads(disk(), "/data", journal_directory_id); });
    ASSERT_TRUE(heads.has_value());
    if (full_failed.empty()) {
      const auto plan = log::plan_journal_replay(full);
      ASSERT_EQ(heads->ok(), plan.ok());
      const std::string wanted = plan.ok() ? text_of(*plan) : std::string();
      ASSERT_EQ(heads->ok() ? text_of(**heads) : std::string(), wanted);
      ++equal;
    } else if (heads->ok()) {
      ASSERT_FALSE(whole_failed) << whole_failed->message;
      ASSERT_EQ(text_of(**heads), text_of(*log::plan_journal_replay(whole))) << full_failed.front();
    } else {
      ++loud;
    }
  }
  EXPECT_GT(equal, 0u);
  EXPECT_GT(loud, 0u);
}

TEST_P(JournalHeads, AFailedReadFails) {
  live();
  const LeftFile& file = files_.front();
  const log::JournalFileId id{file.found.path, journal_directory_id, file.found.name};
  for (int which = 0;; ++which) {
    int reads = 0;
    const log::JournalRead sound = reader_of(file.bytes);
    const log::JournalRead read = [&](uint64_t position, std::span<std::byte> into) -> Result<size_t> {
      if (reads++ == which) return Failure{FailureKind::io, "broken"};
      return sound(position, into);
    };
    const auto heads = log::scan_journal_heads(read, file.bytes.size(), id);
    if (reads <= which) {
      ASSERT_TRUE(heads.ok());
      ASSERT_GT(which, 1);
      break;
    }
    ASSERT_FALSE(heads.ok()) << which;
    ASSERT_EQ(heads.failure().kind, FailureKind::io);
  }
}

INSTANTIATE_TEST_SUITE_P(all, JournalHeads, ::testing::Range<uint64_t>(0, 12));

}  // namespace
}  // namespace moldau::store
