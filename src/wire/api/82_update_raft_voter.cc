#include "wire/api/82_update_raft_voter.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::UpdateRaftVoterRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UpdateRaftVoterResponse);
