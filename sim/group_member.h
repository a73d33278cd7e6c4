// GroupMember: a process that consumes in a group, of either protocol. It lives, and dies, again and again: it joins,
// is assigned partitions, fetches its positions, reads, commits, leaves; or it crashes, or sleeps for longer than its
// session and goes on as if nothing had happened, or commits once more under a name that is not its own any more. All
// that it is answered goes to the GroupShadow.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/task.h"
#include "sim/context.h"
#include "sim/group_shadow.h"
#include "sim/reader.h"

namespace moldau::sim {

/// What the parts that know groups share.
struct GroupContext {
  explicit GroupContext(Context& of) : run(of), shadow(of.shadow) {}
  Context& run;
  GroupShadow shadow;
  bool calm = false;  ///< nobody dies any more: groups must become stable

  const PartitionName& partition(uint32_t number) const {
    return number < run.partitions.size() ? run.partitions[number] : run.side;
  }
  /// The number of a partition, by its topic's name or id.
  std::optional<uint32_t> number_of(std::string_view topic, PartitionIndex index) const;
  std::optional<uint32_t> number_of(const Uuid& topic, PartitionIndex index) const;
  uint32_t side_number() const { return static_cast<uint32_t>(run.partitions.size()); }
};

/// Errors of a coordinator that cannot serve now.
bool coordinator_away(wire::ErrorCode error);

/// Offsets to be committed, by partition, and those that a group has.
using Positions = std::map<uint32_t, Offset>;

/// A client that commits and fetches offsets in all their versions.
class OffsetClient {
 public:
  OffsetClient(GroupContext& groups, io::sim::Node& node, Prng prng) : groups_(groups), node_(node), prng_(prng) {}

  /// Who commits.
  struct Committer {
    std::string group;
    std::string member_id;
    std::optional<std::string> instance_id;
    Epoch epoch = -1;
    int16_t version_min = 2;
    bool must_be_refused = false;
    std::optional<int64_t> retention_ms;
  };
  void open();
  void close();
  client::Client& client() { return *client_; }
  Prng& prng() { return prng_; }
  Instant now() { return node_.surface().clock.now(); }
  io::Task<void> rest(Duration duration);

  /// none; or the first error; nothing if there was no answer.
  io::Task<std::optional<wire::ErrorCode>> commit(Committer committer, Positions positions);
  /// The group's committed offsets of `partitions`; `member` as in OffsetFetch v9 and later. Tells the shadow.
  io::Task<std::optional<wire::ErrorCode>> fetch(Committer committer, PartitionSet partitions, Positions& into);

 private:
  bool take_fetched(const std::string& group, Tick begun, std::string_view topic, const Uuid* id, PartitionIndex index,
                    int16_t error, Offset offset, std::string_view metadata, Positions& into);

  GroupContext& groups_;
  io::sim::Node& node_;
  Prng prng_;
  std::unique_ptr<client::Client> client_;
};

class GroupMember {
 public:
  GroupMember(GroupContext& groups, const GroupPlan& plan, uint32_t number);
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;
  virtual ~GroupMember() = default;

  io::Task<void> run();
  bool done() const { return done_; }
  const GroupPlan& plan() const { return plan_; }
  /// It is a member and has what it shall have, as far as it knows.
  bool settled() const { return joined_ && settled_; }
  Epoch epoch() const { return epoch_; }
  const PartitionSet& owned() const { return owned_; }
  std::string describe() const;

 protected:
  /// One attempt to become a member.
  virtual io::Task<void> join() = 0;
  /// One heartbeat, and what follows from it.
  virtual io::Task<void> beat() = 0;
  virtual io::Task<void> leave() = 0;
  /// True when its return after a crash may leave partitions to nobody (see live()).
  virtual bool may_leave_a_hole() const { return false; }
  virtual OffsetClient::Committer committer() const = 0;

  MemberName name() const { return {member_id_, instance_id_.value_or(member_id_)}; }
  bool stopping() const { return groups_.run.stopping; }
  /// The subscribed partitions.
  const PartitionSet& wanted() const { return wanted_; }
  /// Gives up what it has, and its place.
  void forget();
  io::Task<void> fetch_positions(PartitionSet fresh);
  void unexpected(const char* what, wire::ErrorCode error);

  GroupContext& groups_;
  const GroupPlan& plan_;
  io::sim::Node& node_;
  OffsetClient offsets_;
  Prng prng_;
  std::optional<std::string> instance_id_;
  std::string member_id_;
  Epoch epoch_ = -1;
  bool joined_ = false;
  bool settled_ = false;
  PartitionSet owned_;
  std::vector<std::string> topics_;

 private:
  io::Task<void> live();
  io::Task<void> work();
  io::Task<void> end();
  io::Task<void> commit_stale();
  bool is_fenced(const OffsetClient::Committer& who) const;
  Positions some_positions(bool all);

  PartitionSet wanted_;
  Positions positions_;
  Reader reader_;
  /// Who it was before its last death, and what it had.
  std::optional<std::pair<OffsetClient::Committer, Positions>> former_;
  bool done_ = false;
};

std::unique_ptr<GroupMember> make_classic_member(GroupContext& groups, const GroupPlan& plan, uint32_t number);
std::unique_ptr<GroupMember> make_consumer_member(GroupContext& groups, const GroupPlan& plan, uint32_t number);

}  // namespace moldau::sim
