// Decisions about consumer groups (KIP-848): what a request or a timer that ran out makes of a group. Each answers with
// the records to append, and changes nothing: the caller appends and replays them, sets the timers, and answers when
// the records are durable. Order of checks, codes and messages are Kafka's.
//
// A group that is not there yet (joined with epoch 0) is decided about as a ConsumerGroup just made, which the caller
// drops: replay makes the one that stays.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "coordinator/record.h"
#include "group/consumer/consumer_group.h"
#include "group/consumer/group_settings.h"
#include "group/consumer/topic_hashes.h"
#include "metadata/image.h"
#include "wire/api/68_consumer_group_heartbeat.h"
#include "wire/error_code.h"

namespace moldau::group::consumer {

/// Why a request is refused: nothing is written.
struct Refusal {
  wire::ErrorCode code = wire::ErrorCode::none;
  std::string message;
};

/// What a decision may know besides the group.
struct Context {
  const metadata::Image& image;
  TopicHashes& hashes;
  const ConsumerGroupSettings& settings;
  /// Offset of the last image that brought a topic.
  Offset newest_topics = 0;
  WallMillis wall = 0;
  /// Of who asks; empty for timers. The host is as Kafka writes it: "/127.0.0.1".
  std::string_view client_id;
  std::string_view client_host;
  /// A fresh random id for a member that brings none.
  std::string_view fresh_member_id;
};

/// Timers of a member. Each is one deadline: set again, it moves.
enum class MemberTimer : uint8_t {
  session,    ///< since the last sign of life
  rebalance,  ///< to revoke what it must
  join,       ///< a classic member: to join again
  sync,       ///< a classic member: to sync after it joined
};

struct TimerChange {
  enum class Kind : uint8_t { set, set_if_absent, cancel };
  Kind kind = Kind::set;
  MemberTimer timer = MemberTimer::session;
  std::string member_id;
  int32_t delay_ms = 0;
  Epoch member_epoch = 0;  ///< at which a rebalance timer was set; it is void at another

  bool operator==(const TimerChange&) const = default;
};

/// Regular expressions to resolve: the caller does it once it has replayed the records (resolve() in regex.h, then
/// regexes_resolved() below), for the user who asked: topics that it may not describe are left out.
struct RegexJob {
  std::vector<std::string> regexes;
};

/// The group turns into one of the classic protocol: its records are those of a classic group (record type 2). Once
/// they are replayed the caller starts the heartbeat timer of each member, and a rebalance if `rebalance`.
struct Downgrade {
  bool rebalance = false;
  std::string reason;
};

template <typename Answer>
struct Decision {
  std::vector<coordinator::Record> records;
  std::vector<TimerChange> timers;
  std::optional<RegexJob> regexes;
  std::optional<Downgrade> downgrade;
  Answer answer;
};
template <typename Answer>
using Decided = std::expected<Decision<Answer>, Refusal>;

struct HeartbeatAnswer {
  std::string member_id;
  Epoch member_epoch = 0;
  int32_t heartbeat_interval_ms = 0;
  std::optional<Assignment> assignment;  ///< nothing: as it was
};
struct NoAnswer {};

/// Refuses what no group needs to be known for: empty names, first requests without what they must bring, an unknown
/// assignor.
std::optional<Refusal> check_heartbeat(const wire::ConsumerGroupHeartbeatRequest& request, int16_t version,
                                       const ConsumerGroupSettings& settings);

/// Decides a checked ConsumerGroupHeartbeat: joins, leaves, reports. Cost without a change: a few lookups.
Decided<HeartbeatAnswer> heartbeat(ConsumerGroup& group, const wire::ConsumerGroupHeartbeatRequest& request,
                                   const Context& context);

/// A member's timer ran out: removes it, if it is still there and, for a rebalance timer, still at `member_epoch`.
Decision<NoAnswer> timer_expired(const ConsumerGroup& group, MemberTimer timer, std::string_view member_id,
                                 Epoch member_epoch, const Context& context);

/// What resolve() found, as records; bumps the group's epoch if that changes what it subscribes to.
Decision<NoAnswer> regexes_resolved(ConsumerGroup& group, const ResolvedRegexes& found, const Context& context);

/// The timers that a group just loaded needs.
std::vector<TimerChange> timers_of_loaded(const ConsumerGroup& group, const ConsumerGroupSettings& settings);

/// OffsetCommit and TxnOffsetCommit by a member: nothing if it may commit, or if it depends on the partition
/// (check_commit_partition).
std::optional<Refusal> check_commit(const ConsumerGroup& group, std::string_view member_id,
                                    std::optional<std::string_view> instance_id, Epoch member_epoch, bool transactional,
                                    int16_t version);
/// The same for one partition. Only of use when check_commit found nothing.
std::optional<Refusal> check_commit_partition(const ConsumerGroup& group, std::string_view member_id,
                                              Epoch member_epoch, std::string_view topic, const Uuid& topic_id,
                                              PartitionIndex partition);
/// OffsetFetch with a member id and epoch.
std::optional<Refusal> check_offset_fetch(const ConsumerGroup& group, std::optional<std::string_view> member_id,
                                          Epoch member_epoch);

/// DeleteGroups: NON_EMPTY_GROUP while it has members.
std::optional<Refusal> check_delete(const ConsumerGroup& group);
/// The records that delete the group.
void add_group_tombstones(const ConsumerGroup& group, std::vector<coordinator::Record>& records);

}  // namespace moldau::group::consumer
