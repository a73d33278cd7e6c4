// Runtime: carries out the decisions of one Machine over one partition of a coordinator's log (Kafka's
// CoordinatorRuntime, for one partition).
//
//   idle     -begin_load-> loading            the partition is led here: the shell reads its log and calls replay
//   loading  -finish_load-> active            all was read
//   loading  -fail-> failed                   a record was damaged: nothing is served until the partition is led anew
//   active   -fail-> failed                   an own record could not be replayed (a bug of ours)
//   any      -unload-> idle                   not the leader any more, or appended records were lost
//
// A decision is carried out in one go: append (all records or none), replay, hold answers and continuations until the
// high watermark has passed the decision's last record. A decision without records waits for the records before it:
// what it saw may not be committed yet. So every answer, of reads too, tells of committed state only, and reads need no
// snapshots of older states.
//
// When records are refused before they are in the log, nothing has happened: the tickets are refused and the
// continuations told. When records that were appended get lost (no room; the log cut them away), state and log differ:
// the shell unloads and loads again (Kafka reverts a timeline of snapshots; here the log is the only memory, and losing
// an append is as rare as losing a leader).
//
// Invariants: answers leave in the order of the decisions; a ticket is sent or refused exactly once by whoever holds
// it; a Machine is never called from inside one of its own functions.
#pragma once

#include <deque>
#include <expected>
#include <memory>
#include <span>

#include "coordinator/decision.h"
#include "coordinator/machine.h"
#include "coordinator/timers.h"

namespace moldau::coordinator {

/// What the Runtime needs from its shell.
class Host : public ReplyEncoder {
 public:
  virtual void send(Reply reply) = 0;
  /// The request is answered with an error; what it is for this API, the shell knows.
  virtual void refuse(Ticket ticket, wire::ErrorCode error) = 0;
  /// Appends the records, as one batch unless `split`, and returns the offset after them; or why nothing was appended.
  virtual std::expected<Offset, wire::ErrorCode> append(std::span<const Record> records, bool split,
                                                        const Now& now) = 0;

  /// Nothing is served any more, until the partition is led anew: to be said loudly.
  virtual void failed(const Failure& why) = 0;

 protected:
  ~Host() = default;
};

enum class RuntimeState : uint8_t { idle, loading, active, failed };

/// What clients are told when the coordinator's log fails them with `error` (as Kafka maps it): retriable errors that
/// they know.
wire::ErrorCode error_for_clients(wire::ErrorCode error);

/// How long a timer waits whose records were refused (Kafka's TIMER_BACKOFF).
inline constexpr Duration timer_retry_pause = milliseconds(500);

class Runtime {
 public:
  /// `commit_timeout`: how long an answer waits for its records before it is refused (REQUEST_TIMED_OUT); the records
  /// may be committed all the same.
  Runtime(Host& host, Duration commit_timeout) : host_(host), commit_timeout_(commit_timeout) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  RuntimeState state() const noexcept { return state_; }
  /// none, or what a request is answered while the state is not active.
  wire::ErrorCode availability() const noexcept;
  Timers& timers() noexcept { return timers_; }

  /// REQUIRES: idle. `machine` is fresh.
  void begin_load(std::unique_ptr<Machine> machine);
  /// One record of the log. REQUIRES: loading. After a failure: call fail().
  Status replay(const RecordView& record, const ReplayContext& context) { return machine_->replay(record, context); }
  void end_transaction(ProducerId producer, bool committed) { machine_->end_transaction(producer, committed); }
  /// REQUIRES: loading. `end` is where the log ended.
  void finish_load(Offset end, Offset high_watermark, const Now& now);
  /// Refuses all that waits here and forgets the machine.
  void unload(wire::ErrorCode error, const Now& now);
  /// As unload(), and nothing is served until the next begin_load(); tells the host why.
  void fail(Failure why, const Now& now);

  /// Lets `decide(Decision&)` make a decision and carries it out. REQUIRES: active.
  template <typename Decide>
  void run(const Now& now, Decide&& decide) {
    Decision decision(host_);
    decide(decision);
    carry_out(decision, now);
  }
  /// The high watermark has moved.
  void advance(Offset high_watermark, const Now& now);
  /// Runs the timers that are due; refuses answers that waited for too long. A timer whose records are refused comes
  /// again after timer_retry_pause, unless it was set anew.
  void tick(const Now& now);
  Instant next_deadline() const;

  Machine* machine() noexcept { return machine_.get(); }
  /// Answers and continuations that wait for their records.
  size_t waiting() const noexcept { return gate_.size(); }
  /// The offset after the last record appended here; what is replayed lies below it.
  Offset end() const noexcept { return end_; }

 private:
  struct Gated {
    Offset end = 0;
    Instant deadline;
    std::vector<Reply> replies;
    std::vector<Continuation> continuations;
  };
  /// False if its records were refused.
  bool carry_out(Decision& decision, const Now& now);
  void refuse(Decision& decision, wire::ErrorCode error, const Now& now);
  void release(Gated gated, wire::ErrorCode error, const Now& now);
  Status replay_own(const Decision& decision, Offset end);

  Host& host_;
  Duration commit_timeout_;
  RuntimeState state_ = RuntimeState::idle;
  std::unique_ptr<Machine> machine_;
  Timers timers_;
  std::deque<Gated> gate_;  // ascending by end
  Offset end_ = 0;
  Offset high_watermark_ = 0;
};

}  // namespace moldau::coordinator
