#include "wire/api/92_delete_share_group_offsets.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteShareGroupOffsetsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteShareGroupOffsetsResponse);
