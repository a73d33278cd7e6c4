#include "wire/api/91_alter_share_group_offsets.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterShareGroupOffsetsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterShareGroupOffsetsResponse);
