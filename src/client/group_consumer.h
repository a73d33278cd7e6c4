// GroupConsumer: a member of a consumer group. It joins, reads what it was given, keeps its session alive, commits what
// was consumed, follows the group's rebalances, and leaves. What both protocols have in common is here; what they have
// not is in classic_group_consumer.h and consumer_protocol_consumer.h (KIP-848).
//
// One caller: next() is not called while another next() waits. Between calls nothing is given up: rebalances are
// carried out in next(), after what was consumed has been committed.
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

enum class GroupProtocol : uint8_t { classic, consumer };

struct GroupConsumerOptions {
  std::string group;
  GroupProtocol protocol = GroupProtocol::classic;
  std::optional<std::string> instance_id;  ///< a static member (KIP-345): not left, and its place is kept
  std::vector<std::string> topics;
  /// In place of `topics`: those of all topics, but internal ones, that it says yes to; asked at every join, and with
  /// the consumer protocol every metadata_interval.
  std::function<bool(const std::string&)> pattern;
  OffsetReset reset = OffsetReset::latest;
  /// Before `reset`: the offset of a partition that nothing is committed of; no_offset leaves it to `reset`.
  std::function<Offset(const GroupPartition&)> start;
  FetchOptions fetch;
  Duration session_timeout = seconds(45);  ///< classic; the broker says it to the consumer protocol
  Duration rebalance_timeout = seconds(300);
  Duration heartbeat_interval = seconds(3);    ///< classic; the broker says it to the consumer protocol
  std::optional<std::string> remote_assignor;  ///< consumer: the broker's assignor, if not its default
  /// How often what was consumed is committed; zero: only by commit().
  Duration commit_interval = seconds(5);
  /// How often the classic leader looks whether topics have other partitions than were shared out.
  Duration metadata_interval = seconds(30);
  /// Whether topics that do not exist may be made by asking for them, where brokers do that.
  bool create_topics = false;
};

class GroupConsumer {
 public:
  /// A member in the protocol that `options` say. `client` must outlive it.
  static std::unique_ptr<GroupConsumer> make(Client& client, GroupConsumerOptions options);
  virtual ~GroupConsumer();
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
  /// The generation, or the member epoch of the consumer protocol; -1 outside of the group.
  int32_t generation() const { return generation_; }
  /// Rebalances that this member has been through.
  int rebalances() const { return rebalances_; }

 protected:
  /// What an error of the group means for its member.
  enum class Consequence : uint8_t { again, rejoin, over };

  GroupConsumer(Client& client, GroupConsumerOptions options);

  /// Enters the group, until it has: sets member_id_, generation_ and what of assignment_ is known.
  virtual io::Task<Status> enter() = 0;
  /// Carries out what the group asked for meanwhile.
  virtual io::Task<Status> settle();
  /// Tells the group that the member goes.
  virtual io::Task<Status> leave() = 0;
  /// Keeps the session alive, until the member must enter again (joined_ is false then) or failed.
  virtual io::Task<void> heartbeat() = 0;
  /// What an error of the protocol means; nothing for one that it does not know, which ends the membership.
  virtual std::optional<Consequence> member_error(wire::ErrorCode error) = 0;

  /// Looks the coordinator up unless it is known.
  io::Task<Status> find_own_coordinator();
  /// The topics to subscribe to, ascending.
  io::Task<Result<std::vector<std::string>>> subscribed();
  /// Begins to read `partitions`, which assignment_ holds.
  io::Task<Status> read(std::vector<GroupPartition> partitions);
  /// Stops reading one, and forgets what was fetched and consumed of it.
  void give_up(const GroupPartition& partition);
  /// Deals with an error of the group: failure_ is set if it is over.
  Consequence take_error(wire::ErrorCode error);
  void wake();
  /// Ends all coroutines: for destructors, before what these use is gone.
  void cancel_tasks();

  Client& client_;
  GroupConsumerOptions options_;
  NodeId coordinator_ = no_node;
  std::string member_id_;
  int32_t generation_ = -1;
  bool joined_ = false;
  bool stale_ = false;  // a commit came with an epoch that the group has left behind
  int rebalances_ = 0;
  std::optional<Failure> failure_;
  std::vector<std::string> topics_;  // subscribed to
  std::vector<GroupPartition> assignment_;
  std::shared_ptr<bool> alive_;  // false once destroyed, for callbacks under way

 private:
  struct Position {
    Offset offset = no_offset;
    Epoch leader_epoch = no_epoch;

    bool operator==(const Position&) const = default;
  };

  io::Task<Status> join();
  io::Task<Status> reset_position(Fetched fetched);
  io::Task<void> pump();
  void stop_reading();

  bool left_ = false;
  std::map<GroupPartition, Position> consumed_;  // not committed yet
  Instant commit_at_ = Instant::never();
  std::unique_ptr<Fetcher> fetcher_;
  std::deque<Fetched> arrived_;
  io::Signal wake_;
  io::Signal taken_;
  io::TimerId timer_ = 0;
  io::TaskGroup beats_;
  io::TaskGroup pumps_;  // last: its coroutines use the members above
};

}  // namespace moldau::client
