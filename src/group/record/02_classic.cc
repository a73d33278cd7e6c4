#include "group/record/02_classic.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::group::GroupMetadataKey);
MOLDAU_WIRE_INSTANTIATE(moldau::group::GroupMetadataValue);
