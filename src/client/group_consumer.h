// GroupConsumer: a member of a consumer group in the classic protocol. It joins, as the leader shares out the
// partitions (range), reads what it was given, keeps its session alive, commits what was consumed, joins again when the
// group rebalances, and leaves.
//
//   state      goes to    when
//   apart      joining    next()                                                            join
//   joining    joining    MEMBER_ID_REQUIRED, UNKNOWN_MEMBER_ID, a coordinator that moved   send_join
//   joining    syncing    JoinGroup answered; the leader has shared out                     send_sync
//   syncing    joining    REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID      send_sync
//   syncing    stable     the assignment came; positions are known                          start_reading
//   stable     joining    a heartbeat or a commit says that the group rebalances            heartbeat, commit
//   any        apart      close(): what was consumed is committed, the group is left        close
//
// All partitions are given up before it joins again (eager): what was fetched and not taken is dropped and fetched
// again from the committed position. One caller: next() is not called while another next() waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/admin_groups.h"
#include "client/client.h"
#include "client/fetcher.h"

namespace moldau::client {

/// Where to begin where nothing is committed.
enum class OffsetReset : uint8_t { earliest, latest, none };

struct GroupConsumerOptions {
  std::string group;
  std::optional<std::string> instance_id;  ///< a static member (KIP-345): not left, and its place is kept
  std::vector<std::string> topics;
  /// In place of `topics`: those of all topics, but internal ones, that it says yes to; asked at every join.
  std::function<bool(const std::string&)> pattern;
  OffsetReset reset = OffsetReset::latest;
  FetchOptions fetch;
  Duration session_timeout = seconds(45);
  Duration rebalance_timeout = seconds(300);
  Duration heartbeat_interval = seconds(3);
  /// How often what was consumed is committed; zero: only by commit().
  Duration commit_interval = seconds(5);
  /// How often the leader looks whether topics have other partitions than were shared out.
  Duration metadata_interval = seconds(30);
  /// Whether topics that do not exist may be made by asking for them, where brokers do that.
  bool create_topics = false;
};

/// What members say about themselves in ConsumerProtocolSubscription: the topics they subscribe to.
std::string write_subscription(const std::vector<std::string>& topics);
/// The topics of a subscription of any version; nothing if the bytes are malformed.
std::optional<std::vector<std::string>> read_subscription(std::span<const std::byte> bytes);
/// ConsumerProtocolAssignment of these partitions, ascending.
std::string write_assignment(const std::vector<GroupPartition>& partitions);

struct RangeMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::vector<std::string> topics;
};
/// Kafka's range assignor: of each topic, consecutive partitions to its members in order. By member id.
std::map<std::string, std::vector<GroupPartition>> assign_range(std::vector<RangeMember> members,
                                                                const std::map<std::string, int32_t>& partitions);

class GroupConsumer {
 public:
  /// `client` must outlive the consumer.
  GroupConsumer(Client& client, GroupConsumerOptions options);
  ~GroupConsumer();
  GroupConsumer(const GroupConsumer&) = delete;
  GroupConsumer& operator=(const GroupConsumer&) = delete;

  /// The next piece of any assigned partition; nothing when `wait` is over first (joining may take longer). Failures
  /// end the membership: no authorization, fenced, an invalid group, a lost cluster.
  io::Task<Result<std::optional<Fetched>>> next(Duration wait);
  /// Records below `offset` were dealt with, the last of them of `leader_epoch`: what commits say.
  void consumed(const std::string& topic, PartitionIndex partition, Offset offset, Epoch leader_epoch = no_epoch);
  /// Commits what was consumed since the last commit.
  io::Task<Status> commit();
  /// Commits and leaves the group. Static members stay in it until their session is over.
  io::Task<Status> close();

  /// What is read now, ascending; empty while it joins.
  const std::vector<GroupPartition>& assignment() const { return assignment_; }
  const std::string& member_id() const { return member_id_; }
  int32_t generation() const { return generation_; }
  /// Rebalances that this member has been through.
  int rebalances() const { return rebalances_; }

 private:
  struct Position {
    Offset offset = no_offset;
    Epoch leader_epoch = no_epoch;

    bool operator==(const Position&) const = default;
  };
  struct Joined {
    bool again = false;  // join once more
    std::string protocol;
    std::map<std::string, std::vector<GroupPartition>> shares;  // by member id, of the leader
  };

  io::Task<Status> join();
  io::Task<Result<Joined>> send_join();
  io::Task<Result<Joined>> share_out(std::vector<RangeMember> members, Joined joined);
  io::Task<Result<bool>> send_sync(Joined joined);
  io::Task<Status> start_reading();
  io::Task<Result<std::vector<std::string>>> subscribed();
  io::Task<bool> topics_changed();
  io::Task<Status> reset_position(Fetched fetched);
  io::Task<void> heartbeat();
  io::Task<void> pump();
  void stop_reading();
  /// Deals with an error of the group; whether joining again helps.
  bool take_error(wire::ErrorCode error);
  void wake();

  Client& client_;
  GroupConsumerOptions options_;
  NodeId coordinator_ = no_node;
  std::string member_id_;
  int32_t generation_ = -1;
  int rebalances_ = 0;
  bool joined_ = false;
  bool left_ = false;
  std::optional<Failure> failure_;
  std::vector<std::string> topics_;        // subscribed at the last join
  std::map<std::string, int32_t> shared_;  // partitions of topics when they were shared out; empty unless leader
  std::vector<GroupPartition> assignment_;
  std::map<GroupPartition, Position> consumed_;  // not committed yet
  Instant commit_at_ = Instant::never();
  std::unique_ptr<Fetcher> fetcher_;
  std::deque<Fetched> arrived_;
  io::Signal wake_;
  io::Signal taken_;
  io::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_;  // false once destroyed, for callbacks under way
  io::TaskGroup beats_;
  io::TaskGroup pumps_;  // last: its coroutines use the members above
};

}  // namespace moldau::client
