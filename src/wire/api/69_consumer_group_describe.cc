#include "wire/api/69_consumer_group_describe.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ConsumerGroupDescribeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ConsumerGroupDescribeResponse);
