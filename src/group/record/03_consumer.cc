#include "group/record/03_consumer.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupPartitionMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupPartitionMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupMemberMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupMemberMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupTargetAssignmentMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupTargetAssignmentMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupTargetAssignmentMemberKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupTargetAssignmentMemberValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupCurrentMemberAssignmentKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupCurrentMemberAssignmentValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupRegularExpressionKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ConsumerGroupRegularExpressionValue);
