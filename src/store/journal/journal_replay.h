// Replay: brings what the journals of a log directory hold into its logs, at start, when the logs are recovered. Only
// appends, and moves log starts up; what it finds it compares, and it stops at the first thing that does not fit. What
// is to be done is planned first (log/journal_plan.h), so that nothing is changed when the journals contradict
// themselves. May be cut short and run again.
//
// The host's part: recovers the logs of the directory, calls replay_journals(), makes all logs that it touched durable,
// writes recovery points and log starts, and then retire_journals().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/disk.h"
#include "log/journal_plan.h"
#include "wire/batch.h"

namespace moldau::store {

/// What a log has in the place of a batch of the journal.
enum class Held : unsigned char {
  other,        ///< something else
  same,         ///< this batch, byte for byte
  other_epoch,  ///< this batch but for its leader epoch, which no checksum covers: a torn write
};

/// A log as replay sees it.
class ReplayedLog {
 public:
  /// For messages: the partition's folder.
  virtual const std::string& folder() const = 0;
  virtual Offset log_start() const = 0;
  virtual Offset end() const = 0;
  /// What lies below is synced, and may have been compacted since: it is not compared.
  virtual Offset recovery_point() const = 0;
  /// What lies at the batch's offset. Asked below end() only.
  virtual Result<Held> holds(const wire::BatchView& batch) = 0;
  /// Writes this batch over the one that differs from it in the leader epoch alone, durably.
  virtual Status write_over(const wire::BatchView& batch) = 0;
  /// Appends whole batches that carry their offsets, the first at or above end().
  virtual Status append(Bytes batches) = 0;
  virtual Status advance_log_start(Offset offset) = 0;

 protected:
  ~ReplayedLog() = default;
};

class ReplayTarget {
 public:
  /// The log of a partition in this log directory; null when there is none.
  virtual ReplayedLog* find(const TopicPartitionId& id) = 0;
  /// True for a partition without a log that is known to be removed: nobody misses it.
  virtual bool removed(const TopicPartitionId&) const { return false; }

 protected:
  ~ReplayTarget() = default;
};

struct ReplayCounts {
  size_t files = 0;
  uint64_t rounds = 0;
  uint64_t batches_found = 0;   ///< in segments already
  uint64_t batches_mended = 0;  ///< of them, those that got their leader epoch back
  uint64_t batches_appended = 0;
  uint64_t bytes_appended = 0;
  /// Partitions that the journal holds batches of, and that have no folder in this log directory: lost with it, or
  /// removed before that was written down.
  size_t partitions_missing = 0;
};

/// Reads the journals of all shards, whatever their number was, and replays them. Blocking. Fails with
/// FailureKind::corrupt, foreign or unsupported when something is not as it must be, naming file and offset; or as the
/// disk or the target does.
Result<ReplayCounts> replay_journals(io::Disk& disk, const std::string& directory, const Uuid& directory_id,
                                     ReplayTarget& target, log::JournalMutant mutant = log::JournalMutant::none);

/// The same, partition by partition, in any order: by one thread at a time.
class JournalReplay {
 public:
  virtual ~JournalReplay() = default;

  /// Reads the journals of a log directory, and changes nothing. Blocking; fails as replay_journals() does.
  static Result<std::unique_ptr<JournalReplay>> read(io::Disk& disk, const std::string& directory,
                                                     const Uuid& directory_id,
                                                     log::JournalMutant mutant = log::JournalMutant::none);

  /// What there is to replay, in the order of ids.
  virtual const std::vector<log::PartitionReplay>& plan() const = 0;
  /// Replays one of them into its log. Blocking.
  virtual Status replay(const log::PartitionReplay& partition, ReplayedLog& log) = 0;
  /// It has no log: one that is not known to be removed is missed.
  virtual void miss(const log::PartitionReplay& partition, bool removed) = 0;
  /// Of all that was replayed by now.
  virtual const ReplayCounts& counts() const = 0;
};

/// What the journals of all shards say, by their heads alone, where a process died and nothing else: all that they hold
/// is in the segments already. It is stable afterwards. Blocking; fails as replay_journals() does.
Result<std::vector<log::PartitionReplay>> read_journal_heads(io::Disk& disk, const std::string& directory,
                                                             const Uuid& directory_id);

}  // namespace moldau::store
