// GroupMachine: the groups and offsets of one partition of __consumer_offsets (Kafka's GroupCoordinatorShard): classic
// groups with their members and rebalances, consumer groups (KIP-848, decided in group/consumer/), committed offsets
// and their expiry.
//
// What the log keeps of a classic group is its last complete generation; a rebalance under way is soft and dies with a
// change of coordinator: members then find their id unknown or the generation old, and join again. So a classic group
// is changed where it is decided, and its record, when replayed here, only makes groups that are not there (at load, or
// when a consumer group became one) and removes those with a tombstone. Offsets and consumer groups change in replay()
// only.
//
// Callers: broker/group_loop, through coordinator::Runtime; and the script tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "coordinator/machine.h"
#include "coordinator/timers.h"
#include "group/caller.h"
#include "group/classic_group.h"
#include "group/consumer/decisions.h"
#include "group/consumer/topic_hashes.h"
#include "group/offsets.h"
#include "group/settings.h"
#include "metadata/image.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"
#include "wire/api/15_describe_groups.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/47_offset_delete.h"
#include "wire/api/68_consumer_group_heartbeat.h"
#include "wire/api/69_consumer_group_describe.h"

namespace moldau::group {

enum class GroupType : uint8_t { classic, consumer, share, streams };
/// Kafka's word for it: "classic", "consumer", "share", "streams".
const char* name_of(GroupType type);

/// A share or streams group in a log that Kafka wrote: its name is taken, and nothing of it is served here.
struct UnservedGroup {
  GroupType type = GroupType::share;
};

/// What the machine asks of the process around it.
class GroupHost {
 public:
  virtual const GroupSettings& settings() const = 0;
  /// The metadata image of now; not null.
  virtual const metadata::ImageRef& image() const = 0;
  /// Settings of one group (ConfigResource GROUP); null if it has none.
  virtual const metadata::ConfigMap* group_configs(std::string_view group) const = 0;
  // For metrics; never of what is replayed while it loads.
  /// A rebalance of a classic group began, or a consumer group has a new epoch.
  virtual void group_rebalances() {}
  /// The offset of one partition was committed.
  virtual void offset_committed() {}

 protected:
  ~GroupHost() = default;
};

class GroupMachine final : public coordinator::Machine {
 public:
  using Now = coordinator::Now;
  using Decision = coordinator::Decision;
  using Ticket = coordinator::Ticket;

  GroupMachine(GroupHost& host, coordinator::Timers& timers) : host_(host), timers_(timers) {}

  // coordinator::Machine
  Status replay(const coordinator::RecordView& record, const coordinator::ReplayContext& context) override;
  void end_transaction(ProducerId producer, bool committed) override;
  void loaded(const Now& now, Decision& decision) override;

  // The classic protocol (classic_join.cc, classic_sync.cc). Requests are checked for what needs no group (api/).
  void join(const Caller& caller, const wire::JoinGroupRequest& request, const Now& now, Decision& decision);
  void sync(const Caller& caller, const wire::SyncGroupRequest& request, const Now& now, Decision& decision);
  void heartbeat(const Caller& caller, const wire::HeartbeatRequest& request, const Now& now, Decision& decision);
  void leave(const Caller& caller, const wire::LeaveGroupRequest& request, const Now& now, Decision& decision);

  // The consumer protocol (consumer_machine.cc).
  void consumer_heartbeat(const Caller& caller, const wire::ConsumerGroupHeartbeatRequest& request, const Now& now,
                          Decision& decision);
  /// Texts of the result are kept in `arena`.
  wire::ConsumerGroupDescribeResponse::DescribedGroup describe_consumer(std::string_view group, Arena& arena);

  // Offsets (machine_offsets.cc).
  /// `request`: topics that exist and may be read, with name and id. Those of `answer` are given along with what is
  /// decided here.
  void commit_offsets(const Caller& caller, const wire::OffsetCommitRequest& request, wire::OffsetCommitResponse answer,
                      const Now& now, Decision& decision);
  void delete_offsets(const Caller& caller, const wire::OffsetDeleteRequest& request, wire::OffsetDeleteResponse answer,
                      const Now& now, Decision& decision);
  /// The offsets of one group: of request.topics (name, and the id if it is known), or all of them. Texts of the result
  /// are kept in `arena`.
  wire::OffsetFetchResponse::OffsetFetchResponseGroup fetch_offsets(
      const wire::OffsetFetchRequest::OffsetFetchRequestGroup& request, bool require_stable, Arena& arena) const;
  /// Tombstones for the offsets of partitions that are no more.
  void topics_deleted(const std::vector<std::string>& topics, Decision& decision);
  /// Tombstones for what has outlived offsets.retention.minutes, and for groups that this leaves with nothing.
  void expire(const Now& now, Decision& decision);

