#include "wire/api/90_describe_share_group_offsets.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeShareGroupOffsetsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeShareGroupOffsetsResponse);
