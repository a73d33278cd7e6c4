// MoveSwap: a copy of a log, in another log directory, takes the log's place: steps 5 to 8 of docs/design/moves.md, as
// one job of the pool. Made by the mover while the log is held, so that nothing is written to either folder meanwhile;
// what came of it is taken by PartitionLog::end_swap(). Internal to store/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "log/move.h"
#include "store/checkpoint_file.h"
#include "store/directory.h"
#include "store/partition_log.h"

namespace moldau::store {

/// Copies [from, to) of one file to the same place of another. `source_failed` is set when a failure is the source's:
/// it cannot be read, or is shorter.
Status copy_range(io::Disk& disk, io::File& source, io::File& target, uint64_t from, uint64_t to,
                  log::BatchTracker* tracker, bool& source_failed);

/// The files of a partition folder that are copied whole, and the bytes that each has: what is not in the segment list
/// (transaction indexes, producer snapshots, ranges that recovery kept aside), and neither on its way out nor written
/// anew in the copy.
using ExtraFiles = std::map<std::string, uint64_t>;
Result<ExtraFiles> list_extra_files(io::Disk& disk, const std::string& folder);

class MoveSwap {
 public:
  MoveSwap(LogDirectory& from_directory, LogDirectory& to_directory)
      : from(from_directory), to(to_directory), step([this](io::Disk& disk) { return run(disk); }) {}
  MoveSwap(const MoveSwap&) = delete;
  MoveSwap& operator=(const MoveSwap&) = delete;

  LogDirectory& from;
  LogDirectory& to;
  std::string folder;                      ///< the log's, until now
  std::string future_folder;               ///< the copy's
  std::string final_folder;                ///< which the copy becomes
  std::string deleted_folder;              ///< which the log's becomes
  std::vector<log::MoveSegment> segments;  ///< the log, held
  log::MovePlan plan;                      ///< what the copy has of them
  ExtraFiles extras;                       ///< and of these
  std::string epochs;                      ///< leader-epoch-checkpoint
  std::vector<CheckpointJob> checkpoints;  ///< of the destination, with the log in them
  std::vector<io::FileRef> unsynced;       ///< files of the copy

  NameStep step;

  // Of a step that is over.
  bool arrived = false;        ///< the copy has its last name, durably
  bool departed = false;       ///< the old folder has its last name, durably
  bool source_failed = false;  ///< the log could not be read
  uint64_t bytes = 0;          ///< copied

 private:
  Status run(io::Disk& disk);
  Status copy_rest(io::Disk& disk);
  Status copy_extras(io::Disk& disk);
  Status copy_file(io::Disk& disk, const std::string& name, uint64_t from_byte, uint64_t to_byte, bool fresh);
  Status remove_gone(io::Disk& disk) const;
};

}  // namespace moldau::store