  // Administration (machine.cc).
  /// none, or why the group may not be deleted; with none, the tombstones of the group and its offsets are added.
  wire::ErrorCode delete_group(std::string_view group, Decision& decision);
  /// Texts of the result are kept in `arena`. `version`: of DescribeGroups.
  wire::DescribeGroupsResponse::DescribedGroup describe(std::string_view group, int16_t version, Arena& arena) const;
  /// Groups in one of `states` (in lower case; empty: in any) and of one of `types` (empty: of any).
  void list(const std::vector<std::string>& states, const std::vector<std::string>& types, Arena& arena,
            std::vector<wire::ListGroupsResponse::ListedGroup>& into) const;
  /// The metadata changed: consumer groups look at their topics again.
  void image_changed(const metadata::ImageDelta& delta);

  const Offsets& offsets() const { return offsets_; }
  size_t group_count() const { return groups_.size(); }
  /// What metrics say of a group.
  struct GroupFacts {
    std::string_view id;
    GroupType type = GroupType::classic;
    std::string_view state;  ///< Kafka's word
    size_t members = 0;
  };
  /// Calls visit(const GroupFacts&) -> bool in the order of ids, behind `after` or from the first, until it returns
  /// false.
  template <typename Visit>
  void for_each_group_after(const std::optional<std::string>& after, Visit&& visit) const {
    for (auto at = after.has_value() ? groups_.upper_bound(*after) : groups_.begin(); at != groups_.end(); ++at) {
      if (!visit(facts_of(at->first, at->second))) return;
    }
  }
  std::optional<GroupType> type_of(std::string_view group) const;
  const ClassicGroup* find_classic(std::string_view group) const;
  const consumer::ConsumerGroup* find_consumer(std::string_view group) const;

 private:
  using Group = std::variant<ClassicGroup, consumer::ConsumerGroup, UnservedGroup>;
  using Groups = std::map<std::string, Group, std::less<>>;

  Group* find(std::string_view group);
  const Group* find(std::string_view group) const;
  ClassicGroup* find_classic(std::string_view group);
  consumer::ConsumerGroup* find_consumer(std::string_view group);
  static GroupType type_of(const Group& group);
  static bool is_empty(const Group& group);
  static std::string_view state_of(const Group& group);
  static GroupFacts facts_of(std::string_view id, const Group& group);
  bool is_subscribed(const Group& group, std::string_view topic) const;
  consumer::ConsumerGroupSettings settings_of(std::string_view group) const;

  // Replay.
  Status replay_group(const GroupMetadata& record);
  template <typename Commit>
  void replay_offset(const Commit& record, const coordinator::ReplayContext& context);
  template <typename ConsumerRecord>
  Status replay_consumer(const ConsumerRecord& record);
  template <typename Unserved>
  void replay_unserved(const Unserved& record, GroupType type);

