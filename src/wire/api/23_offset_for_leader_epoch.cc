#include "wire/api/23_offset_for_leader_epoch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetForLeaderEpochRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetForLeaderEpochResponse);
