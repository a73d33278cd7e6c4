// ClassicGroup: one group of the classic protocol (JoinGroup and SyncGroup, KIP-62, KIP-345, KIP-394): members, what
// they offer, the generation, and who waits. What happens to it is decided in the machine (classic_join.cc,
// classic_rebalance.cc, classic_sync.cc); here is what holds of the data.
//
// States and the functions of the machine that change them:
//   Empty                no members; may have offsets
//     -> PreparingRebalance    prepare_rebalance      a member joined; the initial delay begins
//   PreparingRebalance   members are (re)joining
//     -> CompletingRebalance   complete_join          all have joined, or the time is up: the next generation
//     -> Empty                 complete_join          nobody is left
//   CompletingRebalance  the leader computes the assignment
//     -> Stable                sync                   the leader's assignment is committed
//     -> PreparingRebalance    prepare_rebalance      a member joined, left or failed
//   Stable
//     -> PreparingRebalance    prepare_rebalance
//   any -> Dead                (unloaded; the group is gone)
//
// Invariants: the number of members waiting for a join answer is counted; each protocol's count is the number of
// members that offer it; a static member's instance id names it; a pending member (an id given out, KIP-394) is not a
// member yet.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "coordinator/decision.h"
#include "group/records.h"
#include "wire/api/11_join_group.h"

namespace moldau::group {

enum class ClassicState : uint8_t { empty, preparing_rebalance, completing_rebalance, stable, dead };
/// Kafka's word for it: "Empty", "PreparingRebalance", ...
const char* name_of(ClassicState state);

/// A protocol (assignor) that a member offers, with what it says of itself under it.
struct OfferedProtocol {
  std::string name;
  std::vector<std::byte> metadata;

  bool operator==(const OfferedProtocol&) const = default;
};
std::vector<OfferedProtocol> offered_protocols(const wire::JoinGroupRequest& request);

/// A JoinGroup that waits for the end of the rebalance.
struct WaitingJoin {
  coordinator::Ticket ticket = coordinator::no_ticket;
  int16_t version = 0;
};

struct ClassicMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  int32_t rebalance_timeout_ms = 0;
  int32_t session_timeout_ms = 0;
  std::vector<OfferedProtocol> protocols;  ///< in the order of preference
  std::vector<std::byte> assignment;
  std::optional<WaitingJoin> join;                           ///< changed through the group only, which counts
  coordinator::Ticket sync_ticket = coordinator::no_ticket;  ///< a SyncGroup that waits for the leader's
  bool is_new = false;  ///< has not had its first join answer: may expire while it waits for it

  /// What it says under this protocol; null if it does not offer it.
  const std::vector<std::byte>* metadata(std::string_view protocol) const;
  /// Waiting for a rebalance is a sign of life.
  bool waits() const { return join.has_value() || sync_ticket != coordinator::no_ticket; }
};

class ClassicGroup {
 public:
  using Members = std::map<std::string, ClassicMember, std::less<>>;
  using Names = std::set<std::string, std::less<>>;

  /// An empty group of generation 0 without a protocol type.
  ClassicGroup(std::string id, WallMillis now);
  /// The group that a record says: Stable with members, else Empty.
  static ClassicGroup from_record(std::string_view id, const GroupMetadataValue& value);

  const std::string& id() const { return id_; }
  ClassicState state() const { return state_; }
  ClassicState previous_state() const { return previous_state_; }
  bool in(ClassicState state) const { return state_ == state; }
  /// Goes to `next`. ASSERTs that the transition is one of those above.
  void transition_to(ClassicState next, WallMillis now);
  bool can_rebalance() const;
  std::optional<WallMillis> state_timestamp() const { return state_timestamp_; }

  int32_t generation() const { return generation_; }
  const std::optional<std::string>& protocol_type() const { return protocol_type_; }
  const std::optional<std::string>& protocol_name() const { return protocol_name_; }
  const std::optional<std::string>& leader() const { return leader_; }
  /// Protocol type and name as answers have them: empty for none.
  std::string_view protocol_type_text() const { return protocol_type_ ? *protocol_type_ : std::string_view(); }
  std::string_view protocol_name_text() const { return protocol_name_ ? *protocol_name_ : std::string_view(); }
  bool is_leader(std::string_view member_id) const { return leader_.has_value() && *leader_ == member_id; }
  /// True for members of Kafka's consumers (protocol type "consumer").
  bool is_consumer_type() const;
  /// Not a group of members at all: offsets only.
  bool is_simple() const { return !protocol_type_.has_value() && in(ClassicState::empty) && pending_join_.empty(); }

