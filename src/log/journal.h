// The journal's bytes: rounds, each the record of one commit round of many partitions. store/journal writes and reads
// them; log/journal_scan.h says which of the rounds in a file count, log/journal_plan.h what they mean. The whole
// design: docs/design/journal.md.
//
// A file is a row of rounds. A round begins at a multiple of journal_block_bytes, so that writing one never touches a
// block of the one before, and is: a header, a table of entries, the payloads of the entries in the order of the table
// without gaps, zeros up to the next block. All numbers are big-endian.
//
//   header   0 magic 8 bytes | 8 generation u64 | 16 sequence u64 | 24 needed from u64 | 32 directory id 16 bytes
//            48 shard u32 | 52 entries u32 | 56 payload bytes u64 | 64 checksum u32 | 68 zero u32
//   entry    0 kind u8 | 1 zero 3 bytes | 4 partition i32 | 8 topic id 16 bytes | 24 leader epoch i32
//            28 checksum of the payload u32 | 32 base i64 | 40 end i64 | 48 payload bytes u64 | 56 zero u64
//
// The header's checksum (CRC-32C) covers its first 64 bytes and the table; each entry has one over its payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace moldau::log {

/// Rounds begin at multiples of this: a page, and at least a sector of any disk.
inline constexpr uint64_t journal_block_bytes = 4096;
inline constexpr size_t journal_header_bytes = 72;
inline constexpr size_t journal_entry_bytes = 64;
/// Entries of one round.
inline constexpr size_t journal_entries_max = 16'384;
/// A whole round: what does not fit is committed without the journal.
inline constexpr uint64_t journal_round_bytes_max = 16u << 20;
static_assert(journal_header_bytes + journal_entries_max * journal_entry_bytes < journal_round_bytes_max / 2);
static_assert(journal_header_bytes <= journal_block_bytes);

/// What an entry says of its partition. All but `batches` and `log_start` close it: what the journal holds of the
/// partition before them counts for nothing any more, the segments alone tell.
enum class JournalKind : uint8_t {
  batches = 1,    ///< [base, end) was appended: the payload is whole batches
  truncated = 2,  ///< the log is about to be cut at base, or to start anew there; all before is synced in segments
  deleted = 3,    ///< the partition is about to be removed; all before is synced in segments
  log_start = 4,  ///< DeleteRecords: nothing below base is there any more
  moved = 5,      ///< another shard goes on with the partition; all before is synced in segments
};

/// True for the kinds that end what the journal holds of a partition.
constexpr bool closes(JournalKind kind) noexcept {
  return kind != JournalKind::batches && kind != JournalKind::log_start;
}

struct JournalEntry {
  JournalKind kind = JournalKind::batches;
  TopicPartitionId id;
  Epoch leader_epoch = no_epoch;  ///< of the last batch
  /// The log's end before the batches (the first may begin above it, where compaction left a gap); or the offset of a
  /// cut or a log start.
  Offset base = 0;
  Offset end = 0;      ///< the log's end behind the batches; `base` for the other kinds
  uint64_t bytes = 0;  ///< of the payload: of batches alone
  uint32_t checksum = 0;

  bool operator==(const JournalEntry&) const = default;
};

struct JournalHeader {
  uint64_t generation = 0;  ///< grows with each use of a file, over all files of a shard's journal
  uint64_t sequence = 0;    ///< grows by one with each round, over all files
  /// All rounds below this sequence are settled: what they say is synced in segments.
  uint64_t needed_from = 0;
  Uuid directory;  ///< the log directory's id
  uint32_t shard = 0;
  uint32_t entries = 0;
  uint64_t payload_bytes = 0;

  bool operator==(const JournalHeader&) const = default;
  uint64_t head_bytes() const { return journal_header_bytes + uint64_t{entries} * journal_entry_bytes; }
  /// With the zeros behind it.
  uint64_t round_bytes() const;
};

/// Bytes that a round takes in a file.
uint64_t journal_round_bytes(uint64_t entries, uint64_t payload_bytes);

/// Replaces `into` by header and table. REQUIRES: `entries` has header.entries elements whose bytes add up to
/// header.payload_bytes.
void encode_journal_head(const JournalHeader& header, std::span<const JournalEntry> entries,
                         std::vector<std::byte>& into);

/// The header at the front of `bytes`, if its magic and bounds are right; its checksum is not looked at. Takes any
/// bytes.
std::optional<JournalHeader> parse_journal_header(std::span<const std::byte> bytes);
/// True for bytes that begin as a round of another version does.
bool is_journal_of_other_version(std::span<const std::byte> bytes);
/// True when the checksum over header and table is right. REQUIRES: `head` is what parse_journal_header() took, with
/// head_bytes() bytes.
bool journal_head_sound(std::span<const std::byte> head);
/// The entries of a sound head. Fails (corrupt) when they contradict themselves or the header.
Result<std::vector<JournalEntry>> parse_journal_entries(const JournalHeader& header, std::span<const std::byte> head);

/// A file of the journal, or one that waits to become one.
struct JournalFileName {
  uint32_t shard = 0;
  uint64_t generation = 0;
  bool operator==(const JournalFileName&) const = default;
};

/// The folder in a log directory that holds the journals of all shards. It is not named as a partition is, so Kafka
/// refuses to start beside it.
inline constexpr std::string_view journal_folder_name = "journal";
/// The same while it is being cleared: nothing in it counts any more.
inline constexpr std::string_view settled_journal_folder_name = "journal.settled";

/// "<shard>-<20-digit generation>.journal"
std::string journal_file_name(const JournalFileName& name);
std::optional<JournalFileName> parse_journal_file_name(std::string_view name);
/// "journal-<shard>-<20-digit generation>.spare": a plain file of the log directory, which Kafka passes by; its
/// generation is the last one it was used under.
std::string spare_journal_name(const JournalFileName& name);
std::optional<JournalFileName> parse_spare_journal_name(std::string_view name);

}  // namespace moldau::log
