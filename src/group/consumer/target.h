// The target assignment of a consumer group: computed anew when the group's epoch is ahead of it. Internal to
// decisions.
#pragma once

#include <optional>
#include <vector>

#include "group/consumer/decisions.h"

namespace moldau::group::consumer {

/// How a group's subscriptions look with `updated` in the place of `before` (null: not in it yet).
struct Subscriptions {
  SubscriptionCounts topics;
  Counts regexes;

  static Subscriptions with(const ConsumerGroup& group, const Member* before, const Member& updated);
};

/// True when all of `member_count` members subscribe to the same topics.
bool is_homogeneous(const Counts& regexes, const SubscriptionCounts& topics, size_t member_count);

/// The combined hash of the topics that exist among those subscribed to.
int64_t metadata_hash(const SubscriptionCounts& topics, const Context& context);

struct Target {
  Epoch epoch = 0;
  Assignment assignment;  ///< of the member asked about
};

/// True when a new target may be computed: not within the assignment interval of the last.
bool may_compute_target(const ConsumerGroup& group, const Context& context);

/// Computes the target of all members for `epoch` with `updated` in the group (in the place of the static member whose
/// instance id it has, if any), appends the records of what changed, and returns the part of `updated`.
Target compute_target(const ConsumerGroup& group, Epoch epoch, const Member* before, const Member& updated,
                      bool homogeneous, const Context& context, std::vector<coordinator::Record>& records);

}  // namespace moldau::group::consumer
