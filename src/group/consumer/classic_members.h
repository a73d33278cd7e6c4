// Members of the classic protocol in a consumer group: JoinGroup, SyncGroup, Heartbeat and LeaveGroup served for them
// while the group is moved between the protocols (KIP-848). To them the member epoch is the generation, and the broker
// assigns: they join, and get with their sync what the epoch gives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "group/consumer/decisions.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"

namespace moldau::group::consumer {

struct ClassicJoinAnswer {
  wire::ErrorCode error = wire::ErrorCode::none;  ///< MEMBER_ID_REQUIRED: join again with `member_id`
  std::string member_id;
  Epoch generation = -1;
  std::string protocol_name;  ///< of protocol type "consumer"
};
/// REQUIRES: the group has members (an empty one becomes a classic group: add_group_tombstones()). The decision may
/// downgrade the group; then `timers` are those of the classic group instead.
Decided<ClassicJoinAnswer> classic_join(ConsumerGroup& group, const wire::JoinGroupRequest& request, int16_t version,
                                        const Context& context);

struct ClassicSyncAnswer {
  wire::ErrorCode error = wire::ErrorCode::none;  ///< REBALANCE_IN_PROGRESS: join again
  std::vector<std::byte> assignment;
};
Decided<ClassicSyncAnswer> classic_sync(const ConsumerGroup& group, const wire::SyncGroupRequest& request,
                                        const Context& context);

struct ClassicHeartbeatAnswer {
  wire::ErrorCode error = wire::ErrorCode::none;  ///< REBALANCE_IN_PROGRESS: join again
};
Decided<ClassicHeartbeatAnswer> classic_heartbeat(const ConsumerGroup& group, const wire::HeartbeatRequest& request,
                                                  const Context& context);

struct ClassicLeaveAnswer {
  /// In the order of the request's members.
  std::vector<wire::ErrorCode> errors;
};
/// `members` as v3+ has them; before v3 the one member of the request.
Decision<ClassicLeaveAnswer> classic_leave(const ConsumerGroup& group,
                                           const std::vector<wire::LeaveGroupRequest::MemberIdentity>& members,
                                           const Context& context);

}  // namespace moldau::group::consumer
