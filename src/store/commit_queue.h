// CommitQueue: which logs of a log directory wait to be made stable, and in what order. One per directory. This is the
// seam of the journal to come: with it, a round will write the batches of all waiting logs into one file and sync that;
// today each log syncs its own files.
//
// A log that becomes dirty is added once; it is synced in its turn, at most `in_flight_max` logs at a time; what is
// appended while its sync runs joins its next one. There is no barrier between rounds: a log does not wait for the
// slowest of others.
//
//   idle --add--> waiting --start--> syncing --done--> idle
//                              syncing --add--> syncing, again --done--> waiting
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "base/result.h"
#include "io/executor.h"

namespace moldau::store {

/// Something that can be made stable.
class CommitMember {
 public:
  virtual ~CommitMember() = default;
  /// Makes all that is appended now stable; `done` comes in a later turn, once, whatever the outcome. The member tells
  /// its listeners itself.
  virtual void start_commit(io::Callback done) = 0;
  /// True while it waits in a queue or is being made stable.
  bool committing() const { return commit_state_ != State::idle; }

 private:
  friend class CommitQueue;
  enum class State : unsigned char { idle, waiting, syncing, again };
  State commit_state_ = State::idle;
};

class CommitQueue : public std::enable_shared_from_this<CommitQueue> {
 public:
  explicit CommitQueue(int in_flight_max) : in_flight_max_(in_flight_max) {}

  /// Joins the next round; nothing to do for a member that waits already.
  void add(const std::shared_ptr<CommitMember>& member);
  /// Starts what may start: called at the end of a turn, when all its writes are done.
  void kick();
  /// Forgets all that wait (the directory is offline, or closing).
  void clear();
  size_t waiting() const { return waiting_.size(); }

 private:
  void finished(CommitMember* member, const std::weak_ptr<CommitMember>& alive);

  int in_flight_max_;
  int in_flight_ = 0;
  std::deque<std::weak_ptr<CommitMember>> waiting_;
};

}  // namespace moldau::store
