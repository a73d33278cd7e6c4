#include "wire/api/52_vote.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::VoteRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::VoteResponse);
