// The inventory of a log directory: what a start would find in its partition folders, written by a stop in order so
// that the next start lists and reads none of them. Ours, beside Kafka's files, which passes it by. Text:
//
//   0                                the version
//   <broker epoch>                   as in .kafka_cleanshutdown: the inventory belongs to that stop
//   <CRC-32C of all that follows>
//   <folder> <topic id> <modified> <transactional> <n> n x <segment> <n> n x <snapshot> <n> n x <epoch> <start>
//
// one line per folder, by name; a segment is <base> <bytes> <modified> <offset entries> <time entries>. Times are wall
// times in ms. Whoever reads a line compares the times with those of the folder and of its last segment: somebody else
// may have been there since. docs/design/recovery.md
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "log/epoch_table.h"

namespace moldau::log {

/// For a segment whose index file is missing, or no whole number of entries.
inline constexpr uint32_t unknown_entries = UINT32_MAX;

struct SegmentFiles {
  Offset base = 0;
  uint64_t bytes = 0;
  int64_t modified_wall_ms = 0;
  uint32_t offset_entries = unknown_entries;
  uint32_t time_entries = unknown_entries;

  bool operator==(const SegmentFiles&) const = default;
};

/// What the names and sizes in a partition folder say.
struct FolderFiles {
  std::vector<SegmentFiles> segments;  ///< bases ascend
  std::vector<Offset> snapshots;       ///< of producers; ascending
  bool transactional = false;          ///< an index of aborted transactions is there that is not empty

  bool operator==(const FolderFiles&) const = default;
};

struct LogInventory {
  std::string folder;  ///< its name, without blanks
  Uuid topic_id;
  int64_t modified_wall_ms = 0;  ///< of the folder
  FolderFiles files;
  std::vector<EpochStart> epochs;  ///< of leader-epoch-checkpoint

  bool operator==(const LogInventory&) const = default;
};

/// REQUIRES: names ascend.
std::string print_inventory(int64_t broker_epoch, std::span<const LogInventory> logs);

/// Looks up folders in the text of an inventory, which must outlive it. Takes hostile bytes.
class Inventory {
 public:
  /// FailureKind::corrupt when it is none, unsupported for another version.
  static Result<Inventory> open(std::string_view text);

  int64_t broker_epoch() const { return broker_epoch_; }
  /// REQUIRES: `folder` is larger than that of the call before. Nothing when there is no such line.
  std::optional<LogInventory> find(std::string_view folder);

 private:
  std::string_view rest_;
  int64_t broker_epoch_ = -1;
};

}  // namespace moldau::log
