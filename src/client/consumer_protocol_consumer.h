// ConsumerProtocolConsumer: a member of a group in the consumer protocol (KIP-848). The coordinator assigns; one
// request, ConsumerGroupHeartbeat, joins, reports what is owned, learns what is to be owned, and leaves.
//
//   state        goes to        when
//   apart        member         a heartbeat with epoch 0 was answered                                      enter
//   member       reconciling    a heartbeat brought another assignment                                     send
//   reconciling  member         next(): what is revoked was committed and given up, what is new is read,
//                               and the next heartbeat, at once, says so                                   settle
//   member       apart          UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH: all is given up, epoch 0 again     heartbeat
//   any          apart          close(): a heartbeat with epoch -1, or -2 of a static member               leave
//
// Partitions that stay are read on while others move. A heartbeat whose answer was lost is followed by one that says
// everything again. Versions: 1 and up, where members make their own ids.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "client/group_consumer.h"

namespace moldau::client {

class ConsumerProtocolConsumer final : public GroupConsumer {
 public:
  /// `client` must outlive the consumer.
  ConsumerProtocolConsumer(Client& client, GroupConsumerOptions options);
  ~ConsumerProtocolConsumer() override;
  ConsumerProtocolConsumer(const ConsumerProtocolConsumer&) = delete;
  ConsumerProtocolConsumer& operator=(const ConsumerProtocolConsumer&) = delete;

 private:
  struct TopicShare {
    Uuid id;
    std::vector<PartitionIndex> partitions;

    bool operator==(const TopicShare&) const = default;
  };

  io::Task<Status> enter() override;
  io::Task<Status> settle() override;
  io::Task<Status> leave() override;
  io::Task<void> heartbeat() override;
  std::optional<Consequence> member_error(wire::ErrorCode error) override;

  /// One heartbeat; with epoch 0 it joins. A failure when the membership cannot go on.
  io::Task<Result<Consequence>> send(int32_t epoch);
  /// The names of what the coordinator wants owned; nothing while a topic's name is not known.
  io::Task<std::optional<std::vector<GroupPartition>>> wanted();
  io::Task<void> pause();

  Duration interval_ = seconds(5);  // as the coordinator says
  std::vector<TopicShare> target_;  // what it wants owned
  std::vector<TopicShare> owned_;   // what is
  bool moved_ = false;              // target_ changed since settle()
  bool say_topics_ = false;         // the next heartbeat says the subscription
  bool say_owned_ = false;          // and what is owned
  Instant look_at_;                 // when a pattern is tried on the topics again
  io::Signal kick_;                 // a heartbeat at once
  io::TimerId beat_timer_ = 0;
};

}  // namespace moldau::client
