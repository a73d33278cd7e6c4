// ConsumerGroupHeartbeat (key 68, versions 0-1): joins, leaves, reports and learns its assignment (KIP-848).
//
//   v1: the client makes its member id; subscriptions by regular expression.
//   In order: UNSUPPORTED_VERSION when group.coordinator.rebalance.protocols lacks "consumer"; READ on the group
//   (GROUP_AUTHORIZATION_FAILED); DESCRIBE on the topics that it names (TOPIC_AUTHORIZATION_FAILED); then what the
//   request must bring (INVALID_REQUEST, UNSUPPORTED_ASSIGNOR, each with a message). The rest is the coordinator's
//   (group/consumer/decisions.h).
#pragma once

#include <optional>

#include "api/context.h"
#include "api/facts.h"
#include "group/settings.h"
#include "wire/api/68_consumer_group_heartbeat.h"

namespace moldau::api {

/// The refusal of a request that no coordinator needs to see; nothing if one does. Its texts are in context.arena.
std::optional<wire::ConsumerGroupHeartbeatResponse> check_consumer_group_heartbeat(
    const RequestContext& context, const group::GroupSettings& settings,
    const wire::ConsumerGroupHeartbeatRequest& request);
/// An error without a message, as Kafka has it where there is nothing to say beyond the code.
wire::ConsumerGroupHeartbeatResponse consumer_group_heartbeat_error(const RequestContext& context,
                                                                    wire::ErrorCode error);

}  // namespace moldau::api
