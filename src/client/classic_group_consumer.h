// ClassicGroupConsumer: a member of a group in the classic protocol. As the leader it shares out the partitions
// (range).
//
//   state      goes to    when
//   apart      joining    next()                                                            join
//   joining    joining    MEMBER_ID_REQUIRED, UNKNOWN_MEMBER_ID, a coordinator that moved   send_join
//   joining    syncing    JoinGroup answered; the leader has shared out                     send_sync
//   syncing    joining    REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID      send_sync
//   syncing    stable     the assignment came; positions are known                          read
//   stable     joining    a heartbeat or a commit says that the group rebalances            heartbeat, commit
//   any        apart      close(): what was consumed is committed, the group is left        leave
//
// All partitions are given up before it joins again (eager): what was fetched and not taken is dropped and fetched
// again from the committed position.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/group_consumer.h"

namespace moldau::client {

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

class ClassicGroupConsumer final : public GroupConsumer {
 public:
  /// `client` must outlive the consumer.
  ClassicGroupConsumer(Client& client, GroupConsumerOptions options) : GroupConsumer(client, std::move(options)) {}
  ~ClassicGroupConsumer() override { cancel_tasks(); }
  ClassicGroupConsumer(const ClassicGroupConsumer&) = delete;
  ClassicGroupConsumer& operator=(const ClassicGroupConsumer&) = delete;

 private:
  struct Joined {
    bool again = false;  // join once more
    std::string protocol;
    std::map<std::string, std::vector<GroupPartition>> shares;  // by member id, of the leader
  };

  io::Task<Status> enter() override;
  io::Task<Status> leave() override;
  std::optional<Consequence> member_error(wire::ErrorCode error) override;
  io::Task<Result<Joined>> send_join();
  io::Task<Result<Joined>> share_out(std::vector<RangeMember> members, Joined joined);
  io::Task<Result<bool>> send_sync(Joined joined);
  io::Task<bool> topics_changed();
  io::Task<void> heartbeat() override;

  std::map<std::string, int32_t> shared_;  // partitions of topics when they were shared out; empty unless leader
};

}  // namespace moldau::client
