// Mover: moves logs of a store to other log directories: copies their files slice by slice in the pool, and lets the
// copy take the log's place. Shell: what is copied next is log/move's; the swap is MoveSwap's. docs/design/moves.md
//
// Each move is a coroutine:
//
//   waiting   --its turn comes, compaction ended-->   copying
//   copying   --nearly caught up, synced-->           asking (the listener, once) --may--> copying
//   copying   --caught up, allowed-->                 holding it --no commit under way--> swapping --> over
//   any       --log cut-->                            copying, from the beginning
//   any       --dropped, failed, log gone-->          over: the copy's folder is removed
//
// Costs: a look at the segment list and a job in the pool per slice; nothing in the loop waits for a disk but making
// the folder and renaming one that is dropped, as with topics.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/task.h"
#include "store/directory.h"
#include "store/move_options.h"
#include "store/move_swap.h"
#include "store/partition_log.h"

namespace moldau::store {

/// What the mover needs of the store.
class MoverHost {
 public:
  /// All checkpoints of a directory, as they are to be now.
  virtual std::vector<CheckpointJob> checkpoints_now(LogDirectory& directory) = 0;
  /// `log` is in another directory now; what it left is in `deleted_folder`, if `durable`.
  virtual void moved_away(LogDirectory& from, const PartitionLog& log, const std::string& deleted_folder,
                          bool durable) = 0;
  /// Renames a folder to `...-delete`, durably, and removes it later.
  virtual Status remove_folder(LogDirectory& directory, const std::string& topic, PartitionIndex partition,
                               const std::string& folder) = 0;
  virtual size_t index_of(const LogDirectory& directory) const = 0;
  virtual size_t log_directories() const = 0;

 protected:
  ~MoverHost() = default;
};

class Mover {
 public:
  Mover(StoreCore& core, MoverHost& host) : core_(core), host_(host) {}
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;
  ~Mover() { stop(); }

  void set_listener(MoveListener* listener) { listener_ = listener; }
  void configure(const MoverOptions& options);
  /// Makes the folder of the copy and begins. REQUIRES: `log` is elsewhere, and is not moved yet.
  Status begin(const std::shared_ptr<PartitionLog>& log, LogDirectory& to);
  /// Where a log is being moved to; null: nowhere.
  LogDirectory* destination(const TopicPartitionId& id) const;
  /// Ends a move, if there is one. A swap that has begun is waited for, and may be over then.
  void drop(const TopicPartitionId& id);
  std::vector<MoveInfo> moves() const;
  MoveCounts counts() const { return counts_; }
  /// Leaves all moves as they are; jobs in the pool go on and touch nothing of the loop's. For close.
  void stop();

 private:
  struct Move;
  struct Piece;
  using MoveRef = std::shared_ptr<Move>;

  int threads() const;
  io::Task<void> work(MoveRef move);
  io::Task<Status> copy(MoveRef move);
  io::Task<Status> slice(MoveRef move, Piece piece);
  io::Task<Status> copy_extras(MoveRef move);
  io::Task<Status> ask(MoveRef move);
  io::Task<Status> swap(MoveRef move);
  io::Task<Status> in_pool(MoveRef move, std::function<Status(io::Disk&)> job);
  std::shared_ptr<MoveSwap> make_swap(Move& move, PartitionLog& log);
  Status may_go_on(const Move& move) const;
  uint64_t slice_bytes() const;
  uint64_t nearly_bytes() const;
  void give_turn();
  void failed(Move& move, const Failure& why);
  void complete(Move& move);
  void end(Move& move, bool moved);

  StoreCore& core_;
  MoverHost& host_;
  MoveListener* listener_ = nullptr;
  MoverOptions options_;
  std::map<TopicPartitionId, MoveRef> moves_;
  MoveCounts counts_;
  int copying_ = 0;                   // moves whose turn it is
  std::deque<io::Callback> waiting_;  // those whose turn it is not
  Instant io_free_at_;                // when the io bound lets the next slice begin
  io::TaskGroup tasks_;
};

}  // namespace moldau::store
