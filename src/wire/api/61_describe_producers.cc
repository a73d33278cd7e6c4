#include "wire/api/61_describe_producers.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeProducersRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeProducersResponse);
