// Which rounds of a journal file count. Pure: the bytes come from a function that store/journal gives.
//
// A file counts for one generation, that of its name: rounds of any other are what an earlier use left behind. Its
// rounds lie one behind the other from position 0, with sequences that grow by one. There is one round under way at a
// time: it is synced before the next is written. So what follows from a round that is not whole is decided by what lies
// behind it:
//
//   a round is                         | and behind it                         | then
//   whole                              |                                       | it counts
//   not whole, or of another           | no later round of this generation     | the end: it was never acknowledged,
//   generation, or garbage             |                                       | or nothing was written here yet
//   not whole (checksum, sequence)     | a later round of this generation      | corrupt: it was acknowledged, and is
//                                      |                                       | damaged
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/journal.h"

namespace moldau::log {

/// Planted bugs of the journal, which its tests must find. A broker always runs with none.
enum class JournalMutant : unsigned char {
  none,
  acknowledged_before_sync,   ///< the writer answers when a round is written, not when it is synced
  stale_generation_accepted,  ///< rounds of an earlier use of a file count
  torn_round_accepted,        ///< checksums of payloads are not looked at
  damage_taken_for_end,       ///< nobody looks for later rounds behind one that is not whole
  recycled_before_settled,    ///< a file is written again while segments still need it
  no_folder_sync,             ///< names of the journal's files are never synced
  closing_ignored,            ///< truncations and deletions void nothing
  difference_ignored,         ///< replay does not mind other bytes in a segment
  written_past_prepared,      ///< a file is used under a name that is not durable yet
};

/// Fills `into` from a position of the file; fewer bytes only at its end.
using JournalRead = std::function<Result<size_t>(uint64_t position, std::span<std::byte> into)>;

/// Who wrote a file, as far as its place says.
struct JournalFileId {
  std::string path;  ///< for messages
  Uuid directory;
  JournalFileName name;
};

/// An entry of a whole round, and where its payload lies.
struct JournalRecord {
  JournalEntry entry;
  uint64_t sequence = 0;
  uint64_t position = 0;  ///< of the payload
  uint32_t file = 0;      ///< index of the file among those that are read together
};

/// The rounds of a file that count.
struct JournalRun {
  JournalFileName name;
  uint64_t rounds = 0;
  uint64_t first_sequence = 0;  ///< only if there are rounds
  uint64_t next_sequence = 0;
  uint64_t needed_from = 0;  ///< of the last round
  uint64_t end = 0;          ///< position behind the last round
  std::vector<JournalRecord> records;
};

/// Reads a file of `size` bytes once, through one buffer. Fails with FailureKind::corrupt (damage among acknowledged
/// rounds), foreign (another log directory's), unsupported (another version), or as `read` does; the message names file
/// and position.
Result<JournalRun> scan_journal(const JournalRead& read, uint64_t size, const JournalFileId& file,
                                JournalMutant mutant = JournalMutant::none);

/// The same of a file that a process left that died, and nothing else: what was written is there, and only the last
/// round may be torn. Reads heads alone, and ends at the first that is not sound: gives the whole rounds before it, or
/// fails where scan_journal() fails too. Damage in the payload of any but the last round is not seen.
Result<JournalRun> scan_journal_heads(const JournalRead& read, uint64_t size, const JournalFileId& file);

}  // namespace moldau::log
