// What only groups of the consumer protocol (KIP-848) have: epochs and target assignments. Beside admin_groups.h, whose
// describe_groups() covers both protocols. Who calls it: kafka-consumer-groups of the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/admin_groups.h"
#include "client/client.h"

namespace moldau::client {

struct ConsumerGroupMemberEpochs {
  std::string id;
  int32_t epoch = 0;
  std::vector<GroupPartition> target;  ///< ascending
  std::optional<bool> classic;         ///< speaks the classic protocol; nothing from brokers that do not tell
};

struct ConsumerGroupEpochs {
  wire::ErrorCode error = wire::ErrorCode::none;
  int32_t group_epoch = 0;
  int32_t assignment_epoch = 0;
  std::vector<ConsumerGroupMemberEpochs> members;
};

/// The epochs of one group of the consumer protocol, asked of its `coordinator`.
io::Task<Result<ConsumerGroupEpochs>> describe_group_epochs(Client& client, NodeId coordinator, std::string group);

}  // namespace moldau::client
