// CommitQueue: which logs of a log directory wait to be made stable, and how. One per directory and shard.
//
// A log goes one of two ways. It brings its batches into a round of the journal (store/journal/journal_writer.h): one
// write and one sync for all that wait. Or it syncs its own files, at most `in_flight_max` logs at a time: when there
// is no journal, when it has more to make durable than appended bytes, when the journal has no room, and when that is
// cheaper (log/journal_choice.h). A log that becomes dirty is added once; what is appended while its commit runs joins
// its next one. There is no barrier: a log does not wait for the slowest of others.
//
//   idle --add--> waiting --a round, or its own sync--> committing --done--> idle
//                                          committing --add--> committing, again --done--> waiting
//
// One round is under way at a time, and what becomes dirty meanwhile joins the next: the slower the disk, the larger
// the rounds. Costs of a round in the loop: per log three virtual calls, 64 bytes, and its batches by reference (no
// copy: what was held for the round is moved into it); one call of `kick_later` for all of its logs when it is over.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/surface.h"
#include "log/journal_choice.h"
#include "store/journal/journal_writer.h"
#include "store/store.h"

namespace moldau::store {

/// Something that can be made stable.
class CommitMember {
 public:
  virtual ~CommitMember() = default;
  /// Makes all that is appended now stable in its own files; `done` comes in a later turn, once, whatever the outcome.
  /// The member tells its listeners itself.
  virtual void start_commit(io::Callback done) = 0;
  /// Bytes that it would bring into a round; 0 when it is to sync its own files.
  virtual uint64_t round_bytes() const = 0;
  /// Puts them into the round. REQUIRES: round_bytes() > 0.
  virtual void join_round(JournalRound& round) = 0;
  /// The round is written and synced, or failed: with FailureKind::no_space it is to sync its own files.
  virtual void end_round(const Status& outcome) = 0;
  /// True while it waits in a queue or is being made stable.
  bool committing() const { return commit_state_ != State::idle; }

 private:
  friend class CommitQueue;
  enum class State : unsigned char { idle, waiting, committing, again };
  State commit_state_ = State::idle;
};

class CommitQueue : public std::enable_shared_from_this<CommitQueue> {
 public:
  /// `kick_later` has kick() called at the end of this turn; rounds are counted in `syncs`.
  CommitQueue(io::Clock& clock, int in_flight_max, SyncCounts& syncs, std::function<void()> kick_later)
      : clock_(clock), in_flight_max_(in_flight_max), syncs_(syncs), kick_later_(std::move(kick_later)) {}

  /// From now on there is a journal; null: no more. Its first file is asked for by the `after`-th round that would have
  /// used it, so that who writes little needs none.
  void use_journal(JournalWriter* writer, uint64_t after);
  /// Joins the next round, or syncs itself; nothing to do for a member that waits already.
  void add(const std::shared_ptr<CommitMember>& member);
  /// An entry for the next round (not of batches). `done` hears what came of it: FailureKind::no_space when there is no
  /// room for a round now. Without `done`, it waits for room.
  void add_entry(log::JournalKind kind, const TopicPartitionId& id, Offset at, io::Completion<Status> done);
  /// True when an entry that closes the partition waits.
  bool closing_waits(const TopicPartitionId& id) const;
  /// Takes back the entries of a partition that wait; who waits for them hears FailureKind::no_space.
  void withdraw(const TopicPartitionId& id);
  /// Starts what may start: called at the end of a turn, when all its writes are done.
  void kick();
  /// Forgets all that wait (the directory is offline, or closing).
  void clear();
  /// Its shard ends: from now on it touches no member, whatever comes back.
  void stop() { stopped_ = true; }
  size_t waiting() const { return waiting_.size() + for_round_.size() + own_.size(); }

 private:
  using Members = std::deque<std::weak_ptr<CommitMember>>;
  struct Entry {
    log::JournalKind kind;
    TopicPartitionId id;
    Offset at = 0;
    io::Completion<Status> done;
  };
  /// What one round is made of.
  struct Gathered {
    std::vector<std::shared_ptr<CommitMember>> members;
    size_t entries = 0;
    uint64_t bytes = 0;
  };

  void sort_waiting();
  void start_round();
  Gathered gather();
  bool takes_journal(const Gathered& gathered);
  void go_without(const Gathered& gathered);
  void write_round(const Gathered& gathered);
  /// A round under way.
  struct Round {
    std::vector<std::weak_ptr<CommitMember>> members;
    std::vector<Entry> entries;
    uint64_t bytes = 0;
    Instant began;
  };
  void round_over(Round& round, const Status& outcome);
  void start_syncs();
  void finished(const std::weak_ptr<CommitMember>& alive);
  void release(const std::shared_ptr<CommitMember>& member);

  io::Clock& clock_;
  int in_flight_max_;
  SyncCounts& syncs_;
  std::function<void()> kick_later_;
  Members waiting_;    // not looked at yet
  Members for_round_;  // for the next round, as far as is known
  Members own_;        // sync their own files
  std::deque<Entry> entries_;
  bool stopped_ = false;

  JournalWriter* writer_ = nullptr;
  uint64_t wanted_before_file_ = 0;
  log::JournalChoice choice_;

  // Own syncs.
  int in_flight_ = 0;
  size_t started_ = 0;  // since none was under way
  Instant began_;
};

}  // namespace moldau::store
