#include "wire/api/55_describe_quorum.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeQuorumRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeQuorumResponse);
