// Any bytes as a journal file: reading ends, and what it takes lies inside the file and is what encoding gives. The
// first byte says how much of a sound file is put before the bytes, so that what lies behind checksums is reached.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "log/journal_plan.h"

using namespace moldau;

namespace {

constexpr Uuid directory = Uuid::of(7, 8);

void check(bool holds) {
  if (!holds) abort();
}

/// A round around `payload`, made of hostile entry fields with right checksums.
std::vector<std::byte> round_of(std::span<const std::byte> bytes, uint64_t sequence) {
  log::JournalEntry entry;
  std::array<int64_t, 3> numbers{};
  std::memcpy(numbers.data(), bytes.data(), std::min(bytes.size(), sizeof(numbers)));
  entry.kind = static_cast<log::JournalKind>(numbers[0] & 7);
  entry.id = {Uuid::of(1, 1), static_cast<PartitionIndex>(numbers[0] >> 8)};
  entry.base = numbers[1];
  entry.end = numbers[2];
  entry.bytes = bytes.size();
  entry.checksum = crc32c(bytes);
  const log::JournalHeader header{3, sequence, 0, directory, 0, 1, bytes.size()};
  std::vector<std::byte> round;
  encode_journal_head(header, {&entry, 1}, round);
  round.insert(round.end(), bytes.begin(), bytes.end());
  round.resize(static_cast<size_t>(header.round_bytes()));
  return round;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data + 2), size - 2);
  std::vector<std::byte> file;
  for (uint64_t i = 0; i < data[0] % 4; ++i) {
    const auto part = bytes.subspan(std::min<size_t>(bytes.size(), i * 24));
    const auto round = round_of(part, 10 + i);
    file.insert(file.end(), round.begin(), round.end());
  }
  if (data[0] & 0x80) file.resize(file.size() / 4096 * 4096 + 4096);
  file.insert(file.end(), bytes.begin(), bytes.end());
  if (!file.empty() && data[1] != 0) file[(data[1] * size_t{977}) % file.size()] ^= std::byte{1};

  const log::JournalRead read = [&](uint64_t position, std::span<std::byte> into) -> Result<size_t> {
    if (position >= file.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), file.size() - position);
    std::memcpy(into.data(), file.data() + position, count);
    return count;
  };
  const log::JournalFileId id{"file", directory, {0, 3}};
  const auto run = log::scan_journal(read, file.size(), id);
  if (!run.ok()) return 0;
  check(run->end <= file.size() && run->end % log::journal_block_bytes == 0);
  for (const log::JournalRecord& record : run->records) {
    check(record.position + record.entry.bytes <= run->end);
    check(record.sequence >= run->first_sequence && record.sequence < run->next_sequence);
    check(crc32c(std::span(file).subspan(record.position, record.entry.bytes)) == record.entry.checksum);
  }
  const std::string path = "file";
  const auto chain = log::chain_journal({&*run, 1}, {&path, 1});
  check(chain.ok());
  const auto plan = log::plan_journal_replay({&*chain, 1});
  if (!plan.ok()) return 0;
  for (const log::PartitionReplay& replay : *plan) {
    for (size_t i = 1; i < replay.batches.size(); ++i) {
      check(replay.batches[i - 1].entry.end <= replay.batches[i].entry.base);
    }
  }
  (void)log::parse_journal_file_name(as_text(bytes));
  (void)log::parse_spare_journal_name(as_text(bytes));
  return 0;
}