  Members& members() { return members_; }
  const Members& members() const { return members_; }
  ClassicMember* find(std::string_view member_id);
  const ClassicMember* find(std::string_view member_id) const;
  bool has(std::string_view member_id) const { return find(member_id) != nullptr; }
  /// The member id behind an instance id; null if there is none.
  const std::string* static_member(std::string_view instance_id) const;
  /// UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or none.
  wire::ErrorCode check_member(std::string_view member_id, std::optional<std::string_view> instance_id) const;

  /// Adds a member; `join` if it waits. REQUIRES: its protocols are supported and its ids are not in the group.
  void add(ClassicMember member, std::string_view protocol_type, std::optional<WaitingJoin> join);
  /// Removes a member or pending member; a leader's office goes to another one. No answers are given.
  void remove(std::string_view member_id);
  /// Gives the static member `old_id` the id `new_id`. What waited for it is returned to be answered.
  struct Displaced {
    std::optional<WaitingJoin> join;
    coordinator::Ticket sync = coordinator::no_ticket;
  };
  Displaced rename_static(std::string_view instance_id, std::string_view old_id, const std::string& new_id);
  /// Takes up what a member says anew, and lets `join` wait. Returns the join that it displaces.
  std::optional<WaitingJoin> update(ClassicMember& member, const wire::JoinGroupRequest& request, WaitingJoin join);
  /// The join of `member` does not wait any more. Returns it; nothing if there was none.
  std::optional<WaitingJoin> take_join(ClassicMember& member);

  void add_pending_join(std::string member_id) { pending_join_.insert(std::move(member_id)); }
  bool is_pending(std::string_view member_id) const { return pending_join_.contains(member_id); }
  size_t pending_joins() const { return pending_join_.size(); }
  void add_pending_sync(const std::string& member_id) { pending_sync_.insert(member_id); }
  void remove_pending_sync(std::string_view member_id);
  void clear_pending_sync() { pending_sync_.clear(); }
  const Names& pending_sync() const { return pending_sync_; }

  size_t waiting_joins() const { return waiting_joins_; }
  bool all_joined() const { return members_.size() == waiting_joins_ && pending_join_.empty(); }
  /// The longest of the members' rebalance timeouts.
  int32_t rebalance_timeout_ms() const;
  /// Makes a member that has joined the leader, if the leader has not. False if there is no leader or none joined.
  bool elect_joined_leader();
  /// Whether a member with these protocols may be in the group.
  bool supports(std::string_view protocol_type,
                const std::vector<wire::JoinGroupRequest::JoinGroupRequestProtocol>& protocols) const;
  /// The protocol that most members prefer among those that all offer (of equals, the one that the first member by id
  /// votes for). REQUIRES: members.
  std::string select_protocol() const;
  /// Begins the next generation: CompletingRebalance, or Empty without members.
  void begin_generation(WallMillis now);

  bool new_member_added = false;  ///< since the initial delay was last extended

  /// True if members subscribe to the topic, as far as can be told: a consumer group whose subscriptions cannot be read
  /// subscribes to everything.
  bool is_subscribed(std::string_view topic) const;
  bool knows_subscriptions() const { return topics_.has_value(); }
  /// The moment from which the group's offsets age, for one committed at `committed`; nothing while they do not.
  std::optional<WallMillis> retention_begins(WallMillis committed) const;

  /// The members as the leader is told of them.
  std::vector<wire::JoinGroupResponse::JoinGroupResponseMember> members_for_leader() const;
  /// The group's record; `assignment_of(member)` gives the bytes of each member's assignment.
  using Assignments = std::map<std::string_view, std::span<const std::byte>>;
  coordinator::Record record(const Assignments& assignments) const;
  coordinator::Record record() const;

 private:
  void count_protocols(const ClassicMember& member, int by);
  void read_subscriptions();

  std::string id_;
  ClassicState state_ = ClassicState::empty;
  ClassicState previous_state_ = ClassicState::dead;
  std::optional<WallMillis> state_timestamp_;
  std::optional<std::string> protocol_type_;
  std::optional<std::string> protocol_name_;
  std::optional<std::string> leader_;
  int32_t generation_ = 0;
  Members members_;
  std::map<std::string, std::string, std::less<>> static_members_;  // instance id -> member id
  Names pending_join_;
  Names pending_sync_;
  size_t waiting_joins_ = 0;
  std::map<std::string, size_t, std::less<>> offers_;  // protocol -> members that offer it
  std::optional<Names> topics_;
};

/// Version of the group records that we write: the highest without tagged fields, as Kafka does.
inline constexpr int16_t group_metadata_version = 3;
/// The protocol type of Kafka's consumers.
inline constexpr std::string_view consumer_protocol_type = "consumer";

}  // namespace moldau::group
