#include "wire/api/80_add_raft_voter.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddRaftVoterRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddRaftVoterResponse);
