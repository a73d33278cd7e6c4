#include "wire/api/32_describe_configs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeConfigsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeConfigsResponse);
