#include "wire/api/53_begin_quorum_epoch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::BeginQuorumEpochRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::BeginQuorumEpochResponse);
