#include "group/record/00_offsets.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::group::LegacyOffsetCommitKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::LegacyOffsetCommitValue);
MOLDAU_WIRE_INSTANTIATE(moldau::group::OffsetCommitKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::OffsetCommitValue);
