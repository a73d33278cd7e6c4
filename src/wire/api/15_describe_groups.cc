#include "wire/api/15_describe_groups.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeGroupsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeGroupsResponse);
