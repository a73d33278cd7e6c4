// The admin call that has the controller elect leaders. Who calls it: `cluster partitions elect-leaders`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/admin_groups.h"
#include "client/client.h"

namespace moldau::client {

/// Kafka's numbers: the first replica of each, or whichever lives, at the price of records.
enum class ElectionType : int8_t { preferred = 0, unclean = 1 };

struct Election {
  GroupPartition partition;
  wire::ErrorCode error = wire::ErrorCode::none;  ///< ELECTION_NOT_NEEDED: the leader is what it should be
  std::string message;
};

/// Elects leaders of `partitions`; of all that need it without them. Answers ascending by partition; without
/// `partitions`, only those that were touched.
io::Task<Result<std::vector<Election>>> elect_leaders(Client& client, ElectionType type,
                                                      std::optional<std::vector<GroupPartition>> partitions,
                                                      Duration timeout);

}  // namespace moldau::client
