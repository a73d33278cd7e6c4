#include "group/record/10_share.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupMemberMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupMemberMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupTargetAssignmentMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupTargetAssignmentMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupTargetAssignmentMemberKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupTargetAssignmentMemberValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupCurrentMemberAssignmentKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupCurrentMemberAssignmentValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupStatePartitionMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::ShareGroupStatePartitionMetadataValue);
