// Node: one member of the metadata quorum (KRaft: KIP-595, KIP-853, KIP-996) as a pure step machine. It decides epochs,
// votes, leadership and the high watermark; it holds no log, no timer and no connection.
//
// States and transitions (function that makes them):
//   start            -> unattached, follower, resigned (a stored leadership of its own is never continued: a leader
//   that comes
//                       back may have lost what it had not synced), leader (as the only voter)          start()
//   unattached       -> prospective when the election timeout passes become_prospective() unattached       ->
//   unattached with a vote                                                          on(VoteRequested) follower ->
//   prospective when nothing came from the leader for the fetch timeout             become_prospective() prospective ->
//   candidate with pre-votes of a majority: the epoch rises by one, it votes for itself   become_candidate()
//   prospective      -> follower or unattached when its own timeout passes                              on(Ticked)
//   candidate        -> leader with votes of a majority                                                 become_leader()
//   candidate        -> prospective when its timeout passes, or a majority refused become_prospective() leader ->
//   resigned when stopped, or when a majority was not heard of for 1.5 fetch timeouts   resign() resigned         ->
//   unattached one epoch up when the election timeout passes                        on(Ticked) any              ->
//   unattached or follower when a higher epoch is seen                              see_epoch() any but leader   ->
//   follower when a leader of its epoch shows itself                                become_follower()
//
// What the host owes (rules H1-H6):
//   H1  Effects are carried out in order. PersistState must be durable before anything after it is done.
//   H2  AppendLeaderChange appends one control batch of the given epoch before any other record of that epoch.
//   H3  StableEnd is reported as the own log becomes durable, never ahead of it, ascending within a leadership.
//   H4  Records are acknowledged, and shown to anyone, below the high watermark only; it never falls.
//   H5  Ticked comes at next_deadline() at the latest; a late tick delays elections and breaks nothing.
//   H6  Voters found in the log (appended, not only committed) are reported at once by VotersChanged, with the offset
//   of their
//       record; truncation below that offset reports the set before it.
// While there is one voter, no message is ever sent, and the rules for followers' logs (truncation to the leader's
// epochs, snapshot transfer) have no caller: they come with the peers, beside these events.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <variant>
#include <vector>

#include "base/effects.h"
#include "base/ids.h"
#include "base/prng.h"
#include "base/time.h"
#include "raft/quorum_state.h"
#include "raft/types.h"

namespace moldau::raft {

// Events
// ------------------------------------------------------------------------------------------------------------------

/// Time passed.
struct Ticked {};
/// The own log is durable up to here (H3).
struct StableEnd {
  LogEnd end;
};
/// The voters are these from now on (H6).
struct VotersChanged {
  VoterSet voters;
};
/// A candidate or prospective candidate asks for a vote.
struct VoteRequested {
  ReplicaKey from;
  ReplicaKey voter;  ///< whom it asks: refused if that is not this node
  Epoch epoch = 0;
  LogEnd log_end;
  bool pre_vote = false;
};
struct VoteAnswered {
  ReplicaKey from;
  Epoch epoch = 0;
  NodeId leader = no_node;  ///< of that epoch, if the answerer knows one
  bool granted = false;
  bool pre_vote = false;
};
/// A new leader shows itself (BeginQuorumEpoch).
struct LeaderAnnounced {
  NodeId leader = no_node;
  Epoch epoch = 0;
};
/// A leader steps down (EndQuorumEpoch); `successors` in the order in which it wants them.
struct LeaderResigned {
  NodeId leader = no_node;
  Epoch epoch = 0;
  std::vector<ReplicaKey> successors;
};
/// At the leader: a replica fetched, which proves that its log is durable up to `end`.
struct ReplicaFetched {
  ReplicaKey from;
  Epoch epoch = 0;
  LogEnd end;
};
/// At a follower: the leader answered a fetch.
struct FetchAnswered {
  NodeId leader = no_node;
  Epoch epoch = 0;
  Offset high_watermark = no_offset;
};
/// The process stops.
struct Stopping {};

using Event = std::variant<Ticked, StableEnd, VotersChanged, VoteRequested, VoteAnswered, LeaderAnnounced,
                           LeaderResigned, ReplicaFetched, FetchAnswered, Stopping>;

// Effects
// -----------------------------------------------------------------------------------------------------------------

struct PersistState {
  QuorumState state;
};
struct SendVoteRequest {
  ReplicaKey to;
  Epoch epoch = 0;
  LogEnd log_end;
  bool pre_vote = false;
};
struct SendVoteAnswer {
  ReplicaKey to;
  Epoch epoch = 0;
  NodeId leader = no_node;
  bool granted = false;
  bool pre_vote = false;
};
struct AnnounceLeader {
  ReplicaKey to;
  Epoch epoch = 0;
};
struct AnnounceResignation {
  ReplicaKey to;
  Epoch epoch = 0;
  std::vector<ReplicaKey> successors;
};
/// LEADER_CHANGE (H2); where the voters stand in a snapshot only, also KRAFT_VERSION and KRAFT_VOTERS, in the same
/// batch.
struct AppendLeaderChange {
  Epoch epoch = 0;
  std::vector<NodeId> voters;
  std::vector<NodeId> granting;
};
struct AdvanceHighWatermark {
  Offset offset = no_offset;
};
/// Leader and epoch as this node knows them now; no_node: nobody.
struct LeaderKnown {
  NodeId leader = no_node;
  Epoch epoch = 0;
};

using Effect = std::variant<PersistState, SendVoteRequest, SendVoteAnswer, AnnounceLeader, AnnounceResignation,
                            AppendLeaderChange, AdvanceHighWatermark, LeaderKnown>;

enum class Role : uint8_t { unattached, follower, prospective, candidate, leader, resigned };
const char* name_of(Role role) noexcept;

struct NodeOptions {
  ReplicaKey self;
  int16_t kraft_version = 1;
  VoterSet voters;
  QuorumState stored;                                  ///< of the quorum-state file; default if there is none
  LogEnd log_end;                                      ///< durable end of the own log
  Duration election_timeout = milliseconds(1000);      ///< controller.quorum.election.timeout.ms
  Duration election_backoff_max = milliseconds(1000);  ///< controller.quorum.election.backoff.max.ms
  Duration fetch_timeout = milliseconds(2000);         ///< controller.quorum.fetch.timeout.ms
  uint64_t seed = 0;                                   ///< for the jitter of timeouts
};

class Node {
 public:
  explicit Node(NodeOptions options);

