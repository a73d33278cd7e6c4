#include "wire/api/77_share_group_describe.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareGroupDescribeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareGroupDescribeResponse);
