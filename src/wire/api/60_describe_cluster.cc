#include "wire/api/60_describe_cluster.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeClusterRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeClusterResponse);
