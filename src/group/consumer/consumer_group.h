// ConsumerGroup: the state of one group of the consumer protocol (KIP-848), as the records of __consumer_offsets say.
// replay() is the only thing that changes it; what to write is decided in decisions.h and classic_members.h, groups
// that cross between the protocols in migration.h, answers for those who look on in describe.h.
//
// Transitions of a group (state()):   Empty ── first member ─► Assigning ── target computed ─► Reconciling ── every
// member at the target ─► Stable; any change of members, subscriptions or topics bumps the epoch: ─► Assigning; the
// last member leaves: ─► Empty. Of a member: reconcile.h.
//
// Invariants: a partition has at most one member that has it assigned or must still revoke it (replay refuses a log
// that says otherwise); static members are found by instance id; counts of topics, expressions, assignors and classic
// protocols are those of the members.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "group/consumer/member.h"
#include "group/records.h"

namespace moldau::group::consumer {

/// How many subscribe to a topic: by its name, and how many regular expressions resolve to it.
struct SubscriptionCount {
  int32_t by_name = 0;
  int32_t by_regex = 0;

  bool operator==(const SubscriptionCount&) const = default;
};
using SubscriptionCounts = std::map<std::string, SubscriptionCount, std::less<>>;
using Counts = std::map<std::string, int32_t, std::less<>>;

/// The topics that a regular expression stood for at a version of the metadata.
struct ResolvedRegex {
  std::vector<std::string> topics;  ///< ascending
  int64_t version = -1;             ///< offset of the metadata
  WallMillis timestamp = -1;

  bool operator==(const ResolvedRegex&) const = default;
};
using ResolvedRegexes = std::map<std::string, ResolvedRegex, std::less<>>;

enum class ConsumerGroupState : uint8_t { empty, assigning, reconciling, stable };
/// Kafka's word for it: "Empty", "Assigning", ...
const char* name_of(ConsumerGroupState state);

class ConsumerGroup {
 public:
  using Members = std::map<std::string, Member, std::less<>>;
  using Targets = std::map<std::string, Assignment, std::less<>>;

  explicit ConsumerGroup(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  ConsumerGroupState state() const;
  bool empty() const { return members_.empty(); }
  Epoch epoch() const { return epoch_; }
  Epoch assignment_epoch() const { return assignment_epoch_; }
  WallMillis assignment_timestamp() const { return assignment_timestamp_; }
  int64_t metadata_hash() const { return metadata_hash_; }

  const Members& members() const { return members_; }
  const Member* find(std::string_view member_id) const;
  const Member* find_static(std::string_view instance_id) const;
  /// The target of a member; empty if it has none.
  const Assignment& target(std::string_view member_id) const;
  const Targets& targets() const { return targets_; }
  /// The member epoch of the owner of a partition, -1 if it is free.
  Epoch partition_epoch(const Uuid& topic_id, PartitionIndex partition) const;

  /// Topics that members subscribe to, by name or by regular expression.
  const SubscriptionCounts& subscribed_topics() const { return topics_; }
  bool subscribes_to(std::string_view topic) const { return topics_.contains(topic); }
  const Counts& regexes() const { return regexes_; }
  int32_t regex_members(std::string_view regex) const;
  const ResolvedRegexes& resolved_regexes() const { return resolved_; }
  const ResolvedRegex* resolved(std::string_view regex) const;

  const Counts& assignors() const { return assignors_; }
  /// The assignor that most members ask for; nothing if none asks.
  std::optional<std::string> preferred_assignor() const { return most_wanted(assignors_); }
  static std::optional<std::string> most_wanted(const Counts& counts);

  size_t classic_members() const { return classic_members_; }
  const Counts& classic_protocols() const { return classic_protocols_; }
  /// True when it has the record in which Kafka 4.0 kept topic metadata, to be deleted with the next epoch.
  bool has_old_metadata_record() const { return has_old_metadata_; }

  /// Apply one record of this group, of types 3 to 8 and 16, or its tombstone. A failure is a log that contradicts
  /// itself: the group must not be served. After the tombstone of ConsumerGroupMetadata the group is gone: the caller
  /// drops it. A tombstone for what does not exist is nothing.
  Status replay(const ConsumerGroupMetadata& record);
  Status replay(const ConsumerGroupPartitionMetadata& record);
  Status replay(const ConsumerGroupMemberMetadata& record);
  Status replay(const ConsumerGroupTargetAssignmentMetadata& record);
  Status replay(const ConsumerGroupTargetAssignmentMember& record);
  Status replay(const ConsumerGroupCurrentMemberAssignment& record);
  Status replay(const ConsumerGroupRegularExpression& record);

  /// Not of the log: the metadata at which subscriptions were last looked at, and the epoch that this left (an epoch
  /// that never made it into the log makes it worth nothing).
  void metadata_checked(Offset image_offset, Epoch epoch_then) {
    checked_offset_ = image_offset;
    checked_epoch_ = epoch_then;
  }
  bool metadata_is_new(Offset image_offset) const { return image_offset != checked_offset_ || epoch_ < checked_epoch_; }

  /// Same contents, what is not of the log aside.
  bool same_contents(const ConsumerGroup& other) const;

 private:
  static constexpr Offset never_checked = -2;

  Status corrupt(std::string what) const;
  Status put_partitions(const OwnedPartitions& partitions, Epoch epoch);
  void drop_partitions(const OwnedPartitions& partitions, Epoch epoch);
  void count_metadata(const Member& member, int32_t by);
  void remove_member(Members::iterator member);

  std::string id_;
  Epoch epoch_ = 1;
  int64_t metadata_hash_ = 0;
  Epoch assignment_epoch_ = 1;
  WallMillis assignment_timestamp_ = 0;
  Members members_;
  std::map<std::string, std::string, std::less<>> static_members_;  // instance id -> member id
  Targets targets_;
  std::unordered_map<TopicPartitionId, Epoch> partition_epochs_;
  SubscriptionCounts topics_;
  Counts regexes_;
  ResolvedRegexes resolved_;
  Counts assignors_;
  Counts classic_protocols_;
  size_t classic_members_ = 0;
  bool has_old_metadata_ = false;
  Offset checked_offset_ = never_checked;
  Epoch checked_epoch_ = 0;
};

/// Adds `by` (1 or -1) to the counts of `topics`; entries of nothing vanish.
void add_counts(SubscriptionCounts& counts, const std::vector<std::string>& topics, int32_t by,
                int32_t SubscriptionCount::* which);
void add_count(Counts& counts, const std::string& key, int32_t by);

}  // namespace moldau::group::consumer
