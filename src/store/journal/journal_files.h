// The journal's files as names on a disk. Everything here blocks: called at start, at a stop in order, and by jobs in
// the pool.
//
//   where a file lies                              | what it is
//   DIR/journal-0-<generation>.spare.tmp           | being filled with zeros
//   DIR/journal/0-<generation>.journal             | in use, or ready: rounds of that generation count
//   DIR/journal.settled/0-<generation>.journal     | nothing in it counts any more; on its way to be a spare
//   DIR/journal-0-<generation>.spare               | waits for its next use; what is in it counts for nothing
//
// A file that is used again gets a new name first, durably: rounds of its earlier use are of another generation than
// its name says from then on. All journals of a log directory are voided at once by one rename, of the folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "log/journal_scan.h"

namespace moldau::store {

/// Spare files kept for one log directory; what is beyond is removed.
inline constexpr size_t spare_journals_max = 16;

struct FoundJournal {
  log::JournalFileName name;
  std::string path;
  uint64_t size = 0;
};

/// The journal files of a log directory that count, of all shards, by shard and generation. Fails with
/// FailureKind::foreign when its journal folder holds anything else.
Result<std::vector<FoundJournal>> find_journals(io::Disk& disk, const std::string& directory);

/// True when the directory has a journal folder, of whatever content: it was not stopped in order.
Result<bool> has_journal(io::Disk& disk, const std::string& directory);

/// Voids all journals of a log directory, and keeps their files as spares. REQUIRES: what they hold is synced in
/// segments, or replayed and synced. May be called again after a crash in its midst; also finishes one of those.
Status retire_journals(io::Disk& disk, const std::string& directory,
                       log::JournalMutant mutant = log::JournalMutant::none);

/// A file is made only where so much is left for others.
inline constexpr uint64_t room_left_min = 16u << 20;

/// A file that is ready to take rounds: prewritten, under a name that is durable.
struct PreparedJournal {
  log::JournalFileName name;
  io::FileRef file;
};

/// Makes files of one shard's journal ready. Has no state but where it works; not for two calls at once.
class JournalFiles {
 public:
  JournalFiles(io::Disk& disk, std::string directory, uint32_t shard, uint64_t file_bytes, log::JournalMutant mutant)
      : disk_(disk), directory_(std::move(directory)), shard_(shard), file_bytes_(file_bytes), mutant_(mutant) {}

  /// The generation of the next file: above that of any file of any shard that is there. Removes spares of another
  /// size, second names of spares, and unfinished files.
  Result<uint64_t> first_generation();
  /// Takes a spare, or makes a file: writes `file_bytes` zeros and syncs them. FailureKind::no_space leaves nothing
  /// behind.
  Result<PreparedJournal> prepare(uint64_t generation);
  /// Names a file of the journal anew, for its next use. REQUIRES: what it holds is settled.
  Result<PreparedJournal> recycle(uint64_t from_generation, uint64_t generation);

 private:
  std::string path_of(uint64_t generation) const;
  Result<std::optional<std::string>> take_spare();
  Result<std::string> make_file(uint64_t generation);
  Status sync_folder(const std::string& path);

  io::Disk& disk_;
  std::string directory_;
  uint32_t shard_;
  uint64_t file_bytes_;
  log::JournalMutant mutant_;
};

}  // namespace moldau::store
