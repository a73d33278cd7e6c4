#include "wire/api/08_offset_commit.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetCommitRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::OffsetCommitResponse);
