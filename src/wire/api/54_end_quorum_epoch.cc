#include "wire/api/54_end_quorum_epoch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndQuorumEpochRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndQuorumEpochResponse);
