#include "group/record/17_streams.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupMemberMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupMemberMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTargetAssignmentMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTargetAssignmentMetadataValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTargetAssignmentMemberKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTargetAssignmentMemberValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupCurrentMemberAssignmentKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupCurrentMemberAssignmentValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTopologyKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::StreamsGroupTopologyValue);
