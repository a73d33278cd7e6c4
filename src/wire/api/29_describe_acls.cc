#include "wire/api/29_describe_acls.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeAclsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeAclsResponse);
