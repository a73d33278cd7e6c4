#include "wire/api/89_streams_group_describe.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::StreamsGroupDescribeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::StreamsGroupDescribeResponse);
