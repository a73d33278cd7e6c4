// DirectoryAssignments: tells the controller in which log directories this node's replicas lie (KIP-858): Kafka's
// AssignReplicasToDirs, asked of the controller in this process. Shell.
//
//   want() --next turn--> one request of up to assignments_per_request_max, one at a time --granted--> the waiting are
//                         told; refused as a whole, or a partition refused: again after 100 ms, doubling up to 10 s
//
// A later wish for a partition takes the place of an earlier one, whose waiter is told that it failed. Partitions that
// the metadata does not have here any more are dropped, and their waiters told so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "broker/metadata_loop.h"
#include "io/surface.h"
#include "metadata/controller_admin.h"
#include "metadata/image.h"

namespace moldau::broker {

class DirectoryAssignments {
 public:
  /// What it asks of the broker.
  struct Host {
    std::function<void(metadata::ControllerRequest, io::Completion<const MetadataLoop::Outcome&>)> submit;
    std::function<const metadata::Image&()> image;
    std::function<int64_t()> broker_epoch;  ///< -1: not registered yet
  };
  /// AssignReplicasToDirsRequest.MAX_ASSIGNMENTS_PER_REQUEST.
  static constexpr size_t assignments_per_request_max = 2250;

  DirectoryAssignments(io::Surface surface, NodeId self, Host host)
      : surface_(surface), self_(self), host_(std::move(host)) {}
  DirectoryAssignments(const DirectoryAssignments&) = delete;
  DirectoryAssignments& operator=(const DirectoryAssignments&) = delete;
  ~DirectoryAssignments();

  /// The replica of `id` is to be known to lie in `directory`; `done` (which may be empty) comes in a later turn.
  void want(const TopicPartitionId& id, const Uuid& directory, io::Completion<Status> done);
  /// Where a replica is to be known to lie, if that is not decided yet.
  std::optional<Uuid> wanted(const TopicPartitionId& id) const;
  /// Wishes that the controller has not granted yet.
  size_t pending() const { return ready_.size() + in_flight_.size(); }

 private:
  struct Wish {
    Uuid directory;
    io::Completion<Status> done;
  };
  using Wishes = std::map<TopicPartitionId, Wish>;

  void send_after(Duration delay);
  void send();
  void answered(const MetadataLoop::Outcome& outcome);
  bool still_here(const TopicPartitionId& id) const;
  static void tell(Wish& wish, Status outcome);

  io::Surface surface_;
  NodeId self_;
  Host host_;
  Wishes ready_;
  Wishes in_flight_;
  io::TimerId timer_ = 0;
  int failures_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace moldau::broker
