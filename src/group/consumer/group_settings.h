// Settings of consumer groups: the broker's (group.consumer.*) and, over them, those of one group (ConfigResource
// GROUP, consumer.*) within the broker's bounds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::group::consumer {

/// Which way groups may cross between the classic and the consumer protocol while they have members
/// (group.consumer.migration.policy).
enum class MigrationPolicy : uint8_t { disabled, downgrade, upgrade, bidirectional };
/// The policy of this name, in any case; nothing if there is none.
std::optional<MigrationPolicy> find_migration_policy(std::string_view name);

/// What decisions about one group go by. Times in milliseconds.
struct ConsumerGroupSettings {
  int32_t session_timeout_ms = 45'000;
  int32_t heartbeat_interval_ms = 5'000;
  int32_t assignment_interval_ms = 1'000;
  int32_t regex_refresh_interval_ms = 600'000;
  int32_t size_max = INT32_MAX;
  int32_t classic_size_max = INT32_MAX;  ///< group.max.size: bounds what may be downgraded
  MigrationPolicy migration = MigrationPolicy::bidirectional;
  bool revocations_unconfirmed = false;  ///< group::Mutant::owner_before_revoked
  std::vector<std::string> assignors = {"uniform", "range"};  ///< the first is the default

  bool upgrades() const { return migration == MigrationPolicy::upgrade || migration == MigrationPolicy::bidirectional; }
  bool downgrades() const {
    return migration == MigrationPolicy::downgrade || migration == MigrationPolicy::bidirectional;
  }
};

/// The bounds that the broker sets to group settings.
struct ConsumerGroupBounds {
  int32_t session_timeout_min = 45'000;
  int32_t session_timeout_max = 60'000;
  int32_t heartbeat_interval_min = 5'000;
  int32_t heartbeat_interval_max = 15'000;
  int32_t assignment_interval_min = 0;
  int32_t assignment_interval_max = 15'000;
};

/// One group's own settings, as ConfigResource GROUP has them.
using GroupConfigs = std::map<std::string, std::string, std::less<>>;

/// The broker's settings under what `configs` says of this group. Values outside the bounds (they can be: bounds may
/// have changed since) are brought to the nearest bound, as Kafka does.
ConsumerGroupSettings settings_of_group(const ConsumerGroupSettings& broker, const ConsumerGroupBounds& bounds,
                                        const GroupConfigs* configs);

}  // namespace moldau::group::consumer
