#include "wire/api/81_remove_raft_voter.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveRaftVoterRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveRaftVoterResponse);