  // Joining (classic_join.cc).
  void join_classic(const Caller& caller, const wire::JoinGroupRequest& request, const Now& now, Decision& decision);
  bool accepts(const ClassicGroup& group, std::string_view member_id) const;
  void join_new_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request, const Now& now,
                       Decision& decision);
  void join_known_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                         const Now& now, Decision& decision);
  void add_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                  std::string member_id, const Now& now, Decision& decision);
  void update_member(ClassicGroup& group, ClassicMember& member, const Caller& caller,
                     const wire::JoinGroupRequest& request, const Now& now, Decision& decision);
  void replace_static_member(ClassicGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                             const std::string& old_id, const std::string& new_id, const Now& now, Decision& decision);
  void store_replaced_member(ClassicGroup& group, int16_t version, const std::string& new_id,
                             const std::optional<std::string>& old_leader, Decision& decision);
  void answer_join_now(const ClassicGroup& group, const ClassicMember& member, const Caller& caller, bool with_members,
                       Decision& decision) const;

  // Rebalancing (classic_rebalance.cc).
  void rebalance_or_complete(ClassicGroup& group, const Now& now, Decision& decision);
  void prepare_rebalance(ClassicGroup& group, const Now& now, Decision& decision);
  void maybe_complete_join(ClassicGroup& group, const Now& now, Decision& decision);
  void complete_join(ClassicGroup& group, const Now& now, Decision& decision);
  void end_initial_delay(const std::string& group, int32_t delay_ms, int32_t remaining_ms, const Now& now,
                         Decision& decision);
  void schedule_join_timeout(const ClassicGroup& group, const Now& now);
  void schedule_heartbeat(const ClassicGroup& group, const ClassicMember& member, const Now& now);
  void schedule_heartbeat(const std::string& group, const std::string& member_id, int32_t timeout_ms, const Now& now);
  void cancel_heartbeat(const ClassicGroup& group, std::string_view member_id);
  void expire_heartbeat(const std::string& group, const std::string& member_id, const Now& now, Decision& decision);
  void expire_sync(const std::string& group, int32_t generation, const Now& now, Decision& decision);
  void remove_member(ClassicGroup& group, ClassicMember& member, Decision& decision);
  void propagate_assignment(ClassicGroup& group, wire::ErrorCode error, const Now& now, Decision& decision);
  static void answer_join_error(const WaitingJoin& join, std::string_view member_id, wire::ErrorCode error,
                                Decision& decision);
  static void answer_sync_error(Ticket ticket, wire::ErrorCode error, Decision& decision);

  // Syncing (classic_sync.cc).
  void sync_classic(ClassicGroup& group, const Caller& caller, const wire::SyncGroupRequest& request, const Now& now,
                    Decision& decision);
  void store_assignment(ClassicGroup& group, const wire::SyncGroupRequest& request, Decision& decision);
  void assignment_stored(const std::string& group, int32_t generation, wire::ErrorCode error, const Now& now,
                         Decision& decision);
  void received_sync(ClassicGroup& group, std::string_view member_id);
  void leave_classic(ClassicGroup& group, const Caller& caller, const wire::LeaveGroupRequest& request, const Now& now,
                     Decision& decision);
  wire::ErrorCode leave_one(ClassicGroup& group, std::string_view member_id,
                            std::optional<std::string_view> instance_id, Decision& decision);

  // Consumer groups (consumer_machine.cc).
  struct ConsumerScene;
  void apply_timers(const std::string& group, const std::vector<consumer::TimerChange>& timers, const Now& now);
  void keep_timers(const std::string& group, const std::vector<consumer::TimerChange>& changes, Decision& decision);
  template <typename Answer>
  void carry_out(const std::string& group, consumer::Decision<Answer>& made, const TopicFilter& visible, const Now& now,
                 Decision& decision);
  void resolve_regexes(const std::string& group, const consumer::RegexJob& job, const TopicFilter& visible,
                       const Now& now, Decision& decision);
  void downgraded(const std::string& group, bool rebalance, const Now& now, Decision& decision);
  struct NewConsumerGroup;
  std::optional<consumer::Refusal> new_consumer_group(const std::string& id, Epoch member_epoch,
                                                      const consumer::Context& context, NewConsumerGroup& made);
  void expire_consumer_timer(const std::string& group, consumer::MemberTimer timer, const std::string& member_id,
                             Epoch member_epoch, const Now& now, Decision& decision);
  void drop_classic_waiters(ClassicGroup& group, wire::ErrorCode error, Decision& decision);
  void join_consumer(consumer::ConsumerGroup& group, const Caller& caller, const wire::JoinGroupRequest& request,
                     const Now& now, Decision& decision);
  void sync_consumer(consumer::ConsumerGroup& group, const Caller& caller, const wire::SyncGroupRequest& request,
                     const Now& now, Decision& decision);
  void heartbeat_consumer(consumer::ConsumerGroup& group, const Caller& caller, const wire::HeartbeatRequest& request,
                          const Now& now, Decision& decision);
  void leave_consumer(consumer::ConsumerGroup& group, const Caller& caller, const wire::LeaveGroupRequest& request,
                      const Now& now, Decision& decision);

  // Offsets (machine_offsets.cc).
  wire::ErrorCode check_commit(const wire::OffsetCommitRequest& request, int16_t version, const Now& now);
  wire::ErrorCode check_commit_partition(const wire::OffsetCommitRequest& request, std::string_view topic,
                                         const Uuid& topic_id, PartitionIndex partition) const;
  bool has_expired(const ClassicGroup* group, const CommittedOffset& offset, WallMillis now) const;
  bool expire_offsets(const std::string& id, const Group& group, const Now& now, Decision& decision) const;
  void schedule_expiry(const Now& now);

  GroupHost& host_;
  coordinator::Timers& timers_;
  Groups groups_;
  Offsets offsets_;
  consumer::TopicHashes hashes_;
  Offset newest_topics_ = 0;  ///< offset of the last image that brought a topic
  bool live_ = false;         ///< loaded: what is replayed was decided here
};

/// OffsetCommit's value: version that holds the topic's id, and the one for an explicit expiry.
inline constexpr int16_t offset_commit_version = 4;
inline constexpr int16_t offset_commit_version_expiring = 1;

/// A JoinGroup answer that is an error.
wire::JoinGroupResponse join_error(int16_t version, std::string_view member_id, wire::ErrorCode error);

inline constexpr int16_t first_leave_version_with_members = 3;
/// A LeaveGroup answer in the shape of `version`: before v3 without a list of members.
wire::LeaveGroupResponse leave_response(wire::LeaveGroupResponse response, int16_t version);

/// Length of a text in UTF-16 code units, as Java counts.
size_t utf16_length(std::string_view text);

/// Why `group` is not known, in Kafka's words.
std::string group_not_found(std::string_view group);

}  // namespace moldau::group
