// GroupShadow: what must be true of groups and committed offsets, kept beside the broker under test. Members, the
// administrator and the reader of __consumer_offsets tell it what they do and what they are answered; it reports the
// first contradiction to the run's Shadow.
//
// Rules.
//   Offsets are registers: one per group and partition. A commit takes effect at one moment between its sending and its
//   answer; one without an answer at some moment after its sending, or never; a refused one never. So no read may show
//   a refused or an invented commit, nor one that had ended before another began that had ended before the read began.
//   The log of __consumer_offsets has commits in an order that agrees with that.
//   Generations: an answered SyncGroup or ConsumerGroupHeartbeat shows a generation (epoch) that is in the log; no
//   later join is given a smaller one. (A generation that only JoinGroup has shown is soft: it may come again after a
//   crash. A group that both protocols use may end and begin anew; nothing is said of its generations.)
//   Owners: at most one per partition and generation or epoch. All assignments of a classic generation come from one
//   leader's one computation. A partition of a member of the consumer protocol goes to another only when it was
//   released, or when the owner's session can have ended.
//   Commits of those who are known to be members no more are refused.
//
// Moments are ticks of this object, for the simulator has one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sim/shadow.h"
#include "wire/error_code.h"

namespace moldau::sim {

using Tick = uint64_t;
/// Partitions by their number in the run (Context::partitions, then the side topic's).
using PartitionSet = std::set<uint32_t>;

/// Who speaks in a group: `owner` is the instance id of a static member, else the member id.
struct MemberName {
  std::string id;
  std::string owner;
};

/// What becomes of a commit with this error: refused for good (true), or nobody knows (false).
bool refuses(wire::ErrorCode error);

class GroupShadow {
 public:
  explicit GroupShadow(Shadow& shadow) : shadow_(shadow) {}

  // Offsets.

  /// A commit is about to be sent; its token goes into the metadata. `must_be_refused`: see fenced(). `expires`: from
  /// then on it may be gone.
  uint64_t commit_begins(const std::string& group, uint32_t partition, Offset offset, bool must_be_refused,
                         Instant expires = Instant::never());
  /// As a commit, of nothing.
  uint64_t deletion_begins(const std::string& group, uint32_t partition);
  /// Deletions of all that the group may have.
  std::vector<uint64_t> group_deletion_begins(const std::string& group);
  void answered(uint64_t token, wire::ErrorCode error);
  static std::string metadata_of(uint64_t token);
  Tick read_begins() { return ++tick_; }
  /// `offset` -1: nothing is committed. `how` is for people.
  void read(Tick begun, const std::string& group, uint32_t partition, Offset offset, std::string_view metadata,
            Instant now, const char* how);
  /// A record of the log, in its order; for each only once. No `offset`: a tombstone.
  void logged(const std::string& group, uint32_t partition, std::optional<Offset> offset, std::string_view metadata);
  std::vector<uint32_t> partitions_of(const std::string& group) const;

  // Generations and owners.

  /// The group may end and begin anew, from generation 1: when it is empty and somebody of the other protocol comes.
  /// Nothing is said then of its generations, nor of owners in them.
  void may_begin_anew(const std::string& group) { renewed_.insert(group); }
  bool begins_anew(const std::string& group) const { return renewed_.contains(group); }
  /// The newest generation or epoch of the group that is in the log for sure.
  Epoch floor(const std::string& group) const;
  /// Somebody was told `generation`, having asked when the floor was `floor`. `durable`: it is in the log.
  void generation(const std::string& group, Epoch floor, Epoch generation, bool durable);
  /// A leader made this assignment, by member ids.
  void computed(const std::string& group, Epoch generation, std::map<std::string, PartitionSet> assignment);
  /// A member was answered its assignment by SyncGroup. `by_leader`: not by the broker itself.
  void synced(const std::string& group, Epoch generation, const MemberName& member, const PartitionSet& partitions,
              bool by_leader);
  /// Generations and epochs in which somebody had an assignment.
  uint64_t rebalances() const { return rebalances_; }

  // The consumer protocol.

  /// A heartbeat that was sent at `sent`, when the member knew `before` (0: it joined), was answered: it has
  /// `partitions` at `epoch`. `session`: how long a session is at least.
  void assigned(const std::string& group, Epoch before, Epoch epoch, const MemberName& member,
                const PartitionSet& partitions, Instant sent, Instant now, Duration session);
  /// It says from now on that it has no more than this.
  void reports(const std::string& group, const MemberName& member, const PartitionSet& partitions);
  /// It is no member any more, and knows.
  void gone(const std::string& group, const std::string& member_id) { gone_.emplace(group, member_id); }
  /// It asks to be a member (again).
  void joins(const std::string& group, const MemberName& member);
  /// True when a commit of the member must be refused, whatever the broker may not know.
  bool fenced(const std::string& group, const std::string& member_id) const {
    return gone_.contains({group, member_id});
  }

  uint64_t commits() const { return commits_; }
  uint64_t fencings() const { return fencings_; }
  uint64_t evictions() const { return evictions_; }
  uint64_t expired() const { return expired_; }
  void violate(std::string what) { shadow_.violate(std::move(what)); }

 private:
  static constexpr Tick never = UINT64_MAX;
  using Key = std::pair<std::string, uint32_t>;
  struct Attempt {
    Key key;
    Offset offset = no_offset;
    Tick begin = 0;
    Tick end = never;
    bool deletion = false;
    bool refused = false;
    bool must_be_refused = false;
    Instant expires = Instant::never();
  };
  struct Register {
    std::vector<uint64_t> attempts;
    /// When attempts ended, and the latest beginning among all that had ended then.
    std::vector<std::pair<Tick, Tick>> ended;
    Tick logged = 0;  ///< the latest beginning among those seen in the log
  };
  struct Holder {
    MemberName member;
    bool released = false;
    bool classic = false;
  };
  uint64_t begin(Attempt attempt);
  void finish(Attempt& attempt);
  Tick floor_of(const Register& entry, Tick at) const;
  Attempt* find(const Key& key, Offset offset, std::string_view metadata, const char* how);
  void own(const std::string& group, Epoch epoch, const std::string& owner, const PartitionSet& partitions);

  Shadow& shadow_;
  Tick tick_ = 0;
  std::vector<Attempt> attempts_;  // by token
  std::map<Key, Register> registers_;
  std::map<std::string, Epoch> floors_;
  std::set<std::string> renewed_;
  std::map<std::pair<std::string, Epoch>, std::vector<std::map<std::string, PartitionSet>>> computed_;
  std::map<std::pair<std::string, Epoch>, std::map<uint32_t, std::string>> owners_;
  std::map<Key, Holder> holders_;
  std::map<std::pair<std::string, std::string>, Instant> alive_;  // by group and owner
  std::set<std::pair<std::string, std::string>> gone_;            // by group and member id
  uint64_t rebalances_ = 0;
  uint64_t commits_ = 0;
  uint64_t fencings_ = 0;
  uint64_t evictions_ = 0;
  uint64_t expired_ = 0;
};

}  // namespace moldau::sim