  /// Begins; called once, before step().
  void start(Instant now, Effects<Effect>& out);
  /// Total: every event is legal in every state.
  void step(const Event& event, Instant now, Effects<Effect>& out);

  Role role() const { return role_; }
  Epoch epoch() const { return epoch_; }
  /// no_node while none is known.
  NodeId leader() const { return leader_; }
  bool is_leader() const { return role_ == Role::leader; }
  const ReplicaKey& voted() const { return voted_; }
  const VoterSet& voters() const { return voters_; }
  bool is_voter() const { return voters_.contains(options_.self); }
  /// no_offset until it is known.
  Offset high_watermark() const { return high_watermark_; }
  /// Where this leadership's records begin. REQUIRES: is_leader().
  Offset epoch_start() const { return epoch_start_; }
  Instant next_deadline() const { return deadline_; }

 private:
  struct Replica {
    LogEnd end;
    Instant last_fetch;
    bool fetched = false;
  };

  void on(const Ticked& event, Instant now, Effects<Effect>& out);
  void on(const StableEnd& event, Instant now, Effects<Effect>& out);
  void on(const VotersChanged& event, Instant now, Effects<Effect>& out);
  void on(const VoteRequested& event, Instant now, Effects<Effect>& out);
  void on(const VoteAnswered& event, Instant now, Effects<Effect>& out);
  void on(const LeaderAnnounced& event, Instant now, Effects<Effect>& out);
  void on(const LeaderResigned& event, Instant now, Effects<Effect>& out);
  void on(const ReplicaFetched& event, Instant now, Effects<Effect>& out);
  void on(const FetchAnswered& event, Instant now, Effects<Effect>& out);
  void on(const Stopping& event, Instant now, Effects<Effect>& out);

  void become_unattached(Epoch epoch, Instant now, Effects<Effect>& out);
  void become_follower(NodeId leader, Epoch epoch, Instant now, Effects<Effect>& out);
  void become_prospective(Instant now, Effects<Effect>& out);
  void become_candidate(Instant now, Effects<Effect>& out);
  void become_leader(Instant now, Effects<Effect>& out);
  void resign(Instant now, Effects<Effect>& out);
  /// Follows a higher epoch (with its leader, if known). Returns whether there was one.
  bool see_epoch(Epoch epoch, NodeId leader, Instant now, Effects<Effect>& out);

  bool can_grant(const VoteRequested& request) const;
  void ask_for_votes(bool pre_vote, Effects<Effect>& out);
  void count_votes(Instant now, Effects<Effect>& out);
  void advance_high_watermark(Effects<Effect>& out);
  bool heard_of_majority(Instant now) const;
  void persist(Effects<Effect>& out) const;
  void tell_leader(Effects<Effect>& out);
  Duration jittered(Duration timeout);

  NodeOptions options_;
  Prng prng_;
  VoterSet voters_;
  Role role_ = Role::unattached;
  Epoch epoch_ = 0;
  NodeId leader_ = no_node;
  ReplicaKey voted_;
  LogEnd log_end_;
  Offset high_watermark_ = no_offset;
  Instant deadline_ = Instant::never();
  // prospective and candidate: who answered how (itself included)
  std::set<NodeId> granted_;
  std::set<NodeId> refused_;
  // leader
  Offset epoch_start_ = no_offset;
  std::map<NodeId, Replica> replicas_;  // other voters
  // follower
  bool fetched_from_leader_ = false;
  LeaderKnown told_{.leader = no_node, .epoch = -1};
};

}  // namespace moldau::raft
