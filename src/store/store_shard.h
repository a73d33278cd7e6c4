// StoreShard: what one thread has of the store: the logs that are its own, with their tail cache, commit queues,
// journals, cleaner. Store makes one per io surface; the first is the home shard's, in whose thread Store itself lives.
// docs/design/shards.md, docs/design/store.md
//
// A log belongs to one shard, or to none while it is on its way from one to another. Everything of Log is to be called
// on the thread of its shard; id() and topic() may be read anywhere. A log that is loaded or created is home's. To give
// it to another shard: leave() or leave_at_once() here, the LogRef goes there by mail, join() there.
//
//   home: Store::create, load_logs -> joined at home
//   joined --leave: written, committed, closed in the journal--> nobody's --join--> joined elsewhere
//   joined --retire (it is to be removed)--> retired --home: Store::remove--> gone
//
// Costs with one shard: none. Of a move: waiting for the commit under way; where the journal holds entries of the log,
// a sync in the pool and then one round of the journal that the loop waits for.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "io/executor.h"
#include "store/cleaner_options.h"
#include "store/log.h"
#include "store/store_counts.h"

namespace moldau::store {

/// A log that is nobody's, on its way to a shard.
using LogRef = std::shared_ptr<Log>;

/// All but index() is called on the shard's own thread. Until the other threads run, and when they have ended, all
/// belongs to the one that is left.
class StoreShard {
 public:
  virtual ~StoreShard() = default;

  /// Its number; 0 is home's.
  virtual size_t index() const noexcept = 0;
  /// The logs that are here, by topic and partition.
  virtual std::vector<Log*> logs() = 0;

  /// Takes a log that left another shard. It hears no listener yet and is configured as it was. One whose directory
  /// failed, also meanwhile, tells its listener so in a later turn. REQUIRES: it left, and did not join since.
  virtual void join(LogRef log) = 0;
  /// Gives a log away: writes its queue, waits for its commit, for DeleteRecords under way, and for the end of its
  /// compaction, closes it in this shard's journal, detaches it. `done` comes in a later turn, with the log; from then
  /// on it hears no listener. REQUIRES: nothing is appended from here on, and no listener cuts it; reads may go on
  /// until `done`. A failure: it stays here, as it was.
  ///   unavailable  it is being moved to another log directory, or is to be when the node serves (home's only), or
  ///                leaves already
  ///   no_space     the journal has no room for the closing entry now
  /// A log whose directory is offline leaves as well.
  virtual void leave(Log& log, io::Completion<Result<LogRef>> done) = 0;
  /// The same at once, for a log that nothing is under way for, as one that was just loaded or created; unavailable for
  /// any other one.
  virtual Result<LogRef> leave_at_once(Log& log) = 0;
  /// A log is to be removed: nothing more of it is written, read or reported. Then home is told, which calls
  /// Store::remove(). Waits for at most one sync that is under way.
  virtual void retire(Log& log) = 0;

  /// Asked for the high watermarks of the logs here, at each checkpoint and by retention and compaction. Without: the
  /// commit end.
  virtual void set_high_watermark_source(std::function<Offset(const Log&)> source) = 0;
  /// Settings of compaction that may change at run time; those of the node: each shard takes its part of the threads,
  /// of the memory and of the rate.
  virtual void configure_cleaner(const CleanerOptions& options) = 0;

  /// For metrics: of what is here.
  virtual CleanerCounts cleaner_counts() const = 0;
  virtual SyncCounts sync_counts() const = 0;
  virtual JournalStats journal_stats() const = 0;

  /// Ends all work of this shard, before Store::close(): nobody may touch its logs any more until then, and nothing of
  /// the store happens on this thread afterwards. What is under way is waited for. Blocking. Not for the home shard,
  /// which Store::close() stops.
  virtual void stop() = 0;
};

}  // namespace moldau::store
