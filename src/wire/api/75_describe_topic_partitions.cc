#include "wire/api/75_describe_topic_partitions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeTopicPartitionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeTopicPartitionsResponse);
