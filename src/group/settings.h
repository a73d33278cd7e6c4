// GroupSettings: what the configuration says about groups, as their machines use it.
#pragma once

#include <cstdint>

#include "group/consumer/group_settings.h"
#include "metadata/group_config.h"

namespace moldau::group {

/// Planted bugs, which the simulator must find. A broker always runs with none.
enum class Mutant : uint8_t {
  none,
  commit_before_durable,       ///< answers wait for records to be appended only, not to be committed
  generation_kept_after_load,  ///< the first rebalance after a load has the generation before it once more
  fencing_skipped,             ///< commits are not asked who sends them
  tombstone_ignored_at_load,   ///< offsets that were deleted come back with a load
  owner_before_revoked,        ///< a partition is free before its owner has shown that it gave it up
  load_ends_early,             ///< a load does not read the last batch
  sessions_forgotten_at_load,  ///< members of a group that was loaded never expire
  expiry_in_a_rebalance,       ///< a group in the midst of a rebalance counts as one that nobody uses any more
};

/// Settings of one broker. Machines keep a reference: changes take effect at once.
struct GroupSettings {
  int32_t size_max = INT32_MAX;
  int32_t initial_rebalance_delay_ms = 3'000;
  int32_t new_member_join_timeout_ms = 300'000;  ///< how long a new member may wait in JoinGroup; no key of its own
  int32_t offset_metadata_bytes_max = 4'096;
  int64_t offsets_retention_ms = 7LL * 24 * 3'600'000;
  int64_t offsets_retention_check_interval_ms = 600'000;
  bool consumer_protocol = true;  ///< group.coordinator.rebalance.protocols has "consumer" (and group.version is 1)
  Mutant mutant = Mutant::none;
  consumer::ConsumerGroupSettings consumer;
  consumer::ConsumerGroupBounds consumer_bounds;
};

GroupSettings group_settings(const metadata::GroupConfig& config);

}  // namespace moldau::group
