// DataFolder: what there is of a log directory once, however many shards have logs in it: its lock and identity,
// whether it failed, its checkpoint files. What a shard has of it is LogDirectory. Internal to store/.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "io/disk.h"
#include "store/checkpoint_file.h"
#include "store/reserve.h"
#include "store/store.h"

namespace moldau::store {

/// Below these offsets no batch is transactional: ours, beside Kafka's checkpoints, which passes it by. Without an
/// entry a log is looked through at start (it may come from Kafka).
inline constexpr std::string_view transaction_free_checkpoint_name = "transaction-free-offset-checkpoint";
/// Up to where each log was compacted: Kafka's.
inline constexpr std::string_view cleaner_checkpoint_name = "cleaner-offset-checkpoint";
/// Room kept back: ours.
inline constexpr std::string_view reserve_name = ".moldau-reserve";

struct DataFolder {
  DataFolder(size_t number, std::string where, size_t shards, uint64_t reserve_bytes);
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const size_t index;  ///< among those of the store
  const std::string path;
  /// A write or a sync in it failed: for good. Set by the shard that met it, which tells home; read by all.
  std::atomic<bool> offline{false};
  /// With all shards.
  std::atomic<size_t> logs{0};

  Reserve reserve;

  // The checkpoint files: lines from any shard, written by any.
  const std::shared_ptr<CheckpointFile> recovery_points;
  const std::shared_ptr<CheckpointFile> log_starts;
  const std::shared_ptr<CheckpointFile> high_watermarks;
  const std::shared_ptr<CheckpointFile> transaction_free;
  const std::shared_ptr<CheckpointFile> clean_ends;
  /// Some were put that differ from those before, and none was written since.
  std::atomic<bool> high_watermarks_changed{false};

  /// The journal of the last run still stands: what is in it is not synced in segments yet. Set before the shards run,
  /// cleared by home.
  std::atomic<bool> journal_left{false};
  /// Says that what is written here from now on is to be believed by a start in the same run of the machine, unless a
  /// sync failed by now. Not synced: in another run nobody asks for it. In any thread; blocking.
  Status trust_from_now(io::Disk& disk, std::string_view boot_id);
  /// A write or a sync failed: the next start is to believe nothing that was not synced. From any thread, and in the
  /// same step as the failure: the process may die right behind it.
  void distrust(io::Disk& disk);
  /// Something in it is not as a process of ours leaves it: a start is to believe nothing, until this one says so
  /// again. From any thread; blocking.
  void doubt(io::Disk& disk);
  /// A log is cut: until that is synced, a process that dies leaves nothing to be believed, for a power cut behind the
  /// next start would undo what that start had found. From any thread; blocking.
  Status begin_cut(io::Disk& disk);
  void end_cut(io::Disk& disk);
  std::string boot_path() const;

  std::array<CheckpointFile*, 5> files() const {
    return {recovery_points.get(), log_starts.get(), high_watermarks.get(), transaction_free.get(), clean_ends.get()};
  }

  /// Logs of it are recovered while the node serves: nothing is to be believed before they all are. Home's; read by
  /// all.
  std::atomic<bool> recovering{false};

  // Home's.

  OpenedFolder opened;
  std::unique_ptr<io::FolderLock> lock;
  /// Partition folders that are gone but may still be named in checkpoint files: before a folder of that name is made
  /// again, they have to be written anew, for what they say of the old log would be taken for the new one's.
  std::unordered_set<std::string> stale_names;
  /// A process died that had the folder, and nothing else did: files are as they were written
  /// (docs/design/recovery.md).
  bool trusted = false;
  /// Its logs were loaded as they were found, and are to be committed.
  bool found_unsynced = false;
  /// Whether the clean-shutdown marker was removed durably: from here on an end without close() is an unclean stop.
  /// Nothing: not tried yet.
  std::optional<Status> marked_running;

 private:
  Status write_boot(io::Disk& disk, std::string_view boot_id);

  std::atomic_flag boot_guard_;  // of the file, and of what follows
  bool distrusted_ = false;
  size_t cuts_ = 0;            // under way
  std::string boot_id_aside_;  // what the file said before them
};

/// A cut, from before its first change until it is synced.
class CutUnderWay {
 public:
  CutUnderWay(DataFolder& folder, io::Disk& disk) : folder_(folder), disk_(disk), begun_(folder.begin_cut(disk)) {}
  CutUnderWay(const CutUnderWay&) = delete;
  CutUnderWay& operator=(const CutUnderWay&) = delete;
  ~CutUnderWay() { folder_.end_cut(disk_); }
  const Status& begun() const { return begun_; }

 private:
  DataFolder& folder_;
  io::Disk& disk_;
  Status begun_;
};

}  // namespace moldau::store
